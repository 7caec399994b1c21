/** Headers of a frame, as both libraries give them. */
export type NodeHeaders = Readonly<Record<string, string | undefined>>

/** A received message. */
export interface NodeMessage {
  readonly headers: NodeHeaders
  readonly body: Buffer
  /** Answers it. Resolves with `label` when the RECEIPT has come. */
  answer(verb: 'ack' | 'nack', label: string, transaction?: string): Promise<string>
}

/** A client library for Node as the scenarios use it. What resolves with a label has then been receipted. */
export interface NodeClient {
  /** Of CONNECTED. */
  readonly connected: NodeHeaders
  subscribe(destination: string, id: string, headers?: Readonly<Record<string, string>>): Promise<string>
  unsubscribe(id: string, label: string): Promise<string>
  /** Sends, and waits for no receipt. */
  post(destination: string, body: string, headers?: Readonly<Record<string, string>>): void
  send(destination: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<string>
  begin(transaction: string): void
  commit(transaction: string, label: string): Promise<string>
  abort(transaction: string, label: string): Promise<string>
  /** The next message. */
  message(): Promise<NodeMessage>
  /** The next heart-beat of the server. */
  beat(): Promise<void>
  /** The ERROR; resolves when the connection is closed. */
  refusal(): Promise<{ readonly headers: NodeHeaders; readonly body: string; readonly closed: boolean }>
  /** Disconnects with a receipt, and resolves when the connection is closed. */
  close(): Promise<{ readonly receipt: string; readonly closed: boolean }>
}

/** Items that wait for a taker, or takers that wait for an item. */
export class Waiting<Item> {
  readonly #items: Item[] = []
  readonly #takers: ((item: Item) => void)[] = []

  put(item: Item): void {
    const taker = this.#takers.shift()
    if (taker === undefined) this.#items.push(item)
    else taker(item)
  }

  take(): Promise<Item> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve(item)
    return new Promise((resolve) => this.#takers.push(resolve))
  }
}
