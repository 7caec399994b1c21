import * as CLOSE from '../wire/close.js'
import type { CloseReason, Refusal } from '../wire/requests.js'
import type { LinkClock, LinkTimer } from './clock.js'
import { MAX_DOWN_BYTES, serveDown } from './down-door.js'
import type { Admitted, Exchange } from './exchange.js'
import type { Link } from './link.js'
import { limitsWith, timesWith } from './link-defaults.js'
import type { FormerLink, LinkRegister, NewLink, Opener } from './link-register.js'
import type { LinkSocket } from './link-socket.js'
import type { LinkCounts, LinkLimits, Links, LinksParts, LinkTimes, SocketRequest } from './links.js'
import { toldSizes } from './links.js'
import { serveOpen } from './open-door.js'
import { OpenRates } from './open-rates.js'
import { OwnedLink } from './owned-link.js'
import { PeerDoor } from './peer-door.js'
import type { PeerNode } from './peers.js'
import { refusalOf, refuse, wordOf } from './refusal.js'
import { digestOf, newKey, newLinkId, newOwnerAlias } from './secrets.js'
import { SocketDoor } from './socket-door.js'
import { Tally } from './tally.js'
import { maxUpBytes, serveUp } from './up-door.js'

/** How often deadlines are looked at: a part of the shortest time, within bounds, in ms. */
const PERIODS_PER_TIME = 10
const MIN_PERIOD_MS = 10
const MAX_PERIOD_MS = 1000
/** How often a closing table looks whether all clients have been told, in ms. */
const CLOSING_PERIOD_MS = 50

/** Makes the table of all links that this node owns. */
export function createLinks<Admission>(parts: LinksParts<Admission>): Links<Admission> {
  return new LinkTable(parts)
}

class LinkTable<Admission> implements Links<Admission>, LinkRegister<Admission> {
  readonly clock: LinkClock
  readonly limits: LinkLimits
  readonly times: LinkTimes
  readonly peerDoor: PeerDoor<Admission> | undefined
  isRefusing = false
  readonly #parts: LinksParts<Admission>
  readonly #owner: string = newOwnerAlias()
  readonly #links = new Map<string, OwnedLink<Admission>>()
  /** Those that are over, oldest first. */
  readonly #former = new Map<string, FormerLink>()
  /** Those without an attach, the longest without one first. */
  readonly #suspended = new Set<OwnedLink<Admission>>()
  readonly #doors = new Set<SocketDoor<Admission>>()
  readonly #bySubject = new Tally()
  readonly #byAddress = new Tally()
  readonly #opens: OpenRates
  readonly #periodMs: number
  /** Bytes that links without an attach retain. */
  #waitingBytes = 0
  #sweep: LinkTimer | undefined
  #sweptMs = 0

  constructor(parts: LinksParts<Admission>) {
    this.#parts = parts
    this.clock = parts.clock
    this.limits = limitsWith(parts.limits)
    this.times = timesWith(parts.times)
    this.#opens = new OpenRates(parts.clock, this.limits.maxOpensPerSecond, this.limits.maxOpenBurst)
    this.peerDoor = parts.peers && new PeerDoor(parts.peers, this.#owner, this.#asPeer())
    const { beatMs, graceMs, freshMs, drainMs, silenceMs } = this.times
    const shortestMs = Math.min(beatMs, graceMs, freshMs, drainMs, silenceMs)
    this.#periodMs = Math.min(MAX_PERIOD_MS, Math.max(MIN_PERIOD_MS, shortestMs / PERIODS_PER_TIME))
  }

  get counts(): LinkCounts {
    const counts = { websocket: 0, stream: 0, poll: 0, detached: 0, closing: 0, retainedBytes: 0 }
    for (const link of this.#links.values()) {
      counts.retainedBytes += link.retention.bytes
      if (link.state === 'closing') counts.closing++
      else counts[link.rung ?? 'detached']++
    }
    return counts
  }

  async serve(exchange: Exchange<Admission>): Promise<void> {
    try {
      const { door, link = '' } = exchange
      const owner = door === 'open' ? undefined : this.peerDoor?.ownerOf(link)
      const maxBytes = door === 'up' ? maxUpBytes(this.limits) : MAX_DOWN_BYTES
      if (owner !== undefined) await this.peerDoor?.serve(exchange, owner, link, maxBytes)
      else if (door === 'open') await serveOpen(exchange, this)
      else if (door === 'up') await serveUp(exchange, this)
      else await serveDown(exchange, this)
    } catch (error) {
      this.#answerFailure(exchange, error)
    }
  }

  acceptSocket(socket: LinkSocket, request: SocketRequest<Admission>): void {
    this.#acceptSocket(socket, request)
  }

  #acceptSocket(socket: LinkSocket, request: SocketRequest<Admission>, first?: string): void {
    const door = new SocketDoor(socket, request, this, this.#doors)
    socket.attach(door)
    try {
      door.greet()
      if (first !== undefined) door.message(first)
    } catch {
      door.end(CLOSE.failed)
    }
  }

  refuse(): void {
    this.isRefusing = true
  }

  async close(withinMs: number): Promise<void> {
    this.refuse()
    const endMs = this.clock.now() + withinMs
    while (this.counts.closing > 0 && this.clock.now() < endMs) {
      const restMs = Math.min(CLOSING_PERIOD_MS, endMs - this.clock.now())
      await new Promise<void>((resolve) => this.clock.after(restMs, resolve))
    }
    for (const door of this.#doors) door.end(CLOSE.restart)
    for (const link of this.#links.values()) link.end({ code: CLOSE.restart, reason: '' })
    this.peerDoor?.close()
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  /** This table, as other nodes reach it. */
  #asPeer(): PeerNode<Admission> {
    return {
      serve: (exchange) => this.serve(exchange),
      acceptSocket: (socket, request, first) => this.#acceptSocket(socket, request, first),
    }
  }

  countOpen(remoteAddress: string | undefined): number {
    this.#keepSweeping()
    return this.#opens.take(remoteAddress ?? '')
  }

  find(id: string): OwnedLink<Admission> | FormerLink | undefined {
    return this.#links.get(id) ?? this.#former.get(id)
  }

  open(opener: Opener, admitted: Admitted<Admission>): NewLink<Admission> | Refusal {
    const { limits, times } = this
    const { origin, remoteAddress } = opener
    const { subject, expiresMs, admission } = admitted
    if (this.isRefusing || this.#links.size >= limits.maxLinks) return refusalOf('busy')
    const protocol = this.#parts.selectProtocol(opener.protocols)
    const isTooMany =
      subject === undefined
        ? !this.#byAddress.add(remoteAddress ?? '', limits.maxAnonymousLinksPerAddress)
        : !this.#bySubject.add(subject, limits.maxLinksPerSubject)
    if (isTooMany) return refusalOf('slow')
    const key = newKey()
    const deed = { id: newLinkId(this.#owner), digest: digestOf(key), protocol, origin, remoteAddress, subject }
    const link = new OwnedLink(deed, admission, expiresMs, this)
    this.#links.set(deed.id, link)
    this.#keepSweeping()
    const opened = {
      link: deed.id,
      key,
      protocol: protocol ?? '',
      hb: times.beatMs,
      grace: times.graceMs,
      hold: times.holdMs,
      expires: link.expiry?.leftMs ?? null,
      limits: toldSizes(limits),
    }
    return { link, opened }
  }

  accept(link: Link<Admission>): void {
    this.#parts.accept(link)
  }

  suspended(link: OwnedLink<Admission>): void {
    this.#suspended.add(link)
  }

  resumed(link: OwnedLink<Admission>): void {
    this.#suspended.delete(link)
  }

  waits(deltaBytes: number): void {
    this.#waitingBytes += deltaBytes
    if (deltaBytes <= 0 || this.#waitingBytes <= this.limits.maxRetainedBytesTotal) return
    for (const link of this.#suspended) {
      if (link.retention.bytes > 0) link.end({ code: CLOSE.limit, reason: '' })
      if (this.#waitingBytes <= this.limits.maxRetainedBytesTotal) return
    }
  }

  ended(link: OwnedLink<Admission>, verdict: CloseReason | undefined): void {
    const { id, digest, subject, remoteAddress } = link.deed
    this.#links.delete(id)
    this.#suspended.delete(link)
    if (subject === undefined) this.#byAddress.remove(remoteAddress ?? '')
    else this.#bySubject.remove(subject)
    if (verdict === undefined) return
    this.#former.set(id, { state: 'former', digest, ...verdict, untilMs: this.clock.now() + this.times.graceMs })
    if (this.#former.size > this.limits.maxLinks) this.#forgetOldest()
  }

  #answerFailure(exchange: Exchange<Admission>, error: unknown): void {
    const word = wordOf(error)
    // Nobody is there to answer, or nobody knows why it failed; an answer that means "again later" fits both.
    refuse(exchange, refusalOf(word ?? 'busy'))
  }

  #forgetOldest(): void {
    for (const id of this.#former.keys()) {
      this.#former.delete(id)
      return
    }
  }

  #keepSweeping(): void {
    if (this.#sweep !== undefined) return
    this.#sweptMs = this.clock.now()
    this.#sweep = this.clock.after(this.#periodMs, () => this.#look())
  }

  #look(): void {
    const nowMs = this.clock.now()
    // After a stop of the whole process, what clients said meanwhile is still unread: deadlines wait for the next look.
    const hasStood = nowMs - this.#sweptMs > 4 * this.#periodMs + MAX_PERIOD_MS
    this.#sweep = undefined
    if (!hasStood) for (const link of this.#links.values()) link.tick(nowMs, this.#periodMs)
    for (const [id, former] of this.#former) {
      if (former.untilMs > nowMs) break
      this.#former.delete(id)
    }
    const isIdle = this.#opens.sweep() === 0 && this.#links.size === 0 && this.#former.size === 0
    if (!isIdle) this.#keepSweeping()
  }
}
