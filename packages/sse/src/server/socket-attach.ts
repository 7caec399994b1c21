import * as CLOSE from '../wire/close.js'
import { writeControl } from '../wire/control.js'
import type { Attached, Opened } from '../wire/requests.js'
import type { AttachOwner } from './attach.js'
import type { LinkTimer } from './clock.js'
import type { LinkSocket } from './link-socket.js'
import { PushAttach } from './push-attach.js'

/** How long a socket stays behind `c` for the last acknowledgement. */
const FAREWELL_MS = 5000

/** Down messages as those of a WebSocket. */
export class SocketAttach extends PushAttach {
  readonly rung = 'websocket'
  protected readonly form = 'link'
  readonly #socket: LinkSocket
  /** Told beside `o` when the link is new. */
  #opened: Opened | undefined
  #isHeldBack = false
  #farewell: LinkTimer | undefined

  constructor(owner: AttachOwner, number: number, socket: LinkSocket, opened: Opened | undefined) {
    super(owner, number)
    this.#socket = socket
    this.#opened = opened
  }

  get isHeldBack(): boolean {
    return this.#isHeldBack
  }

  /** False once nothing is carried any more; what is still read is of no account. */
  get isLive(): boolean {
    return !this.isOver
  }

  holdBack(isHeld: boolean): void {
    if (this.#isHeldBack === isHeld || this.isOver) return
    this.#isHeldBack = isHeld
    this.#socket.setPaused(isHeld)
  }

  override closed(): void {
    this.#farewell?.cancel()
    super.closed()
  }

  /** Carries no more; the socket is another's. */
  letGo(): void {
    this.isOver = true
    this.#farewell?.cancel()
  }

  protected writeBytes(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  protected sayAttached(attached: Attached): boolean {
    const opened = this.#opened
    this.#opened = undefined
    return this.#socket.writeText(writeControl('o', opened === undefined ? attached : { ...opened, ...attached }))
  }

  protected sayBeat(): boolean {
    return this.#socket.writeText(writeControl('k', this.owner.beatOf(this.sent)))
  }

  protected sayFarewell(): boolean {
    const { verdict, clock } = this.owner
    if (verdict === undefined) return true
    this.#farewell = clock.after(FAREWELL_MS, () => {
      this.end()
      this.owner.ended(this)
    })
    return this.#socket.writeText(writeControl('c', { code: verdict.code, reason: verdict.reason, sent: this.sent }))
  }

  protected endCarrier(): void {
    this.#farewell?.cancel()
    this.#socket.close(CLOSE.normal, '')
  }

  protected destroyCarrier(): void {
    this.#farewell?.cancel()
    this.#socket.destroy()
  }
}
