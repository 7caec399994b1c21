import type { Version } from '@hoofbeat/codec'
import type { Broker } from '../broker/broker.js'
import type { DestinationSyntax } from '../destination/destination.js'
import type { AuthorizeSendHook, AuthorizeSubscribeHook } from '../hooks/hooks.js'
import type { Rules } from '../hooks/rules.js'
import type { Routes, SessionOwner } from '../routes/routes.js'
import type { Presence } from '../users/presence.js'
import type { SessionFacts } from '../users/presence-hooks.js'
import type { UserRegistry } from '../users/user-registry.js'
import type { Publications } from './publications.js'
import type { ReplyQueues } from './reply-queues.js'
import type { TransactionLimits } from './transactions.js'

/** What all dispatchers of an application share. */
export interface DispatchParts {
  readonly broker: Broker
  readonly routes: Routes
  readonly publications: Publications
  readonly replyQueues: Pick<ReplyQueues, 'open'>
  readonly users: Pick<UserRegistry, 'add' | 'renewed' | 'remove'>
  readonly presence: Presence
  readonly syntax: DestinationSyntax
  readonly rules: Rules
  /** Hooks for every destination, in their order; may grow until the application is ready. */
  readonly hooks: {
    readonly authorizeSend: readonly AuthorizeSendHook[]
    readonly authorizeSubscribe: readonly AuthorizeSubscribeHook[]
  }
  readonly applicationPrefix: string
  /** A `message-id` that was never given before. */
  readonly nextMessageId: () => string
  readonly limits: DispatchLimits
  /** Whether a session that listens at `/user/queue/errors` is told there of a refused SEND or SUBSCRIBE, and lives on. */
  readonly isSoft: boolean
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** Limits of one session's dispatcher. */
export interface DispatchLimits extends TransactionLimits {
  /** @default 256 */
  readonly maxSubscriptions: number
  /** Temporary queues of one session. @default 64 */
  readonly maxTempQueues: number
  /** Route handlers of one session that may run at the same time; then reading pauses. @default 16 */
  readonly maxRunningHandlers: number
  /** Streams of values that handlers of one session may have open. @default 16 */
  readonly maxStreams: number
  /** How long a hook (`authenticate` and preHandlers too) may take to answer, in ms; then its frame is refused. @default 10000 */
  readonly hookTimeoutMs: number
}

/** Whose frames a dispatcher handles. */
export interface DispatchCaller extends SessionOwner {
  readonly version: Version
  /** `client-id` of CONNECT. */
  readonly clientId: string | undefined
  /** True for one that ends with its first frame: nothing that goes on may be begun in it. */
  readonly isPassing?: boolean
  /** What carries its session; undefined for one request, of which nobody is told that it came and went. */
  readonly transport: SessionFacts['transport'] | undefined
}
