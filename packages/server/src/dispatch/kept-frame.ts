import type { Command, Frame, Headers } from '@hoofbeat/codec'

/**
 * A frame with other headers, or one that is to be kept: its body is a copy, since that of a frame from the decoder holds
 * on to all the memory that came with it.
 */
export class KeptFrame implements Frame {
  readonly command: Command
  readonly headers: Headers
  readonly body: Uint8Array
  #text: string | undefined

  constructor(frame: Frame, headers: Headers) {
    this.command = frame.command
    this.headers = headers
    this.body = frame.body.slice()
  }

  get text(): string {
    this.#text ??= new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.body)
    return this.#text
  }
}

const NO_BODY = new Uint8Array(0)

/** What of a frame is needed long after it was settled, to tell what became of it: all but its body. */
export function headOf({ command, headers }: Frame): Frame {
  return { command, headers, body: NO_BODY, text: '' }
}
