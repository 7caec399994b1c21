import type { AckReference } from '../../src/broker/broker.js'
import { covers } from '../../src/destination/destination.js'
import type { StoreContents } from '../../src/store/message-store.js'
import { createEntry, type Entry, type ModelQueue, precedes, selects } from './model-queue.js'
import { DEAD_LETTERS, DURABLES, type DurableId, type Mode, type SendRequest } from './operation.js'

export const MAX_DELIVERIES = 3
export const MAX_MESSAGES = 5
export const MAX_BACKLOG = 3

/** A published message on its way to the subscriptions of a topic. */
export interface Publication {
  readonly tag: string
  readonly destination: string
  readonly expiresAtMs: number | undefined
  readonly kind: string
  readonly order: number
}

/** One delivery that a subscription has not answered. */
export interface Held {
  readonly ack: string
  readonly messageId: string
  /** Undefined: of a topic. */
  readonly entry: Entry | undefined
}

export interface ModelSubscription {
  readonly channel: ModelChannel
  readonly id: string
  /** The name of the queue that it consumes; undefined: a topic. */
  readonly queue: string | undefined
  /** Of a topic. */
  readonly destination: string
  readonly durable: DurableId | undefined
  readonly mode: Mode
  readonly prefetch: number
  readonly selector: string | undefined
  held: Held[]
  /** Of a topic: what it has still to be given, and what it was. */
  waiting: Publication[]
  readonly seen: Set<string>
}

export interface ModelChannel {
  readonly index: number
  subscriptions: ModelSubscription[]
  isFull: boolean
  /** It has refused a delivery or was refused: whatever comes is lost on it, until it detaches. */
  isDying: boolean
  isDetached: boolean
  /** References to what it was given. */
  readonly given: { readonly ack: string; readonly messageId: string; readonly subscription: string }[]
}

/** What a request means to the model: a message with its name, an answer, or what cannot be done. */
export type ModelRequest =
  | { readonly tag: string; readonly send: SendRequest }
  | { readonly isAck: boolean; readonly reference: AckReference }
  | { readonly code: string }

/** What was asked for together: takes effect as a whole, or not at all. */
export interface Batch {
  state: 'called' | 'settled' | 'applied' | 'refused'
  /** Whose request it is, if it is one's. */
  readonly channel: ModelChannel | undefined
  /** A message of it was delivered already. */
  isSeen: boolean
  /** Those who asked are told at once, if it takes effect at once; operators always wait. */
  readonly isAdmin: boolean
  adds: Entry[]
  removes: Entry[]
  returns: Entry[]
  publications: Publication[]
  /** Whose deliveries it answers: they have credit again when it takes effect, at the latest. */
  answers: ModelSubscription[]
  /** A durable subscription that it makes. */
  durable: DurableId | undefined
}

/** What was removed without anybody waiting: after a crash it may be back. */
interface Ghost {
  readonly entry: Entry
  /** When the store had been asked so often, at the latest. */
  stamp: number | undefined
}

/**
 * What an embedded broker must do, in lists. It does not foretell who is given a message, but judges each delivery, and
 * afterwards whether anything waits that somebody could have. It knows nothing of heaps, credit counters or stores.
 */
export class BrokerModel {
  readonly faults: string[] = []
  readonly seen: Map<string, number> = new Map<string, number>()
  readonly queues: Map<string, ModelQueue> = new Map<string, ModelQueue>()
  /** By the batch that made each; undefined if that was before a restart. */
  readonly #durables = new Map<DurableId, Batch | undefined>()
  #channels: ModelChannel[] = []
  #batches: Batch[] = []
  /** Queues for which something was refused in this turn. */
  readonly #heldUp = new Set<string>()
  /** Sessions of which something was refused in this turn. */
  readonly #laggards = new Set<ModelChannel>()
  /** The one that is being handed over. */
  #current: Batch | undefined
  #burying: Entry[] = []
  #orphans: Entry[] = []
  #ghosts: Ghost[] = []
  readonly #messageIds = new Map<string, string>()
  #order = 0
  nowMs = 0
  isStoreRefusing = false
  /** While true, what was settled takes effect, one after the other. */
  isTurning = false

  blame(fault: string): void {
    this.faults.push(fault)
  }

  /** Notes that something has happened, so that a test can tell what the runs were about. */
  saw(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  // Channels and subscriptions

  attach(index: number): ModelChannel {
    const channel = { index, subscriptions: [], isFull: false, isDying: false, isDetached: false, given: [] }
    this.#channels.push(channel)
    return channel
  }

  detach(channel: ModelChannel): void {
    channel.isDetached = true
    this.#channels = this.#channels.filter((each) => each !== channel)
    // All at once: whoever is given something afterwards is given the oldest.
    for (const { held } of channel.subscriptions) for (const { entry } of held) if (entry) this.#giveBack(entry)
    channel.subscriptions = []
    this.#tidy()
  }

  get #subscriptions(): readonly ModelSubscription[] {
    return this.#channels.flatMap(({ subscriptions }) => subscriptions)
  }

  subscribe(init: Omit<ModelSubscription, 'held' | 'waiting' | 'seen'>): ModelSubscription {
    const { channel, queue } = init
    const subscription: ModelSubscription = { ...init, held: [], waiting: [], seen: new Set() }
    channel.subscriptions.push(subscription)
    if (queue !== undefined) this.#open(queue)
    return subscription
  }

  isLive(id: DurableId): boolean {
    return this.#subscriptions.some(({ durable }) => durable === id)
  }

  hasDurable(id: DurableId): boolean {
    return this.#durables.has(id)
  }

  /** A durable subscription begins; the store is not told yet. */
  makeDurable(id: DurableId): Batch {
    const batch = this.#begin()
    batch.durable = id
    this.#durables.set(id, batch)
    this.#open(DURABLES[id].name, true)
    return batch
  }

  endDurable(id: DurableId): Batch {
    const queue = this.queues.get(DURABLES[id].name)
    this.#durables.delete(id)
    for (const entry of queue?.entries ?? []) {
      this.#orphans.push(entry)
      if (entry.state !== 'burying') entry.state = 'gone'
    }
    this.queues.delete(DURABLES[id].name)
    const batch = this.#begin()
    batch.durable = id
    return batch
  }

  unsubscribe(subscription: ModelSubscription): void {
    const { channel } = subscription
    channel.subscriptions = channel.subscriptions.filter((each) => each !== subscription)
    for (const { entry } of subscription.held) if (entry) this.#giveBack(entry)
    subscription.held = []
    this.#tidy()
  }

  // Requests

  /** The code with which these are refused; undefined if they are not. */
  predict(channel: ModelChannel | undefined, requests: readonly ModelRequest[]): string | undefined {
    const reserved = new Map<string, number>()
    const taken = new Set<Held>()
    for (const request of requests) {
      if ('code' in request) return request.code
      if ('send' in request) {
        const { send } = request.send
        if (!send.startsWith('/queue/')) continue
        const count = reserved.get(send) ?? 0
        if (this.#count(send) + count >= MAX_MESSAGES) return 'STOMP_ERR_QUEUE_FULL'
        reserved.set(send, count + 1)
        continue
      }
      const meant = channel && this.#meant(channel, request.reference, taken)
      if (meant === undefined) return 'STOMP_ERR_ACK_UNKNOWN'
      if (meant !== 'nothing') for (const held of meant.held) taken.add(held)
    }
    return undefined
  }

  /** Takes requests that must not be refused. */
  request(channel: ModelChannel | undefined, requests: readonly ModelRequest[]): Batch {
    // Of one session everything takes effect in order, so this may wait for what is before it.
    const isAlone = requests.length === 1 && !(channel && this.isWaiting(channel))
    const batch = this.#begin(false, channel)
    const answered: Held[] = []
    for (const request of requests) {
      if ('code' in request) continue
      if ('send' in request) {
        this.#send(batch, request.tag, request.send)
        continue
      }
      const meant = channel && this.#meant(channel, request.reference, new Set(answered))
      if (meant === undefined || meant === 'nothing') continue
      answered.push(...meant.held)
      batch.answers.push(meant.by)
      for (const { entry } of meant.held) {
        if (entry === undefined) continue
        entry.state = request.isAck ? 'leaving' : 'returning'
        if (request.isAck) batch.removes.push(entry)
        // Nothing is stored: they are back at once, and all together.
        else if (isAlone) this.#giveBack(entry)
        else batch.returns.push(entry)
        this.saw(request.isAck ? 'ack' : 'nack')
      }
      if (meant.held.length > 1) this.saw('cumulative answer')
    }
    for (const subscription of channel?.subscriptions ?? []) {
      subscription.held = subscription.held.filter((held) => !answered.includes(held))
    }
    return batch
  }

  /** True if a request of it has not taken effect yet: then those behind wait as well. */
  isWaiting(channel: ModelChannel): boolean {
    return this.#laggards.has(channel) || this.#batches.some((batch) => batch.channel === channel)
  }

  #begin(isAdmin = false, channel?: ModelChannel): Batch {
    const parts = { adds: [], removes: [], returns: [], publications: [], answers: [], durable: undefined }
    const batch: Batch = { state: 'called', isSeen: false, isAdmin, channel, ...parts }
    this.#batches.push(batch)
    this.#current = batch
    return batch
  }

  #send(batch: Batch, tag: string, request: SendRequest): void {
    const { send: destination, isPersistent, ttlMs, kind } = request
    const expiresAtMs = ttlMs === undefined ? undefined : this.nowMs + ttlMs
    const message = { tag, isPersistent, expiresAtMs, kind }
    if (destination.startsWith('/queue/'))
      return this.#arrive(batch, { ...message, queue: destination, origin: undefined })
    batch.publications.push({ ...message, destination, order: ++this.#order })
    for (const id of this.#durables.keys()) {
      const durable = DURABLES[id]
      if (!reaches(durable.destination, destination) || !selects(durable.selector, kind)) continue
      this.#arrive(batch, { ...message, queue: durable.name, origin: undefined })
    }
  }

  #arrive(batch: Batch, message: Omit<Parameters<typeof createEntry>[0], 'state'>): void {
    const entry = createEntry({ ...message, state: 'arriving' }, ++this.#order)
    this.#open(entry.queue).entries.push(entry)
    batch.adds.push(entry)
  }

  #meant(
    channel: ModelChannel,
    reference: AckReference,
    taken: ReadonlySet<Held>,
  ): { readonly by: ModelSubscription; readonly held: readonly Held[] } | 'nothing' | undefined {
    let nothing: 'nothing' | undefined
    for (const by of channel.subscriptions) {
      const { id, mode, held } = by
      if ('messageId' in reference && reference.subscription !== undefined && reference.subscription !== id) continue
      if (mode === 'auto') {
        if ('messageId' in reference) nothing = 'nothing'
        continue
      }
      const left = held.filter((each) => !taken.has(each))
      const at = left.findIndex((each) =>
        'ack' in reference ? each.ack === reference.ack : each.messageId === reference.messageId,
      )
      if (at < 0) continue
      return { by, held: mode === 'client' ? left.slice(0, at + 1) : left.slice(at, at + 1) }
    }
    return nothing
  }

  // What becomes of requests

  settled(batch: Batch): void {
    if (batch.state === 'called') batch.state = 'settled'
    // A subscription is there, or is no more, from the call on.
    if (batch.durable !== undefined) this.applied(batch)
  }

  /** Nothing of it may have happened; what it answered is back in its queue. */
  refused(batch: Batch): void {
    batch.state = 'refused'
    this.#batches = this.#batches.filter((each) => each !== batch)
    this.saw('refused by the store')
    if (batch.channel !== undefined) this.#laggards.add(batch.channel)
    for (const entry of batch.adds) {
      this.#heldUp.add(entry.queue)
      if (entry.state !== 'arriving' && !this.#orphans.includes(entry))
        this.blame(`${show(entry)} was refused, and delivered`)
      this.#remove(entry)
    }
    for (const entry of batch.removes) if (entry.state === 'leaving') this.#makeReady(entry)
    for (const entry of batch.returns) if (entry.state === 'returning') this.#giveBack(entry)
    if (batch.durable !== undefined && this.#durables.get(batch.durable) === batch) {
      const id = batch.durable
      for (const each of this.#subscriptions) if (each.durable === id) this.unsubscribe(each)
      this.endDurable(id)
      this.#batches.pop()
    }
    this.#tidy()
  }

  /** The call is over in which a batch was handed over. */
  called(): void {
    this.#current = undefined
  }

  /** It took effect within the call. */
  applied(batch: Batch): void {
    this.#apply(batch)
    if (batch.returns.length === 0) this.#checkBounds(batch)
    this.#tidy()
  }

  #apply(batch: Batch): void {
    batch.state = 'applied'
    this.#batches = this.#batches.filter((each) => each !== batch)
    for (const entry of batch.adds) if (entry.state === 'arriving') this.#makeReady(entry)
    for (const entry of batch.removes) if (entry.state === 'leaving') this.#remove(entry)
    for (const entry of batch.returns) if (entry.state === 'returning') this.#giveBack(entry)
    for (const publication of batch.publications) this.#fanOut(publication)
  }

  /** A message that has come in just now makes others go, if there are too many and somebody can. */
  #checkBounds({ adds }: Batch): void {
    for (const { name, isDurable, entries } of this.queues.values()) {
      const isFilled = isDurable && entries.length > MAX_MESSAGES && adds.some(({ queue }) => queue === name)
      const states = entries.map(({ state }) => state)
      if (isFilled && states.includes('ready') && !states.includes('arriving')) this.blame(`${name} keeps too much`)
    }
  }

  /** A turn of the event loop is over: what had settled before it has taken effect. */
  turned(): void {
    this.#heldUp.clear()
    this.#laggards.clear()
    for (const batch of this.#batches) if (batch.state === 'settled') this.#apply(batch)
    this.#tidy()
  }

  /** True if nothing is on its way. */
  get isQuiet(): boolean {
    return this.#batches.length === 0
  }

  #fanOut(publication: Publication): void {
    if (isOver(publication, this.nowMs)) return
    for (const subscription of this.#subscriptions) {
      if (!this.#wants(subscription, publication) || subscription.seen.has(publication.tag)) continue
      subscription.waiting.push(publication)
      if (subscription.waiting.length > 1) this.saw('waited at a topic')
    }
  }

  #wants({ queue, destination, selector }: ModelSubscription, publication: Publication): boolean {
    return queue === undefined && reaches(destination, publication.destination) && selects(selector, publication.kind)
  }

  // Deliveries

  /** One delivery to a live channel; `isTaken`: the session has taken it. */
  delivered(
    channel: ModelChannel,
    message: {
      readonly id: string
      readonly tag: string
      readonly destination: string
      readonly diedAt: string | undefined
    },
    delivery: {
      readonly subscription: string | undefined
      readonly ack?: string
      readonly redelivered?: boolean
      readonly deliveryCount?: number
      readonly isAfterGap?: boolean
    },
    isTaken: boolean,
  ): void {
    const { id, tag } = message
    const subscription = channel.subscriptions.find((each) => each.id === delivery.subscription)
    const what = `${tag} to ${channel.index}/${delivery.subscription}`
    if (channel.isDetached) return this.blame(`${what}: the channel is detached`)
    if (subscription === undefined) return this.blame(`${what}: there is no such subscription`)
    if (this.#messageIds.get(tag) !== id) this.blame(`${what}: has another message-id`)
    if ((delivery.ack !== undefined) !== (subscription.mode !== 'auto')) this.blame(`${what}: ack is ${delivery.ack}`)
    if (subscription.mode !== 'auto' && subscription.held.length >= subscription.prefetch) {
      this.blame(`${what}: has no credit`)
    }
    if (subscription.queue === undefined) return this.#topicDelivered(subscription, message, delivery, isTaken, what)
    if (channel.isFull) this.blame(`${what}: the channel is full`)

    const faultsOf = (entry: Entry): readonly string[] => this.#deliveryFaults(subscription, entry, message, delivery)
    this.#digUp(subscription.queue, tag)
    const candidates = this.#open(subscription.queue).entries.filter((entry) => entry.tag === tag)
    const entry = candidates.find((each) => faultsOf(each).length === 0) ?? candidates[0]
    if (entry === undefined) return this.blame(`${what}: is not there`)
    for (const fault of faultsOf(entry)) this.blame(`${what}: ${fault} (${show(entry)})`)

    const queue = this.#open(subscription.queue)
    entry.isAfterGap ||= queue.isGapAhead
    queue.isGapAhead = false
    this.#burying = this.#burying.filter((each) => each !== entry)
    for (const batch of this.#batches) if (batch.state === 'called' && batch.adds.includes(entry)) batch.isSeen = true
    if (!isTaken) {
      this.saw('delivery not taken')
      entry.state = 'ready'
      return
    }
    this.saw(delivery.redelivered ? 'redelivery' : 'first delivery')
    entry.wasTaken = true
    if (subscription.mode === 'auto') return this.#leave(entry)
    entry.state = 'held'
    entry.deliveries++
    this.#hold(subscription, id, delivery.ack ?? '', entry)
  }

  #hold(subscription: ModelSubscription, messageId: string, ack: string, entry: Entry | undefined): void {
    const { given } = subscription.channel
    if (given.some((each) => each.ack === ack)) this.blame(`${ack} is said twice`)
    given.push({ ack, messageId, subscription: subscription.id })
    subscription.held.push({ ack, messageId, entry })
  }

  #deliveryFaults(
    { selector, queue: name }: ModelSubscription,
    entry: Entry,
    message: { readonly destination: string; readonly diedAt: string | undefined },
    delivery: { readonly redelivered?: boolean; readonly deliveryCount?: number; readonly isAfterGap?: boolean },
  ): readonly string[] {
    const faults: string[] = []
    const queue = this.#open(entry.queue)
    if (!this.#isToBeHad(entry)) faults.push(`it is ${entry.state}`)
    if (!selects(selector, entry.kind)) faults.push('the selector does not let it through')
    if (isOver(entry, this.nowMs)) faults.push('its time is over')
    for (const other of queue.entries) {
      // Within a transaction what is given back goes first: so a dead letter may be there before what was sent there.
      const isComing = other.state === 'arriving' && entry.origin === undefined
      const isBefore = precedes(other, entry) && (other.state === 'ready' || isComing)
      if (isBefore && selects(selector, other.kind) && !isOver(other, this.nowMs))
        faults.push(`overtakes ${show(other)}`)
    }
    if (entry.wasTaken && !delivery.redelivered) faults.push('delivered again as if for the first time')
    if (entry.deliveries > 0 && !delivery.redelivered) faults.push('its deliveries are forgotten')
    if (delivery.redelivered && entry.deliveries === 0 && !entry.isUncertain) faults.push('was never delivered before')
    const count = delivery.redelivered ? entry.deliveries + 1 : undefined
    if (delivery.deliveryCount !== count) faults.push(`the count is ${delivery.deliveryCount}, not ${count}`)
    if ((delivery.isAfterGap ?? false) !== (entry.isAfterGap || queue.isGapAhead)) faults.push('the gap is not as told')
    if (!queue.isDurable && message.destination !== name) faults.push(`shows ${message.destination}`)
    if (message.diedAt !== entry.origin) faults.push(`says that it died at ${message.diedAt}`)
    return faults
  }

  /** True if it may be given to somebody now. */
  #isToBeHad(entry: Entry): boolean {
    switch (entry.state) {
      case 'ready':
        return true
      case 'arriving':
      case 'returning': {
        const batch = this.#batches.find(({ adds, returns }) => adds.includes(entry) || returns.includes(entry))
        if (batch === undefined) return false
        return this.#mayApply(batch) || (entry.state === 'returning' && this.isStoreRefusing)
      }
      case 'leaving':
        return this.isStoreRefusing
      case 'burying':
        return entry.isDoubtful || this.isStoreRefusing
      default:
        return false
    }
  }

  #mayApply(batch: Batch): boolean {
    return batch === this.#current || (batch.state === 'settled' && this.isTurning)
  }

  #topicDelivered(
    subscription: ModelSubscription,
    { id, tag, destination }: { readonly id: string; readonly tag: string; readonly destination: string },
    delivery: { readonly ack?: string; readonly redelivered?: boolean },
    isTaken: boolean,
    what: string,
  ): void {
    const onTheWay = this.#batches.filter((batch) => this.#mayApply(batch))
    const published = onTheWay.flatMap(({ publications }) => publications)
    const due = [...subscription.waiting, ...published.filter((each) => this.#wants(subscription, each))]
    const publication = due.find((each) => each.tag === tag && !subscription.seen.has(tag))
    if (publication === undefined) return this.blame(`${what}: is not for it, or comes twice`)
    for (const batch of this.#batches) {
      if (batch.state === 'called' && batch.publications.includes(publication)) batch.isSeen = true
    }
    if (isOver(publication, this.nowMs)) this.blame(`${what}: its time is over`)
    const overtaken = due.find(
      (each) =>
        each.destination === destination &&
        each.order < publication.order &&
        !subscription.seen.has(each.tag) &&
        !isOver(each, this.nowMs),
    )
    if (overtaken !== undefined) this.blame(`${what}: overtakes ${overtaken.tag}`)
    if (delivery.redelivered) this.blame(`${what}: a topic gives nothing twice`)
    subscription.seen.add(tag)
    subscription.waiting = subscription.waiting.filter((each) => each !== publication)
    if (!isTaken) return
    this.saw('delivery of a topic')
    if (subscription.mode !== 'auto') this.#hold(subscription, id, delivery.ack ?? '', undefined)
  }

  /** The broker gives a channel up. */
  givenUp(channel: ModelChannel): void {
    this.saw('slow reader refused')
    channel.isDying = true
    const onTheWay = this.#batches.flatMap(({ publications }) => publications)
    const isSlow = channel.subscriptions.some((each) => {
      const coming = onTheWay.filter((publication) => this.#wants(each, publication) && !each.seen.has(publication.tag))
      return each.queue === undefined && each.mode !== 'auto' && each.waiting.length + coming.length > MAX_BACKLOG
    })
    if (!isSlow) this.blame(`channel ${channel.index} is refused, and was not slow`)
  }

  // Comings and goings

  #open(name: string, isDurable = false): ModelQueue {
    const known = this.queues.get(name)
    if (known !== undefined) return known
    const queue = { name, isDurable, entries: [], isGapAhead: false }
    this.queues.set(name, queue)
    return queue
  }

  /** The queue of dead letters is there as soon as one is on its way. */
  #existing(name: string): ModelQueue | undefined {
    return name === DEAD_LETTERS && this.#burying.length > 0 ? this.#open(name) : this.queues.get(name)
  }

  /** Messages that a queue keeps, those announced to it included. */
  #count(name: string): number {
    const buried = name === DEAD_LETTERS ? this.#burying.length : 0
    return (this.queues.get(name)?.entries.length ?? 0) + buried
  }

  #giveBack(entry: Entry): void {
    if (entry.state === 'gone') return
    entry.backSince = this.#order
    if (entry.queue === DEAD_LETTERS || entry.deliveries < MAX_DELIVERIES) return this.#makeReady(entry)
    const leaving = this.queues.get(DEAD_LETTERS)?.entries.filter(({ state }) => state === 'leaving').length ?? 0
    const count = this.#count(DEAD_LETTERS)
    if (count - leaving >= MAX_MESSAGES) return this.#makeReady(entry)
    entry.state = 'burying'
    entry.isDoubtful = count >= MAX_MESSAGES
    this.#burying.push(entry)
  }

  #makeReady(entry: Entry): void {
    entry.isDoubtful = false
    entry.state = 'ready'
    if (isOver(entry, this.nowMs)) this.#expire(entry)
  }

  #expire(entry: Entry): void {
    this.saw('expired')
    this.#leave(entry)
  }

  /** It is gone without anybody having asked for it: a crash may bring it back. */
  #leave(entry: Entry): void {
    if (entry.isPersistent) this.#ghosts.push({ entry, stamp: undefined })
    this.#remove(entry)
  }

  #remove(entry: Entry): void {
    entry.state = 'gone'
    const queue = this.queues.get(entry.queue)
    if (queue !== undefined) queue.entries = queue.entries.filter((each) => each !== entry)
    this.#burying = this.#burying.filter((each) => each !== entry)
  }

  /** Queues in which nothing is and to which nobody listens are no more. */
  #tidy(): void {
    for (const { name, isDurable, entries } of this.queues.values()) {
      const hasConsumers = this.#subscriptions.some(({ queue }) => queue === name)
      if (!isDurable && entries.length === 0 && !hasConsumers) this.queues.delete(name)
    }
  }

  /** The broker has given a message its id. */
  name(tag: string, messageId: string): void {
    this.#messageIds.set(tag, messageId)
  }

  /** The broker tells that a durable subscription has too much: its oldest message gives way. */
  dropped(name: string, messageId: string): void {
    const queue = this.queues.get(name)
    const entry = queue?.entries.find(({ tag }) => this.#messageIds.get(tag) === messageId)
    if (queue === undefined || entry === undefined) return this.blame(`${messageId} is dropped from nowhere`)
    const isOldest = !queue.entries.some((other) => other.state === 'ready' && precedes(other, entry))
    const isRight = queue.entries.length > MAX_MESSAGES && this.#isToBeHad(entry) && isOldest
    if (!isRight) this.blame(`${show(entry)} is dropped, and should not be`)
    queue.isGapAhead = true
    this.saw('dropped from a durable subscription')
    this.#leave(entry)
  }

  /** The broker tells that a message lies with the dead letters now. */
  died(queue: string, messageId: string): void {
    const isIt = (entry: Entry): boolean => entry.queue === queue && this.#messageIds.get(entry.tag) === messageId
    const dug = this.#dug.findIndex(isIt)
    if (dug >= 0) {
      this.#dug.splice(dug, 1)
      return
    }
    const entry = [...(this.queues.get(queue)?.entries ?? []), ...this.#orphans, ...this.#burying].find(
      (each) => isIt(each) && this.#mayDie(each),
    )
    if (entry === undefined) return this.blame(`${messageId} of ${queue} is buried alive`)
    this.#bury(entry)
  }

  /** Dead letters that were delivered before the broker told of them. */
  #dug: Entry[] = []

  /** A dead letter may be delivered just before the broker tells of it. */
  #digUp(queue: string, tag: string): void {
    if (queue !== DEAD_LETTERS) return
    if (this.queues.get(queue)?.entries.some((entry) => entry.tag === tag && this.#isToBeHad(entry))) return
    const all = [...[...this.queues.values()].flatMap(({ entries }) => entries), ...this.#orphans]
    const entry = all.find((each) => each.tag === tag && each.queue !== DEAD_LETTERS && this.#mayDie(each))
    if (entry === undefined) return
    this.#bury(entry)
    this.#dug.push(entry)
  }

  #mayDie({ state, deliveries }: Entry): boolean {
    if (state === 'burying') return true
    // Held: its subscription was refused, of which the model is told in a moment.
    const isBack = state === 'returning' || (state === 'held' && this.isStoreRefusing)
    return isBack && deliveries >= MAX_DELIVERIES
  }

  #bury(entry: Entry): void {
    this.saw('dead letter')
    const { tag, isPersistent, kind, queue } = entry
    // On its way it has its place already.
    const place = (entry.state === 'burying' ? entry.backSince : this.#order) + 0.5
    this.#remove(entry)
    const letter = { tag, isPersistent, kind, queue: DEAD_LETTERS, expiresAtMs: undefined, origin: queue }
    const dead = createEntry({ ...letter, state: 'ready' }, place)
    this.#open(DEAD_LETTERS).entries.push(dead)
  }

  // Time and rest

  advance(ms: number): void {
    this.nowMs += ms
    for (const { entries } of [...this.queues.values()]) {
      for (const entry of entries) if (entry.state === 'ready' && isOver(entry, this.nowMs)) this.#expire(entry)
    }
    this.#tidy()
  }

  /** A commit was refused: dead letters on their way may be back. */
  doubt(): void {
    for (const entry of this.#burying) entry.isDoubtful = true
    if (this.#burying.length > 0) this.#heldUp.add(DEAD_LETTERS)
  }

  /** Finds out which of the doubtful are back, and holds all numbers against those that the broker reports. */
  compare(
    reports: readonly {
      readonly destination: string
      readonly kind: string
      readonly depth: number
      readonly consumers: number
      readonly inFlight: number
      readonly bytes: number
    }[],
    keptBytes: number,
    storeCalls: number,
  ): void {
    const bytesReported = reports.reduce((sum, { bytes }) => sum + bytes, 0)
    // What is on its way to a subscription that has ended counts until it is there.
    const isRight =
      this.isQuiet && this.#burying.length === 0 ? keptBytes === bytesReported : keptBytes >= bytesReported
    if (!isRight) this.blame(`${keptBytes} bytes are kept, and ${bytesReported} reported`)
    for (const ghost of this.#ghosts) ghost.stamp ??= storeCalls
    for (const { name, entries } of [...this.queues.values()]) {
      const { depth = 0, inFlight = 0 } = reports.find(({ destination }) => destination === name) ?? {}
      const doubtful = entries.filter(({ state, isDoubtful }) => state === 'burying' && isDoubtful)
      if (doubtful.length === 0) continue
      for (const entry of doubtful.filter((each) => isOver(each, this.nowMs))) {
        if (entries.length > depth + inFlight) this.#expire(entry)
      }
      let back = depth - entries.filter(({ state }) => state === 'ready').length
      for (const entry of doubtful.filter(({ state }) => state === 'burying')) {
        if (back-- <= 0) break
        this.#burying = this.#burying.filter((each) => each !== entry)
        this.#makeReady(entry)
      }
    }
    const letters = reports.find(({ destination }) => destination === DEAD_LETTERS)
    for (const entry of this.#burying.filter(({ isDoubtful }) => isDoubtful)) {
      // Its subscription has ended meanwhile: there is no place to come back to.
      const isNowhere = !this.queues.get(entry.queue)?.entries.includes(entry)
      const isTooMany = this.#count(DEAD_LETTERS) > (letters?.depth ?? 0) + (letters?.inFlight ?? 0)
      if (isNowhere && isTooMany) this.#remove(entry)
    }
    this.#tidy()
    const expected = [...this.queues.values()].map(({ name, isDurable, entries }) => {
      const depth = entries.filter(({ state }) => state === 'ready').length
      const consumers = this.#subscriptions.filter(({ queue }) => queue === name).length
      return row(name, isDurable ? 'durable-subscription' : 'queue', depth, consumers, this.#count(name) - depth)
    })
    if (!this.queues.has(DEAD_LETTERS) && this.#burying.length > 0) {
      expected.push(row(DEAD_LETTERS, 'queue', 0, 0, this.#burying.length))
    }
    for (const destination of new Set(this.#subscriptions.map((each) => each.destination))) {
      const consumers = this.#subscriptions.filter((each) => !each.queue && each.destination === destination).length
      if (consumers > 0) expected.push(row(destination, 'topic', 0, consumers, 0))
    }
    const reported = reports.map(({ destination, kind, depth, consumers, inFlight }) =>
      row(destination, kind, depth, consumers, inFlight),
    )
    const [should, does] = [expected.sort(), reported.sort()].map((rows) => rows.join('; '))
    if (should !== does) this.blame(`the broker reports [${does}] instead of [${should}]`)
    for (const { destination, kind, bytes, depth, inFlight } of reports) {
      const isPlausible = bytes === 0 ? depth + inFlight === 0 : bytes > 512 * (depth + inFlight)
      if (kind !== 'topic' && !isPlausible) this.blame(`${destination} keeps ${bytes} bytes`)
    }
  }

  /** Nothing may wait that somebody could be given. */
  checkNothingWaits(): void {
    const answering = new Set(this.#batches.flatMap(({ answers }) => answers))
    for (const subscription of this.#subscriptions) {
      const { channel, id, queue, mode, held, prefetch, selector, waiting } = subscription
      if (answering.has(subscription)) continue
      if (channel.isFull || channel.isDying || (mode !== 'auto' && held.length >= prefetch)) continue
      const next = waiting.find((each) => !isOver(each, this.nowMs))
      if (next !== undefined) this.blame(`${next.tag} was not given to ${channel.index}/${id}`)
      for (const entry of (queue === undefined ? undefined : this.queues.get(queue)?.entries) ?? []) {
        if (entry.state !== 'ready' || !selects(selector, entry.kind)) continue
        this.blame(`${show(entry)} waits though ${channel.index}/${id} could have it`)
      }
    }
    for (const { channel, id, queue, waiting } of this.#subscriptions) {
      const waits = waiting.filter((each) => !isOver(each, this.nowMs))
      if (queue === undefined && !channel.isDying && waits.length > MAX_BACKLOG) {
        this.blame(`${waits.length} messages wait for ${channel.index}/${id}`)
      }
    }
  }

  // Operators

  /** How many messages a purge takes; undefined: there is no such queue. */
  purge(name: string): { readonly count: number; readonly batch: Batch } | undefined {
    const queue = this.#existing(name)
    if (queue === undefined) return undefined
    const batch = this.#begin(true)
    batch.removes = queue.entries.filter(({ state }) => state === 'ready')
    for (const entry of batch.removes) entry.state = 'leaving'
    if (batch.removes.length > 0) this.saw('purge')
    return { count: batch.removes.length, batch }
  }

  /** The same for a move, or the code with which it is refused. */
  move(
    from: string,
    to: string | undefined,
    limit: number,
  ): { readonly count: number; readonly batch: Batch } | string {
    const queue = this.#existing(from)
    if (queue === undefined) return 'STOMP_ERR_DESTINATION_UNKNOWN'
    const ready = queue.entries.filter(({ state }) => state === 'ready')
    const oldest = ready.sort((a, b) => a.place - b.place).slice(0, limit)
    const reserved = new Map<string, number>()
    const moves: { readonly entry: Entry; readonly target: string }[] = []
    for (const entry of oldest) {
      const target = to ?? entry.origin
      if (target === undefined) continue
      if (!this.queues.has(target) && !target.startsWith('/queue/')) return 'STOMP_ERR_DESTINATION_UNKNOWN'
      const count = reserved.get(target) ?? 0
      if (this.#count(target) + count >= MAX_MESSAGES) return 'STOMP_ERR_QUEUE_FULL'
      reserved.set(target, count + 1)
      moves.push({ entry, target })
    }
    const batch = this.#begin(true)
    for (const { entry, target } of moves) {
      this.saw('move')
      entry.state = 'leaving'
      batch.removes.push(entry)
      this.#arrive(batch, { ...entry, queue: target, origin: undefined })
    }
    return { count: moves.length, batch }
  }

  /** True if nothing need be stored for it, and nothing holds it up. */
  isImmediate(batch: Batch): boolean {
    if ([...batch.adds, ...batch.removes].some(({ isPersistent }) => isPersistent)) return false
    const others = this.#batches.filter((each) => each !== batch && each.state !== 'applied')
    const heldUp = new Set([...this.#heldUp, ...others.flatMap(({ adds }) => adds.map(({ queue }) => queue))])
    if (this.#burying.length > 0) heldUp.add(DEAD_LETTERS)
    return !batch.adds.some(({ queue }) => heldUp.has(queue))
  }

  // Restarts

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
      const isSure = !isCrash || !this.#batches.some(({ durable }) => durable === id)
      if (isSure && isFound !== this.#durables.has(id)) this.blame(`durable subscription ${id}: kept is ${isFound}`)
    }
    for (const { shelf, message, deliveries } of entries) {
      const tag = message.headers.get('tag') ?? ''
      // It comes to nobody.
      if (shelf.startsWith('durable:') && !notes.has(shelf)) continue
      const isFree = (entry: Entry): boolean => entry.tag === tag && entry.queue === shelf && !found.has(entry)
      const entry =
        this.queues.get(shelf)?.entries.find((each) => isFree(each) && each.isPersistent) ??
        this.#orphans.find((each) => isCrash && isFree(each)) ??
        this.#ghosts.find(({ entry, stamp }) => isCrash && isFree(entry) && stamp !== undefined && stamp > durableCalls)
          ?.entry
      if (entry !== undefined) {
        found.set(entry, deliveries)
        shelves.set(shelf, [...(shelves.get(shelf) ?? []), entry])
        const isRight = isCrash ? deliveries <= entry.deliveries : deliveries === entry.deliveries
        if (!isRight) this.blame(`${show(entry)} came back with ${deliveries} deliveries`)
        continue
      }
      const dead = this.#burying.find((each) => each.tag === tag && shelf === DEAD_LETTERS && !letters.has(each))
      if (dead !== undefined) letters.set(dead, deliveries)
      else this.blame(`${tag} of ${shelf} came back, though it was gone`)
    }
    for (const [shelf, list] of shelves) {
      for (const [at, entry] of list.entries()) {
        const late = list.slice(at + 1).find((each) => precedes(each, entry))
        if (late !== undefined) this.blame(`${shelf} came back with ${show(entry)} before ${show(late)}`)
      }
    }
    this.#checkBatches(found)
    for (const { entries: kept } of this.queues.values())
      for (const entry of kept) this.#checkKept(entry, found, letters)
    this.#adopt(found, letters, notes, isCrash)
  }

  #checkBatches(found: ReadonlyMap<Entry, number>): void {
    for (const batch of this.#batches) {
      const isLive = (entry: Entry): boolean => entry.isPersistent && !this.#orphans.includes(entry)
      const traces = [
        ...batch.adds.filter(isLive).map((entry) => found.has(entry)),
        ...batch.removes.filter(isLive).map((entry) => !found.has(entry)),
      ]
      if (batch.state === 'settled' && traces.includes(false)) this.blame('what was settled is lost')
      if (traces.includes(false) && traces.includes(true)) this.blame('half of a transaction has happened')
      if (traces.length > 1) this.saw(`unsettled batch at a crash: ${traces[0] ? 'kept' : 'lost'}`)
    }
  }

  #checkKept(entry: Entry, found: ReadonlyMap<Entry, number>, letters: ReadonlyMap<Entry, number>): void {
    if (!entry.isPersistent) return
    const isMoved = letters.has(entry)
    if (isMoved && found.has(entry)) this.blame(`${show(entry)} is dead and alive`)
    const mayBeGone = entry.state === 'arriving' || entry.state === 'leaving'
    const isOver_ = isOver(entry, this.nowMs)
    if (!found.has(entry) && !isMoved && !mayBeGone && !isOver_) this.blame(`${show(entry)} is lost`)
  }

  #adopt(
    found: ReadonlyMap<Entry, number>,
    letters: ReadonlyMap<Entry, number>,
    notes: ReadonlyMap<string, string>,
    isCrash: boolean,
  ): void {
    this.#channels = []
    this.#batches = []
    this.#heldUp.clear()
    this.#laggards.clear()
    this.#ghosts = []
    this.#orphans = []
    this.#burying = []
    this.#dug = []
    this.queues.clear()
    this.#durables.clear()
    for (const id of ['d1', 'd2'] as const) {
      if (!notes.has(DURABLES[id].name)) continue
      this.#durables.set(id, undefined)
      this.#open(DURABLES[id].name, true)
    }
    for (const [entry, deliveries] of found) {
      if (entry.queue.startsWith('durable:') && !this.queues.has(entry.queue)) continue
      this.#open(entry.queue).entries.push(entry)
      entry.deliveries = deliveries
      entry.isUncertain ||= isCrash
      entry.isAfterGap = false
      this.#makeReady(entry)
    }
    for (const [entry, deliveries] of letters) {
      const { tag, isPersistent, kind, queue, backSince } = entry
      const letter = { tag, isPersistent, kind, queue: DEAD_LETTERS, expiresAtMs: undefined, origin: queue }
      const dead = createEntry({ ...letter, state: 'ready' }, backSince + 0.5)
      if (deliveries > 0) this.blame(`${show(entry)} came back dead with ${deliveries} deliveries`)
      dead.isUncertain = isCrash
      this.#open(DEAD_LETTERS).entries.push(dead)
    }
    this.#tidy()
  }
}

function isOver({ expiresAtMs }: { readonly expiresAtMs: number | undefined }, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs
}

function reaches(pattern: string, destination: string): boolean {
  return covers(pattern.split('/').slice(1), destination.split('/').slice(1))
}

function show({ tag, queue, state, deliveries }: Entry): string {
  return `${tag} in ${queue} (${state}, delivered ${deliveries} times)`
}

function row(name: string, kind: string, depth: number, consumers: number, inFlight: number): string {
  return `${name} ${kind}: ${depth} wait, ${inFlight} in flight, ${consumers} consumers`
}
