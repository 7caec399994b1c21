import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import hoofbeat, { type HoofbeatOptions } from '../index.js'
import { createFakeClock, createTestKit, ServerRefusal, type TestKit, type TestKitOptions } from './index.js'

let kit: TestKit | undefined
let app: FastifyInstance

/** An application with a room that echoes, and a kit for it. */
async function open(options: HoofbeatOptions = {}, kitOptions: TestKitOptions = {}): Promise<TestKit> {
  app = Fastify()
  await app.register(hoofbeat, {
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    authenticate: ({ login, identity }) => login ?? identity,
    ...options,
  })
  app.stomp.message('/echo/:room', { sendTo: '/topic/:room' }, async (message) => ({ said: message.body }))
  app.stomp.message('/fail', async () => {
    throw new Error('inside')
  })
  app.stomp.subscription('/now', async () => ({ now: 1 }))
  kit = await createTestKit(app, kitOptions)
  return kit
}

afterEach(async () => {
  await kit?.close()
  kit = undefined
})

describe('the test kit', () => {
  it('waits until the application is ready, and says so where the plugin is missing', async () => {
    const empty = Fastify()
    await expect(createTestKit(empty)).rejects.toThrow('the plugin is not registered in this application')
    await empty.close()
  })

  it('refuses a patience that is no time', async () => {
    await open({}, { patienceMs: -1 })
    expect(() => kit?.open()).toThrow('patienceMs takes ms, 0 or more')
  })

  it('connects, knows user and session, and gives the identity that it is told', async () => {
    const { connect } = await open()
    const ada = await connect({ login: 'ada' })
    const bob = await connect({}, { identity: { name: 'bob' }, transport: 'websocket', remoteAddress: '10.0.0.1' })
    expect([ada.user, bob.user, ada.version]).toEqual(['ada', 'bob', '1.2'])
    expect(app.stomp.users.session(ada.sessionId ?? '')?.user?.name).toBe('ada')
    expect(app.stomp.users.get('bob')?.sessions[0]?.id).toBe(bob.sessionId)
  })

  it.each(['1.0', '1.1', '1.2'] as const)('speaks version %s to its end', async (version) => {
    const { connect } = await open()
    const ada = await connect({ versions: [version] })
    expect(ada.version).toBe(version)
    const queue = await ada.subscribe('/queue/a', { ack: 'client-individual' })
    await ada.send('/queue/a', 'back')
    const first = await queue.next()
    if (version === '1.0') await first.ack()
    else {
      await first.nack()
      await (await queue.next()).ack()
    }
    await queue.unsubscribe()
    await ada.disconnect()
    expect(app.stomp.users.sessionCount).toBe(0)
  })

  it('closes its clients and the application, and leaves nothing behind', async () => {
    const { connect, close } = await open()
    const ada = await connect({ login: 'ada' })
    await ada.subscribe('/topic/a')
    const bob = await connect({ login: 'bob' })
    await bob.send('/topic/a', 'unread')
    await close()
    expect(ada.unread.map(({ text }) => text)).toEqual(['unread'])
    expect(app.stomp.users.sessionCount).toBe(0)
    await expect(bob.send('/topic/a', 'late')).rejects.toThrow(
      new Error('The RECEIPT of SEND to /topic/a did not come. The test has closed the client. Nothing else came.'),
    )
    await expect(bob.next()).rejects.toThrow('The test has closed the client')
  })

  it('closes in virtual time too, whatever waits there', async () => {
    const clock = createFakeClock()
    const { open: openClient, close } = await open({ clock, drainMs: 5_000 }, { clock })
    openClient().sendRaw('CONNECT\naccept-version:1.2\n\n')
    await close()
    expect(app.stomp.users.sessionCount).toBe(0)
  })
})

describe('a kit whose application fails to end', () => {
  it('rejects whoever waits for that, and nobody else', async () => {
    const clock = createFakeClock()
    const failing = Fastify()
    await failing.register(hoofbeat, { clock })
    failing.addHook('onClose', async () => {
      throw new Error('the disk is gone')
    })
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const { connect, close } = await createTestKit(failing, { clock })
    await connect()
    await expect(close()).rejects.toThrow('the disk is gone')
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('a subscription', () => {
  it('gives its own messages in order, as text, JSON or bytes', async () => {
    const { connect } = await open()
    const ada = await connect()
    const [a, b] = [await ada.subscribe('/topic/a'), await ada.subscribe('/topic/b', { id: 'mine' })]
    expect([a.id, b.id]).toEqual(['sub-1', 'mine'])
    await ada.send('/topic/a', 'one', { mood: 'good' })
    await ada.send('/topic/b', { two: 2 })
    await ada.send('/topic/a', new Uint8Array([255, 0]))
    const two = await b.next()
    expect(two.json()).toEqual({ two: 2 })
    expect(two.headers.get('content-type')).toBe('application/json')
    const [one, bytes] = await a.take(2)
    expect([one?.text(), one?.headers.get('mood'), one?.destination]).toEqual(['one', 'good', '/topic/a'])
    expect(bytes?.body).toEqual(new Uint8Array([255, 0]))
    expect(() => one?.json()).toThrow('the body of the MESSAGE is no JSON: one')
    await ada.expectNothing()
  })

  it('gives what a message route publishes, and what a subscription route answers', async () => {
    const { connect } = await open()
    const ada = await connect()
    const lobby = await ada.subscribe('/topic/lobby')
    await ada.send('/app/echo/lobby', [1, 'two'])
    expect((await lobby.next()).json()).toEqual({ said: [1, 'two'] })
    expect((await (await ada.subscribe('/app/now')).next()).json()).toEqual({ now: 1 })
  })

  it('is iterated until the test unsubscribes or closes, with what came before', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    for (const body of ['1', '2', '3']) await ada.send('/topic/a', body)
    const seen: string[] = []
    for await (const message of topic) {
      seen.push(message.text())
      if (message.text() === '2') await topic.unsubscribe()
    }
    expect(seen).toEqual(['1', '2', '3'])
    await ada.close()
    for await (const _message of topic) seen.push('never')
    expect(seen).toHaveLength(3)
  })

  it('rejects where nothing comes, also when it is iterated', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    const text =
      "A MESSAGE for 'sub-1' (/topic/a) did not come, although the server has had every chance. The connection is open. Nothing else came. If something outside of the process is waited for (a database, a network), give the kit patienceMs."
    await expect(topic.next()).rejects.toThrow(new Error(text))
    const iterate = async (): Promise<void> => {
      for await (const _message of topic);
    }
    await expect(iterate()).rejects.toThrow(text)
  })

  it('tells what came instead', async () => {
    const { connect } = await open()
    const ada = await connect()
    await ada.subscribe('/topic/a')
    const other = await ada.subscribe('/topic/b')
    for (let i = 0; i < 7; i++) await ada.send('/topic/a', i === 0 ? 'x'.repeat(100) : `${i}`)
    ada.sendFrame({ command: 'BEGIN', headers: { transaction: 't', receipt: 'r' } })
    await expect(other.next()).rejects.toThrow(
      `There came instead: MESSAGE from /topic/a for 'sub-1': ${'x'.repeat(80)}... (100 characters); MESSAGE from /topic/a for 'sub-1': 1; MESSAGE from /topic/a for 'sub-1': 2; MESSAGE from /topic/a for 'sub-1': 3; MESSAGE from /topic/a for 'sub-1': 4; 3 more.`,
    )
  })
})

describe('what is refused', () => {
  it('rejects as the ERROR of the server: message, code, cure', async () => {
    const { connect } = await open({ allow: {} })
    const ada = await connect()
    const refused = ada.send('/topic/a', 'hi')
    await expect(refused).rejects.toBeInstanceOf(ServerRefusal)
    await expect(refused).rejects.toMatchObject({
      name: 'ServerRefusal',
      code: 'STOMP_ERR_FORBIDDEN',
      message: "Clients may not SEND to '/topic/a'",
      cure: expect.stringMatching(/\w+/),
      awaited: 'the RECEIPT of SEND to /topic/a',
      receiptId: 'receipt-1',
    })
    expect((await ada.error()).code).toBe('STOMP_ERR_FORBIDDEN')
    expect(await ada.closed()).toEqual({ code: 1002, reason: 'STOMP_ERR_FORBIDDEN' })
    await expect(ada.next()).rejects.toMatchObject({ code: 'STOMP_ERR_FORBIDDEN', awaited: 'a frame' })
    expect(ada.unread).toEqual([])
  })

  it('is told to whoever waits, and to who asks for any frame as a frame', async () => {
    const { connect, open: openClient } = await open({
      authenticate: () => {
        throw new Error('secret')
      },
    })
    await expect(connect({ login: 'eve', passcode: 'x' })).rejects.toMatchObject({
      code: 'STOMP_ERR_NOT_AUTHENTICATED',
      awaited: 'CONNECTED',
    })
    const client = openClient()
    client.sendRaw('NONSENSE\n\n\0')
    expect((await client.next()).command).toBe('ERROR')
    await expect(client.receipt('1')).rejects.toBeInstanceOf(ServerRefusal)
  })

  it('softly is told by the MESSAGE that answers the frame, which stays to be read', async () => {
    const { connect } = await open({ refusals: 'soft', allow: {} })
    const ada = await connect({ login: 'ada' })
    const errors = await ada.subscribe('/user/queue/errors')
    await expect(ada.send('/topic/a', 'hi')).rejects.toMatchObject({
      code: 'STOMP_ERR_FORBIDDEN',
      cure: expect.stringMatching(/\w+/),
    })
    expect((await errors.next()).json()).toMatchObject({ code: 'STOMP_ERR_FORBIDDEN' })
    await ada.expectNothing()
  })

  it('by an error handler of the application is told in its words', async () => {
    await open()
    await kit?.close()
    app = Fastify()
    await app.register(hoofbeat)
    app.stomp.setErrorHandler(async () => 'No such luck')
    app.stomp.message('/fail', async () => {
      throw new Error('inside')
    })
    kit = await createTestKit(app)
    const ada = await kit.connect({ login: 'ada' })
    await ada.subscribe('/user/queue/errors')
    await expect(ada.send('/app/fail')).rejects.toMatchObject({ message: expect.stringContaining('No such luck') })
  })

  it('is asked for by error(), which rejects where there is none', async () => {
    const { connect } = await open()
    const ada = await connect()
    await expect(ada.error()).rejects.toThrow('An ERROR did not come')
    await expect(ada.closed()).rejects.toThrow('The end of the connection did not come')
    await ada.close()
    await expect(ada.error()).rejects.toThrow('An ERROR did not come. The test has closed the client.')
    expect(await ada.closed()).toEqual({ code: 1000, reason: '' })
  })
})

describe('absence', () => {
  it('is there when the server has had every chance, and is not when something came', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    await ada.expectNothing()
    setImmediate(() => setImmediate(() => app.stomp.publish('/topic/a', 'late')))
    await expect(ada.expectNothing()).rejects.toThrow(
      new Error("Nothing was expected, but there came MESSAGE from /topic/a for 'sub-1': late."),
    )
    await expect(topic.expectNothing()).rejects.toThrow('late')
    expect((await topic.next()).text()).toBe('late')
    await topic.expectNothing()
  })

  it('includes the end of the connection, unless the test knows of it', async () => {
    const { connect } = await open()
    const ada = await connect({ login: 'ada' })
    await app.stomp.disconnect({ user: 'ada' }, 'You are out')
    await expect(ada.expectNothing()).rejects.toThrow('ERROR STOMP_ERR_DISCONNECTED: You are out')
    expect((await ada.error()).message).toBe('You are out')
    await ada.expectNothing()
    const bob = await connect({ login: 'bob' })
    bob.link.cut()
    await expect(bob.expectNothing()).rejects.toThrow(
      new Error('Nothing was expected to happen. The connection was closed with 1006.'),
    )
    await expect(bob.next()).rejects.toThrow('A frame did not come. The connection was closed with 1006.')
    await bob.expectNothing()
  })

  it('may be watched for in real time', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    setTimeout(() => app.stomp.publish('/topic/a', 'later'), 5)
    await expect(topic.expectNothing(10_000)).rejects.toThrow('later')
  })
})

describe('patience', () => {
  it('waits in real time for handlers that do, no longer than is needed', async () => {
    const { connect } = await open({}, { patienceMs: 60_000 })
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    setTimeout(() => app.stomp.publish('/topic/a', 'later'), 5)
    expect((await topic.next()).text()).toBe('later')
    setTimeout(() => ada.link.cut(), 5)
    expect((await ada.closed()).code).toBe(1006)
  })

  it('ends, and says how long it was', async () => {
    const { connect } = await open({}, { patienceMs: 5 })
    const ada = await connect()
    await expect(ada.next()).rejects.toThrow(
      new Error(
        'A frame did not come, although the server has had every chance, and 5 ms. The connection is open. Nothing else came.',
      ),
    )
  })
})

describe('frames at hand', () => {
  it('of any kind are sent and awaited: transactions, receipts, nonsense', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    await ada.request({ command: 'BEGIN', headers: { transaction: 't' } })
    await ada.send('/topic/a', 'in it', { transaction: 't' })
    await topic.expectNothing()
    await ada.request({ command: 'COMMIT', headers: { transaction: 't', receipt: 'mine' } })
    expect((await topic.next()).text()).toBe('in it')
    ada.sendFrame({ command: 'SEND', headers: { destination: '/topic/a', receipt: 'r' }, body: 'x' })
    expect((await ada.receipt('r')).command).toBe('RECEIPT')
    expect((await ada.next()).text).toBe('x')
    ada.sendRaw('NONSENSE\n\n\0')
    expect((await ada.error()).cure).toContain('Correct the frame')
  })
})

describe('a promise of the kit', () => {
  it('may be kept while other things are awaited, and reserves what it asks for', async () => {
    const { connect, settle } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    const [first, second] = [topic.next(), topic.next()]
    await settle()
    await settle()
    const sent = [ada.send('/topic/a', '1'), ada.send('/topic/a', '2')]
    expect((await second).text()).toBe('2')
    expect((await first).text()).toBe('1')
    await Promise.all(sent)
    await ada.expectNothing()
  })

  it('that nobody waits for rejects nobody, and one that is waited for rejects everybody who does', async () => {
    const { connect } = await open({ allow: {} })
    const ada = await connect()
    const kept = ada.next()
    ada.send('/topic/a', 'not waited for')
    const refused = ada.send('/topic/a', 'waited for')
    expect((await kept).command).toBe('ERROR')
    const seen: string[] = []
    await refused.catch((error: Error) => seen.push(error.name))
    await expect(refused.finally(() => seen.push('finally'))).rejects.toMatchObject({
      awaited: 'the RECEIPT of SEND to /topic/a',
    })
    expect(seen).toEqual(['ServerRefusal', 'finally'])
  })

  it('takes real promises along', async () => {
    const { connect } = await open()
    const ada = await connect()
    const topic = await ada.subscribe('/topic/a')
    const [message] = await Promise.all([topic.next(), ada.send('/topic/a', 'hi')])
    expect(message.text()).toBe('hi')
    const next = topic.next()
    expect(Object.prototype.toString.call(next)).toBe('[object Expectation]')
    await expect(Promise.race([next, Promise.resolve('other')])).resolves.toBe('other')
  })
})
