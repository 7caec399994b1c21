import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

/** One event as EventSource would take it apart. */
export interface ReceivedEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/**
 * A reader of an event stream: what the specification of event streams says, and no more. It has a connection of its own:
 * fetch, when a request is aborted, opens another one in its place, for which a server that ends would wait.
 */
export class EventClient {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The id that EventSource would come back with. */
  lastEventId: string
  readonly #response: IncomingMessage
  readonly #chunks: AsyncIterator<Buffer>
  readonly #decoder = new TextDecoder()
  readonly #events: ReceivedEvent[] = []
  #text = ''

  private constructor(response: IncomingMessage, lastEventId: string) {
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    this.lastEventId = lastEventId
    this.#response = response
    this.#chunks = response[Symbol.asyncIterator]()
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<EventClient> {
    return new Promise((resolve, reject) => {
      get(url, { headers, agent: false }, (response) => {
        resolve(new EventClient(response, headers['last-event-id'] ?? ''))
      }).on('error', reject)
    })
  }

  /** The whole body of a refusal. */
  async json(): Promise<Record<string, unknown>> {
    let text = ''
    for (let read = await this.#chunks.next(); !read.done; read = await this.#chunks.next()) text += read.value
    return JSON.parse(text)
  }

  /** The next event with data; undefined when the stream has ended. */
  async next(): Promise<ReceivedEvent | undefined> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) return event
      if (!(await this.#read())) return undefined
    }
  }

  /** Waits until the stream has given an id, though perhaps no event. */
  async primed(): Promise<void> {
    while (this.lastEventId === '') if (!(await this.#read())) return
  }

  close(): void {
    this.#response.destroy()
  }

  /** False when the stream has ended. */
  async #read(): Promise<boolean> {
    const read = await this.#chunks.next().catch(() => ({ done: true, value: undefined }) as const)
    if (read.done) return false
    this.#text += this.#decoder.decode(read.value, { stream: true })
    for (let at = this.#text.indexOf('\n\n'); at >= 0; at = this.#text.indexOf('\n\n')) {
      this.#take(this.#text.slice(0, at))
      this.#text = this.#text.slice(at + 2)
    }
    return true
  }

  #take(block: string): void {
    let event = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([a-z]*): ?(.*)$/s.exec(line) ?? []
      if (field === 'id') this.lastEventId = value
      if (field === 'event') event = value
      if (field === 'data') data.push(value)
    }
    if (data.length > 0) this.#events.push({ id: this.lastEventId, event, data: data.join('\n') })
  }
}
