import type { Limits } from '@hoofbeat/codec'
import { DEFAULT_LIMITS } from '@hoofbeat/codec'
import type { BrokerFactory } from './broker/broker-factory.js'
import type { Clock } from './clock/clock.js'
import type { Separator } from './destination/destination.js'
import type { DispatchLimits } from './dispatch/dispatcher.js'
import type { EndpointOptions } from './doors.js'
import type { OutboxLimits } from './framing/outbox.js'
import type { AdmissionOptions } from './hooks/admission.js'
import type { CsrfOptions } from './hooks/csrf.js'
import type { AuthenticateHook } from './hooks/hooks.js'
import type { AllowOptions, DenyOptions } from './hooks/rules.js'
import type { ObservationOptions } from './observation.js'
import type { RateLimitOptions } from './session/rate-limit.js'
import type { SessionLimits } from './session/session.js'
import type { FallbackOptions } from './transports/sse.js'
import type { TcpOptions } from './transports/tcp.js'

/** All limits; each has a default that suits a public service. */
export interface HoofbeatLimits extends Limits, OutboxLimits, SessionLimits, DispatchLimits {
  /** How long an unfinished frame may stay without a further byte, in ms. @default 30000 */
  readonly frameTimeoutMs: number
  /** Largest WebSocket message in bytes; it may hold many frames. @default four times the largest frame */
  readonly maxTransportMessageBytes: number
}

/** Options of the plugin. */
export interface HoofbeatOptions extends AdmissionOptions, ObservationOptions {
  /** Where clients connect. @default [{ path: '/stomp' }] */
  readonly endpoints?: readonly EndpointOptions[]
  /** Ports for native STOMP clients; they listen once the application is ready. @default none */
  readonly tcp?: TcpOptions | readonly TcpOptions[]
  /** The broker; `embeddedBroker()` for one inside the process. @default embeddedBroker() */
  readonly broker?: BrokerFactory
  /** SEND and SUBSCRIBE at or below this go to message routes, not to the broker. @default '/app' */
  readonly applicationPrefix?: string
  /** What stands between the segments of a destination. @default '/' */
  readonly separator?: Separator
  /** Sees CONNECT; returns the user, or nothing for an anonymous session; throws to refuse. @default the identity, if any */
  readonly authenticate?: AuthenticateHook
  /** Which broker destinations clients may use. @default SUBSCRIBE to exact topics, no SEND */
  readonly allow?: AllowOptions
  /** What is denied of it. @default nothing */
  readonly deny?: DenyOptions
  /**
   * Asks for a token with each CONNECT that came by HTTP and at the doors for clients without STOMP, where users are known
   * by cookies. @default no tokens
   */
  readonly csrf?: true | CsrfOptions
  /** How much each session may send. @default no limits */
  readonly rateLimits?: RateLimitOptions
  /**
   * How a SEND or SUBSCRIBE is refused: `hard`, by ERROR and a close, as STOMP has it; or `soft`: a session that listens
   * at `/user/queue/errors` gets a MESSAGE there, `{ code, message, cure }` with the `receipt-id` of the frame, and lives
   * on. Who does not listen there is refused hard. @default 'hard'
   */
  readonly refusals?: 'hard' | 'soft'
  /** Heart-beats the server offers and wants, in ms; 0 = none, else 500 or more. @default { sendMs: 10000, receiveMs: 10000 } */
  readonly heartBeat?: { readonly sendMs: number; readonly receiveMs: number }
  /** Bounds and times of the fallback's links; sizes follow from `limits` where they are not given. */
  readonly fallback?: FallbackOptions
  /** Overrides of single limits. */
  readonly limits?: Partial<HoofbeatLimits>
  /** Over how many ms the end of the server spreads its closes; 0: all at once, as "going away". @default 5000 */
  readonly drainMs?: number
  /** Where time comes from; tests give their own. @default the machine's */
  readonly clock?: Clock
}

/** Fills in the defaults. Throws a TypeError or RangeError that names the option. */
export function resolveLimits(limits: Partial<HoofbeatLimits> = {}): HoofbeatLimits {
  const frame = { ...DEFAULT_LIMITS, ...limits }
  const resolved: HoofbeatLimits = {
    maxTransportMessageBytes: 4 * (frame.maxBodyBytes + frame.maxHeaderBytes),
    maxOutboxBytes: 524_288,
    sendTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    settleTimeoutMs: 10_000,
    lingerMs: 1_000,
    maxUnsettledFrames: 1_000,
    maxUnsettledBytes: 524_288,
    frameTimeoutMs: 30_000,
    maxSubscriptions: 256,
    maxTempQueues: 64,
    maxTransactions: 16,
    maxTransactionFrames: 1_000,
    maxTransactionBytes: 1_048_576,
    maxRunningHandlers: 16,
    maxStreams: 16,
    hookTimeoutMs: 10_000,
    ...frame,
  }
  for (const [name, value] of Object.entries(resolved)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`limits.${name} must be a whole number above 0`)
  }
  return resolved
}

/** The fallback's bounds and times: a message of a link is at most the greatest frame, a batch holds some of them. */
export function resolveFallback(options: FallbackOptions | undefined, limits: Limits): FallbackOptions {
  const maxMessageBytes = limits.maxBodyBytes + limits.maxHeaderBytes + 1_024
  const sizes = { maxMessageBytes, maxBatchBytes: Math.max(262_144, 4 * maxMessageBytes) }
  return { ...options, limits: { ...sizes, ...options?.limits } }
}

/** Below this the timer wheel is too coarse to beat, and to judge silence, within the agreed intervals. */
const LEAST_HEART_BEAT_MS = 500

/** Checks what the type system cannot. */
export function checkOptions(options: HoofbeatOptions): void {
  const { applicationPrefix = '/app', heartBeat, drainMs = 0 } = options
  if (!/^(\/[^/*]+)+$/.test(applicationPrefix)) {
    throw new TypeError(`applicationPrefix must be like '/app', not '${applicationPrefix}'`)
  }
  for (const value of [heartBeat?.sendMs ?? 0, heartBeat?.receiveMs ?? 0]) {
    const isKept = Number.isSafeInteger(value) && (value === 0 || value >= LEAST_HEART_BEAT_MS)
    if (!isKept) throw new RangeError(`heartBeat takes whole ms: 0 for none, or ${LEAST_HEART_BEAT_MS} and more`)
  }
  if (!Number.isSafeInteger(drainMs) || drainMs < 0) throw new RangeError('drainMs takes whole ms, 0 or more')
}
