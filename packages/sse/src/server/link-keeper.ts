import type { CloseReason } from '../wire/requests.js'
import type { LinkClock } from './clock.js'
import type { Link } from './link.js'
import type { LinkLimits, LinkTimes } from './links.js'

/** Who keeps the links, as one of them sees it; `Kept`: what such a link is to its keeper. */
export interface LinkKeeper<Admission, Kept> {
  readonly clock: LinkClock
  readonly limits: LinkLimits
  readonly times: LinkTimes
  /** The client has taken the link up: the application attaches to it in this call. */
  accept(link: Link<Admission>): void
  /** The link has no attach now. */
  suspended(link: Kept): void
  /** The link has an attach again. */
  resumed(link: Kept): void
  /** So many bytes more, or less, are retained by a link that has no attach. May end links. */
  waits(deltaBytes: number): void
  /** The link is over; the verdict is kept for those who ask. Without one it is as if it had never been. */
  ended(link: Kept, verdict: CloseReason | undefined): void
}

/** Whose a link is, and how it is proved. */
export interface LinkDeed {
  readonly id: string
  readonly digest: string
  readonly protocol: string | undefined
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  readonly subject: string | undefined
}
