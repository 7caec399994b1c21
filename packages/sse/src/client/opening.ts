import { CLOSE } from '../wire/protocol.js'
import type { Opened } from '../wire/requests.js'
import type { Credentials } from './credentials.js'
import type { LinkParts } from './link-parts.js'
import { countOf, openedOf } from './reading.js'
import type { Request } from './requests.js'

/** Opens the link by HTTP: again and again until it succeeds, is refused, or is stopped (PROTOCOL.md, section 3). */
export interface Opening {
  /** Begins, if it has not. */
  begin(): void
  /** What an opening that did not succeed in its time ends with. */
  timedOut(): void
  stop(): void
}

export function createOpening(
  { surroundings, times, requests, roundTrip, host }: LinkParts,
  protocols: readonly string[],
  credentials: Credentials,
  opened: (opened: Opened) => void,
): Opening {
  const { now, after, random } = surroundings
  let request: Request | undefined
  let retry: (() => void) | undefined
  let isBegun = false
  let isOver = false
  let failures = 0
  let status = 0

  const open = async () => {
    const headers = await credentials.ask()
    if (isOver) return
    if (headers === null) {
      host.end(CLOSE.credentials, 'the header fields for the opening could not be had')
      return
    }
    request = requests.post('open', { v: 1, protocols }, times.openMs, headers)
    const answer = await request.answer
    if (isOver) return
    status = answer.isOurs ? answer.status : 0
    let afterMs: number | undefined
    if (answer.isOurs) {
      const link = status === 200 ? openedOf(answer.body) : undefined
      if (link) {
        roundTrip.took(answer.tookMs)
        opened(link)
        return
      }
      if (status === 401 && credentials.mayAskAgain(now())) afterMs = 0
      else if (status === 429 || status === 503) afterMs = countOf(answer.body.after)
      else {
        host.refused(answer)
        return
      }
    }
    retry = after(afterMs ?? random() * Math.min(5_000, 250 * 2 ** failures++), () => void open())
  }

  return {
    begin() {
      if (isBegun || isOver) return
      isBegun = true
      void open()
    },
    timedOut() {
      if (status === 429 || status === 503) host.end(CLOSE.tryLater, 'the server takes no new links now')
      else host.end(CLOSE.timePassed, 'the link could not be opened in time')
    },
    stop() {
      isOver = true
      request?.abort()
      retry?.()
    },
  }
}
