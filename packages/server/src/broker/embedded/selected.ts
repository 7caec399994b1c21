import type { Message } from '../../message/message.js'
import type { SelectableHeaders } from '../selectors/header-value.js'
import type { Selector } from '../selectors/selector.js'

/** True if the selector lets the message through, or there is none. `message-id` and `destination` count as headers. */
export function isSelected(selector: Selector | undefined, message: Message): boolean {
  return selector === undefined || selector.matches(new MessageHeaders(message))
}

/** The headers of a MESSAGE that are the same for everybody. */
class MessageHeaders implements SelectableHeaders {
  readonly #message: Message

  constructor(message: Message) {
    this.#message = message
  }

  get(name: string): string | undefined {
    if (name === 'message-id') return this.#message.id
    if (name === 'destination') return this.#message.destination
    return this.#message.headers.get(name)
  }
}
