/** The part of sockjs-client that the pages use; neither package has types of its own. */
export interface SockJS {
  /** What carries it, once it is open. */
  readonly transport: string
  close(): void
}

export interface SockJSConstructor {
  new (url: string, reserved?: null, options?: { readonly transports?: readonly string[] }): SockJS
}

export interface OldStompFrame {
  readonly body: string
  readonly headers: Record<string, string | undefined>
}

/** The part of the client of stompjs 2.3.3 that the pages use. */
export interface OldStompClient {
  readonly ws: SockJS
  readonly connected: boolean
  debug: (text: string) => void
  /** `failed` is told of an ERROR as a frame, and of the end of the connection as a string. */
  connect(headers: object, connected: () => void, failed: (error: OldStompFrame | string) => void): void
  subscribe(destination: string, take: (message: OldStompFrame) => void): void
  send(destination: string, headers: object, body: string): void
  disconnect(): void
}
