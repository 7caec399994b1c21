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

export function createOpening(parts: LinkParts, credentials: Credentials, opened: (opened: Opened) => void): Opening {
  let request: Request | undefined
  const retry = parts.timer()
  let isBegun = false
  let failures = 0
  let status = 0

  const open = async () => {
    const headers = await credentials.ask()
    if (parts.state > 0) return
    if (headers === null) {
      parts.end(CLOSE.credentials, 'headers() failed')
      return
    }
    request = parts.requests.post('open', { v: 1, protocols: parts.protocols }, parts.times.openMs, headers)
    const answer = await request.answer
    if (parts.state > 0) return
    const { body, tookMs } = answer
    status = body ? answer.status : 0
    const link = body && status === 200 ? openedOf(body) : undefined
    const isAsked = status === 401 && credentials.mayAskAgain(parts.now())
    if (link) {
      parts.roundTrip.took(tookMs)
      opened(link)
    } else if (body && !isAsked && !isBusy(status)) parts.refused({ status, body })
    else {
      const afterMs = isAsked ? 0 : countOf(body?.after)
      retry.set(afterMs ?? parts.pauseMs(++failures), () => void open())
    }
  }

  return {
    begin() {
      if (isBegun || parts.state > 0) return
      isBegun = true
      void open()
    },
    timedOut() {
      if (isBusy(status)) parts.end(CLOSE.tryLater, 'server busy')
      else parts.end(CLOSE.timePassed, 'not opened in time')
    },
    stop() {
      request?.abort()
      retry.stop()
    },
  }
}
