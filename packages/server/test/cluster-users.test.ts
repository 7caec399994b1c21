import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import type { BrokerFactory } from '../src/broker/broker-factory.js'
import hoofbeat, { embeddedBroker, type HoofbeatOptions } from '../src/index.js'
import { createFakeClock, createTestKit, type FakeClock, type TestClient, type TestKit } from '../src/testing/index.js'
import { createTestBackbone, type TestBackboneNode } from '../src/testing/test-backbone.js'
import { useUpstream } from './relay/upstream-broker.js'

interface Application {
  readonly app: FastifyInstance
  readonly kit: TestKit
  connect(login?: string): Promise<TestClient>
}

const running: TestKit[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((kit) => kit.close()))
})

const openUpstream = useUpstream()

/** What joins the nodes: a backbone with its faults at hand, or relays to one broker, which is another application. */
type Joining = 'a backbone' | 'relays'

async function join(joining: Joining): Promise<{ clock: FakeClock; brokerOf: (id: string) => BrokerFactory }> {
  if (joining === 'relays') {
    const upstream = await openUpstream()
    return { clock: upstream.clock, brokerOf: () => () => upstream.relay() }
  }
  const clock = createFakeClock()
  const hub = createTestBackbone(clock)
  return { clock, brokerOf: (id) => brokerOn(hub.join(id)) }
}

const brokerOn =
  (node: TestBackboneNode): BrokerFactory =>
  async (parts) =>
    node.around(await embeddedBroker()(parts))

/** Applications whose nodes hear each other. */
async function start(joining: Joining, count: number, options: HoofbeatOptions = {}) {
  const { clock, brokerOf } = await join(joining)
  const applications: Application[] = []
  for (let i = 0; i < count; i++) applications.push(await open(clock, { broker: brokerOf(`n${i}`), ...options }))
  await clock.pass(500)
  const [a, b = a, c = b] = applications
  if (a === undefined || b === undefined || c === undefined) throw new Error('no applications')
  return { clock, applications, a, b, c }
}

/** The same with a broker that can be away from the first of them. */
async function startWithFaults(count: number, options: HoofbeatOptions = {}) {
  const clock = createFakeClock()
  const hub = createTestBackbone(clock)
  const nodes = Array.from({ length: count }, (_, i) => hub.join(`n${i}`))
  const applications: Application[] = []
  for (const node of nodes) applications.push(await open(clock, { broker: brokerOn(node), ...options }))
  await clock.pass(500)
  const [[a, b], [node]] = [applications, nodes]
  if (a === undefined || b === undefined || node === undefined) throw new Error('no applications')
  return { a, b, node }
}

async function open(clock: FakeClock, options: HoofbeatOptions, log: string[] = []): Promise<Application> {
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => log.push(line) } } })
  await app.register(hoofbeat, { clock, authenticate: ({ login }) => login, ...options })
  app.stomp.message('/answer', { replyTo: true }, async () => 'answered')
  app.stomp.message('/all-mine', { sendToUser: '/queue/x' }, async ({ body }) => body)
  app.stomp.message('/mine', { sendToUser: { destination: '/queue/x', session: 'sender' } }, async ({ body }) => body)
  const kit = await createTestKit(app, { clock })
  running.push(kit)
  return { app, kit, connect: (login) => kit.connect(login === undefined ? {} : { login }) }
}

const JOININGS: readonly Joining[] = ['a backbone', 'relays']
const TEXT = { 'content-type': 'text/plain' }
const SEND_TO_USERS: HoofbeatOptions = { allow: { send: ['/user/**', '/topic/**'] } }

describe.each(JOININGS)('a user with sessions on several nodes, joined by %s', (joining) => {
  it('reads at each of them what a client sends and the application publishes, once', async () => {
    const { a, b, c } = await start(joining, 3, SEND_TO_USERS)
    const clients = [await a.connect('ada'), await b.connect('ada'), await b.connect('ada'), await c.connect('bob')]
    const read = await Promise.all(clients.map((client) => client.subscribe('/user/queue/x')))
    await a.app.stomp.sendToUser('ada', '/queue/x', 'one')
    const sender = await c.connect('cleo')
    await sender.send('/user/ada/queue/x', 'two', { colour: 'blue' })
    await sender.send('/user/ada/queue/x', 'three')
    for (const subscription of read.slice(0, 3)) {
      const messages = [await subscription.next(), await subscription.next(), await subscription.next()]
      expect(messages.map((message) => message.text())).toEqual(['one', 'two', 'three'])
      expect(messages[1]?.headers.get('colour')).toBe('blue')
      expect(messages[1]?.headers.get('destination')).toBe('/user/queue/x')
      expect(messages[1]?.headers.get('receipt')).toBeUndefined()
    }
    for (const client of clients) await client.expectNothing()
    await a.app.stomp.sendToUser({ session: clients[3]?.sessionId ?? '' }, '/queue/x', 'for bob')
    expect((await read[3]?.next())?.text()).toBe('for bob')
    for (const client of clients) await client.expectNothing()
  })

  it('is known to all nodes, and can be disconnected from any', async () => {
    const { clock, a, b, c } = await start(joining, 3)
    const [first, second] = [await a.connect('ada'), await b.connect('ada')]
    await second.subscribe('/user/queue/x')
    await clock.pass(200)
    for (const { app } of [a, b, c]) {
      expect([app.stomp.users.size, app.stomp.users.sessionCount]).toEqual([1, 2])
      const sessions = app.stomp.users.get('ada')?.sessions.map(({ id }) => id)
      expect(sessions?.sort()).toEqual([first.sessionId, second.sessionId].sort())
      expect(app.stomp.users.subscriptions('/user/queue/x').map(({ sessionId }) => sessionId)).toEqual([
        second.sessionId,
      ])
    }
    expect(c.app.stomp.users.session(second.sessionId ?? '')).toMatchObject({
      node: expect.any(String),
      user: { name: 'ada' },
    })
    const ended = c.app.stomp.disconnect({ user: 'ada' }, 'Enough')
    for (const client of [first, second]) expect((await client.error()).code).toBe('STOMP_ERR_DISCONNECTED')
    await clock.pass(2_000)
    expect(await ended).toBe(2)
    for (const { app } of [a, b, c]) expect(app.stomp.users.sessionCount).toBe(0)
  })

  it('is told to presence hooks by each node for its own sessions', async () => {
    const { clock, brokerOf } = await join('a backbone')
    const told: unknown[] = []
    const app = Fastify()
    await app.register(hoofbeat, { clock, authenticate: ({ login }) => login, broker: brokerOf('n') })
    app.stomp.addHook('onConnected', ({ user, isFirst }) => void told.push([user?.name, isFirst]))
    app.stomp.addHook('onSubscribed', ({ destination }) => void told.push(destination))
    app.stomp.addHook('onUnsubscribed', ({ destination }) => void told.push(destination))
    app.stomp.addHook('onDisconnected', ({ user, isLast }) => void told.push([user?.name, isLast]))
    const kit = await createTestKit(app, { clock })
    running.push(kit)
    const client = await kit.connect({ login: 'ada' })
    await client.subscribe('/topic/a')
    await client.close()
    expect(told).toEqual([['ada', true], '/topic/a', '/topic/a', ['ada', true]])
  })
})

describe.each(JOININGS)('a reply to a client of another node, joined by %s', (joining) => {
  it('reaches its temporary queue, by a name that only the frame has told', async () => {
    const { a, b } = await start(joining, 2, { allow: { send: ['/user/**'] } })
    const asking = await a.connect('ada')
    const answering = await b.connect('bob')
    const answers = await asking.subscribe('/temp-queue/answers')
    const questions = await answering.subscribe('/user/queue/questions')
    await asking.send('/user/bob/queue/questions', 'how late', { 'reply-to': '/temp-queue/answers' })
    const replyTo = (await questions.next()).headers.get('reply-to') ?? ''
    expect(replyTo).toMatch(/^\/reply-queue\/[\w-]+$/)
    await answering.send(replyTo, 'ten')
    await answering.send('/app/answer', '', { 'reply-to': replyTo })
    expect((await answers.next()).text()).toBe('ten')
    expect((await answers.next()).text()).toBe('answered')
    await asking.close()
    await answering.send(replyTo, 'too late')
  })
})

describe('a message to a user in a transaction', () => {
  const begin = { command: 'BEGIN', headers: { transaction: 't' } } as const
  const commit = { command: 'COMMIT', headers: { transaction: 't' } } as const
  const inTransaction = { transaction: 't' }

  it.each(JOININGS)('reaches sessions of other nodes when it is committed, joined by %s', async (joining) => {
    const { a, b } = await start(joining, 2, SEND_TO_USERS)
    const [here, there, sender] = [await a.connect('ada'), await b.connect('ada'), await a.connect('bob')]
    const read = [await here.subscribe('/user/queue/x'), await there.subscribe('/user/queue/x')]
    await sender.request(begin)
    await sender.send('/user/ada/queue/x', 'one', inTransaction)
    await sender.send('/user/ada/queue/x', 'two', inTransaction)
    for (const client of [here, there]) await client.expectNothing()
    await sender.request(commit)
    for (const subscription of read) {
      expect([(await subscription.next()).text(), (await subscription.next()).text()]).toEqual(['one', 'two'])
    }
    await sender.request(begin)
    await sender.send('/user/ada/queue/x', 'three', inTransaction)
    await sender.request({ command: 'ABORT', headers: { transaction: 't' } })
    for (const client of [here, there]) await client.expectNothing()
  })

  it('reaches nobody where the broker cannot take it', async () => {
    const { a, b, node } = await startWithFaults(2, SEND_TO_USERS)
    const [here, there, sender] = [await a.connect('ada'), await b.connect('ada'), await a.connect('bob')]
    for (const client of [here, there]) await client.subscribe('/user/queue/x')
    await sender.request(begin)
    await sender.send('/user/ada/queue/x', 'one', inTransaction)
    node.isAvailable = false
    sender.sendFrame(commit)
    expect((await sender.error()).code).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    for (const client of [here, there]) await client.expectNothing()
  })
})

describe('a message to a user while the broker is away', () => {
  it('reaches the sessions of this node, and its sender is told of the others', async () => {
    const { a, b, node } = await startWithFaults(2, SEND_TO_USERS)
    const [here, there, sender] = [await a.connect('ada'), await b.connect('ada'), await a.connect('bob')]
    const read = await here.subscribe('/user/queue/x')
    await there.subscribe('/user/queue/x')
    node.isAvailable = false
    sender.sendFrame({ command: 'SEND', headers: { destination: '/user/ada/queue/x' }, body: 'one' })
    const error = await sender.error()
    expect([error.code, error.message]).toEqual([
      'STOMP_ERR_BROKER_UNAVAILABLE',
      expect.stringContaining('Only sessions of this server have this message'),
    ])
    expect((await read.next()).text()).toBe('one')
    await there.expectNothing()
    await expect(a.app.stomp.sendToUser('ada', '/queue/x', 'two')).rejects.toMatchObject({
      code: 'STOMP_ERR_BROKER_UNAVAILABLE',
    })
    expect((await read.next()).text()).toBe('two')
  })
})

describe('a message route that talks to users while the broker is away', () => {
  /** Two nodes with relays; the first one can lose its broker. */
  async function startWithLosses() {
    const upstream = await openUpstream()
    const { clock } = upstream
    const log: string[] = []
    const broker: BrokerFactory = () => upstream.relay()
    const a = await open(clock, { broker }, log)
    const ends = [...upstream.open]
    const b = await open(clock, { broker })
    await clock.pass(500)
    const clients = [await a.connect('ada'), await a.connect('ada'), await b.connect('ada')] as const
    const [sender, here, there] = clients
    const read = await Promise.all(clients.map((client) => client.subscribe('/user/queue/x')))
    const setThere = (isThere: boolean): void => {
      upstream.isThere = isThere
      if (!isThere) for (const end of ends) end.cut()
    }
    const texts = (): Promise<readonly string[]> =>
      Promise.all(read.slice(0, 2).map(async (subscription) => (await subscription.next()).text()))
    const unreached = (): readonly string[] => log.filter((line) => line.includes('on this node only'))
    return { clock, a, sender, here, there, readThere: read[2], setThere, texts, unreached }
  }

  it('is settled with the sessions of its node; those of others have it when the broker is back', async () => {
    const { clock, a, sender, there, readThere, setThere, texts, unreached } = await startWithLosses()
    setThere(false)
    // Time stands still: its RECEIPT waits for nothing.
    await sender.send('/app/all-mine', 'one', TEXT)
    await sender.send('/app/all-mine', 'two', TEXT)
    expect([await texts(), await texts()]).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ])
    let isSettled = false
    const own = a.app.stomp.sendToUser('ada', '/queue/x', 'own').then(() => {
      isSettled = true
    })
    expect(await texts()).toEqual(['own', 'own'])
    await there.expectNothing()
    expect(isSettled).toBe(false)
    setThere(true)
    await clock.pass(5_000)
    await own
    for (const text of ['one', 'two', 'own']) expect((await readThere?.next())?.text()).toBe(text)
    await there.expectNothing()
    expect(unreached()).toEqual([])
  })

  it('hurts no session when the broker stays away: that others were not reached is logged', async () => {
    const { clock, sender, here, there, setThere, texts, unreached } = await startWithLosses()
    setThere(false)
    for (const text of ['one', 'two', 'three']) {
      await sender.send('/app/all-mine', text, TEXT)
      expect(await texts()).toEqual([text, text])
    }
    expect(unreached()).toEqual([])
    await clock.pass(40_000)
    expect(unreached()).toEqual([expect.stringContaining('STOMP_ERR_BROKER_UNAVAILABLE')])
    for (const client of [sender, here, there]) await client.expectNothing()
    await sender.send('/app/all-mine', 'four', TEXT)
    expect(await texts()).toEqual(['four', 'four'])
  })

  it('needs no broker at all for an answer to the session that has sent', async () => {
    const { clock, sender, here, there, setThere, unreached } = await startWithLosses()
    setThere(false)
    await sender.send('/app/mine', 'one', TEXT)
    expect(sender.unread.map(({ text }) => text)).toEqual(['one'])
    await clock.pass(40_000)
    for (const client of [here, there]) await client.expectNothing()
    expect(unreached()).toEqual([])
    await sender.send('/app/mine', 'two', TEXT)
    expect(sender.unread.map(({ text }) => text)).toEqual(['one', 'two'])
  })
})

describe.each(JOININGS)('clients of several nodes that may do all that rules can allow, joined by %s', (joining) => {
  const tricks = [
    '/**',
    '/*',
    '/*/**',
    '/user/**',
    '/user/*/queue/x',
    '/user/queue/x',
    '/user/ada/queue/x',
    '/user/ada',
    '/user//queue/x',
    '/temp-queue/**',
    '/temp-queue/answers',
    '/reply-queue/**',
    '/reply-queue/*',
    '/reply-queue/n0-x',
    '/nodes/all',
    '/nodes/**',
    '\0nodes/all',
    '\\0nodes/all',
    '%00nodes/all',
    '/\0nodes/all',
    '/topic/**',
    '/topic/nodes/all',
    '/queue/**',
    '\0user/**',
    '%00user/**',
    '/',
    '',
  ]

  it('never read what is for other users, for other sessions, or said between nodes', async () => {
    const { clock, applications, a } = await start(joining, 3, {
      allow: { send: ['/**'], subscribe: ['/**'] },
      limits: { maxSubscriptions: 1_000 },
    })
    const victims = await Promise.all(applications.map(({ connect }) => connect('ada')))
    const read = await Promise.all(victims.map((client) => client.subscribe('/user/queue/x')))
    const answers = await Promise.all(victims.map((client) => client.subscribe('/temp-queue/answers')))
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...tricks), { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom(...tricks), { maxLength: 3 }),
        fc.nat(2),
        async (subscribed, sent, at) => {
          const secret = `secret ${++round}`
          const application = applications[at] ?? a
          const attackers: TestClient[] = []
          // Each on a connection of its own: whoever is refused is gone.
          const act = async (lines: string): Promise<void> => {
            const attacker = await application.connect('eve')
            attackers.push(attacker)
            // As no encoder would write it.
            attacker.sendRaw(`${lines}\0`)
          }
          for (const destination of subscribed) await act(`SUBSCRIBE\nid:1\ndestination:${destination}\n\n`)
          for (const destination of sent) await act(`SEND\ndestination:${destination}\n\nnoise`)
          await application.kit.settle()
          const victim = victims[round % 3]
          const asked = applications[(round + 1) % 3] ?? a
          await asked.app.stomp.sendToUser('ada', '/queue/x', secret)
          const listener = await asked.connect(`listener ${round}`)
          const questions = await listener.subscribe('/user/queue/questions')
          await victim?.send(`/user/listener ${round}/queue/questions`.replace(' ', '%20'), '', {
            'reply-to': '/temp-queue/answers',
          })
          const replyTo = (await questions.next()).headers.get('reply-to') ?? ''
          await listener.send(replyTo, `answer ${secret}`)
          await clock.pass(200)
          for (const subscription of read) {
            let text = (await subscription.next()).text()
            // What an attacker may send to others is for rules to say.
            while (text === 'noise') text = (await subscription.next()).text()
            expect(text).toBe(secret)
          }
          expect((await answers[round % 3]?.next())?.text()).toBe(`answer ${secret}`)
          for (const attacker of attackers) {
            for (const { command, body, headers } of attacker.unread) {
              const text = Buffer.from(body).toString()
              expect(text, `${command} ${headers.get('destination')}`).not.toContain('secret')
              if (command === 'MESSAGE') expect(text).toBe('noise')
            }
            await attacker.close()
          }
          await listener.close()
        },
      ),
      { numRuns: 40 },
    )
  })
})
