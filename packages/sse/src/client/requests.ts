import { readObject } from '../wire/control.js'
import type { Refused } from './carrier.js'
import type { HeaderFields } from './options.js'
import type { Members } from './reading.js'
import type { Surroundings } from './surroundings.js'

/** What became of a request: an answer of the server, or none; then the status is an intermediary's, or 0. */
export type Answer =
  | (Refused & { readonly isOurs: true; readonly tookMs: number })
  | { readonly isOurs: false; readonly status: number; readonly isLate: boolean }

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
  fetch(door: string, body: object | string, init: RequestInit, headers?: HeaderFields): Promise<Response>
  /** A request with a JSON answer. `keepalive`: it goes on when the page is gone. */
  post(door: string, body: object | string, timeoutMs: number, headers?: HeaderFields, keepalive?: boolean): Request
}

export function createRequests(
  { fetch, now, after }: Surroundings,
  url: string,
  credentials: RequestCredentials | undefined,
): Requests {
  const [path = '', query] = url.split('?', 2)
  const base = path.replace(/\/$/, '')

  const send: Requests['fetch'] = async (door, content, init, headers) => {
    if (!fetch) throw new TypeError('fetch is not available here')
    const body = typeof content === 'string' ? content : JSON.stringify(content)
    // A text body makes `text/plain`: without header fields a page of another origin needs no preflight.
    const whole: RequestInit = { ...init, method: 'POST', cache: 'no-store', body }
    if (headers) whole.headers = { ...headers }
    if (credentials) whole.credentials = credentials
    return fetch(`${base}/${door}${query === undefined ? '' : `?${query}`}`, whole)
  }

  return {
    base,
    fetch: send,
    post(door, body, timeoutMs, headers, keepalive = false) {
      const startedAt = now()
      const controller = new AbortController()
      let dueAt = startedAt + timeoutMs
      let settle: (answer: Answer) => void = () => {}
      const answer = new Promise<Answer>((resolve) => {
        settle = resolve
      })
      const fail = (isLate: boolean) => {
        cancel()
        settle({ isOurs: false, status: 0, isLate })
        controller.abort()
      }
      let cancel = after(timeoutMs, () => fail(true))
      send(door, body, { signal: controller.signal, keepalive }, headers)
        .then(async (response) => {
          const { status } = response
          const ours = verdict(await response.text())
          cancel()
          settle(
            ours
              ? { isOurs: true, status, body: ours, tookMs: now() - startedAt }
              : { isOurs: false, status, isLate: false },
          )
        })
        .catch(() => fail(false))
      return {
        answer,
        hurry(withinMs) {
          if (dueAt - now() <= withinMs) return
          cancel()
          dueAt = now() + withinMs
          cancel = after(withinMs, () => fail(true))
        },
        abort: () => fail(false),
      }
    },
  }
}

/** The members of an answer of the server. Undefined: an intermediary spoke (PROTOCOL.md, section 2). */
export function verdict(text: string): Members | undefined {
  const members = readObject(text)
  return members?.v === 1 ? members : undefined
}
