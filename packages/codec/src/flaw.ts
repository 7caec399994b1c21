import type { ProtocolErrorCode } from './errors.js'

/** What is wrong with the frame that is being read; the decoder, who knows the stream, makes a ProtocolError of it. */
export class Flaw {
  readonly code: ProtocolErrorCode
  readonly message: string
  /** Bytes from the beginning of the frame. */
  readonly at: number

  constructor(code: ProtocolErrorCode, message: string, at: number) {
    this.code = code
    this.message = message
    this.at = at
  }
}
