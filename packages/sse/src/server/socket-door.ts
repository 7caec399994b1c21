import * as CLOSE from '../wire/close.js'
import type { Control } from '../wire/control.js'
import { isControl, readControl, readData, writeControl } from '../wire/control.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Refusal } from '../wire/requests.js'
import { REFUSALS } from '../wire/requests.js'
import type { LinkTimer } from './clock.js'
import { paceAttach, refuseAttach } from './down-door.js'
import type { LinkRegister } from './link-register.js'
import type { LinkSocket, LinkSocketListener } from './link-socket.js'
import type { SocketRequest } from './links.js'
import type { OwnedLink } from './owned-link.js'
import type { PeerDoor } from './peer-door.js'
import { proveKey } from './proof.js'
import { refusalOf } from './refusal.js'
import { attachFieldsOf, closeOf, isNumber } from './request-shape.js'
import { SocketAttach } from './socket-attach.js'
import { SocketRelay } from './socket-relay.js'

/** How long a socket that was greeted without a link may take to name one, in ms. */
const NAMELESS_MS = 5000
/** So many messages, or bytes of them, are acknowledged at once. */
const ACK_COUNT = 64
const ACK_BYTES = 65_536

/** What one WebSocket says, from its first word on. */
export class SocketDoor<Admission> implements LinkSocketListener {
  readonly #register: LinkRegister<Admission>
  readonly #socket: LinkSocket
  /** Those that carry nothing yet. */
  readonly #waiting: Set<SocketDoor<Admission>>
  /** What is needed of the upgrade until the socket carries a link. */
  #request: SocketRequest<Admission> | undefined
  #link: OwnedLink<Admission> | undefined
  #attach: SocketAttach | undefined
  /** It goes on to the node that owns its link. */
  #relay: SocketRelay | undefined
  #phase: 'greeted' | 'pausing' | 'carrying' | 'over' = 'greeted'
  #patience: LinkTimer | undefined
  /** Number of the next data message; undefined before the client has told it. */
  #next: number | undefined
  #heldCount = 0
  #heldBytes = 0

  /** While the socket carries nothing yet, the door is in `waiting`. */
  constructor(
    socket: LinkSocket,
    request: SocketRequest<Admission>,
    register: LinkRegister<Admission>,
    waiting: Set<SocketDoor<Admission>>,
  ) {
    this.#socket = socket
    this.#request = request
    this.#register = register
    this.#waiting = waiting
    waiting.add(this)
  }

  /** Speaks first: a new link if one may be had, else a word that an existing one can be attached. */
  greet(): void {
    const request = this.#request
    if (request === undefined) return
    if (request.forwarded !== undefined) return this.#await(NAMELESS_MS)
    const after = this.#register.countOpen(request.remoteAddress)
    if (after > 0) return this.#refuse(refusalOf('slow', { after }), CLOSE.tryLater)
    const { admitted } = request
    const made = admitted === undefined ? undefined : this.#register.open(request, admitted)
    const isNamed = made !== undefined && 'link' in made
    if (isNamed) {
      this.#link = made.link
      this.#attach = new SocketAttach(made.link, 1, this.#socket, made.opened)
      made.link.carry(this.#attach)
    } else this.#socket.writeText(writeControl('o', { v: PROTOCOL_VERSION }))
    this.#await(isNamed ? this.#register.times.freshMs : NAMELESS_MS)
  }

  message(data: Uint8Array | string): void {
    if (this.#phase === 'over' || this.#attach?.isLive === false) return
    if (this.#relay !== undefined) return this.#relay.message(data)
    this.#link?.heard()
    if (typeof data !== 'string') return this.#data(data, data.byteLength)
    if (!isControl(data)) {
      const text = readData(data)
      return this.#data(text, Buffer.byteLength(text))
    }
    const control = readControl(data)
    if (control === undefined) return this.#breach()
    if (this.#phase === 'carrying') this.#control(control)
    else if (this.#phase === 'greeted' && control.letter === 'a')
      this.#attachOther(control.data).catch(() => this.#part(CLOSE.failed))
    else if (this.#phase === 'greeted' && control.letter === 's' && this.#attach !== undefined) {
      this.#carry()
      this.#start(control.data)
    } else this.#breach()
  }

  drained(): void {
    this.#relay?.drained()
    this.#attach?.drained()
  }

  closed(): void {
    this.#finish()
    this.#relay?.closed()
    this.#attach?.closed()
  }

  /** Ends it, with a fresh link that nobody has taken. */
  end(code: number): void {
    this.#part(code)
  }

  /** The first word must come within this time. */
  #await(withinMs: number): void {
    const { clock, times } = this.#register
    this.#patience = clock.after(Math.min(withinMs, times.freshMs), () => this.#part(CLOSE.timePassed))
  }

  #control({ letter, data }: Control): void {
    switch (letter) {
      case 's':
        return this.#start(data)
      case 'k':
        return this.#beat(data)
      case 'c':
        return this.#closeLink(data)
      default:
        return this.#breach()
    }
  }

  /** `s`: the number of the next data message. */
  #start({ seq }: Control['data']): void {
    const link = this.#link
    if (link === undefined) return
    if (!isNumber(seq) || seq === 0 || seq > link.intake.accepted + 1) return this.#breach()
    this.#next = seq
    link.takeUp()
  }

  #beat({ ack, sent, ping }: Control['data']): void {
    if (!isNumber(ack) || !isNumber(sent)) return this.#breach()
    // What a middlebox dropped or put in shows here at the latest.
    if (this.#next !== undefined && sent !== this.#next - 1) return this.#breach()
    if (this.#link?.acknowledge(ack) === true && ping === 1) this.#acknowledge()
  }

  #closeLink(data: Control['data']): void {
    const close = closeOf(data)
    if (close === undefined) return this.#breach()
    // Ending the link says `c` behind all that was to be said: the proof that the close was read.
    this.#link?.closeByClient(close.code, close.reason)
  }

  #data(data: Uint8Array | string, byteLength: number): void {
    const link = this.#link
    const next = this.#next
    if (link === undefined || next === undefined) return this.#breach()
    if (byteLength > link.limits.maxMessageBytes) return link.close(CLOSE.tooLarge, '')
    this.#next = next + 1
    if (!link.take(next, data, byteLength)) return this.#breach()
    this.#heldCount++
    this.#heldBytes += byteLength
    if (this.#heldCount >= ACK_COUNT || this.#heldBytes >= ACK_BYTES) this.#acknowledge()
  }

  #acknowledge(): void {
    this.#heldCount = 0
    this.#heldBytes = 0
    this.#attach?.beat()
  }

  /** `a`: the fresh link is dropped, and another one attached. */
  async #attachOther(data: Control['data']): Promise<void> {
    this.#dropFresh()
    this.#phase = 'pausing'
    const fields = attachFieldsOf(data)
    const { link: id, key, v } = data
    if (fields === undefined || v !== PROTOCOL_VERSION || typeof id !== 'string' || typeof key !== 'string')
      return this.#breach()
    const forwarded = this.#request?.forwarded
    if (forwarded !== undefined && forwarded.link !== id) return this.#breach()
    const { peerDoor } = this.#register
    const owner = peerDoor?.ownerOf(id)
    if (peerDoor !== undefined && owner !== undefined) return this.#pass(peerDoor, owner, id, data)
    const link = this.#prove(id, key)
    if ('error' in link) return this.#refuse(link, CLOSE.normal)
    await paceAttach(link)
    if (this.#isOver) return
    const refusal = refuseAttach(link, fields.attach, fields.ack)
    if (refusal !== undefined) return this.#refuse(refusal, CLOSE.normal)
    this.#link = link
    this.#attach = new SocketAttach(link, fields.attach, this.#socket, undefined)
    this.#carry()
    link.carry(this.#attach)
    link.takeUp()
  }

  /** The link is another node's: so is the socket, when that node has taken it. */
  async #pass(peers: PeerDoor<Admission>, owner: string, id: string, data: Control['data']): Promise<void> {
    const request = this.#request
    const refusal = peers.refusal(owner, request?.forwarded !== undefined)
    if (refusal !== undefined) return this.#refuse(refusal, CLOSE.normal)
    if (request === undefined) return
    this.#patience?.cancel()
    this.#request = undefined
    const { admitted } = request
    const standing = admitted && { subject: admitted.subject, expiresMs: admitted.expiresMs }
    const relay = new SocketRelay(this.#socket)
    this.#relay = relay
    const passed = { ...request, admitted: undefined, forwarded: { link: id, standing } }
    await peers
      .passSocket(owner, relay, passed, writeControl('a', data))
      .catch(() => this.#refuse(refusalOf('busy'), CLOSE.normal))
  }

  #prove(id: string, key: string): OwnedLink<Admission> | Refusal {
    const request = this.#request
    const link = proveKey(id, key, request?.origin, this.#register)
    const admitted = request?.forwarded === undefined ? request?.admitted : undefined
    const standing = admitted ?? request?.forwarded?.standing
    if ('error' in link || standing?.subject === undefined) return link
    if (standing.subject !== link.deed.subject) return refusalOf('forbidden')
    link.renew(standing.expiresMs, admitted?.admission)
    return link
  }

  get #isOver(): boolean {
    return this.#phase === 'over'
  }

  #carry(): void {
    this.#finish()
    this.#phase = 'carrying'
    this.#request = undefined
  }

  #breach(): void {
    if (this.#phase === 'carrying' && this.#link?.state !== 'new') this.#link?.close(CLOSE.protocol, '')
    else this.#part(CLOSE.protocol)
  }

  #refuse(refusal: Refusal, code: number): void {
    this.#socket.writeText(writeControl('e', { ...refusal, status: REFUSALS[refusal.error] }))
    this.#part(code)
  }

  #part(code: number): void {
    this.#dropFresh()
    this.#finish()
    this.#socket.close(code, '')
  }

  #dropFresh(): void {
    const link = this.#link
    this.#attach?.letGo()
    this.#attach = undefined
    this.#link = undefined
    if (link?.state === 'new') link.end(undefined)
  }

  #finish(): void {
    this.#phase = 'over'
    this.#patience?.cancel()
    this.#patience = undefined
    this.#waiting.delete(this)
  }
}
