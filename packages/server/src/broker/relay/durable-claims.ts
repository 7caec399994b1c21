import { createHeaders, type Headers } from '@hoofbeat/codec'
import type { Clock } from '../../clock/clock.js'
import { StompError } from '../../errors.js'
import { NODES } from '../broker.js'
import type { BrokerParts } from '../broker-factory.js'
import type { RelayBackbone } from './backbone.js'
import { Outcome } from './leg-request.js'

/** How long whoever holds a durable subscription may take to let go, in ms: then it is in use. */
export const TAKEOVER_MS = 5_000

/** How long at most it takes until it is asked for again meanwhile, in ms. */
export const ASK_AGAIN_MS = 500

/** What whoever wants one that another session holds is told. */
export const inUse = (): StompError =>
  new StompError('STOMP_ERR_SUBSCRIPTION_EXISTS', {
    message: 'This durable subscription is in use by another session',
    cure: 'Disconnect the other session first, or take another client-id or subscription id.',
  })

/** What claims go through. */
export interface DurableClaimsParts {
  readonly backbone: Pick<RelayBackbone, 'nodeId' | 'listen' | 'publish'>
  /** A word for a name, which only the nodes can tell. */
  readonly wordOf: (name: string) => string
  readonly clock: Pick<Clock, 'now'>
  readonly after: BrokerParts['after']
}

/** What this node says to the others about a durable subscription that it wants, or has. */
export interface DurableClaim {
  /** Resolves when no other node has it; rejects with STOMP_ERR_SUBSCRIPTION_EXISTS when one does not let go. */
  readonly settled: Promise<void>
  /** Told when it proves later that another node has it too. @default nobody is told */
  lost: (error: StompError) => void
  /** This node has it no more. */
  end(): void
}

const TOPIC = 'durables'

/** So much longer than its own question has taken a node waits for answers of others, in ms. */
const ANSWER_MS = 100

/** What one question came to. */
interface Question {
  readonly id: string
  /** Resolves when it has come back: then all others have it too, or will in a moment. */
  readonly isRound: Outcome
  isRefused: boolean
}

/**
 * For brokers that let any number of connections read a durable subscription: the nodes tell each other. Whoever wants one
 * asks all, and whoever has it says so; then it is asked for again, for a while. An answer that comes too late still ends
 * what should not have begun.
 */
export class DurableClaims {
  readonly #parts: DurableClaimsParts
  readonly #byWord = new Map<string, NodeClaim>()
  #listening: Promise<void> | undefined
  #lastNumber = 0

  constructor(parts: DurableClaimsParts) {
    this.#parts = parts
  }

  /** Claims one, which this node has not claimed already. */
  claim(name: string): DurableClaim {
    const word = this.#parts.wordOf(name)
    const claim = new NodeClaim(this.#parts, {
      ask: (id) => this.#ask(id, word),
      nextId: () => `${++this.#lastNumber}`,
      ended: () => this.#byWord.delete(word),
    })
    this.#byWord.set(word, claim)
    return claim
  }

  async #ask(id: string, word: string): Promise<void> {
    this.#listening ??= this.#listen()
    await this.#listening
    await this.#say('ask', id, word, this.#parts.backbone.nodeId)
  }

  async #listen(): Promise<void> {
    const listener = { take: (_: Headers, body: Uint8Array) => this.#take(body), missed: () => {} }
    const { settled, close } = this.#parts.backbone.listen(TOPIC, listener)
    try {
      await settled
    } catch (error) {
      this.#listening = undefined
      close()
      throw error
    }
  }

  async #say(...words: readonly string[]): Promise<void> {
    const body = new TextEncoder().encode(words.join(' '))
    await this.#parts.backbone.publish({ destination: NODES + TOPIC, headers: createHeaders(), body })
  }

  #take(body: Uint8Array): void {
    const [kind, id = '', word = '', asking = '', holding = ''] = new TextDecoder().decode(body).split(' ')
    const claim = this.#byWord.get(word)
    const { nodeId } = this.#parts.backbone
    if (claim === undefined) return
    if (kind === 'held') {
      if (asking === nodeId) claim.refused(id, holding)
    } else if (asking === nodeId) claim.wentRound(id)
    else {
      claim.rivalled(asking)
      this.#say('held', id, word, asking, nodeId).catch(() => {})
    }
  }
}

class NodeClaim implements DurableClaim {
  readonly settled: Promise<void>
  lost = (_error: StompError): void => {}
  readonly #parts: DurableClaimsParts
  readonly #ways: ClaimWays
  #question: Question | undefined
  /** Nodes that have asked while this one did. */
  readonly #rivals = new Set<string>()
  #isSettled = false
  #isOver = false

  constructor(parts: DurableClaimsParts, ways: ClaimWays) {
    this.#parts = parts
    this.#ways = ways
    this.settled = this.#settle()
    this.settled.catch(() => {})
  }

  end(): void {
    this.#isOver = true
    this.#ways.ended()
  }

  wentRound(id: string): void {
    if (this.#question?.id === id) this.#question.isRound.resolve()
  }

  /** Another node asks for it. */
  rivalled(node: string): void {
    if (!this.#isSettled) this.#rivals.add(node)
  }

  /** Another node has it, or wants it too: of two that ask at the same time one goes first. */
  refused(id: string, node: string): void {
    const question = this.#question
    if (this.#isOver || question?.id !== id) return
    if (this.#rivals.has(node) && this.#parts.backbone.nodeId < node) return
    question.isRefused = true
    if (this.#isSettled) this.lost(inUse())
  }

  async #settle(): Promise<void> {
    const { clock } = this.#parts
    const giveUpMs = clock.now() + TAKEOVER_MS
    while (!(await this.#isFree()) && !this.#isOver) {
      if (clock.now() >= giveUpMs) throw inUse()
      await this.#pause(ASK_AGAIN_MS)
    }
    this.#isSettled = true
  }

  async #isFree(): Promise<boolean> {
    const { clock } = this.#parts
    const question: Question = { id: this.#ways.nextId(), isRound: new Outcome(), isRefused: false }
    this.#question = question
    const askedMs = clock.now()
    await this.#ways.ask(question.id)
    await this.#inTime(question.isRound)
    await this.#pause(clock.now() - askedMs + ANSWER_MS)
    return !question.isRefused
  }

  async #inTime(round: Outcome): Promise<void> {
    const unavailable = (): void => round.reject(new StompError('STOMP_ERR_BROKER_UNAVAILABLE'))
    const timer = this.#parts.after(TAKEOVER_MS, unavailable)
    await round.settled.finally(() => timer.cancel())
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.after(ms, resolve))
  }
}

/** What a claim needs of all. */
interface ClaimWays {
  /** Asks all nodes, this one too. */
  ask(id: string): Promise<void>
  nextId(): string
  ended(): void
}
