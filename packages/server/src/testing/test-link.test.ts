import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { embeddedBroker, type HoofbeatOptions } from '../index.js'
import { createFakeClock, createTestKit, type FakeClock, type TestClient, type TestKit } from './index.js'

let kit: TestKit
let app: FastifyInstance
let clock: FakeClock

async function open(options: HoofbeatOptions = {}): Promise<TestKit> {
  clock = createFakeClock()
  app = Fastify()
  await app.register(hoofbeat, {
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    authenticate: ({ login }) => login,
    clock,
    ...options,
  })
  kit = await createTestKit(app, { clock })
  return kit
}

afterEach(() => kit.close())

/** The same faults on both carriers of the kit. */
const carriers: readonly (readonly [string, (kit: TestKit) => Promise<TestClient>])[] = [
  ['a linked connection', async (opened) => opened.open()],
  ['an injected WebSocket', (opened) => opened.openWebSocket('/stomp')],
]

describe.each(carriers)('the link of a client on %s', (_name, openClient) => {
  async function connect(login: string, heartBeat = { sendMs: 0, receiveMs: 0 }): Promise<TestClient> {
    const client = await openClient(kit)
    await client.connect({ login, heartBeat })
    return client
  }

  it('is cut: both ends notice, and what was on its way is lost', async () => {
    await open()
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    const topic = await bob.subscribe('/topic/a')
    ada.link.delay(100)
    ada.sendFrame({ command: 'SEND', headers: { destination: '/topic/a' }, body: 'lost' })
    ada.link.cut()
    expect((await ada.closed()).code).toBe(1006)
    await kit.settle()
    expect(app.stomp.users.get('ada')).toBeUndefined()
    await clock.pass(1_000)
    await topic.expectNothing()
    await expect(ada.send('/topic/a', 'late')).rejects.toThrow(
      'The RECEIPT of SEND to /topic/a did not come. The connection was closed with 1006.',
    )
  })

  it('vanishes: nobody is told, and only heart-beats tell the server', async () => {
    await open()
    const ada = await connect('ada', { sendMs: 10_000, receiveMs: 10_000 })
    ada.link.vanish()
    await clock.pass(20_000)
    expect(app.stomp.users.get('ada')).toBeDefined()
    await clock.pass(10_000)
    expect(app.stomp.users.get('ada')).toBeUndefined()
    await expect(ada.closed()).rejects.toThrow('The end of the connection did not come')
  })

  it('delays each way by virtual time, in order', async () => {
    await open()
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    const topic = await bob.subscribe('/topic/a')
    ada.link.delay({ toServerMs: 200 })
    const sent = ada.send('/topic/a', 'slow')
    ada.link.delay(50)
    ada.sendFrame({ command: 'SEND', headers: { destination: '/topic/a' }, body: 'not faster' })
    await clock.pass(199)
    await topic.expectNothing()
    await clock.pass(1)
    expect((await topic.take(2)).map((message) => message.text())).toEqual(['slow', 'not faster'])
    await ada.expectNothing()
    await clock.pass(50)
    await sent
    ada.link.delay(0)
    await ada.send('/topic/a', 'at once')
    expect((await topic.next()).text()).toBe('at once')
  })

  it('delays the end too, behind the last words', async () => {
    await open()
    const ada = await connect('ada')
    ada.link.delay({ toClientMs: 100 })
    ada.sendRaw('NONSENSE\n\n\0')
    await clock.pass(99)
    await ada.expectNothing()
    await clock.pass(1)
    expect((await ada.error()).code).toMatch(/^STOMP_ERR/)
    expect((await ada.closed()).code).toBe(1002)
  })

  it('delays the close of a client too, behind what it has sent', async () => {
    await open()
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    const topic = await bob.subscribe('/topic/a')
    ada.link.delay(100)
    ada.sendFrame({ command: 'SEND', headers: { destination: '/topic/a' }, body: 'last' })
    await ada.close()
    expect(await ada.closed()).toEqual({ code: 1000, reason: '' })
    await clock.pass(99)
    expect(app.stomp.users.get('ada')).toBeDefined()
    await clock.pass(1)
    expect((await topic.next()).text()).toBe('last')
    expect(app.stomp.users.get('ada')).toBeUndefined()
  })

  it('is stalled: what it is owed comes when it reads again, and it can be closed meanwhile', async () => {
    await open()
    const [ada, bob, carl] = [await connect('ada'), await connect('bob'), await connect('carl')]
    const topics = [await ada.subscribe('/topic/a'), await bob.subscribe('/topic/a')]
    for (const client of [ada, bob]) client.link.stall()
    for (const body of ['1', '2', '3']) await carl.send('/topic/a', body)
    await ada.expectNothing()
    ada.link.resume()
    expect((await topics[0]?.take(3))?.map((message) => message.text())).toEqual(['1', '2', '3'])
    await bob.close()
    expect(app.stomp.users.get('bob')).toBeUndefined()
  })

  it('is stalled so long that the server lets go of it', async () => {
    await open({ limits: { sendTimeoutMs: 5_000, maxBodyBytes: 1_000_000, maxOutboxBytes: 1_000_000 } })
    const [ada, bob] = [await connect('ada'), await connect('bob')]
    await ada.subscribe('/topic/a')
    ada.link.stall()
    for (let i = 0; i < 4; i++) await bob.send('/topic/a', 'x'.repeat(200_000))
    await clock.pass(5_200)
    expect(app.stomp.users.get('ada')).toBeUndefined()
    expect(app.stomp.users.get('bob')).toBeDefined()
  })

  it('beats as agreed, so that a quiet client lives, and dies when its beats are dropped', async () => {
    await open()
    const ada = await connect('ada', { sendMs: 5_000, receiveMs: 5_000 })
    await clock.pass(120_000)
    await ada.expectNothing()
    expect(ada.heartBeats).toBeGreaterThanOrEqual(12)
    ada.link.dropHeartBeats()
    const { heartBeats } = ada
    await clock.pass(15_000)
    ada.link.dropHeartBeats(false)
    await clock.pass(30_000)
    await ada.expectNothing()
    expect(ada.heartBeats).toBeGreaterThan(heartBeats)
    ada.link.dropHeartBeats()
    await clock.pass(31_000)
    expect((await ada.error()).code).toBe('STOMP_ERR_SILENT')
  })
})

describe('a client that reads no more', () => {
  it('is written to as soon as it reads again', async () => {
    const { connect } = await open()
    const [ada, bob] = [await connect({ login: 'ada' }), await connect({ login: 'bob' })]
    const topic = await ada.subscribe('/topic/a')
    ada.link.stall()
    ada.link.stall()
    for (const body of ['1', '2', '3']) await bob.send('/topic/a', body)
    await topic.expectNothing()
    ada.link.resume()
    expect((await topic.take(3)).map((message) => message.text())).toEqual(['1', '2', '3'])
    await bob.send('/topic/a', '4')
    expect((await topic.next()).text()).toBe('4')
  })

  it('is closed when it takes too long, and may close itself', async () => {
    const { connect } = await open({ limits: { sendTimeoutMs: 10_000 } })
    const [ada, bob] = [await connect({ login: 'ada' }), await connect({ login: 'bob' })]
    await ada.subscribe('/topic/a')
    ada.link.stall()
    await bob.send('/topic/a', '1')
    await clock.pass(10_200)
    expect(app.stomp.users.get('ada')).toBeUndefined()
    ada.link.resume()
    expect((await ada.next()).text).toBe('1')
    expect(await ada.closed()).toEqual({ code: 1013, reason: 'STOMP_ERR_SLOW_READER' })
    bob.link.stall()
    await bob.close()
    expect(app.stomp.users.get('bob')).toBeUndefined()
  })

  it('leaves the messages of queues in the broker', async () => {
    const { connect } = await open({ broker: embeddedBroker() })
    const [ada, bob] = [await connect({ login: 'ada' }), await connect({ login: 'bob' })]
    const queue = await ada.subscribe('/queue/a', { ack: 'client-individual' })
    ada.link.stall()
    for (const body of ['1', '2']) await bob.send('/queue/a', body)
    ada.link.cut()
    await kit.settle()
    const other = await bob.subscribe('/queue/a')
    expect((await other.take(2)).map((message) => message.text())).toEqual(['1', '2'])
    await expect(queue.next()).rejects.toThrow('The connection was closed with 1006.')
  })
})

describe('virtual time', () => {
  it('expires messages', async () => {
    const { connect } = await open()
    const ada = await connect()
    const expires = (ms: number): Record<string, string> => ({ expires: `${clock.epochMs() + ms}` })
    await ada.send('/queue/a', 'short', expires(1_000))
    await ada.send('/queue/a', 'long', expires(60_000))
    await clock.pass(2_000)
    const queue = await ada.subscribe('/queue/a')
    expect((await queue.next()).text()).toBe('long')
    await queue.expectNothing()
  })

  it('ends a connection that says nothing', async () => {
    const { open: openClient } = await open()
    const silent = openClient()
    await clock.pass(10_100)
    expect((await silent.error()).code).toBe('STOMP_ERR_CONNECT_TIMEOUT')
  })

  it('is named where nothing comes', async () => {
    const { connect } = await open()
    await clock.pass(250)
    const ada = await connect()
    await expect(ada.next()).rejects.toThrow('Virtual time stands at 250 ms; clock.pass(ms) moves it.')
  })

  it('is needed for delays', async () => {
    await open()
    const real = await createTestKit(app)
    const ada = real.open()
    expect(() => ada.link.delay(10)).toThrow(TypeError)
    expect(() => ada.link.delay({ toClientMs: 10 })).toThrow('make a clock by createFakeClock()')
    expect(() => kit.open().link.delay(-1)).toThrow(RangeError)
    await ada.close()
  })
})
