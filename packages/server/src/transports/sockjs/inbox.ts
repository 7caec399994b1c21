/** What clients have sent and nobody was ready for yet: request by request, each told of when all of it was taken. */
export class Inbox {
  readonly #batches: Batch[] = []
  /** Characters, and one for each message. */
  #length = 0

  /** How much waits: characters, and one for each message. */
  get length(): number {
    return this.#length
  }

  /** Adds the messages of one request behind all others; calls `taken` when the last of them was taken, or cleared. */
  add(messages: readonly string[], taken: () => void): void {
    if (messages.length === 0) return taken()
    for (const message of messages) this.#length += message.length + 1
    this.#batches.push({ messages, taken, next: 0 })
  }

  /** Takes the next message; undefined: nothing waits. */
  take(): string | undefined {
    const batch = this.#batches[0]
    const message = batch?.messages[batch.next]
    if (batch === undefined || message === undefined) return undefined
    batch.next++
    this.#length -= message.length + 1
    return message
  }

  /** The message that was taken last has been dealt with. */
  settle(): void {
    const batch = this.#batches[0]
    if (batch === undefined || batch.next < batch.messages.length) return
    this.#batches.shift()
    batch.taken()
  }

  /** Forgets everything. */
  clear(): void {
    this.#length = 0
    for (const { taken } of this.#batches.splice(0)) taken()
  }
}

interface Batch {
  readonly messages: readonly string[]
  readonly taken: () => void
  next: number
}
