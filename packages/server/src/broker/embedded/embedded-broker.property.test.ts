import { createHeaders } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers, createDestinationSyntax } from '../../destination/destination.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import type { Channel } from '../broker.js'
import { embeddedBroker } from './embedded-broker.js'

const CHANNELS = [0, 1, 2, 3, 4] as const
const syntax = createDestinationSyntax()
const segmentsOf = (destination: string): readonly string[] => syntax.segments(destination) ?? []

/** All that is subscribed: one list, searched from end to end. */
interface Model {
  subscriptions: { readonly channel: number; readonly id: string; readonly destination: string }[]
  detached: Set<number>
}

interface Real {
  readonly channels: readonly { channel: Channel; readonly delivered: string[] }[]
}

type Command = fc.Command<Model, Real>

class Subscribe implements Command {
  constructor(
    readonly at: number,
    readonly id: string,
    readonly destination: string,
  ) {}
  check = (model: Readonly<Model>): boolean =>
    !model.subscriptions.some(({ channel, id }) => channel === this.at && id === this.id)
  run(model: Model, { channels }: Real): void {
    const { at, id, destination } = this
    if (!model.detached.has(at)) model.subscriptions.push({ channel: at, id, destination })
    channels[at]?.channel.handle({
      command: 'SUBSCRIBE',
      id,
      shownId: id,
      shownDestination: undefined,
      destination,
      headers: createHeaders(),
    })
  }
  toString = (): string => `${this.at} SUBSCRIBE ${this.id} ${this.destination}`
}

class Unsubscribe implements Command {
  constructor(
    readonly at: number,
    readonly id: string,
  ) {}
  check = (model: Readonly<Model>): boolean =>
    model.detached.has(this.at) || model.subscriptions.some(({ channel, id }) => channel === this.at && id === this.id)
  run(model: Model, { channels }: Real): void {
    model.subscriptions = model.subscriptions.filter(({ channel, id }) => channel !== this.at || id !== this.id)
    channels[this.at]?.channel.handle({
      command: 'UNSUBSCRIBE',
      id: this.id,
      shownId: this.id,
      headers: createHeaders(),
    })
  }
  toString = (): string => `${this.at} UNSUBSCRIBE ${this.id}`
}

class Send implements Command {
  constructor(
    readonly at: number,
    readonly destination: string,
  ) {}
  check = (): boolean => true
  run(model: Model, { channels }: Real): void {
    const { destination } = this
    channels[this.at]?.channel.handle({
      command: 'SEND',
      destination,
      headers: createHeaders(),
      body: new Uint8Array(),
    })
    for (const [at, { delivered }] of channels.entries()) {
      const expected = model.subscriptions
        .filter((each) => each.channel === at && covers(segmentsOf(each.destination), segmentsOf(destination)))
        .map(({ id }) => `${id} ${destination}`)
      expect(delivered.splice(0).sort()).toEqual(expected.sort())
    }
  }
  toString = (): string => `${this.at} SEND ${this.destination}`
}

class Detach implements Command {
  constructor(readonly at: number) {}
  check = (): boolean => true
  run(model: Model, { channels }: Real): void {
    model.subscriptions = model.subscriptions.filter(({ channel }) => channel !== this.at)
    model.detached.add(this.at)
    channels[this.at]?.channel.detach()
  }
  toString = (): string => `${this.at} detaches`
}

const channel = fc.constantFrom(...CHANNELS)
const id = fc.constantFrom('s1', 's2', 's3')
const word = fc.constantFrom('a', 'b')
const name = fc.array(word, { maxLength: 3 }).map((words) => ['/topic', ...words].join('/'))
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 3 }), fc.boolean())
  .map(([words, hasRest]) => ['/topic', ...words, ...(hasRest ? ['**'] : [])].join('/'))
const subscribe = fc.tuple(channel, id, fc.oneof(name, pattern)).map((args) => new Subscribe(...args))
const unsubscribe = fc.tuple(channel, id).map((args) => new Unsubscribe(...args))
const send = fc.tuple(channel, name).map((args) => new Send(...args))
const detach = channel.map((at) => new Detach(at))

it('delivers as a list searched from end to end would, whatever channels subscribe, unsubscribe, send and detach', async () => {
  // As often as each stands here; a channel detaches but once.
  const often = [subscribe, subscribe, subscribe, unsubscribe, send, send, send].flatMap((each) => [each, each])
  const commands = fc.commands<Model, Real>([...often, detach], { maxCommands: 80 })
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const parts = { clock: createFakeClock(), after: () => ({ cancel() {} }), syntax, nextMessageId: () => 'm' }
      const broker = await embeddedBroker()({ ...parts, observe: () => {} })
      const channels = CHANNELS.map((at) => {
        const delivered: string[] = []
        return {
          delivered,
          channel: broker.attach(
            {
              deliver(message, delivery) {
                delivered.push(`${delivery.subscription} ${message.destination}`)
                return 'taken'
              },
              refuse: () => {},
            },
            { sessionId: `${at}`, userName: undefined, clientId: undefined },
          ),
        }
      })
      fc.modelRun(() => ({ model: { subscriptions: [], detached: new Set<number>() }, real: { channels } }), steps)
    }),
    { numRuns: 300 },
  )
})
