import type { Attached } from '../wire/requests.js'
import type { AttachOwner } from './attach.js'
import type { LinkTimer } from './clock.js'
import { beatEvent, farewellEvent, openingOf } from './event-text.js'
import type { EventStream, StreamListener } from './exchange.js'
import { PushAttach } from './push-attach.js'

/** When the second write comes: proof for the client that nothing on the way holds writes back. */
const PROOF_MS = 250

/** Down messages as an event stream that stays. */
export class StreamAttach extends PushAttach implements StreamListener {
  readonly rung = 'stream'
  /** Who is told that the request is over, for whatever cause. */
  readonly #done: () => void
  #stream: EventStream | undefined
  #proof: LinkTimer | undefined

  constructor(owner: AttachOwner, number: number, done: () => void) {
    super(owner, number)
    this.#done = done
  }

  get isHeldBack(): boolean {
    return false
  }

  /** Takes the stream that tells this object. */
  bind(stream: EventStream): void {
    this.#stream = stream
  }

  holdBack(): void {}

  override closed(): void {
    this.#stopProof()
    super.closed()
    this.#done()
  }

  protected get form(): EventStream['form'] {
    return this.#stream?.form ?? 'event'
  }

  protected writeBytes(bytes: Uint8Array): boolean {
    return this.#stream?.write(bytes) ?? false
  }

  protected override writeSoon(bytes: Uint8Array): void {
    this.#stream?.writeSoon(bytes)
  }

  protected sayAttached(attached: Attached): boolean {
    this.#proof = this.owner.clock.after(PROOF_MS, () => {
      this.#proof = undefined
      this.beat()
    })
    return this.#stream?.writeEvent(openingOf(attached)) ?? false
  }

  protected sayBeat(): boolean {
    return this.#stream?.writeEvent(beatEvent(this.owner.beatOf(this.sent))) ?? false
  }

  protected sayFarewell(): boolean {
    const { verdict } = this.owner
    if (verdict === undefined) return true
    this.#stream?.writeEvent(farewellEvent({ code: verdict.code, reason: verdict.reason, sent: this.sent }))
    this.end()
    this.owner.ended(this)
    return true
  }

  protected endCarrier(): void {
    this.#stopProof()
    this.#stream?.end()
  }

  protected destroyCarrier(): void {
    this.#stopProof()
    this.#stream?.destroy()
  }

  #stopProof(): void {
    this.#proof?.cancel()
    this.#proof = undefined
  }
}
