/** The part of sockjs-client 1.6.1 that the tests use; the package has no types of its own. */
declare module 'sockjs-client' {
  interface SockJS {
    /** What carries it, once it is open. */
    readonly transport: string
    onopen: (() => void) | null
    onmessage: ((event: { readonly data: string }) => void) | null
    onclose: ((event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void) | null
    send(data: string): void
    close(code?: number, reason?: string): void
  }
  interface SockJSConstructor {
    new (
      url: string,
      reserved?: null,
      options?: { readonly transports?: readonly string[]; readonly timeout?: number },
    ): SockJS
  }
  const SockJS: SockJSConstructor
  export default SockJS
}
