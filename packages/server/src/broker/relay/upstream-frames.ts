import { createHeaders, type Frame, type FrameInit, type HeartBeat, headersFromFlat } from '@hoofbeat/codec'
import { StompError } from '../../errors.js'
import type { HeaderLine } from './profile.js'

/** What CONNECT says. */
export interface ConnectRequest {
  /** The virtual host: the header `host`. */
  readonly host: string
  readonly login?: string | undefined
  readonly passcode?: string | undefined
  /** Further headers, such as `client-id`. */
  readonly headers?: readonly HeaderLine[] | undefined
  /** What we can send and wish to get. */
  readonly heartBeat: HeartBeat
}

/** So much of what a broker says is kept. */
const MAX_WORDS = 1_000

/** What a client may know of an ERROR of the broker, whose own `words` are for the log. */
export const brokerRefusal = (words: string): StompError =>
  new StompError('STOMP_ERR_BROKER_REFUSED', { cause: new BrokerError(words) })

/** The words of a broker. */
class BrokerError extends Error {
  override readonly name = 'BrokerError'
}

/** CONNECT, or what cannot be written as one. */
export function connectFrame({ host, login, passcode, headers = [], heartBeat }: ConnectRequest): FrameInit {
  const lines: HeaderLine[] = [
    ['accept-version', '1.2'],
    ['host', host],
    ['heart-beat', `${heartBeat.sendMs},${heartBeat.receiveMs}`],
  ]
  if (login !== undefined) lines.push(['login', login])
  if (passcode !== undefined) lines.push(['passcode', passcode])
  return { command: 'CONNECT', headers: [...lines, ...headers] }
}

/** The same frame, asking for a RECEIPT. */
export const receipted = (frame: FrameInit, receipt: string): FrameInit => ({
  ...frame,
  // A Frame has its body behind a getter, which a spread does not see.
  ...(frame.body === undefined ? {} : { body: frame.body }),
  headers: headersFromFlat(['receipt', receipt, ...createHeaders(frame.headers).flat]),
})

/** Not a word of it was written. */
export const unwritable = (cause: unknown): StompError =>
  new StompError('STOMP_ERR_BROKER_REFUSED', {
    message: 'This cannot be written in the version of STOMP that the message broker speaks',
    cure: 'Leave out header values with line ends or NUL.',
    cause,
  })

/** What an ERROR says. */
export function wordsIn({ headers, text }: Frame): string {
  const body = text.trim()
  const message = headers.get('message') ?? 'ERROR'
  return (body === '' || body === message ? message : `${message}: ${body}`).slice(0, MAX_WORDS)
}

/** What an error says. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
