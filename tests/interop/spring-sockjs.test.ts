import { createFakeClock } from '@hoofbeat/server/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { requireComponent } from '../components.js'
import type { InteropServer } from './server.js'
import { SPRING_TRANSPORTS, type SpringClient, type SpringTransport, startSpringClient } from './spring-client.js'
import { startSpringServer } from './spring-server.js'

const jdk = requireComponent('JDK')
const spring = requireComponent('Spring')

const NAMES: readonly string[] = Object.keys(SPRING_TRANSPORTS)
const isTransport = (name: string): name is SpringTransport => NAMES.includes(name)
const transports = NAMES.filter(isTransport)

const title = jdk.title(spring.title("Spring's STOMP client"))

describe.skipIf(!jdk.available || !spring.available)(title, { timeout: 60_000 }, () => {
  let client: SpringClient

  beforeAll(async () => {
    client = await startSpringClient(jdk, spring)
  }, 60_000)
  afterAll(() => client.stop())

  describe.each(transports)('%s', (transport) => {
    const isSockJs = transport.startsWith('sockjs-')
    let server: InteropServer
    const run = (scenario: string): Promise<unknown> => client.run(transport, scenario, server.port)

    beforeAll(async () => {
      server = await startSpringServer()
    })
    afterAll(() => server.close())

    it('connects, reads CONNECTED, and leaves with 1000', async () => {
      expect(await run('connect')).toEqual({
        headers: ['version', 'heart-beat', 'user-name', 'server', 'session'],
        version: '1.2',
        user: 'clients',
        heartBeat: '1000,1000',
        closed: 1000,
      })
      await expect.poll(() => server.app.stomp.users.sessionCount).toBe(0)
    })

    it('is known by a header of its HTTP requests', async () => {
      expect(await run('identified')).toEqual({ user: 'told by HTTP', body: 'hello' })
    })

    it('is told that its CONNECT is refused', async () => {
      expect(await run('refused')).toEqual({
        failure: 'ConnectionLostException',
        error: ['STOMP_ERR_NOT_AUTHENTICATED', 'The credentials were not accepted', true],
        closed: 1002,
      })
    })

    it('gets what was sent to a topic and below a wildcard, with UTF-8 and odd headers', async () => {
      expect(await run('topic')).toEqual({
        headers: ['subscription', 'destination', 'message-id', 'odd', 'grüße', 'content-type', 'content-length'],
        body: 'Grüße, 世界 🐎\nsecond "line"',
        odd: 'a:b\\d\ne\rf',
        greeting: '世界',
        contentType: 'text/plain;charset=UTF-8',
        wild: ['/topic/wild/one', ''],
      })
    })

    it('reaches a message route with JSON and reads the answer of a subscription route', async () => {
      expect(await run('route')).toEqual({
        greeting: { content: 'Hello, Ada!' },
        contentType: 'application/json',
        answer: { answer: 42 },
        destination: '/app/answer',
      })
    })

    it('is told by RECEIPT what has taken effect', async () => {
      expect(await run('receipts')).toEqual({ same: true, count: 2, afterUnsubscribe: 0 })
    })

    it('gets answers on its user queue', async () => {
      expect(await run('userQueue')).toEqual({ destination: '/user/queue/answers', body: 'answer to what' })
    })

    it('acknowledges messages of a queue, and one that it gives back comes again', async () => {
      expect(await run('acknowledge')).toEqual({ given: ['one', 'two'], again: ['one', 'true'] })
    })

    it('sends 64 KiB and gets them back', async () => {
      expect(await run('large')).toEqual({ parts: 1, bytes: 65_536, same: true })
    })

    it('sends 64 KiB in parts of 16 KiB and gets them back whole', async () => {
      expect(await run('split')).toEqual({ parts: 5, bytes: 65_536, same: true })
    })

    it('gets 300 messages in order', async () => {
      expect(await run('many')).toEqual({ count: 300, inOrder: true })
    })

    it(isSockJs ? 'is told that SockJS carries no bytes' : 'sends and gets every byte there is', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')
      const refused = {
        error: ['STOMP_ERR_BINARY_UNSUPPORTED', 'This client is reached by text only', true],
        closed: 1003,
      }
      expect(await run('binary')).toEqual(isSockJs ? refused : every)
    })

    it('is told by ERROR why it is refused, and that the connection is over', async () => {
      expect(await run('error')).toEqual({
        error: ['STOMP_ERR_FORBIDDEN', "Clients may not SEND to '/nowhere'", true],
        lost: 'ConnectionLostException: Connection closed',
        closed: 1002,
        connected: false,
      })
    })

    it('notices the end of the server', async () => {
      const ending = await startSpringServer()
      onTestFinished(() => ending.close())
      expect(await client.run(transport, 'serverEnds', ending.port)).toEqual({
        lost: 'ConnectionLostException: Connection closed',
        // Between two polls a client cannot be told: its next one finds no server.
        closed: transport === 'sockjs-xhr-polling' ? expect.toBeOneOf([1001, 1006]) : 1001,
        connected: false,
      })
    })
  })

  // These wait for intervals to pass, so all do it at the same time.
  describe('heart-beats', () => {
    let server: InteropServer
    let still: InteropServer

    beforeAll(async () => {
      server = await startSpringServer()
      // Its time stands still, so it never beats.
      still = await startSpringServer({ clock: createFakeClock() })
    })
    afterAll(() => Promise.all([server.close(), still.close()]))

    const onAll = (scenario: string, { port }: InteropServer): Promise<unknown[]> =>
      Promise.all(transports.map((transport) => client.run(transport, scenario, port)))

    it.concurrent('keep a session alive, both ways', async () => {
      const lived = transports.map(() => ({ offered: '1000,1000', faults: 0 }))
      expect(await onAll('heartBeats', server)).toEqual(lived)
    })

    it.concurrent('are missed by the client when the server sends none', async () => {
      const missed = transports.map(() => ({
        lost: 'ConnectionLostException: Read inactivity. Closing connection',
        beats: 0,
        connected: false,
      }))
      expect(await onAll('silence', still)).toEqual(missed)
    })
  })
})
