import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Broker, LegReport } from '../src/broker/broker.js'
import { type BrokerFactory, embeddedBroker } from '../src/index.js'
import type { Observe } from '../src/observe/events.js'
import { prometheusMetrics } from '../src/observe/metrics.js'
import { turn, usePlugin } from './plugin-application.js'

const open = usePlugin()

/** A broker that only says that it is elsewhere; the test moves its legs. */
interface Remote {
  readonly factory: BrokerFactory
  legs: readonly LegReport[]
  setAvailable(isAvailable: boolean): void
  observe: Observe
}

function createRemote(): Remote {
  let isAvailable = true
  const remote: Remote = {
    legs: [],
    observe: () => {},
    setAvailable(next) {
      isAvailable = next
      remote.observe({ type: 'broker-availability', isAvailable: next })
    },
    async factory(parts) {
      remote.observe = parts.observe
      const inner = await embeddedBroker()(parts)
      const broker: Broker = {
        ...{ capabilities: inner.capabilities, admin: undefined },
        get isAvailable() {
          return isAvailable
        },
        legs: () => remote.legs,
        isQueue: (destination) => inner.isQueue(destination),
        attach: (subscriber, owner) => inner.attach(subscriber, owner),
        publish: (publication) => inner.publish(publication),
        close: () => inner.close(),
      }
      return broker
    },
  }
  return remote
}

const leg = (name: string, state: LegReport['state'], counts: Partial<LegReport> = {}): LegReport => ({
  ...{ name, state, address: 'broker:61613', server: 'RabbitMQ/3.10', connects: 1 },
  ...{ subscriptions: 0, waitingFrames: 0, waitingBytes: 0, unansweredFrames: 0 },
  ...counts,
})

describe('a broker elsewhere', () => {
  it('is told of as away and back, by the state and by the hook, wherever that was added', async () => {
    const remote = createRemote()
    const told: unknown[] = []
    const { app, connect } = await open({ broker: remote.factory }, async (root) => {
      await root.register(async (plugin) => {
        plugin.stomp.addHook('onBrokerAvailability', function (this: FastifyInstance, { isAvailable }) {
          told.push([isAvailable, this === plugin, plugin.stomp.broker.isAvailable])
        })
      })
    })
    const alice = await connect('alice')
    expect(app.stomp.broker.isAvailable).toBe(true)
    remote.setAvailable(false)
    expect(app.stomp.broker.isAvailable).toBe(false)
    await turn()
    remote.setAvailable(true)
    await turn()
    expect(told).toEqual([
      [false, true, false],
      [true, true, true],
    ])
    await alice.subscribe('1', '/topic/news')
  })

  it('hurts nobody by a hook that fails, which is logged', async () => {
    const remote = createRemote()
    const { log } = await open({ broker: remote.factory }, (app) => {
      app.stomp.addHook('onBrokerAvailability', async () => {
        throw new Error('no pager')
      })
    })
    remote.setAvailable(false)
    await turn()
    const lines = log.map((line) => JSON.parse(line))
    expect(lines.filter(({ msg }) => msg === 'a hook onBrokerAvailability failed')).toMatchObject([
      { level: 50, err: { message: 'no pager' } },
    ])
    expect(lines.filter(({ level, err }) => level === 50 && err === undefined)).toMatchObject([
      { msg: expect.stringContaining('cannot be reached') },
    ])
  })
})

describe('a broker inside the process', () => {
  it('is always available, and has no series of its own', async () => {
    const metrics = prometheusMetrics()
    const { app } = await open({ metrics })
    expect(app.stomp.broker.isAvailable).toBe(true)
    const text = await metrics.register.metrics()
    expect(text).not.toMatch(/^hoofbeat_broker_/m)
  })
})

describe('the legs of a relay', () => {
  it('are told by name: whether each is up, what waits and what is owed', async () => {
    const metrics = prometheusMetrics()
    const remote = createRemote()
    await open({ broker: remote.factory, metrics })
    remote.legs = [
      leg('shared', 'up', { subscriptions: 7 }),
      leg('pool-1', 'connecting', { waitingFrames: 3, waitingBytes: 120, unansweredFrames: 2 }),
    ]
    remote.setAvailable(false)
    const text = await metrics.register.metrics()
    for (const line of [
      'broker_available 0',
      'broker_leg_up{leg="shared"} 1',
      'broker_leg_up{leg="pool-1"} 0',
      'broker_leg_subscriptions{leg="shared"} 7',
      'broker_leg_waiting_frames{leg="pool-1"} 3',
      'broker_leg_waiting_bytes{leg="pool-1"} 120',
      'broker_leg_unanswered_frames{leg="pool-1"} 2',
    ]) {
      expect(text).toContain(`hoofbeat_${line}\n`)
    }
  })

  it('are counted as they come up and are lost, also of an application that has ended', async () => {
    const metrics = prometheusMetrics()
    const remote = createRemote()
    const { app } = await open({ broker: remote.factory, metrics })
    const up = { type: 'leg-up', leg: 'shared', address: 'broker:61613', server: undefined } as const
    remote.observe(up)
    remote.observe({ type: 'leg-down', leg: 'shared', address: 'broker:61613', reason: 'it was cut' })
    remote.observe(up)
    await app.close()
    const text = await metrics.register.metrics()
    expect(text).toContain('hoofbeat_broker_leg_connects_total{leg="shared"} 2\n')
    expect(text).toContain('hoofbeat_broker_leg_losses_total{leg="shared"} 1\n')
    expect(text).not.toMatch(/^hoofbeat_broker_(available|leg_up)/m)
  })

  it('of several applications are one leg of each name, up where all of them are', async () => {
    const metrics = prometheusMetrics()
    const [one, two] = [createRemote(), createRemote()]
    await open({ broker: one.factory, metrics })
    await open({ broker: two.factory, metrics })
    await open({ metrics })
    one.legs = [leg('shared', 'up', { subscriptions: 2 }), leg('pool-1', 'up')]
    two.legs = [leg('shared', 'down', { subscriptions: 3 }), leg('pool-1', 'up')]
    const text = await metrics.register.metrics()
    expect(text).toContain('hoofbeat_broker_leg_up{leg="shared"} 0\n')
    expect(text).toContain('hoofbeat_broker_leg_up{leg="pool-1"} 1\n')
    expect(text).toContain('hoofbeat_broker_leg_subscriptions{leg="shared"} 5\n')
    expect(text).toContain('hoofbeat_broker_available 1\n')
    two.setAvailable(false)
    expect(await metrics.register.metrics()).toContain('hoofbeat_broker_available 0\n')
  })
})
