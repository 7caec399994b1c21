import { createHeaders } from '@hoofbeat/codec'
import type {
  AckReference,
  Broker,
  BrokerRequest,
  Channel,
  Settled,
  TransactionRequest,
} from '../../src/broker/broker.js'
import { embeddedBroker } from '../../src/broker/embedded/embedded-broker.js'
import { createDestinationSyntax } from '../../src/destination/destination.js'
import type { Taken } from '../../src/message/delivery.js'
import type { Message } from '../../src/message/message.js'
import type { StompEvent } from '../../src/observe/events.js'
import { type MemoryStore, memoryStore } from '../../src/store/memory-store.js'
import {
  type Batch,
  BrokerModel,
  MAX_BACKLOG,
  MAX_DELIVERIES,
  MAX_MESSAGES,
  type ModelChannel,
  type ModelRequest,
} from './broker-model.js'
import { DURABLES, type DurableId, type Ending, type Operation, QUEUES, type Request } from './operation.js'
import { SlowStore } from './slow-store.js'

const EPOCH_MS = 1_000_000_000_000
const EMPTY = createHeaders()

/** One session: the broker's channel and the model's. */
interface Session {
  readonly real: Channel
  readonly model: ModelChannel
  readonly subscriptions: Set<string>
  mood: { after: number; readonly ending: Ending } | undefined
}

interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

/** A broker over a slow store, its sessions, its time, and the model that watches it. */
export class World {
  readonly model: BrokerModel = new BrokerModel()
  readonly #memory: MemoryStore = memoryStore()
  #store: SlowStore = new SlowStore(this.#memory)
  #broker: Broker | undefined
  #life = 0
  #isClosed = false
  #sessions = new Map<number, Session>()
  #soon: (() => void)[] = []
  #timers: Timer[] = []
  #nowMs = 0
  #lastTag = 0
  #lastId = 0
  /** Tags of the messages that are being sent. */
  #unnamed: string[] = []
  #lastSession = 0

  /** Opens the broker. To be called once, first. */
  async open(): Promise<void> {
    this.#isClosed = false
    const life = this.#life
    this.#broker = await embeddedBroker({
      store: this.#store,
      maxDeliveries: MAX_DELIVERIES,
      maxQueueMessages: MAX_MESSAGES,
      maxBacklogMessages: MAX_BACKLOG,
    })({
      syntax: createDestinationSyntax(),
      nextMessageId: () => this.#nextMessageId(),
      observe: (event) => life === this.#life && this.#observe(event),
      clock: {
        now: () => this.#nowMs,
        epochMs: () => EPOCH_MS + this.#nowMs,
        soon: (run) => this.#soon.push(run),
      },
      after: (delayMs, run) => {
        const timer = { dueMs: this.#nowMs + delayMs, run }
        this.#timers.push(timer)
        return { cancel: () => this.#cancel(timer) }
      },
    })
  }

  #nextMessageId(): string {
    const id = `id-${++this.#lastId}`
    const tag = this.#unnamed.shift()
    if (tag !== undefined) this.model.name(tag, id)
    return id
  }

  /** True if the operation means anything now. */
  allows(operation: Operation): boolean {
    if (!('channel' in operation)) return true
    const session = this.#sessions.get(operation.channel)
    if (session === undefined) {
      if (operation.op === 'request') return this.#isOfUse(undefined, operation.request)
      return operation.op !== 'detach' && operation.op !== 'ready'
    }
    // What a subscription behind a waiting request is given is compared elsewhere: with a broker that never waits.
    const isPlain = !this.model.isWaiting(session.model)
    if (operation.op === 'subscribe' || operation.op === 'subscribe-durable') {
      return isPlain && !session.subscriptions.has(operation.id)
    }
    if (operation.op === 'unsubscribe') {
      return isPlain && (session.subscriptions.has(operation.id) || isDurable(operation.id))
    }
    if (operation.op === 'ready') return session.model.isFull
    return operation.op !== 'request' || this.#isOfUse(session, operation.request)
  }

  /** Few of the answers are to be to nothing. */
  #isOfUse(session: Session | undefined, request: Request): boolean {
    if (!('answer' in request) || request.pick % 10 === 0) return true
    return session?.model.subscriptions.some(({ held }) => held.length > 0) ?? false
  }

  /** Does one thing to the broker and to the model, and compares them. Throws if the broker has not done as it must. */
  async run(operation: Operation): Promise<void> {
    await this.#do(operation)
    await microtasks()
    for (const session of [...this.#sessions.values()]) if (session.model.isDying) this.#detach(session)
    this.#check()
  }

  /** Ends all sessions and takes everything out: nothing may be missing, and nothing may be left. */
  async drain(): Promise<void> {
    for (const session of [...this.#sessions.values()]) this.#detach(session)
    await this.run({ op: 'refuse', isRefusing: false })
    await this.run({ op: 'settle' })
    for (const destination of QUEUES) {
      const plain = { op: 'subscribe', mode: 'auto', prefetch: 1 } as const
      await this.run({ ...plain, channel: 9, id: destination, destination })
    }
    for (const id of ['d1', 'd2'] as const) {
      if (this.model.hasDurable(id))
        await this.run({ op: 'subscribe-durable', channel: 9, id, mode: 'auto', prefetch: 1 })
    }
    await this.run({ op: 'settle' })
    for (const id of this.#sessions.get(9)?.subscriptions ?? []) await this.run({ op: 'unsubscribe', channel: 9, id })
    await this.run({ op: 'settle' })
    const left = this.#broker?.admin?.destinations() ?? []
    if (left.length > 0) throw new Error(`left over: ${left.map(({ destination }) => destination)}`)
    await this.run({ op: 'restart', isDetachedFirst: true })
    const { entries = [], notes = new Map() } = this.#store.contents ?? {}
    if (entries.length > 0 || [...notes.keys()].some((name) => name.startsWith('durable:')))
      throw new Error('the store keeps something')
    await this.#broker?.close()
  }

  async #do(operation: Operation): Promise<void> {
    const { model } = this
    switch (operation.op) {
      case 'publish':
        return this.#request(undefined, [operation.request], false)
      case 'advance':
        return this.#advance(operation.ms)
      case 'sync':
        return this.#release(operation.commits)
      case 'turn':
        return this.#turn()
      case 'settle':
        return this.#settle()
      case 'refuse':
        this.#store.isRefusing = operation.isRefusing
        return
      case 'restart':
        return this.#restart(operation.isDetachedFirst)
      case 'crash':
        return this.#crash(operation.kept)
      case 'purge':
      case 'move':
        return this.#administer(operation)
      default: {
        this.#doWith(this.#sessions.get(operation.channel) ?? this.#attach(operation.channel), operation)
      }
    }
    model.called()
  }

  #doWith(session: Session, operation: Operation & { readonly channel: number }): void {
    switch (operation.op) {
      case 'detach':
        return this.#detach(session)
      case 'ready':
        session.model.isFull = false
        return session.real.ready()
      case 'subscribe':
        return this.#subscribe(session, operation)
      case 'subscribe-durable':
        return this.#subscribeDurable(session, operation)
      case 'unsubscribe':
        return this.#unsubscribe(session, operation.id)
      case 'request':
        return this.#request(session, [operation.request], false)
      case 'commit':
        return this.#request(
          session,
          operation.requests.filter((each) => this.#isOfUse(session, each)),
          true,
        )
      case 'mood':
        session.mood = { after: operation.after, ending: operation.ending }
        return
      default:
        return
    }
  }

  // Sessions

  #attach(index: number): Session {
    const life = this.#life
    const model = this.model.attach(index)
    const owner = { sessionId: `session-${++this.#lastSession}`, userName: 'u', clientId: 'c' }
    const real = this.#broker?.attach(
      {
        deliver: (message, delivery) => {
          if (life !== this.#life || this.#isClosed) {
            this.model.blame(`${tagOf(message)} is delivered after the end`)
            return 'dropped'
          }
          return this.#deliver(session, message, delivery)
        },
        refuse: () => this.model.givenUp(model),
      },
      owner,
    )
    if (real === undefined) throw new Error('The broker is not open')
    const session: Session = { real, model, subscriptions: new Set(), mood: undefined }
    this.#sessions.set(index, session)
    return session
  }

  #detach(session: Session): void {
    this.#sessions.delete(session.model.index)
    if (session.model.isDetached) return
    this.model.detach(session.model)
    session.real.detach()
  }

  #deliver(session: Session, message: Message, delivery: Parameters<BrokerModel['delivered']>[2]): Taken {
    const { model } = session
    const turn = this.#turnOf(session)
    const isTaken = turn === undefined || turn === 'full' || turn === 'taken-detached'
    const { id, destination, headers } = message
    const hasDied = headers.has('dead-letter-reason')
    const origin = headers.get('original-subscription') ?? headers.get('original-destination')
    const seen = { id, tag: tagOf(message), destination, diedAt: hasDied ? origin : undefined }
    this.model.delivered(model, seen, delivery, isTaken)
    if (turn === 'full') model.isFull = true
    if (!isTaken) model.isDying = true
    if (turn === 'dropped-detached' || turn === 'taken-detached') {
      this.model.saw('detached within a delivery')
      this.#detach(session)
    }
    if (!isTaken) return 'dropped'
    return model.isFull ? 'full' : 'taken'
  }

  #turnOf({ model, mood }: Session): Ending | undefined {
    if (model.isDying) return 'dropped'
    if (mood === undefined || mood.after-- > 0) return undefined
    mood.after = Number.POSITIVE_INFINITY
    return mood.ending
  }

  #subscribe(session: Session, operation: Operation & { readonly op: 'subscribe' }): void {
    const { id, destination, mode, prefetch, selector } = operation
    const queue = destination.startsWith('/queue/') ? destination : undefined
    const init = { channel: session.model, id, queue, destination, durable: undefined, mode, prefetch, selector }
    this.model.subscribe(init)
    session.subscriptions.add(id)
    const headers: [string, string][] = [
      ['ack', mode],
      ['prefetch-count', String(prefetch)],
    ]
    if (selector !== undefined) headers.push(['selector', selector])
    const { code, settled } = attempt(() => session.real.handle(subscribeRequest(id, destination, headers)))
    if (code !== undefined || settled !== undefined) this.model.blame(`SUBSCRIBE ${id}: ${code ?? 'waits'}`)
  }

  #subscribeDurable(session: Session, operation: Operation & { readonly op: 'subscribe-durable' }): void {
    const { id, mode, prefetch } = operation
    const { destination, selector, name } = DURABLES[id]
    const isRefused = this.model.isLive(id)
    const isNew = !this.model.hasDurable(id)
    const batch = isNew ? this.model.makeDurable(id) : undefined
    const init = {
      channel: session.model,
      id,
      queue: name,
      destination,
      durable: id,
      mode,
      prefetch,
      selector: undefined,
    }
    if (!isRefused) {
      this.model.subscribe(init)
      session.subscriptions.add(id)
    }
    const headers: [string, string][] = [
      ['durable', 'true'],
      ['ack', mode],
      ['prefetch-count', String(prefetch)],
    ]
    if (selector !== undefined) headers.push(['selector', selector])
    const { code, settled } = attempt(() => session.real.handle(subscribeRequest(id, destination, headers)))
    const expected = isRefused ? 'STOMP_ERR_SUBSCRIPTION_EXISTS' : undefined
    if (code !== expected) this.model.blame(`SUBSCRIBE ${id}: ${code} instead of ${expected}`)
    const refused = (): boolean => session.subscriptions.delete(id)
    if (batch !== undefined) this.#follow(batch, settled, (code) => code !== undefined && refused())
    else settled?.catch(refused)
  }

  #unsubscribe(session: Session, id: string): void {
    const subscription = session.model.subscriptions.find((each) => each.id === id)
    const durable = isDurable(id) ? id : undefined
    let expected: string | undefined
    if (subscription === undefined) {
      if (durable === undefined || !this.model.hasDurable(durable)) expected = 'STOMP_ERR_SUBSCRIPTION_UNKNOWN'
      else if (this.model.isLive(durable)) expected = 'STOMP_ERR_SUBSCRIPTION_EXISTS'
    } else this.model.unsubscribe(subscription)
    const batch = durable !== undefined && expected === undefined ? this.model.endDurable(durable) : undefined
    session.subscriptions.delete(id)
    const request: BrokerRequest = { command: 'UNSUBSCRIBE', id, shownId: id, headers: EMPTY }
    const { code, settled } = attempt(() => session.real.handle(request))
    if (code !== expected) this.model.blame(`UNSUBSCRIBE ${id}: ${code} instead of ${expected}`)
    if (batch !== undefined) this.#follow(batch, settled)
  }

  // Requests

  #request(session: Session | undefined, requests: readonly Request[], isTransaction: boolean): void {
    const translated = requests.map((request) => this.#translate(session, request))
    const meant = translated.map(({ meant }) => meant)
    const asked = translated.map(({ asked }) => asked)
    const expected = this.model.predict(session?.model, meant)
    if (expected !== undefined) {
      this.model.saw(isTransaction && requests.length > 1 ? 'transaction refused' : `refused: ${expected}`)
    }
    const batch = expected === undefined ? this.model.request(session?.model, meant) : undefined
    this.#unnamed = meant.flatMap((each) => ('send' in each ? [each.tag] : []))
    const { code, settled } = attempt(() => {
      const [only] = asked
      if (isTransaction) return session?.real.commit(asked)
      if (only === undefined) return undefined
      if (session !== undefined) return session.real.handle(only)
      return only.command === 'SEND' ? this.#broker?.publish(only) : undefined
    })
    this.model.called()
    if (code !== expected) this.model.blame(`${JSON.stringify(requests)}: ${code} instead of ${expected}`)
    if (batch !== undefined && code === undefined) this.#follow(batch, settled)
  }

  #translate(session: Session | undefined, request: Request): { meant: ModelRequest; asked: TransactionRequest } {
    if ('send' in request) {
      const tag = `m${++this.#lastTag}`
      return { meant: { tag, send: request }, asked: sendRequest(request.send, tag, request) }
    }
    if ('answer' in request) {
      const { answer, pick, form } = request
      const held =
        session?.model.subscriptions.flatMap((each) => each.held.map((one) => ({ ...one, id: each.id }))) ?? []
      const given = session?.model.given.map((each) => ({ ...each, id: each.subscription })) ?? []
      const pool = held.length > 0 ? held : given
      const picked = pool[pick % pool.length]
      let reference: AckReference = { ack: picked?.ack ?? 'nothing' }
      // One message may be twice with the dead letters: then its message-id does not say which.
      const isPlain = held.filter(({ messageId }) => messageId === picked?.messageId).length < 2
      if (picked !== undefined && form !== 'ack' && isPlain) {
        reference = { messageId: picked.messageId, subscription: form === 'both' ? picked.id : undefined }
      }
      return { meant: { isAck: answer === 'ACK', reference }, asked: { command: answer, reference } }
    }
    switch (request.bad) {
      case 'ack':
        return {
          meant: { code: 'STOMP_ERR_ACK_UNKNOWN' },
          asked: { command: 'ACK', reference: { ack: '0-1-id-0' } },
        }
      case 'destination':
        return { meant: { code: 'STOMP_ERR_DESTINATION_UNKNOWN' }, asked: sendRequest('/nowhere/at/all', 'bad', {}) }
      case 'expiration':
        return {
          meant: { code: 'STOMP_ERR_HEADER_INVALID' },
          asked: sendRequest('/queue/a', 'bad', { expiration: 'soon' }),
        }
    }
  }

  /** Sees how a request ends. */
  #follow(
    batch: Batch,
    settled: Promise<unknown> | undefined,
    ended: (code: string | undefined) => void = () => {},
  ): void {
    if (settled === undefined) return this.model.applied(batch)
    if (batch.isSeen) this.model.blame('something was delivered before its SEND was settled')
    const { refusals } = this.#store
    settled.then(
      () => {
        this.model.settled(batch)
        ended(undefined)
      },
      (error) => {
        const code = codeOf(error)
        const isStore = code === 'STOMP_ERR_STORE_FULL' && this.#store.refusals > refusals
        if (!isStore) this.model.blame(`refused for no reason: ${code}`)
        this.model.refused(batch)
        ended(code)
      },
    )
  }

  #administer(operation: Operation & { readonly op: 'purge' | 'move' }): void {
    const { admin } = this.#broker ?? {}
    if (admin === undefined) return
    const isMove = operation.op === 'move'
    const planned = isMove
      ? this.model.move(operation.from, operation.to, operation.limit ?? Number.POSITIVE_INFINITY)
      : (this.model.purge(operation.queue) ?? 'STOMP_ERR_DESTINATION_UNKNOWN')
    const { to, limit } = isMove ? operation : {}
    const options = { ...(to === undefined ? {} : { to }), ...(limit === undefined ? {} : { limit }) }
    const done = isMove ? admin.move(operation.from, options) : admin.purge(operation.queue)
    this.model.called()
    const what = JSON.stringify(operation)
    if (typeof planned === 'string') {
      done.then(
        (count) => this.model.blame(`${what}: done with ${count}, instead of ${planned}`),
        (error) => codeOf(error) !== planned && this.model.blame(`${what}: ${codeOf(error)} instead of ${planned}`),
      )
      return
    }
    const { count, batch } = planned
    const counted = done.then((number) => {
      if (number !== count) this.model.blame(`${what}: ${number} instead of ${count}`)
    })
    if (this.model.isImmediate(batch)) {
      this.model.applied(batch)
      counted.catch((error) => this.model.blame(`${what}: ${codeOf(error)}`))
    } else this.#follow(batch, counted)
  }

  // Time, turns and lives

  #advance(ms: number): void {
    this.model.advance(ms)
    const endMs = this.#nowMs + ms
    this.#nowMs = endMs
    for (;;) {
      const due = this.#timers.find(({ dueMs }) => dueMs <= endMs)
      if (due === undefined) return
      this.#cancel(due)
      due.run()
    }
  }

  #cancel(timer: Timer): void {
    this.#timers = this.#timers.filter((each) => each !== timer)
  }

  async #release(commits?: number): Promise<void> {
    const { refusals } = this.#store
    this.model.isStoreRefusing = this.#store.isRefusing
    this.#store.release(commits)
    if (this.#store.refusals > refusals) this.model.doubt()
    await microtasks()
    this.model.isStoreRefusing = false
  }

  #turn(): void {
    this.model.isTurning = true
    for (const run of this.#soon.splice(0)) run()
    this.model.isTurning = false
    this.model.turned()
  }

  async #settle(): Promise<void> {
    while (this.#store.isAwaited || this.#soon.length > 0) {
      await this.#release()
      this.#turn()
      await microtasks()
    }
    if (!this.model.isQuiet) this.model.blame('something is never told its end')
  }

  async #restart(isDetachedFirst: boolean): Promise<void> {
    this.model.saw('restart')
    const sessions = [...this.#sessions.values()]
    if (isDetachedFirst) for (const session of sessions) this.#detach(session)
    const closed = { isDone: false }
    this.#isClosed = true
    for (const { model } of sessions) model.isDying = true
    const closing = this.#broker?.close().then(() => {
      closed.isDone = true
    })
    for (let turns = 0; !closed.isDone; turns++) {
      if (turns > 1000) throw new Error('The broker does not close')
      // What has settled takes effect without a turn being waited for.
      this.model.isTurning = true
      await this.#release()
      this.#turn()
    }
    await closing
    this.#check()
    this.#life++
    for (const session of sessions) session.real.detach()
    await this.#reopen(undefined)
  }

  async #crash(kept: number): Promise<void> {
    this.model.saw('crash')
    this.#store.crash(kept)
    await this.#reopen(this.#store.durable)
  }

  async #reopen(durableCalls: number | undefined): Promise<void> {
    const { isRefusing } = this.#store
    this.#life++
    this.#sessions.clear()
    this.#soon = []
    this.#timers = []
    this.#store = new SlowStore(this.#memory)
    this.#store.isRefusing = isRefusing
    await this.open()
    const { contents } = this.#store
    if (contents !== undefined) this.model.recover(contents, durableCalls)
  }

  #observe(event: StompEvent): void {
    if (event.type === 'message-dropped') this.model.dropped(event.subscription, event.messageId)
    if (event.type === 'dead-letter') this.model.died(event.destination, event.messageId)
  }

  #check(): void {
    const { admin } = this.#broker ?? {}
    this.model.compare(admin?.destinations() ?? [], admin?.keptBytes ?? 0, this.#store.calls)
    this.model.checkNothingWaits()
    const { faults } = this.model
    if (faults.length > 0) throw new Error(faults.join('\n'))
  }
}

/** Lets everything happen that follows without a turn of the broker's own. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function attempt(act: () => Settled): { readonly code?: string | undefined; readonly settled?: Settled } {
  try {
    return { settled: act() }
  } catch (error) {
    return { code: codeOf(error) }
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
}

function tagOf({ headers }: Message): string {
  return headers.get('tag') ?? ''
}

function isDurable(id: string): id is DurableId {
  return id in DURABLES
}

function subscribeRequest(id: string, destination: string, headers: [string, string][]): BrokerRequest {
  return {
    command: 'SUBSCRIBE',
    id,
    shownId: id,
    shownDestination: undefined,
    destination,
    headers: createHeaders(headers),
  }
}

function sendRequest(
  destination: string,
  tag: string,
  {
    isPersistent,
    ttlMs,
    kind,
    expiration,
  }: {
    readonly isPersistent?: boolean
    readonly ttlMs?: number | undefined
    readonly kind?: string
    readonly expiration?: string
  },
): TransactionRequest & { command: 'SEND' } {
  const headers: [string, string][] = [['tag', tag]]
  if (isPersistent) headers.push(['persistent', 'true'])
  if (kind !== undefined) headers.push(['kind', kind])
  if (ttlMs !== undefined) headers.push(['expiration', String(ttlMs)])
  if (expiration !== undefined) headers.push(['expiration', expiration])
  return { command: 'SEND', destination, headers: createHeaders(headers), body: new Uint8Array() }
}
