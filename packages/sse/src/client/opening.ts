import * as CLOSE from '../wire/close.js'
import type { Opened } from '../wire/requests.js'
import type { Credentials } from './credentials.js'
import type { LinkParts } from './link-parts.js'
import { countOf, isBusy, openedOf } from './reading.js'
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
  { now, timer, pauseMs, times, requests, roundTrip, host, protocols }: LinkParts,
  credentials: Credentials,
  opened: (opened: Opened) => void,
): Opening {
  let request: Request | undefined
  const retry = timer()
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
    const { body, tookMs } = answer
    status = body ? answer.status : 0
    const link = body && status === 200 ? openedOf(body) : undefined
    const isAsked = status === 401 && credentials.mayAskAgain(now())
    if (link) {
      roundTrip.took(tookMs)
      opened(link)
    } else if (body && !isAsked && !isBusy(status)) host.refused({ status, body })
    else {
      const afterMs = isAsked ? 0 : countOf(body?.after)
      retry.set(afterMs ?? pauseMs(++failures), () => void open())
    }
  }

  return {
    begin() {
      if (isBegun || isOver) return
      isBegun = true
      void open()
    },
    timedOut() {
      if (isBusy(status)) host.end(CLOSE.tryLater, 'the server takes no new links now')
      else host.end(CLOSE.timePassed, 'the link could not be opened in time')
    },
    stop() {
      isOver = true
      request?.abort()
      retry.stop()
    },
  }
}
