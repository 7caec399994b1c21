import type { Frame } from '@hoofbeat/codec'

/**
 * What the server has refused: its ERROR frame, or, where a session is told softly, the MESSAGE at `/user/queue/errors`
 * that answers the frame. `message` is the server's own, word for word.
 */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal'
  /** The stable name, as in docs/errors.md; undefined where none was given. */
  readonly code: string | undefined
  /** What is to be done about it. */
  readonly cure: string
  /** What the client had waited for. */
  readonly awaited: string
  /** The `receipt-id` of the refused frame, if it had asked for a receipt. */
  readonly receiptId: string | undefined
  /** The frame itself. */
  readonly frame: Frame

  /** @param awaited what the client had waited for, in words */
  constructor(frame: Frame, awaited: string) {
    const { message, code, cure } = frame.command === 'ERROR' ? fromError(frame) : fromMessage(frame)
    super(message)
    this.code = code
    this.cure = cure
    this.awaited = awaited
    this.receiptId = frame.headers.get('receipt-id')
    this.frame = frame
  }
}

interface Told {
  readonly message: string
  readonly code: string | undefined
  readonly cure: string
}

function fromError({ headers, text }: Frame): Told {
  return { message: headers.get('message') ?? text, code: headers.get('code'), cure: text }
}

/** An application's error handler may say what it likes; then its whole answer is the message. */
function fromMessage({ headers, text }: Frame): Told {
  const told = parse(text)
  const of = (name: string): string | undefined => {
    const value = told?.[name]
    return typeof value === 'string' ? value : undefined
  }
  return { message: of('message') ?? text, code: headers.get('code') ?? of('code'), cure: of('cure') ?? '' }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
