import { type Operation, QUEUES } from '../operation.js'
import { administer } from './operators.js'
import { isOfUse, Requests } from './requests.js'
import { crash, restart } from './restarts.js'
import { type Session, Sessions } from './sessions.js'
import { microtasks, Stage } from './stage.js'
import { isDurable, subscribe, subscribeDurable, unsubscribe } from './subscriptions.js'

/** A broker, its sessions, and the model that watches it: does one thing after the other to both. */
export class World {
  readonly #stage = new Stage()
  readonly #sessions = new Sessions(this.#stage)
  readonly #requests = new Requests(this.#stage)

  /** What has happened, so that a test can tell what the runs were about. */
  get seen(): Iterable<string> {
    return this.#stage.model.state.seen.keys()
  }

  /** Opens the broker. To be called once, first. */
  open(): Promise<void> {
    return this.#stage.open()
  }

  /** True if the operation means anything now. */
  allows(operation: Operation): boolean {
    if (!('channel' in operation)) return true
    const session = this.#sessions.get(operation.channel)
    if (session === undefined) {
      if (operation.op === 'request') return isOfUse(undefined, operation.request)
      return operation.op !== 'detach' && operation.op !== 'ready'
    }
    // What a subscription behind a waiting request is given is compared elsewhere: with a broker that never waits.
    const isPlain = !this.#stage.model.batches.isWaiting(session.model)
    if (operation.op === 'subscribe' || operation.op === 'subscribe-durable') {
      return isPlain && !session.subscriptions.has(operation.id)
    }
    if (operation.op === 'unsubscribe') {
      return isPlain && (session.subscriptions.has(operation.id) || isDurable(operation.id))
    }
    if (operation.op === 'ready') return session.model.isFull
    return operation.op !== 'request' || isOfUse(session, operation.request)
  }

  /** Does one thing to the broker and to the model, and compares them. Throws if the broker has not done as it must. */
  async run(operation: Operation): Promise<void> {
    await this.#do(operation)
    await microtasks()
    this.#sessions.detachDying()
    this.#stage.check()
  }

  /** Ends all sessions and takes everything out: nothing may be missing, and nothing may be left. */
  async drain(): Promise<void> {
    for (const session of this.#sessions.all()) this.#sessions.detach(session)
    await this.run({ op: 'refuse', isRefusing: false })
    await this.run({ op: 'settle' })
    const plain = { channel: 9, mode: 'auto', prefetch: 1 } as const
    for (const destination of QUEUES) await this.run({ op: 'subscribe', ...plain, id: destination, destination })
    for (const id of ['d1', 'd2'] as const) {
      if (this.#stage.model.durables.has(id)) await this.run({ op: 'subscribe-durable', ...plain, id })
    }
    await this.run({ op: 'settle' })
    for (const id of this.#sessions.get(9)?.subscriptions ?? []) await this.run({ op: 'unsubscribe', channel: 9, id })
    await this.run({ op: 'settle' })
    const left = this.#stage.broker?.admin?.destinations() ?? []
    if (left.length > 0) throw new Error(`left over: ${left.map(({ destination }) => destination)}`)
    await this.run({ op: 'restart', isDetachedFirst: true })
    const { entries = [], notes = new Map() } = this.#stage.store.contents ?? {}
    if (entries.length > 0 || [...notes.keys()].some((name) => /^(durable|gap):/.test(name)))
      throw new Error('the store keeps something')
    await this.#stage.broker?.close()
  }

  async #do(operation: Operation): Promise<void> {
    const stage = this.#stage
    switch (operation.op) {
      case 'publish':
        return this.#requests.ask(undefined, [operation.request], false)
      case 'advance':
        return stage.advance(operation.ms)
      case 'sync':
        return stage.release(operation.commits)
      case 'turn':
        return stage.turn()
      case 'settle':
        return stage.settle()
      case 'refuse':
        stage.store.isRefusing = operation.isRefusing
        return
      case 'restart':
        return restart(stage, this.#sessions, operation.isDetachedFirst)
      case 'crash':
        return crash(stage, this.#sessions, operation.kept)
      case 'purge':
      case 'move':
        return administer(stage, operation)
      default: {
        this.#doWith(this.#sessions.get(operation.channel) ?? this.#sessions.attach(operation.channel), operation)
      }
    }
    stage.model.batches.called()
  }

  #doWith(session: Session, operation: Operation & { readonly channel: number }): void {
    switch (operation.op) {
      case 'detach':
        return this.#sessions.detach(session)
      case 'ready':
        session.model.isFull = false
        return session.real.ready()
      case 'subscribe':
        return subscribe(this.#stage, session, operation)
      case 'subscribe-durable':
        return subscribeDurable(this.#stage, session, operation)
      case 'unsubscribe':
        return unsubscribe(this.#stage, session, operation.id)
      case 'request':
        return this.#requests.ask(session, [operation.request], false)
      case 'commit': {
        const requests = operation.requests.filter((each) => isOfUse(session, each))
        return this.#requests.ask(session, requests, true)
      }
      case 'mood':
        session.mood = { after: operation.after, ending: operation.ending }
        return
      default:
        return
    }
  }
}
