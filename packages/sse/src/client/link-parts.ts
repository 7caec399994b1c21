import type { CloseReason, Opened } from '../wire/requests.js'
import type { Attach } from './attach.js'
import type { Refused } from './carrier.js'
import type { Downlink } from './downlink.js'
import type { Ladder } from './ladder.js'
import type { Endpoint, HeaderFields, RungName } from './options.js'
import type { Members } from './reading.js'
import type { Requests } from './requests.js'
import type { RoundTrip } from './round-trip.js'
import type { Surroundings } from './surroundings.js'
import type { Timer } from './timer.js'
import type { LinkTimes } from './times.js'
import type { Uplink } from './uplink.js'

/** As `readyState` of a WebSocket. */
export type State = 0 | 1 | 2 | 3

/** What the parts of one link share: its state, its parts, and what they ask and tell of the whole. */
export interface LinkParts {
  state: State
  /** The link, once it is open. */
  link: Opened | undefined
  /** What carries messages down; undefined while the link looks for what does. */
  rung: RungName | undefined
  /** The newest attach that was accepted and has not ended. */
  current: Attach | undefined
  /** The last attach begun; undefined while the next one waits. */
  latest: Attach | undefined
  /** The number of the last attach begun, and how many failed in a row: the next one comes later then. */
  attempt: number
  failures: number
  /** How often an attach was accepted, and how often so after the one before was lost. */
  accepted: number
  resumed: number
  /** When something of the server came last, and when a word went out to it. */
  heardAt: number
  wordAt: number
  /** `k` came: the server wants to know whether somebody is there. */
  hasBeat: boolean
  readonly surroundings: Surroundings
  /** Monotonic time in ms. */
  now(): number
  timer(): Timer
  /** How long to wait after so many failures in a row. */
  pauseMs(failures: number): number
  readonly times: LinkTimes
  readonly requests: Requests
  readonly roundTrip: RoundTrip
  readonly uplink: Uplink
  readonly downlink: Downlink
  readonly ladder: Ladder
  /** Sub-protocols of what the link carries. */
  readonly protocols: readonly string[]
  readonly endpoint: Endpoint
  /** Requests may be made. */
  readonly hasPosts: boolean

  /** Header fields of a request: for a renewal, or because the application wants them always. Never rejects. */
  headers(isRenewal: boolean): Promise<HeaderFields | undefined>
  /** The number to acknowledge; from then on the server counts as told. */
  acknowledgement(): number
  /** A word of the server came: once what it brought is handed over, it is time to look whether one is due. */
  heard(): void
  /** What the server has accepted. False: it cannot be, and the link has ended. */
  acknowledged(number: number): boolean
  /** Credentials end in so long; undefined: not soon. */
  expires(ms: unknown): void
  /** A request was refused for good, or for want of credentials. */
  refused(refused: Refused): void
  /** The server, or what is between, broke a rule: the link ends. */
  broken(what: string): void
  /** The link ends. */
  end(code: number, reason: string): void

  /** A socket cannot open the link, or not soon. */
  openByHttp(): void
  /** A socket brought the link. */
  opened(opened: Opened): void
  /** Another attach carries now, or none: what waits may go another way. */
  changed(): void
  /** A carrier of this rung is proved; undefined: what carried is lost, and the link looks for another. */
  proved(rung: RungName | undefined): void
  /** `c` came. */
  farewell(data: Members): void
  /** An attempt failed that was begun at that time. */
  failed(startedAt: number): void

  /** True if messages go up by requests now, and not by a WebSocket. */
  isWay(): boolean
  /** Behind which messages the link is to be closed. */
  closing(): CloseReason | undefined
  /** The server has taken the close. */
  closed(): void
  /** Acknowledges by a request, unless the next one does it anyway or none can be made. */
  acknowledge(): void
  /** A reply told what was written to the present attach. */
  written(attach: number | undefined, sent: number | undefined): void
}
