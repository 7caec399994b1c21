import { readObject } from '../wire/control.js'
import type { HeaderFields } from './options.js'
import type { Members } from './reading.js'
import type { Surroundings } from './surroundings.js'
import type { Timer } from './timer.js'

/** What became of a request. */
export interface Answer {
  /** That of the server or of an intermediary; 0: no answer came. */
  readonly status: number
  /** Undefined: the server did not speak. */
  readonly body: Members | undefined
  /** How long it took. */
  readonly tookMs: number
  /** Nothing came in its time. */
  readonly isLate?: boolean
}

/** A request under way. */
export interface Request {
  /** Never rejects. */
  readonly answer: Promise<Answer>
  /** Leaves it no more than so long from now. */
  hurry(withinMs: number): void
  /** Ends it; the answer is that of a failure. */
  abort(): void
}

/** POST requests to the doors of one endpoint. */
export interface Requests {
  /** The endpoint, without a slash at its end. */
  readonly base: string
  /** The bare request. Rejects on network failures. */
  fetch(
    door: string,
    body: object,
    signal: AbortSignal,
    headers: HeaderFields | undefined,
    keepalive?: boolean,
  ): Promise<Response>
  /** A request with a JSON answer. `keepalive`: it goes on when the page is gone. */
  post(door: string, body: object, timeoutMs: number, headers?: HeaderFields, keepalive?: boolean): Request
}

export function createRequests(
  { fetch, now }: Surroundings,
  createTimer: () => Timer,
  url: string,
  credentials: RequestCredentials | undefined,
): Requests {
  const [, base = '', query = ''] = /^([^?]*?)\/?(\?.*)?$/s.exec(url) ?? []

  const send: Requests['fetch'] = async (door, body, signal, headers, keepalive = false) => {
    // Only where rungs cannot use it is there none.
    if (!fetch) throw new TypeError()
    return fetch(`${base}/${door}${query}`, {
      method: 'POST',
      cache: 'no-store',
      // A text body makes `text/plain`: without header fields a page of another origin needs no preflight.
      body: JSON.stringify(body),
      signal,
      keepalive,
      ...(headers && { headers }),
      ...(credentials && { credentials }),
    })
  }

  return {
    base,
    fetch: send,
    post(door, body, timeoutMs, headers, keepalive) {
      const startedAt = now()
      const controller = new AbortController()
      const timer = createTimer()
      let dueAt: number | undefined
      let end: (status: number, members?: Members, isLate?: boolean) => void = () => {}
      const answer = new Promise<Answer>((settle) => {
        end = (status, members, isLate = false) => {
          timer.stop()
          settle({ status, body: members, tookMs: now() - startedAt, isLate })
        }
      })
      const abort = (isLate = false) => {
        end(0, undefined, isLate)
        controller.abort()
      }
      const hurry = (withinMs: number) => {
        if (dueAt && dueAt - now() <= withinMs) return
        dueAt = now() + withinMs
        timer.set(withinMs, () => abort(true))
      }
      hurry(timeoutMs)
      send(door, body, controller.signal, headers, keepalive)
        .then(async (response) => end(response.status, verdict(await response.text())))
        .catch(() => abort())
      return { answer, hurry, abort }
    },
  }
}

/** The members of an answer of the server. Undefined: an intermediary spoke (PROTOCOL.md, section 2). */
export function verdict(text: string): Members | undefined {
  const members = readObject(text)
  return members?.v === 1 ? members : undefined
}
