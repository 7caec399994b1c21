import { createHeaders } from '@hoofbeat/codec'
import { type Backbone, type BackboneListener, type Broker, NODES, type Publication } from '../broker/broker.js'
import type { Clock } from '../clock/clock.js'
import { createArrivals } from './arrivals.js'
import { createAsks } from './asks.js'
import type { Bus, NodeMessage } from './cluster.js'
import { type ClusterLog, createDrops } from './drops.js'
import { createLateness } from './lateness.js'
import { createNodeWarning } from './rare-warning.js'
import { createSeal, type Letter, type Stream } from './seal.js'

/** What a bus is made with. */
export interface BusParts {
  readonly backbone: Pick<Backbone, 'nodeId' | 'key' | 'listen'>
  readonly broker: Pick<Broker, 'publish'>
  readonly clock: Clock
  readonly log: ClusterLog
  /** Calls `run` once, after `delayMs`, unless it is cancelled. */
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** The bus, as those see it who make and end it. */
export interface NodeBus extends Bus {
  /**
   * A message for one other node, or `'all'` others, that somebody else publishes, by whatever way to the broker: it may
   * overtake others, and be overtaken. It waits for a node that has lost its connection, where the broker can keep it. To
   * be published once, soon.
   */
  letter(to: string, kind: string, head: unknown, body: Uint8Array): Publication
  /** A node is gone: whoever has asked it is told. */
  gone(nodeId: string): void
  /** Begins to listen. Resolves when nothing is missed from now on. */
  open(): Promise<void>
  /** Ends listening; whoever still waits for an answer is told. */
  close(): void
}

/**
 * How old a message may be, by the clocks of two nodes: what somebody has kept cannot be told again later. Longer than
 * one may be on its way: twice a wait for the broker (where its connection breaks in between), and then a minute in the
 * queue of a node whose own connection is lost.
 */
export const MAX_AGE_MS = 300_000
/** How far the clock of its sender may be ahead. */
const MAX_AHEAD_MS = 60_000
/** One that is ahead by more is warned of before: other things that nodes tell each other hold for 30 s. */
const WARN_AHEAD_MS = 30_000
const AHEAD =
  'the clock of another node is ahead of this one by skewMs: beyond 30 s they refuse the requests that they pass on to each other, and beyond 60 s what they tell each other. Set the clocks of all nodes by NTP'
/** A letter from a clock that is ahead is good until this long after it was heard; a little more. */
const FORGET_MS = MAX_AGE_MS + 2 * MAX_AHEAD_MS

const NO_BODY = new Uint8Array()
const NO_HEADERS = createHeaders()
const STREAMS: readonly Stream[] = ['ordered', 'loose']
const ASK = 'ask'
const ANSWER = 'answer'

/** Makes the bus of one node. */
export function createBus(parts: BusParts): NodeBus {
  return new SealedBus(parts)
}

class SealedBus implements NodeBus {
  readonly nodeId: string
  readonly #parts: BusParts
  readonly #seal
  readonly #arrivals = createArrivals(FORGET_MS)
  readonly #lateness = createLateness()
  readonly #asks
  readonly #drops
  readonly #warnAhead
  readonly #takers = new Map<string, (message: NodeMessage) => void>()
  readonly #answerers = new Map<string, (head: unknown, from: string) => unknown>()
  readonly #missed: (() => void)[] = []
  /** The last sequence, by stream and topic. */
  readonly #sequences = new Map<string, number>()
  #listening: readonly { close(): void }[] = []
  #isMissing = false

  constructor(parts: BusParts) {
    const { backbone, log, clock, after } = parts
    this.#parts = parts
    this.nodeId = backbone.nodeId
    this.#seal = createSeal(backbone.key('bus'))
    this.#asks = createAsks(after)
    this.#drops = createDrops(log, clock)
    this.#warnAhead = createNodeWarning(log, clock, AHEAD)
    this.take(ASK, (message) => this.#answer(message))
    this.take(ANSWER, (message) => this.#answered(message))
  }

  tell(to: string, kind: string, head: unknown, body: Uint8Array = NO_BODY): undefined | Promise<void> {
    const publication = this.#publication('ordered', to, kind, head, body)
    return this.#parts.broker.publish(publication)
  }

  letter(to: string, kind: string, head: unknown, body: Uint8Array): Publication {
    return this.#publication('loose', to, kind, head, body)
  }

  take(kind: string, taker: (message: NodeMessage) => void): void {
    if (this.#takers.has(kind)) throw new Error(`messages of the kind '${kind}' are taken already`)
    this.#takers.set(kind, taker)
  }

  ask(to: string, kind: string, head: unknown, timeoutMs: number): Promise<unknown> {
    return this.#asks.ask(to, timeoutMs, (id) => this.tell(to, ASK, { id, kind, head }))
  }

  answer(kind: string, answerer: (head: unknown, from: string) => unknown): void {
    if (this.#answerers.has(kind)) throw new Error(`questions of the kind '${kind}' are answered already`)
    this.#answerers.set(kind, answerer)
  }

  onMissed(missed: () => void): void {
    this.#missed.push(missed)
  }

  gone(nodeId: string): void {
    this.#asks.gone(nodeId)
  }

  async open(): Promise<void> {
    const { backbone } = this.#parts
    const listening = STREAMS.flatMap((stream) =>
      ['all', this.nodeId].map((to) => {
        const topic = topicOf(stream, to)
        return backbone.listen(topic, this.#listener(topic), stream === 'loose')
      }),
    )
    this.#listening = listening
    await Promise.all(listening.map(({ settled }) => settled))
  }

  close(): void {
    for (const each of this.#listening) each.close()
    this.#listening = []
    this.#asks.gone(undefined)
  }

  #publication(stream: Stream, to: string, kind: string, head: unknown, body: Uint8Array): Publication {
    const topic = topicOf(stream, to)
    const name = `${stream} ${topic}`
    const sequence = (this.#sequences.get(name) ?? 0) + 1
    const { clock } = this.#parts
    const [epochMs, clockMs] = [clock.epochMs(), Math.round(clock.now())]
    const sealed = this.#seal.close({ from: this.nodeId, topic, stream, kind, sequence, epochMs, clockMs, head, body })
    this.#sequences.set(name, sequence)
    return { destination: `${NODES}${topic}`, headers: NO_HEADERS, body: sealed }
  }

  #listener(topic: string): BackboneListener {
    return {
      take: (_headers, body) => this.#hear(topic, body),
      missed: () => this.#miss(),
    }
  }

  #hear(topic: string, bytes: Uint8Array): void {
    const letter = this.#seal.open(bytes)
    if (letter === undefined || letter.topic !== topic) return this.#drops.count('forged')
    if (letter.from === this.nodeId) return
    const { clock } = this.#parts
    const aheadMs = letter.epochMs - clock.epochMs()
    if (aheadMs > MAX_AHEAD_MS || aheadMs < -MAX_AGE_MS) return this.#drops.untimely(letter.from, aheadMs)
    if (aheadMs > WARN_AHEAD_MS) this.#warnAhead(letter.from, { skewMs: aheadMs })
    const heard = { epochMs: clock.epochMs(), clockMs: clock.now() }
    const arrival = this.#arrivals.note(letter, heard.clockMs)
    if (arrival === 'repeated') return this.#drops.count('repeated')
    if (arrival === 'gap') this.#miss()
    this.#give(letter, this.#lateness.note(letter.from, letter, heard))
  }

  #give({ kind, from, head, body }: Letter, lateMs: number): void {
    // A kind that nobody takes belongs to a newer version than this one.
    this.#takers.get(kind)?.({ from, head, body, lateMs })
  }

  /** Of all topics together, once: what is lost is lost for all of them at the same time. */
  #miss(): void {
    if (this.#isMissing) return
    this.#isMissing = true
    this.#parts.clock.soon(() => {
      this.#isMissing = false
      for (const missed of this.#missed) missed()
    })
  }

  async #answer({ from, head }: NodeMessage): Promise<void> {
    const { id, kind, head: asked } = fieldsOf(head)
    try {
      const answerer = this.#answerers.get(String(kind))
      if (answerer === undefined) throw new Error(`node '${this.nodeId}' has no answer to '${kind}'`)
      await this.tell(from, ANSWER, { id, value: await answerer(asked, from) })
    } catch (error) {
      try {
        await this.tell(from, ANSWER, { id, error: error instanceof Error ? error.message : 'it has failed' })
      } catch {
        // The broker is away: whoever has asked sees that no answer comes.
      }
    }
  }

  #answered({ from, head }: NodeMessage): void {
    const { id, value, error } = fieldsOf(head)
    if (typeof id !== 'number') return
    this.#asks.answered(id, from, typeof error === 'string' ? { error } : { value })
  }
}

/**
 * Only letters are to be kept for a node that has lost its connection. What nodes tell each other in order is told anew
 * where some of it was missed; old questions want no answers, and one broken line would hold up all of it.
 */
function topicOf(stream: Stream, to: string): string {
  const name = to === 'all' ? to : `node-${to}`
  return stream === 'loose' ? `letters-${name}` : name
}

/** What another node has written, field by field; nothing of it is known for sure. */
export function fieldsOf(head: unknown): { readonly [name: string]: unknown } {
  return typeof head === 'object' && head !== null ? { ...head } : {}
}
