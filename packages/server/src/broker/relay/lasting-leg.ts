import type { Frame, FrameInit } from '@hoofbeat/codec'
import type { Timer } from '../../clock/wheel.js'
import type { Connection } from '../../connection/connection.js'
import { StompError } from '../../errors.js'
import type { LegReport, Settled } from '../broker.js'
import { DEFAULT_BACK_OFF } from './dial-plan.js'
import { type BrokerAddress, formatAddress } from './dialer.js'
import type { Leg, LegSubscriber, LegSubscription } from './leg.js'
import { type DiallingListener, LegDialling } from './leg-dialling.js'
import { LegLine } from './leg-line.js'
import { DEFAULT_LEG_LIMITS, type LegLimits, type LegParts } from './leg-parts.js'
import { BoundRequest, comesAgain, Outcome } from './leg-request.js'
import { LegStall } from './leg-stall.js'
import { type Heard, type HeldSubscription, LegSubscriptions } from './leg-subscriptions.js'
import type { HeaderLine } from './profile.js'
import type { Upstream, UpstreamEnd, UpstreamListener } from './upstream.js'
import { connectUpstream } from './upstream-connection.js'
import { brokerRefusal } from './upstream-frames.js'

export type { LegLimits, LegParts } from './leg-parts.js'

/** Makes a leg, which dials at once. It tells nothing inside this call. Throws RangeError where there is no address. */
export function createLeg(parts: LegParts): Leg {
  const leg = new LastingLeg(parts)
  leg.start()
  return leg
}

/** How long the broker may take to answer DISCONNECT, in ms. */
const DISCONNECT_TIMEOUT_MS = 1_000

/*
 * down -> connecting -> restoring -> up, and from anywhere back to down; in the end closed. While it is restoring, only
 * SUBSCRIBEs are written.
 */
class LastingLeg implements Leg, UpstreamListener, DiallingListener {
  connection = 0
  answeredCount = 0
  readonly #parts: LegParts
  readonly #limits: LegLimits
  readonly #dialling: LegDialling
  readonly #line: LegLine
  readonly #subscriptions = new LegSubscriptions()
  #phase: 'down' | 'connecting' | 'restoring' | 'up' | 'closed' = 'down'
  #address: BrokerAddress | undefined
  #server: string | undefined
  #upstream: Upstream | undefined
  /** What is still to be restored, the next one last. */
  #toRestore: HeldSubscription[] = []
  /** The time of day at the zero of the clock, as it was when the connection began. */
  #clockEpochMs = 0
  #timer: Timer | undefined
  readonly #stall: LegStall
  #isPaused = false
  /** Why it is down, as was told: by address. */
  readonly #toldReasons = new Map<string, string>()
  #closing: Outcome | undefined

  constructor(parts: LegParts) {
    this.#parts = parts
    this.#limits = { ...DEFAULT_LEG_LIMITS, ...parts.limits }
    const { addresses, dial, clock, wheel, random = Math.random } = parts
    const backOff = { ...DEFAULT_BACK_OFF, ...parts.backOff }
    this.#dialling = new LegDialling(this, { addresses, dial, clock, wheel, random, backOff })
    this.#line = new LegLine({ clock, wheel }, this.#limits)
    const look = (): { owed: number; answered: number } => ({
      owed: this.#upstream?.unanswered ?? 0,
      answered: this.answeredCount,
    })
    this.#stall = new LegStall({ wheel, look, afterMs: this.#limits.maxWaitMs, changed: parts.stallChanged })
  }

  start(): void {
    this.#dialling.start()
  }

  get isUp(): boolean {
    return this.#phase === 'up'
  }

  get report(): LegReport {
    const phase = this.#phase
    const { waiting } = this.#line
    return {
      name: this.#parts.name,
      state: phase === 'up' ? 'up' : phase === 'connecting' || phase === 'restoring' ? 'connecting' : 'down',
      address: this.#address && formatAddress(this.#address),
      server: this.#server,
      connects: this.connection,
      subscriptions: this.#subscriptions.liveCount,
      waitingFrames: waiting.frameCount,
      waitingBytes: waiting.byteLength,
      unansweredFrames: this.#upstream?.unanswered ?? 0,
    }
  }

  send(frames: readonly FrameInit[], isReceipted: boolean, repeated?: readonly HeaderLine[]): Settled {
    if (this.#closing !== undefined) return Promise.reject(new StompError('STOMP_ERR_CLOSING'))
    return this.#line.send(frames, isReceipted, repeated)
  }

  answer(frames: readonly FrameInit[], connection: number, isReceipted: boolean): Settled {
    if (connection === this.connection && this.#isConnected && this.#closing === undefined) {
      return this.#line.answer(frames, isReceipted)
    }
    return isReceipted ? Promise.reject(comesAgain()) : undefined
  }

  subscribe(headers: readonly HeaderLine[], subscriber: LegSubscriber): LegSubscription {
    const subscription = this.#subscriptions.add(headers, subscriber)
    if (this.#closing !== undefined) this.#subscriptions.close()
    else if (this.#isConnected) this.#line.take(this.#askFor(subscription))
    const { id, settled } = subscription
    return { id, settled, end: (endHeaders = []) => this.#endSubscription(subscription, endHeaders) }
  }

  setPaused(isPaused: boolean): void {
    if (this.#closing !== undefined) return
    if (this.#isPaused && !isPaused) this.answeredCount++
    this.#isPaused = isPaused
    if (this.isUp) this.#upstream?.setPaused(isPaused)
  }

  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.settled
    const closing = new Outcome()
    this.#closing = closing
    this.#subscriptions.close()
    // What the broker owes is waited for.
    this.#isPaused = false
    this.#upstream?.setPaused(false)
    if (this.#isConnected) {
      this.#setTimer(this.#limits.closeTimeoutMs, () => this.#leave())
      this.#goOn()
    } else this.#finish()
    return closing.settled
  }

  // From the dialling.

  dialling(address: BrokerAddress): void {
    this.#address = address
    this.#phase = 'connecting'
  }

  dialled(connection: Connection): void {
    const { clock, wheel, turns, connect } = this.#parts
    const { connectTimeoutMs } = this.#limits
    const upstream = connectUpstream(connection, this, {
      clock,
      wheel,
      turns,
      connect,
      limits: this.#limits,
      connectTimeoutMs,
    })
    upstream.isBlaming = this.#parts.isForOne === true || this.#line.isBlaming
    this.#upstream = upstream
  }

  unreachable(reason: string): void {
    this.#phase = 'down'
    this.#tellDown(reason)
  }

  // From the upstream.

  connected(): void {
    this.connection++
    this.#server = this.#upstream?.server
    this.#dialling.connected()
    this.#phase = 'restoring'
    this.#clockEpochMs = this.#parts.clock.epochMs() - this.#parts.clock.now()
    this.#toRestore = [...this.#subscriptions.all()].reverse()
    this.#watchRestoring()
    this.#goOn()
  }

  message(frame: Frame): void {
    this.#subscriptions.deliver(frame, this.connection)
  }

  answered(): void {
    this.answeredCount++
    this.#stall.answered()
    this.#goOn()
  }

  ready(): void {
    if (this.#phase === 'up') this.#line.ready()
    this.#goOn()
  }

  ended({ reason, cause, lostCount, heardMs }: UpstreamEnd): void {
    const wasConnected = this.#isConnected
    const wasUp = this.isUp
    this.#upstream = undefined
    this.#phase = 'down'
    this.#timer?.cancel()
    this.#stall.stop()
    this.#line.ended(cause, lostCount)
    this.#subscriptions.lost({ clockMs: heardMs, epochMs: this.#clockEpochMs + heardMs })
    if (wasUp) {
      this.#toldReasons.clear()
      this.#parts.stateChanged?.(false)
    }
    if (this.#closing !== undefined) return this.#finish()
    this.#tellDown(reason)
    if (cause === 'connect-refused') this.#parts.connectRefused?.(brokerRefusal(reason))
    if (wasConnected) this.#dialling.lost(cause !== 'lost')
    else this.#dialling.failed()
  }

  get #isConnected(): boolean {
    return this.#phase === 'restoring' || this.#phase === 'up'
  }

  /** Does what comes next on a connection. */
  #goOn(): void {
    if (this.#phase === 'restoring') this.#restore()
    if (this.#phase !== 'up') return
    this.#line.pump()
    if (this.#closing !== undefined && this.#line.isIdle) this.#leave()
  }

  #restore(): void {
    const upstream = this.#upstream
    if (upstream === undefined) return
    while (!upstream.isFull && !(this.#line.isTrial && upstream.unanswered > 0)) {
      const next = this.#toRestore.pop()
      if (next === undefined) break
      if (this.#subscriptions.has(next)) this.#askFor(next).write(upstream)
      // That may have been its end.
      if (upstream !== this.#upstream) return
    }
    if (this.#toRestore.length === 0 && upstream.unanswered === 0) this.#becomeUp(upstream)
  }

  #becomeUp(upstream: Upstream): void {
    const { name, observe, stateChanged } = this.#parts
    this.#timer?.cancel()
    this.#phase = 'up'
    this.#toldReasons.clear()
    if (this.#address !== undefined) {
      observe({ type: 'leg-up', leg: name, address: formatAddress(this.#address), server: this.#server })
    }
    upstream.setPaused(this.#isPaused)
    this.#line.open(upstream)
    this.#stall.watch()
    stateChanged?.(true)
  }

  /** Ends a connection on which the broker does not go on to answer. */
  #watchRestoring(): void {
    const { connectTimeoutMs } = this.#limits
    const answered = this.answeredCount
    this.#setTimer(connectTimeoutMs, () => {
      if (this.#phase !== 'restoring') return
      if (this.answeredCount > answered) this.#watchRestoring()
      else this.#upstream?.end(`no RECEIPT of a SUBSCRIBE within ${connectTimeoutMs} ms`)
    })
  }

  #askFor(subscription: HeldSubscription): BoundRequest {
    const request = new BoundRequest([{ command: 'SUBSCRIBE', headers: subscription.headers }], true, {
      answered: () => this.#subscriptions.began(subscription, (last) => this.#unheardMs(last)),
      refused: (error) => this.#subscriptions.refused(subscription, error),
      // It is restored.
      lost: () => {},
    })
    subscription.request = request
    return request
  }

  #endSubscription(subscription: HeldSubscription, headers: readonly HeaderLine[]): Promise<void> {
    if (!this.#subscriptions.end(subscription)) return Promise.resolve()
    const outcome = new Outcome()
    const settle = (error?: StompError): void => {
      this.#subscriptions.ended(subscription)
      if (error === undefined) outcome.resolve()
      else outcome.reject(error)
    }
    const frame: FrameInit = { command: 'UNSUBSCRIBE', headers: [['id', subscription.id], ...headers] }
    const answer = { answered: () => settle(), refused: settle, lost: () => settle() }
    this.#line.take(new BoundRequest([frame], true, answer))
    return outcome.settled
  }

  #unheardMs({ clockMs, epochMs }: Heard): number {
    const { clock } = this.#parts
    return Math.max(clock.now() - clockMs, clock.epochMs() - epochMs)
  }

  #leave(): void {
    this.#setTimer(DISCONNECT_TIMEOUT_MS, () => this.#upstream?.end('closed'))
    this.#upstream?.disconnect()
  }

  #finish(): void {
    this.#phase = 'closed'
    this.#timer?.cancel()
    this.#stall.stop()
    this.#dialling.stop()
    this.#upstream?.end('closed')
    this.#line.close()
    this.#closing?.resolve()
  }

  /** While it is tried again and again, the same is told once. */
  #tellDown(reason: string): void {
    const { name, observe } = this.#parts
    const address = this.#address && formatAddress(this.#address)
    if (address === undefined || this.#toldReasons.get(address) === reason) return
    this.#toldReasons.set(address, reason)
    observe({ type: 'leg-down', leg: name, address, reason })
  }

  #setTimer(delayMs: number, run: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#parts.wheel.after(delayMs, run)
  }
}
