/** As much of a body's reader as a client uses. */
interface ChunkReader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true; value: undefined }>
  cancel(): Promise<void>
  releaseLock(): void
}

/** What of a reply has come; made into what a page gets from `fetch`. */
export class VirtualReply {
  readonly #chunks: Uint8Array[] = []
  readonly #abandon: () => void
  #wake: (() => void) | undefined
  #isComplete = false
  #error: unknown
  #hasFailed = false

  /** `abandon`: the page wants no more of it. */
  constructor(abandon: () => void) {
    this.#abandon = abandon
  }

  get unreadBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  }

  chunk(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.#stir()
  }

  end(): void {
    this.#isComplete = true
    this.#stir()
  }

  fail(error: unknown): void {
    if (this.#isComplete || this.#hasFailed) return
    this.#hasFailed = true
    this.#error = error
    this.#chunks.length = 0
    this.#stir()
  }

  response(status: number, type: string, canStream: boolean): Response {
    const text = (): Promise<string> => this.#text()
    const reader: ChunkReader = {
      read: () => this.#read(),
      cancel: async () => this.#abandon(),
      releaseLock: () => {},
    }
    const body = { getReader: () => reader, cancel: async () => this.#abandon() }
    const response = {
      status,
      ok: status >= 200 && status < 300,
      type: 'basic',
      redirected: false,
      headers: new Map([['content-type', type]]),
      body: canStream ? body : undefined,
      text,
      json: async (): Promise<unknown> => JSON.parse(await text()),
    }
    // The border between the model and the client: as much of a Response as a client may use.
    return response as unknown as Response
  }

  async #text(): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    for (let part = await this.#read(); !part.done; part = await this.#read()) {
      text += decoder.decode(part.value, { stream: true })
    }
    return text + decoder.decode()
  }

  async #read(): ReturnType<ChunkReader['read']> {
    for (;;) {
      if (this.#hasFailed) throw this.#error
      const value = this.#chunks.shift()
      if (value !== undefined) return { done: false, value }
      if (this.#isComplete) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #stir(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
