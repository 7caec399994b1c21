import type { Opened, Refusal } from '../wire/requests.js'
import type { Admitted } from './exchange.js'
import type { LinkKeeper } from './link-keeper.js'
import type { OwnedLink } from './owned-link.js'
import type { PeerDoor } from './peer-door.js'

/** What the doors ask of who keeps the links. */
export interface LinkRegister<Admission> extends LinkKeeper<Admission, OwnedLink<Admission>> {
  /** True once no more links are opened. */
  readonly isRefusing: boolean
  /** Where to with what is for the links of other nodes; undefined: there are none. */
  readonly peerDoor: PeerDoor<Admission> | undefined
  /** Counts an open or upgrade of an address. Returns 0, or after how many ms it may come again. */
  countOpen(remoteAddress: string | undefined): number
  /** What has this public id. */
  find(id: string): OwnedLink<Admission> | FormerLink | undefined
  /** Opens a new link, if limits allow. */
  open(opener: Opener, admitted: Admitted<Admission>): NewLink<Admission> | Refusal
}

/** Who wants a new link. */
export interface Opener {
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  readonly protocols: readonly string[]
}

/** A link just opened, and what its client is told. */
export interface NewLink<Admission> {
  readonly link: OwnedLink<Admission>
  readonly opened: Opened
}

/** What is left of a link that is over. */
export interface FormerLink {
  readonly state: 'former'
  readonly digest: string
  readonly code: number
  readonly reason: string
  /** Until when it is kept, in monotonic ms. */
  readonly untilMs: number
}
