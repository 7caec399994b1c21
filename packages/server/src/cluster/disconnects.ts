import { StompError } from '../errors.js'
import type { UserRegistry } from '../users/user-registry.js'
import type { SessionTarget } from '../users/users.js'
import { fieldsOf, type NodeBus } from './bus.js'
import type { ClusterNodes } from './cluster.js'

/** Ends sessions wherever they are. */
export interface Disconnects {
  /**
   * Ends all sessions of a user, or one session, on all nodes. Resolves with how many they were on this node and on those
   * that have answered within {@link DISCONNECT_TIMEOUT_MS}. Rejects with STOMP_ERR_BROKER_UNAVAILABLE where the other
   * nodes could not be told; those of this one have ended then.
   */
  disconnect(target: SessionTarget, reason?: string): Promise<number>
}

/** What it is done with. */
export interface DisconnectsParts {
  readonly bus: NodeBus
  readonly nodes: Pick<ClusterNodes, 'self' | 'list' | 'onChange'>
  readonly users: Pick<UserRegistry, 'disconnect' | 'has'>
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** How long the answers of other nodes are waited for. */
export const DISCONNECT_TIMEOUT_MS = 10_000

const ASK = 'disconnect'
const ANSWER = 'disconnected'

/** Makes it, and answers other nodes from now on. */
export function createDisconnects({ bus, nodes, users, after }: DisconnectsParts): Disconnects {
  const waiting = new Map<number, Round>()
  let lastId = 0

  bus.take(ASK, async ({ from, head }) => {
    const { id, user, session, reason } = fieldsOf(head)
    const why = typeof reason === 'string' ? reason : undefined
    let count = 0
    if (typeof user === 'string') count = await users.disconnect({ user }, why)
    else if (typeof session === 'string') count = await users.disconnect({ session }, why)
    try {
      await bus.tell(from, ANSWER, { id, count })
    } catch {
      // The broker is away: the one who waits counts those that have answered.
    }
  })
  bus.take(ANSWER, ({ from, head }) => {
    const { id, count } = fieldsOf(head)
    if (typeof id === 'number' && typeof count === 'number') waiting.get(id)?.answered(from, count)
  })

  /** Resolves with the sum of what other nodes answer. */
  const elsewhere = async (target: SessionTarget, reason: string | undefined): Promise<number> => {
    const id = ++lastId
    const round = new Round(target.session !== undefined, () => nodes.list().map((node) => node.id), nodes.self)
    waiting.set(id, round)
    const deadline = after(DISCONNECT_TIMEOUT_MS, () => round.end())
    const stop = nodes.onChange(() => round.look())
    try {
      await told(() => bus.tell('all', ASK, { id, ...target, reason }))
      round.look()
      return await round.sum
    } finally {
      stop()
      deadline.cancel()
      waiting.delete(id)
    }
  }
  return {
    async disconnect(target, reason) {
      // Ids of sessions are unique.
      const isHere = target.session !== undefined && users.has(target.session)
      const here = users.disconnect(target, reason)
      if (isHere) return here
      const [counted, others] = await Promise.allSettled([here, elsewhere(target, reason)])
      if (others.status === 'rejected') throw others.reason
      return (counted.status === 'fulfilled' ? counted.value : 0) + others.value
    },
  }
}

async function told(tell: () => undefined | Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (cause) {
    throw new StompError('STOMP_ERR_BROKER_UNAVAILABLE', {
      message: 'Only sessions of this server were ended: the message broker cannot be reached, which tells the others',
      cause,
    })
  }
}

/** One question to all nodes. */
class Round {
  readonly sum: Promise<number>
  readonly #isForOne: boolean
  readonly #nodes: () => readonly string[]
  readonly #answered: Set<string>
  #count = 0
  #resolve: (count: number) => void = () => {}

  constructor(isForOne: boolean, nodes: () => readonly string[], self: string) {
    this.#isForOne = isForOne
    this.#nodes = nodes
    this.#answered = new Set([self])
    this.sum = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  answered(from: string, count: number): void {
    if (this.#answered.has(from)) return
    this.#answered.add(from)
    this.#count += count
    if (this.#isForOne && count > 0) this.end()
    else this.look()
  }

  /** Ends when all that are there have answered. */
  look(): void {
    if (this.#nodes().every((id) => this.#answered.has(id))) this.end()
  }

  end(): void {
    this.#resolve(this.#count)
  }
}
