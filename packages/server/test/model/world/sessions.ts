import type { Channel } from '../../../src/broker/broker.js'
import type { Delivery, Taken } from '../../../src/message/delivery.js'
import type { Message } from '../../../src/message/message.js'
import type { Ending } from '../operation.js'
import type { ModelChannel } from '../reference/sessions.js'
import type { Stage } from './stage.js'
import { tagOf } from './translation.js'

/** One session: the broker's channel and the model's. */
export interface Session {
  readonly real: Channel
  readonly model: ModelChannel
  readonly subscriptions: Set<string>
  mood: { after: number; readonly ending: Ending } | undefined
}

/** The sessions of a broker, by number, and how they take what they are given. */
export class Sessions {
  readonly #stage: Stage
  readonly #all = new Map<number, Session>()
  #last = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get(index: number): Session | undefined {
    return this.#all.get(index)
  }

  all(): readonly Session[] {
    return [...this.#all.values()]
  }

  attach(index: number): Session {
    const { broker, life, model } = this.#stage
    const channel = model.sessions.attach(index)
    const owner = { sessionId: `session-${++this.#last}`, userName: 'u', clientId: 'c' }
    const real = broker?.attach(
      {
        deliver: (message, delivery) => {
          if (life !== this.#stage.life || this.#stage.isClosed) {
            model.state.blame(`${tagOf(message)} is delivered after the end`)
            return 'dropped'
          }
          return this.#deliver(session, message, delivery)
        },
        refuse: () => model.topics.givenUp(channel),
      },
      owner,
    )
    if (real === undefined) throw new Error('The broker is not open')
    const session: Session = { real, model: channel, subscriptions: new Set(), mood: undefined }
    this.#all.set(index, session)
    return session
  }

  detach(session: Session): void {
    this.#all.delete(session.model.index)
    if (session.model.isDetached) return
    this.#stage.model.sessions.detach(session.model)
    session.real.detach()
  }

  /** Those that have refused something, or were refused, end. */
  detachDying(): void {
    for (const session of this.all()) if (session.model.isDying) this.detach(session)
  }

  /** Their broker is no more. */
  forget(): void {
    this.#all.clear()
  }

  #deliver(session: Session, message: Message, delivery: Delivery): Taken {
    const { model } = this.#stage
    const { model: channel } = session
    const ending = endingOf(session)
    const isTaken = ending === undefined || ending === 'full' || ending === 'taken-detached'
    const { id, destination, headers } = message
    const hasDied = headers.has('dead-letter-reason')
    const origin = headers.get('original-subscription') ?? headers.get('original-destination')
    const seen = { id, tag: tagOf(message), destination, diedAt: hasDied ? origin : undefined }
    model.deliveries.delivered(channel, seen, delivery, isTaken)
    if (ending === 'full') channel.isFull = true
    if (!isTaken) channel.isDying = true
    if (ending === 'dropped-detached' || ending === 'taken-detached') {
      model.state.saw('detached within a delivery')
      this.detach(session)
    }
    if (!isTaken) return 'dropped'
    return channel.isFull ? 'full' : 'taken'
  }
}

function endingOf({ model, mood }: Session): Ending | undefined {
  if (model.isDying) return 'dropped'
  if (mood === undefined || mood.after-- > 0) return undefined
  mood.after = Number.POSITIVE_INFINITY
  return mood.ending
}
