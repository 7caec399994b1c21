import type { Frame, FrameInit, Headers, Version } from '@hoofbeat/codec'

/** A MESSAGE that a test client was given. */
export interface TestMessage {
  readonly headers: Headers
  readonly destination: string
  readonly body: Uint8Array
  /** The body as text. */
  text(): string
  /**
   * The body as JSON.
   *
   * @throws SyntaxError with the body, where it is none
   */
  json<T = unknown>(): T
  /** Acknowledges it; resolves at the RECEIPT. For subscriptions with `ack: 'client'` or `'client-individual'`. */
  ack(headers?: Readonly<Record<string, string>>): Promise<void>
  /** Gives it back; resolves at the RECEIPT. */
  nack(headers?: Readonly<Record<string, string>>): Promise<void>
}

/** Whom a message is answered through. */
export interface Answering {
  readonly version: Version
  request(frame: FrameInit): Promise<void>
}

/** Wraps a MESSAGE. */
export function createTestMessage(frame: Frame, client: Answering): TestMessage {
  const { headers } = frame
  const answer = (command: 'ACK' | 'NACK', more: Readonly<Record<string, string>> = {}): Promise<void> =>
    client.request({ command, headers: { ...reference(headers, client.version), ...more } })
  return {
    headers,
    destination: headers.get('destination') ?? '',
    body: frame.body,
    text: () => frame.text,
    json: () => parse(frame.text),
    ack: (more) => answer('ACK', more),
    nack: (more) => answer('NACK', more),
  }
}

/** How each version names the message that is answered. */
function reference(headers: Headers, version: Version): Record<string, string> {
  if (version === '1.2') return { id: headers.get('ack') ?? '' }
  return { 'message-id': headers.get('message-id') ?? '', subscription: headers.get('subscription') ?? '' }
}

function parse<T>(text: string): T {
  try {
    // What a test expects to be there is the test's to say.
    return JSON.parse(text) as T
  } catch (error) {
    throw new SyntaxError(`the body of the MESSAGE is no JSON: ${text}`, { cause: error })
  }
}
