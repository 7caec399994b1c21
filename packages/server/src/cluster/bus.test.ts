import { describe, expect, it } from 'vitest'
import { NODES } from '../broker/broker.js'
import { rabbitmqProfile } from '../broker/relay/profiles/rabbitmq.js'
import { MAX_WAIT_MS } from '../broker/relay/relay-options.js'
import { createWheel } from '../clock/wheel.js'
import { createDestinationSyntax } from '../destination/destination.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { createTestBackbone } from '../testing/test-backbone.js'
import { createBus, type NodeBus } from './bus.js'
import type { NodeMessage } from './cluster.js'
import { createSeal } from './seal.js'

async function setUp(...ids: readonly string[]) {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const hub = createTestBackbone(clock)
  const warnings: string[] = []
  const join = async (id: string, secret?: string) => {
    const node = hub.join(id, secret === undefined ? {} : { secret })
    const bus = createBus({
      backbone: node.backbone,
      broker: node,
      clock,
      log: { warn: (details, text) => void warnings.push(`${id}: ${JSON.stringify(details)} ${text}`) },
      after: (delayMs, run) => wheel.after(delayMs, run),
    })
    const taken: NodeMessage[] = []
    const missed = { count: 0 }
    bus.take('note', (message) => void taken.push(message))
    bus.onMissed(() => missed.count++)
    await bus.open()
    return { id, node, bus, taken, missed, heads: () => taken.map(({ head }) => head) }
  }
  const nodes = await Promise.all(ids.map((id) => join(id)))
  const [a, b = a, c = b] = nodes
  if (a === undefined || b === undefined || c === undefined) throw new Error('no nodes')
  return { clock, hub, warnings, join, a, b, c }
}

const tellAll = (bus: NodeBus, heads: readonly unknown[], to = 'all') =>
  Promise.all(heads.map((head) => bus.tell(to, 'note', head)))

describe('the bus', () => {
  it('brings head and body to all other nodes, or to one, in the order of telling', async () => {
    const { clock, a, b, c } = await setUp('a', 'b', 'c')
    const body = new Uint8Array([0, 1, 255])
    await a.bus.tell('all', 'note', { text: 'zu\0 allen é', list: [1, null] }, body)
    await tellAll(a.bus, [1, 2, 3], 'b')
    await clock.pass(0)
    expect(a.taken).toEqual([])
    expect(c.taken).toEqual([
      { from: 'a', head: { text: 'zu\0 allen é', list: [1, null] }, body: Buffer.from(body), lateMs: 0 },
    ])
    expect(b.heads().slice(1)).toEqual([1, 2, 3])
    expect([b.missed.count, c.missed.count]).toEqual([0, 0])
  })

  it('drops what was forged, altered, meant for another topic, or sealed with another secret, and logs it once', async () => {
    const { clock, hub, warnings, join, a, b } = await setUp('a', 'b')
    await a.bus.tell('a2', 'note', 'for another')
    await tellAll(a.bus, ['good'])
    const [forAnother, good] = hub.heard.map(({ body }) => body)
    if (forAnother === undefined || good === undefined) throw new Error('nothing was heard')
    for (let i = 0; i < good.length; i += 7) {
      const altered = Uint8Array.from(good)
      altered[i] = (altered[i] ?? 0) ^ 1
      hub.inject('all', altered)
    }
    for (const cut of [0, 10, 36, good.length - 1]) hub.inject('all', good.subarray(0, cut))
    hub.inject('all', forAnother)
    hub.inject('node-b', good)
    const stranger = await join('stranger', 'other secret')
    await tellAll(stranger.bus, ['forged'])
    await clock.pass(0)
    expect(b.heads()).toEqual(['good'])
    expect(stranger.taken).toEqual([])
    const ofB = (): readonly string[] => warnings.filter((text) => text.startsWith('b:'))
    expect(ofB()).toEqual([expect.stringContaining('{"count":1} dropped what was not sealed')])
    await clock.pass(60_000)
    hub.inject('all', new Uint8Array(50))
    await clock.pass(0)
    expect(ofB()).toHaveLength(2)
  })

  it('drops what it has heard before, at once or later, and what is older than five minutes', async () => {
    const { clock, hub, warnings, join, a, b } = await setUp('a', 'b')
    await tellAll(a.bus, [1, 2])
    const letter = a.bus.letter('all', 'note', 'loose', new Uint8Array())
    a.node.publish(letter)
    await clock.pass(0)
    const heard = [...hub.heard]
    for (let minute = 0; minute < 10; minute++) {
      for (const { topic, body } of heard) hub.inject(topic, body)
      await clock.pass(59_000)
    }
    expect(b.heads()).toEqual([1, 2, 'loose'])
    const late = await join('late')
    for (const { topic, body } of heard) hub.inject(topic, body)
    await clock.pass(0)
    expect(late.taken).toEqual([])
    expect(warnings.filter((text) => text.startsWith('b:')).join()).toMatch(/here before.*too old/)
  })

  it('drops what a clock has written that is ahead by more than a minute, and warns of half a minute', async () => {
    const { clock, hub, warnings, a } = await setUp('a')
    const seal = createSeal(a.node.backbone.key('bus'))
    const from = 'ahead'
    const letter = { from, topic: 'all', stream: 'ordered', kind: 'note', head: 0, body: new Uint8Array() } as const
    for (const [i, aheadMs] of [59_000, 61_000].entries()) {
      hub.inject(
        'all',
        seal.close({ ...letter, sequence: i, head: aheadMs, epochMs: clock.epochMs() + aheadMs, clockMs: 0 }),
      )
    }
    await clock.pass(0)
    expect(a.heads()).toEqual([59_000])
    expect(warnings).toEqual([
      expect.stringMatching(/"node":"ahead","skewMs":59000} the clock of another node is ahead.* NTP/),
      expect.stringMatching(/"node":"ahead","skewMs":61000} dropped .* NTP/),
    ])
  })

  it('warns of each node whose clock differs, and by how much, once a minute', async () => {
    const { clock, hub, warnings, a } = await setUp('a')
    const seal = createSeal(a.node.backbone.key('bus'))
    let sequence = 0
    const say = (from: string, aheadMs: number): void => {
      const letter = { from, topic: 'all', stream: 'ordered', kind: 'note', head: 0, body: new Uint8Array() } as const
      hub.inject('all', seal.close({ ...letter, sequence: ++sequence, epochMs: clock.epochMs() + aheadMs, clockMs: 0 }))
    }
    for (let second = 0; second < 70; second += 5) {
      say('fast', 90_000)
      say('slow', -400_000)
      say('good', 29_000)
      await clock.pass(5_000)
    }
    expect(a.heads()).toHaveLength(14)
    const counts = [...warnings].sort().map((text) => text.slice(0, text.indexOf('}') + 1))
    expect(counts).toEqual([
      'a: {"count":1,"node":"fast","skewMs":90000}',
      'a: {"count":1,"node":"slow","skewMs":-400000}',
      'a: {"count":12,"node":"fast","skewMs":90000}',
      'a: {"count":12,"node":"slow","skewMs":-400000}',
    ])
  })

  it('tells that messages may be missing, when the broker was away and where one is skipped', async () => {
    const { clock, hub, a, b, c } = await setUp('a', 'b', 'c')
    b.node.isAvailable = false
    await tellAll(a.bus, [1])
    await clock.pass(0)
    b.node.isAvailable = true
    await clock.pass(0)
    expect([b.missed.count, c.missed.count]).toEqual([1, 0])
    hub.isLost = ({ from }, to) => from === 'a' && to === 'c'
    await tellAll(a.bus, [2])
    await clock.pass(0)
    hub.isLost = () => false
    await tellAll(a.bus, [3, 4])
    await clock.pass(0)
    expect(c.heads()).toEqual([1, 3, 4])
    expect(c.missed.count).toBe(1)
    // b had never heard of a before.
    expect([b.heads(), b.missed.count]).toEqual([[2, 3, 4], 1])
  })

  it('takes letters once that the broker has kept and gives again, in whatever order, and all else from now on', async () => {
    const { clock, hub, warnings, a, b } = await setUp('a', 'b')
    const letter = (head: unknown) => a.node.publish(a.bus.letter('all', 'note', head, new Uint8Array()))
    const expected: unknown[] = []
    for (const [round, meanwhile] of (['kept', 'jumbled'] as const).entries()) {
      hub.meanwhile = meanwhile
      const tell = async (name: string): Promise<void> => {
        await tellAll(a.bus, [`${round} ${name}`])
        for (const number of [1, 2, 3]) letter(`${round} loose ${name} ${number}`)
        await clock.pass(0)
      }
      await tell('before')
      b.node.isAvailable = false
      await tell('meanwhile')
      await clock.pass(50_000)
      b.node.isAvailable = true
      await clock.pass(0)
      await tell('after')
      for (const name of ['before', 'meanwhile', 'after']) {
        if (name !== 'meanwhile') expected.push(`${round} ${name}`)
        for (const number of [1, 2, 3]) expected.push(`${round} loose ${name} ${number}`)
      }
      expect(b.heads().slice().sort()).toEqual(expected.slice().sort())
      if (meanwhile === 'kept') expect(b.heads()).toEqual(expected)
    }
    expect(warnings[0]).toContain('b: {"count":1} dropped messages of other nodes that were here before')
    expect(b.missed.count).toBeGreaterThan(0)
  })

  it('takes what has waited twice for the broker, and then as long as a queue lasts', async () => {
    const { clock, hub, a } = await setUp('a')
    const seal = createSeal(a.node.backbone.key('bus'))
    const lastsMs = rabbitmqProfile(createDestinationSyntax()).sharedTopicsLastMs ?? Number.POSITIVE_INFINITY
    const epochMs = clock.epochMs() - 2 * MAX_WAIT_MS - lastsMs
    const body = new Uint8Array()
    const letter = { from: 'patient', topic: 'letters-all', stream: 'loose', kind: 'note', body } as const
    hub.inject(letter.topic, seal.close({ ...letter, sequence: 1, head: 'late', epochMs, clockMs: 0 }))
    await clock.pass(0)
    expect(a.heads()).toEqual(['late'])
  })

  it('refuses what is told while the broker is away', async () => {
    const { a } = await setUp('a')
    a.node.isAvailable = false
    await expect(a.bus.tell('all', 'note', 1)).rejects.toMatchObject({ code: 'STOMP_ERR_BROKER_UNAVAILABLE' })
  })

  it('lets letters overtake each other, each taken once', async () => {
    const { clock, a, b } = await setUp('a', 'b')
    const letters = [1, 2, 3, 4].map((head) => a.bus.letter('all', 'note', head, new Uint8Array()))
    for (const i of [3, 0, 3, 2, 0, 1]) {
      const letter = letters[i]
      if (letter !== undefined) a.node.publish(letter)
    }
    expect(letters[0]?.destination).toBe(`${NODES}letters-all`)
    await clock.pass(0)
    expect(b.heads()).toEqual([4, 1, 3, 2])
    expect(b.missed.count).toBe(0)
  })
})

describe('a question to another node', () => {
  it('gets its answer, or the text of what has failed', async () => {
    const { clock, a, b } = await setUp('a', 'b')
    b.bus.answer('sum', async (head, from) => ({ from, sum: Number(head) + 1 }))
    b.bus.answer('bad', () => {
      throw new Error('not today')
    })
    const asked = Promise.allSettled([
      a.bus.ask('b', 'sum', 2, 1_000),
      a.bus.ask('b', 'bad', 2, 1_000),
      a.bus.ask('b', 'other', 2, 1_000),
    ])
    await clock.pass(10)
    expect(await asked).toEqual([
      { status: 'fulfilled', value: { from: 'a', sum: 3 } },
      { status: 'rejected', reason: new Error('not today') },
      { status: 'rejected', reason: new Error("node 'b' has no answer to 'other'") },
    ])
  })

  it('fails after its time, when the node is gone, when the broker is away, and with the bus', async () => {
    const { clock, a, b } = await setUp('a', 'b')
    b.bus.answer('never', () => new Promise(() => {}))
    const asks = [
      a.bus.ask('nobody', 'x', 0, 1_000),
      a.bus.ask('b', 'never', 0, 60_000),
      a.bus.ask('c', 'x', 0, 60_000),
    ]
    const ended = Promise.allSettled(asks)
    await clock.pass(1_200)
    a.bus.gone('b')
    a.bus.close()
    a.node.isAvailable = false
    expect((await ended).map((each) => each.status === 'rejected' && String(each.reason))).toEqual([
      "Error: node 'nobody' has not answered within 1000 ms",
      "Error: node 'b' is gone",
      "Error: node 'c' is gone",
    ])
    await expect(a.bus.ask('b', 'x', 0, 1_000)).rejects.toMatchObject({ code: 'STOMP_ERR_BROKER_UNAVAILABLE' })
  })

  it('is answered only by the node that was asked', async () => {
    const { clock, a, b, c } = await setUp('a', 'b', 'c')
    b.bus.answer('who', () => new Promise(() => {}))
    const asked = a.bus.ask('b', 'who', 0, 1_000)
    const ended = Promise.allSettled([asked])
    await c.bus.tell('a', 'answer', { id: 1, value: 'me' })
    await clock.pass(1_200)
    expect(await ended).toEqual([{ status: 'rejected', reason: new Error("node 'b' has not answered within 1000 ms") }])
  })
})
