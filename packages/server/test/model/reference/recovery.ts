import { readGapNotes } from '../../../src/broker/embedded/queue-gaps.js'
import type { StoreContents } from '../../../src/store/message-store.js'
import { DEAD_LETTERS, DURABLES } from '../operation.js'
import { createLetter, type Entry, isOver, type ModelQueue, precedes, show } from './queue.js'
import type { ModelQueues } from './queues.js'
import type { ModelState } from './state.js'

/** What a restart brings back. */
export class ModelRecovery {
  readonly #state: ModelState
  readonly #queues: ModelQueues

  constructor(state: ModelState, queues: ModelQueues) {
    this.#state = state
    this.#queues = queues
  }

  /**
   * Judges what was found in the store after a restart and goes on from there: all that had to outlive it must be there,
   * at its place and with its count, and nothing else but what may.
   *
   * @param durableCalls how many calls the store had done, after a crash; undefined after a clean end
   */
  recover({ entries, notes }: Pick<StoreContents, 'entries' | 'notes'>, durableCalls: number | undefined): void {
    const isCrash = durableCalls !== undefined
    const found = new Map<Entry, number>()
    const letters = new Map<Entry, number>()
    const shelves = new Map<string, Entry[]>()
    for (const id of ['d1', 'd2'] as const) {
      const isFound = notes.has(DURABLES[id].name)
      const isSure = !isCrash || !this.#state.batches.some(({ durable }) => durable === id)
      if (isSure && isFound !== this.#state.durables.has(id))
        this.#state.blame(`durable subscription ${id}: kept is ${isFound}`)
    }
    const places = new Map<Entry, number>()
    for (const { shelf, position, message, deliveries } of entries) {
      const tag = message.headers.get('tag') ?? ''
      // It comes to nobody.
      if (shelf.startsWith('durable:') && !notes.has(shelf)) continue
      const isFree = (entry: Entry): boolean => entry.tag === tag && entry.queue === shelf && !found.has(entry)
      const entry =
        this.#state.queues.get(shelf)?.entries.find((each) => isFree(each) && each.isPersistent) ??
        this.#state.orphans.find((each) => isCrash && isFree(each)) ??
        this.#state.ghosts.find(
          ({ entry, stamp }) => isCrash && isFree(entry) && stamp !== undefined && stamp > durableCalls,
        )?.entry
      if (entry !== undefined) {
        found.set(entry, deliveries)
        places.set(entry, position)
        shelves.set(shelf, [...(shelves.get(shelf) ?? []), entry])
        const isRight = isCrash ? deliveries <= entry.deliveries : deliveries === entry.deliveries
        if (!isRight) this.#state.blame(`${show(entry)} came back with ${deliveries} deliveries`)
        continue
      }
      const dead = this.#state.burying.find((each) => each.tag === tag && shelf === DEAD_LETTERS && !letters.has(each))
      if (dead !== undefined) letters.set(dead, deliveries)
      else this.#state.blame(`${tag} of ${shelf} came back, though it was gone`)
    }
    for (const [shelf, list] of shelves) {
      for (const [at, entry] of list.entries()) {
        const late = list.slice(at + 1).find((each) => precedes(each, entry))
        if (late !== undefined) this.#state.blame(`${shelf} came back with ${show(entry)} before ${show(late)}`)
      }
    }
    this.#checkBatches(found)
    const gaps = readGapNotes(notes)
    for (const queue of this.#state.queues.values())
      if (notes.has(queue.name)) this.#checkGap(queue, gaps, durableCalls)
    for (const { entries: kept } of this.#state.queues.values())
      for (const entry of kept) this.#checkKept(entry, found, letters)
    this.#adopt(found, letters, notes, isCrash)
    this.#adoptGaps(gaps, places)
    this.#queues.tidy()
  }

  #checkBatches(found: ReadonlyMap<Entry, number>): void {
    for (const batch of this.#state.batches) {
      const isLive = (entry: Entry): boolean => entry.isPersistent && !this.#state.orphans.includes(entry)
      const traces = [
        ...batch.adds.filter(isLive).map((entry) => found.has(entry)),
        ...batch.removes.filter(isLive).map((entry) => !found.has(entry)),
      ]
      if (batch.state === 'settled' && traces.includes(false)) this.#state.blame('what was settled is lost')
      if (traces.includes(false) && traces.includes(true)) this.#state.blame('half of a transaction has happened')
      if (traces.length > 1) this.#state.saw(`unsettled batch at a crash: ${traces[0] ? 'kept' : 'lost'}`)
    }
  }

  /** What was dropped and not told must be known, where the drop itself is. */
  #checkGap(queue: ModelQueue, gaps: ReadonlyMap<string, unknown>, durableCalls: number | undefined): void {
    const isKept = gaps.has(queue.name)
    const tellers = queue.entries.filter(({ isAfterGap }) => isAfterGap)
    const isWaiting = queue.isGapAhead || queue.isGapBehind
    const isOpen = isWaiting || tellers.some(({ state }) => state !== 'leaving')
    const isSure = durableCalls === undefined || (queue.lastDrop?.stamp ?? 0) <= durableCalls
    if (isOpen && isSure && !isKept) this.#state.blame(`${queue.name} has forgotten that it has dropped messages`)
    if (isKept && durableCalls === undefined && !isWaiting && tellers.length === 0) {
      this.#state.blame(`${queue.name} tells once more that it has dropped messages`)
    }
    if (isKept) this.#state.saw(durableCalls === undefined ? 'gap kept over a restart' : 'gap kept over a crash')
  }

  #checkKept(entry: Entry, found: ReadonlyMap<Entry, number>, letters: ReadonlyMap<Entry, number>): void {
    if (!entry.isPersistent) return
    const isMoved = letters.has(entry)
    if (isMoved && found.has(entry)) this.#state.blame(`${show(entry)} is dead and alive`)
    const mayBeGone = entry.state === 'arriving' || entry.state === 'leaving'
    const isOver_ = isOver(entry, this.#state.nowMs)
    if (!found.has(entry) && !isMoved && !mayBeGone && !isOver_) this.#state.blame(`${show(entry)} is lost`)
  }

  #adopt(
    found: ReadonlyMap<Entry, number>,
    letters: ReadonlyMap<Entry, number>,
    notes: ReadonlyMap<string, string>,
    isCrash: boolean,
  ): void {
    this.#state.channels = []
    this.#state.batches = []
    this.#state.heldUp.clear()
    this.#state.laggards.clear()
    this.#state.ghosts = []
    this.#state.orphans = []
    this.#state.burying = []
    this.#state.dug = []
    this.#state.queues.clear()
    this.#state.durables.clear()
    for (const id of ['d1', 'd2'] as const) {
      if (!notes.has(DURABLES[id].name)) continue
      this.#state.durables.set(id, undefined)
      this.#queues.open(DURABLES[id].name, true)
    }
    for (const [entry, deliveries] of found) {
      if (entry.queue.startsWith('durable:') && !this.#state.queues.has(entry.queue)) continue
      this.#queues.open(entry.queue).entries.push(entry)
      entry.deliveries = deliveries
      entry.isUncertain ||= isCrash
      entry.isAfterGap = false
      entry.state = 'ready'
    }
    for (const [entry, deliveries] of letters) {
      const dead = createLetter(entry, entry.backSince + 0.5)
      if (deliveries > 0) this.#state.blame(`${show(entry)} came back dead with ${deliveries} deliveries`)
      dead.isUncertain = isCrash
      this.#queues.open(DEAD_LETTERS).entries.push(dead)
    }
  }

  /** The first message behind each gap says so; what is over by now does not come back. */
  #adoptGaps(gaps: ReadonlyMap<string, readonly number[]>, places: ReadonlyMap<Entry, number>): void {
    for (const queue of [...this.#state.queues.values()]) {
      const entries = [...queue.entries]
      for (const gap of gaps.get(queue.name) ?? []) {
        const next = entries.find((entry) => (places.get(entry) ?? 0) > gap)
        if (next === undefined) queue.isGapBehind = true
        else next.isAfterGap = true
      }
      for (const entry of entries) this.#queues.makeReady(entry)
    }
  }
}
