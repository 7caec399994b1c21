import type { Frame, Version } from '@hoofbeat/codec'
import type { Timer } from '../clock/wheel.js'
import type { Peer } from '../connection/connection.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Renewal } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import type { User, UserLike } from '../hooks/user.js'
import { authenticate, newestOf } from './authentication.js'
import { watchExpiry } from './expiry.js'
import { saidHeaders } from './handshake.js'
import type { SessionParts } from './session-parts.js'

/** The session whose credentials they are. */
export interface CredentialsOwner {
  readonly id: string
  readonly carrier: { readonly peer: Peer; readonly version: Version }
  /** Whose session it is, as everybody behind it sees it. Undefined once there is nobody. */
  readonly dispatcher: Pick<Dispatcher, 'user' | 'renewed'> | undefined
  /** Their end has come. */
  credentialsEnded(): void
}

/**
 * The credentials of one connected session: tells their end, and checks those that are to follow them. A session whose
 * credentials never end has none of this, until it renews.
 */
export class Credentials implements Renewal {
  readonly #owner: CredentialsOwner
  readonly #parts: SessionParts
  #expiry: Timer | undefined
  /** New ones are being checked: the end of the old ones waits for the answer. */
  #isRenewing = false
  #hasEnded = false
  #isOver = false

  constructor(owner: CredentialsOwner, parts: SessionParts) {
    this.#owner = owner
    this.#parts = parts
  }

  /** From now on they end then, in ms since the epoch; undefined: never. */
  endAt(endMs: number | undefined): void {
    this.#expiry?.cancel()
    this.#hasEnded = false
    if (!this.#isOver) this.#expiry = watchExpiry(endMs, this.#parts.framing, () => this.#ended())
  }

  async ask(frame: Frame, renews: User): Promise<User> {
    const { authenticate: hook, framing } = this.#parts
    const { id: sessionId, carrier } = this.#owner
    const { peer, version } = carrier
    if (hook === undefined) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', {
        message: 'This server takes no credentials from STOMP frames, so they cannot be renewed by one',
        cure: 'The credentials of this session were those of its HTTP request: connect again with new ones.',
      })
    }
    this.#isRenewing = true
    const identity = peer.identity as UserLike
    const headers = saidHeaders(frame.headers, version)
    const applicant = { headers, version, identity, request: undefined, sessionId, renews }
    const user = newestOf(await authenticate(applicant, hook, framing.clock), identity, peer.identity)
    if (user?.name === renews.name) return user
    throw new StompError('STOMP_ERR_NOT_AUTHENTICATED', {
      message: 'The credentials are not those of the user of this session',
      cure: 'Renew with credentials of the same user. For another user open another connection.',
    })
  }

  end(renewed: User | undefined): void {
    this.#isRenewing = false
    if (renewed !== undefined) this.endAt(renewed.expiresAtMs)
    else if (this.#hasEnded) this.#ended()
  }

  /**
   * The HTTP credentials of the connection were renewed. That counts where the session's user is who `identify` had found;
   * who was authenticated by CONNECT, or has renewed by SEND, has an end of its own.
   */
  identityRenewed(identity: unknown, lifeMs: number | undefined): void {
    const { dispatcher, carrier } = this.#owner
    const { user } = dispatcher ?? {}
    if (user === undefined || user !== carrier.peer.identity) return
    if (typeof identity === 'object' && identity !== null) dispatcher?.renewed(identity as User)
    this.endAt(lifeMs === undefined ? undefined : this.#parts.framing.clock.epochMs() + lifeMs)
  }

  /** The session is over. */
  close(): void {
    this.#isOver = true
    this.#hasEnded = false
    this.#expiry?.cancel()
  }

  #ended(): void {
    this.#hasEnded = true
    if (!this.#isRenewing) this.#owner.credentialsEnded()
  }
}
