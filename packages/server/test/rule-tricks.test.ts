import type { AddressInfo } from 'node:net'
import { encode } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import hoofbeat, { StompError } from '../src/index.js'
import { connectTestClient, type StompTestClient } from '../src/testing/stomp-client.js'
import { EventClient } from './event-client.js'
import { usePlugin } from './plugin-application.js'
import { openRawClient, type RawClient } from './raw-client.js'

/*
 * A client that is denied some destinations spells them in every way that a parser, a proxy, a file system or another
 * broker was ever caught with. Each trick is tried over a real session and at the doors without STOMP. `SEND` and
 * `SUBSCRIBE` say what may become of it: the code of a refusal, or "taken": as a destination that happens to be called
 * so, at which none of those listens or speaks who use the denied ones.
 */

/** What only the witness may use: by the rules, by a hook, by a rule that denies. */
const DENIED = ['/topic/secret/a', '/topic/open/hooked', '/topic/open/café', '/topic/open/denied', '/topic/hall/hooked']
/** Sends and listens everywhere. */
let witness: StompTestClient
/** Has a private queue, `/user/queue/inbox`. */
let alice: StompTestClient
let app: FastifyInstance
let port: number
let wipes = 0

const closing: { close(): unknown }[] = []
afterEach(() => {
  for (const each of closing.splice(0)) each.close()
})

beforeAll(async () => {
  app = Fastify({ forceCloseConnections: true })
  const isWitness = (user: { readonly name: string } | undefined): boolean => user?.name === 'witness'
  const everywhere = { destination: '/**', when: isWitness }
  const denied = { destination: '/topic/open/denied', unless: isWitness }
  await app.register(hoofbeat, {
    authenticate: (connect) => connect.login,
    allow: {
      send: ['/topic/open/*', '/topic/hall/*', '/user/bob/**', everywhere],
      subscribe: ['/topic/open/*', '/topic/hall/**', '/queue/open', everywhere],
    },
    deny: { send: [denied], subscribe: [denied] },
    drainMs: 0,
  })
  for (const hook of ['authorizeSend', 'authorizeSubscribe'] as const) {
    app.stomp.addHook(hook, (request) => {
      if (isWitness(request.user)) return
      const hooked = ['/topic/open/hooked', '/topic/open/café', '/topic/hall/hooked']
      if (hooked.some((each) => request.touches(each))) throw new StompError('STOMP_ERR_FORBIDDEN')
    })
  }
  app.stomp.message('/open/:word', async () => {})
  app.stomp.message('/echo', { replyTo: true }, async ({ body }) => body)
  await app.register(async (admin) => {
    admin.stomp.addHook('authorizeSend', () => {
      throw new StompError('STOMP_ERR_FORBIDDEN')
    })
    admin.stomp.message('/admin/wipe', async () => {
      wipes++
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
  witness = connectTestClient(app)
  await witness.connect({ login: 'witness' })
  await witness.subscribe('topics', '/topic/**')
  await witness.subscribe('queue', '/queue/secret')
  alice = connectTestClient(app)
  await alice.connect({ login: 'alice' })
  await alice.subscribe('inbox', '/user/queue/inbox')
})

afterAll(async () => {
  for (const client of [witness, alice]) client.link.close()
  await app.close()
})

const FORBIDDEN = 'STOMP_ERR_FORBIDDEN'
const INVALID = 'STOMP_ERR_DESTINATION_INVALID'
const NO_ROUTE = 'STOMP_ERR_ROUTE_UNKNOWN'
const taken = 'taken'

type Trick = readonly [kind: string, destination: string, send: string, subscribe: string]

const TRICKS: readonly Trick[] = [
  ['as it is', '/topic/secret/a', FORBIDDEN, FORBIDDEN],
  ['as it is', '/topic/open/hooked', FORBIDDEN, FORBIDDEN],
  ['as it is', '/topic/open/denied', FORBIDDEN, FORBIDDEN],
  ['as it is', '/topic/open/café', FORBIDDEN, FORBIDDEN],
  ['as it is', '/queue/secret', FORBIDDEN, FORBIDDEN],

  ['percent-encoded letter', '/topic/open/%68ooked', taken, taken],
  ['percent-encoded letter', '/topic/%73ecret/a', FORBIDDEN, FORBIDDEN],
  ['percent-encoded slash', '/topic/open%2Fhooked', FORBIDDEN, FORBIDDEN],
  ['percent-encoded slash', '/topic/open/..%2Fsecret%2Fa', taken, taken],
  ['percent-encoded slash', '/topic/open/..%2fsecret%2fa', taken, taken],
  ['percent-encoded throughout', '%2Ftopic%2Fopen%2Fhooked', INVALID, INVALID],
  ['percent-encoded dots', '/topic/open/%2e%2e/secret/a', FORBIDDEN, FORBIDDEN],
  ['percent-encoded dots', '/topic/open/%2e%2e', taken, taken],
  ['percent-encoded twice', '/topic/open/%2568ooked', taken, taken],
  ['percent-encoded twice', '/topic/open/..%252Fsecret%252Fa', taken, taken],
  ['percent-encoded wildcard', '/topic/open/%2A', taken, taken],
  ['percent-encoded wildcard', '/topic/%2A/a', FORBIDDEN, FORBIDDEN],
  ['percent-encoded NUL', '/topic/open/hooked%00', taken, taken],
  ['percent-encoded, overlong', '/topic/open/%c1%a8ooked', taken, taken],
  ['a percent sign alone', '/topic/open/%', taken, taken],
  ['escaped as in IIS', '/topic/open/%u0068ooked', taken, taken],
  ['escaped as in HTML', '/topic/open/&#104;ooked', taken, taken],
  ['escaped as in JSON', '/topic/open/\\u0068ooked', taken, taken],

  ['decomposed (NFD)', '/topic/open/cafe\u0301', taken, taken],
  ['full width', '/topic/open/\uff48ooked', taken, taken],
  ['full width slash', '/topic\uff0fopen\uff0fhooked', FORBIDDEN, FORBIDDEN],
  ['full width slash', '\uff0ftopic\uff0fopen\uff0fhooked', INVALID, INVALID],
  ['full width wildcard', '/topic/open/\uff0a', taken, taken],
  ['a letter that folds to another', '/topic/open/hoo\u212aed', taken, taken],
  ['a letter that looks like another', '/topic/open/h\u043e\u043eked', taken, taken],
  ['a letter of no width', '/topic/open/hooked\u200b', taken, taken],
  ['a soft hyphen', '/topic/open/hook\u00aded', taken, taken],
  ['a byte order mark', '\ufeff/topic/open/hooked', INVALID, INVALID],
  ['a mark of direction', '/topic/open/\u202ehooked', taken, taken],

  ['a wildcard', '/topic/open/*', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/*', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/*/a', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/*/hooked', INVALID, FORBIDDEN],
  ['a wildcard', '/*/open/hooked', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/**', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/open/**', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/open/hooked/**', INVALID, FORBIDDEN],
  ['a wildcard', '/queue/*', INVALID, FORBIDDEN],
  ['a wildcard', '/**', INVALID, FORBIDDEN],
  ['a wildcard', '**', INVALID, INVALID],
  // Here the rules allow wildcards, and only the hook stands in the way.
  ['a wildcard', '/topic/hall/*', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/hall/**', INVALID, FORBIDDEN],
  ['a wildcard', '/topic/hall/hooked/**', INVALID, FORBIDDEN],
  ['a wildcard that means something else', '/topic/hall/other/*', INVALID, taken],
  ['a wildcard in a segment', '/topic/open/h*', INVALID, INVALID],
  ['a wildcard in the middle', '/topic/**/hooked', INVALID, INVALID],
  ['a wildcard of three', '/topic/open/***', INVALID, INVALID],
  ['a wildcard of MQTT', '/topic/open/#', taken, taken],
  ['a wildcard of MQTT', '/topic/open/+', taken, taken],
  ['a wildcard of MQTT', '/topic/#', FORBIDDEN, FORBIDDEN],
  ['a wildcard of NATS', '/topic/>', FORBIDDEN, FORBIDDEN],
  ['a wildcard of NATS', '/topic/open/>', taken, taken],
  ['alternatives', '/topic/open/{hooked,denied}', taken, taken],
  ['alternatives', '/topic/{open,secret}/a', FORBIDDEN, FORBIDDEN],
  ['the word of a rule', '/topic/open/{user}', taken, taken],
  ['a regular expression', '/topic/open/.*', INVALID, INVALID],
  ['a regular expression', '/topic/open/[h]ooked', taken, taken],
  ['a regular expression', '/topic/open/(hooked|denied)', taken, taken],
  ['a regular expression', '/topic/open/hooke.', taken, taken],
  ['a parameter of a route', '/topic/open/:word', taken, taken],

  ['a slash at the end', '/topic/open/hooked/', INVALID, INVALID],
  ['a slash at the end', '/topic/open/', INVALID, INVALID],
  ['two slashes', '//topic/open/hooked', INVALID, INVALID],
  ['two slashes', '/topic//open/hooked', INVALID, INVALID],
  ['two slashes', '/topic/open//hooked', INVALID, INVALID],
  ['no slash at the beginning', 'topic/open/hooked', INVALID, INVALID],
  ['nothing but a slash', '/', INVALID, INVALID],
  ['a dot', '/topic/./open/hooked', FORBIDDEN, FORBIDDEN],
  ['a dot', '/topic/open/./hooked', FORBIDDEN, FORBIDDEN],
  ['a dot', '/topic/open/.', taken, taken],
  ['two dots', '/topic/open/../secret/a', FORBIDDEN, FORBIDDEN],
  ['two dots', '/topic/secret/../open/x', FORBIDDEN, FORBIDDEN],
  ['two dots', '/topic/open/..', taken, taken],
  ['two dots', '../topic/open/hooked', INVALID, INVALID],
  ['dots many times', `/topic/open${'/..'.repeat(300)}/topic/secret/a`, FORBIDDEN, FORBIDDEN],
  ['a backslash', '/topic/open\\hooked', FORBIDDEN, FORBIDDEN],
  ['a backslash', '/topic/open/..\\secret\\a', taken, taken],
  ['a backslash', '\\topic\\open\\hooked', INVALID, INVALID],
  ['the other separator', '/topic.open.hooked', FORBIDDEN, FORBIDDEN],
  ['the other separator', '/topic/open.hooked', FORBIDDEN, FORBIDDEN],
  ['a colon for a separator', '/topic:open:hooked', FORBIDDEN, FORBIDDEN],

  ['upper case', '/topic/open/HOOKED', taken, taken],
  ['upper case', '/topic/Open/hooked', FORBIDDEN, FORBIDDEN],
  ['upper case', '/TOPIC/open/hooked', FORBIDDEN, FORBIDDEN],
  ['upper case', '/Queue/secret', FORBIDDEN, FORBIDDEN],

  ['a space at the end', '/topic/open/hooked ', INVALID, INVALID],
  ['a space at the beginning', ' /topic/open/hooked', INVALID, INVALID],
  ['a space in between', '/topic/open /hooked', FORBIDDEN, FORBIDDEN],
  ['a space in between', '/topic/open/ hooked', taken, taken],
  ['a space that does not break', '/topic/open/hooked\u00a0', taken, taken],
  ['a line break', '/topic/open/hooked\n', INVALID, INVALID],
  ['a line break and a header', '/topic/open/x\ndestination:/topic/open/hooked', INVALID, INVALID],
  ['a carriage return', '/topic/open/hooked\r', INVALID, INVALID],
  ['a tab', '/topic/open/hooked\t', INVALID, INVALID],
  ['a delete', '/topic/open/hooked\u007f', INVALID, INVALID],

  ['a parameter', '/topic/open/hooked;a=b', taken, taken],
  ['a parameter', '/topic/open;a=b/hooked', FORBIDDEN, FORBIDDEN],
  ['a query', '/topic/open/hooked?x=1', taken, taken],
  ['a query', '/topic/open/x?/../hooked', FORBIDDEN, FORBIDDEN],
  ['a fragment', '/topic/open/hooked#x', taken, taken],
  ['an address', 'stomp://127.0.0.1/topic/open/hooked', INVALID, INVALID],
  ['a long name', `/topic/open/${'hooked'.repeat(300)}`, taken, taken],
  ['a long way around', `/topic/open/hooked/${'x/'.repeat(300)}x`, FORBIDDEN, FORBIDDEN],

  ["somebody's name", '/user/alice/queue/inbox', FORBIDDEN, taken],
  ["somebody's name", '/user/queue/inbox', FORBIDDEN, taken],
  ["somebody's name, encoded", '/user/%61lice/queue/inbox', INVALID, taken],
  ["somebody's name in upper case", '/user/ALICE/queue/inbox', FORBIDDEN, taken],
  ["somebody's name with a dot", '/user/alice./queue/inbox', FORBIDDEN, taken],
  ["somebody's name behind an allowed one", '/user/bob/../alice/queue/inbox', taken, taken],
  ["somebody's name behind an allowed one", '/user/bob%2F..%2Falice/queue/inbox', FORBIDDEN, taken],
  ["somebody's name, and nothing of theirs", '/user/alice', INVALID, taken],
  ['everybody', '/user/*/queue/inbox', INVALID, INVALID],
  ['everybody', '/user/**', INVALID, INVALID],
  ['everybody', '/user', INVALID, INVALID],
  ['the users of another case', '/User/alice/queue/inbox', FORBIDDEN, FORBIDDEN],
  ['an inner name', '/temp/alice/x', FORBIDDEN, FORBIDDEN],
  ['a reply queue', '/reply-queue/00000000-0000-4000-8000-000000000000', taken, FORBIDDEN],
  ['all reply queues', '/reply-queue/*', INVALID, FORBIDDEN],
  ['all temporary queues', '/temp-queue/*', INVALID, INVALID],
  ['the end of a renewal', '/session/renew/', INVALID, INVALID],
  ['a renewal in upper case', '/session/Renew', FORBIDDEN, FORBIDDEN],

  ['a route', '/app/admin/wipe', FORBIDDEN, NO_ROUTE],
  ['a route, encoded', '/app/%61dmin/wipe', NO_ROUTE, NO_ROUTE],
  ['a route, encoded slash', '/app/admin%2Fwipe', NO_ROUTE, NO_ROUTE],
  ['a route behind another', '/app/open/..%2Fadmin%2Fwipe', taken, NO_ROUTE],
  ['a route behind another', '/app/open/../admin/wipe', NO_ROUTE, NO_ROUTE],
  ['a route with a slash at the end', '/app/admin/wipe/', INVALID, INVALID],
  ['a route with two slashes', '/app//admin/wipe', INVALID, INVALID],
  ['a route with a dot', '/app/./admin/wipe', NO_ROUTE, NO_ROUTE],
  ['a route in upper case', '/app/Admin/wipe', NO_ROUTE, NO_ROUTE],
  ['a prefix in upper case', '/APP/admin/wipe', FORBIDDEN, FORBIDDEN],
  ['a prefix that only begins alike', '/apple/admin/wipe', FORBIDDEN, FORBIDDEN],
  ['a route with a parameter', '/app/admin/wipe;a', NO_ROUTE, NO_ROUTE],
  ['a route with a query', '/app/admin/wipe?a', NO_ROUTE, NO_ROUTE],
  ['a route by wildcard', '/app/*/wipe', INVALID, NO_ROUTE],
  ['a route by the other separator', '/app.admin.wipe', FORBIDDEN, FORBIDDEN],
]

const BARRIER = '/topic/open/barrier'

/** A client without rights, over a real WebSocket. */
async function attack(version = '1.2'): Promise<RawClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/stomp`)
  closing.push({ close: () => socket.terminate() })
  const client = await openRawClient(socket)
  client.send(`CONNECT\naccept-version:${version}\nhost:x\nlogin:mallory\n\n\0`)
  expect((await client.next()).command).toBe('CONNECTED')
  return client
}

/** What became of a frame: "taken", or the code of the refusal. */
async function outcome(client: RawClient): Promise<string> {
  const frame = await client.next()
  return frame.command === 'RECEIPT' ? taken : (frame.headers.get('code') ?? frame.command)
}

const header = (destination: string): string => {
  const frame = encode({ command: 'SEND', headers: { destination }, body: '' }, '1.2')
  return new TextDecoder().decode(frame).split('\n')[1] ?? ''
}

/** Nothing was said to those who use what is denied. */
async function expectNobodyHasHeard(): Promise<void> {
  const heard = (await witness.rest()).map((frame) => frame.headers.get('destination') ?? frame.command)
  for (const destination of [...DENIED, '/queue/secret', 'ERROR']) expect(heard).not.toContain(destination)
  expect(await alice.rest()).toEqual([])
  expect(wipes).toBe(0)
}

/** Those who use what is denied speak there; then somebody speaks where all may listen. */
async function tellSecrets(): Promise<void> {
  for (const destination of DENIED) await app.stomp.publish(destination, 'secret', { contentType: 'text/plain' })
  await app.stomp.sendToUser('alice', '/queue/inbox', 'secret', { contentType: 'text/plain' })
  await app.stomp.publish('/queue/secret', 'secret', { contentType: 'text/plain' })
  await app.stomp.publish(BARRIER, 'barrier', { contentType: 'text/plain' })
  const texts = async (client: StompTestClient) => (await client.rest()).map(({ text }) => text)
  expect(await texts(witness)).toEqual([...DENIED.map(() => 'secret'), 'secret', 'barrier'])
  expect(await texts(alice)).toEqual(['secret'])
}

describe('a session', () => {
  it.each(TRICKS)('SEND, %s: %j -> %s', async (_kind, destination, send) => {
    const client = await attack()
    client.send(`SEND\n${header(destination)}\nreceipt:r\n\n"stolen"\0`)
    expect(await outcome(client)).toBe(send)
    await expectNobodyHasHeard()
  })

  it.each(TRICKS)('SEND in a transaction, %s: %j -> %s', async (_kind, destination, send) => {
    const client = await attack()
    client.send('BEGIN\ntransaction:t\n\n\0')
    client.send(`SEND\n${header(destination)}\ntransaction:t\nreceipt:r\n\n"stolen"\0`)
    expect(await outcome(client)).toBe(send)
    if (send !== taken) return
    client.send('COMMIT\ntransaction:t\nreceipt:r\n\n\0')
    expect(await outcome(client)).toBe(taken)
    await expectNobodyHasHeard()
  })

  it.each(TRICKS)('SUBSCRIBE, %s: %j -> (SEND: %s) %s', async (_kind, destination, _send, subscribe) => {
    const client = await attack()
    client.send(`SUBSCRIBE\nid:b\ndestination:${BARRIER}\nreceipt:r\n\n\0`)
    expect(await outcome(client)).toBe(taken)
    client.send(`SUBSCRIBE\nid:t\n${header(destination)}\nreceipt:r\n\n\0`)
    expect(await outcome(client)).toBe(subscribe)
    if (subscribe !== taken) return
    await tellSecrets()
    expect((await client.next()).text).toBe('barrier')
  })
})

describe('the frame around a destination', () => {
  const send = (headers: string): string => `SEND\n${headers}\nreceipt:r\n\nstolen\0`
  const HEADER_MISSING = 'STOMP_ERR_HEADER_MISSING'

  it.each([
    ['a second destination is not looked at', 'destination:/topic/open/x\ndestination:/topic/open/hooked', taken],
    ['a second destination does not help', 'destination:/topic/open/hooked\ndestination:/topic/open/x', FORBIDDEN],
    ['a header of another case is another', 'Destination:/topic/open/hooked', HEADER_MISSING],
    ['a header with a space is another', ' destination:/topic/open/hooked', HEADER_MISSING],
    ['a header with a space is another', 'destination :/topic/open/hooked', HEADER_MISSING],
    ['an empty destination', 'destination:', INVALID],
    ['an escape that is not defined', 'destination:/topic/open/\\x68ooked', 'STOMP_ERR_UNDEFINED_ESCAPE'],
    ['an escape that is not defined', 'destination:/topic/open\\/hooked', 'STOMP_ERR_UNDEFINED_ESCAPE'],
    ['an escaped name of the header', 'destinatio\\n:/topic/open/hooked', HEADER_MISSING],
  ])('%s: %j -> %s', async (_title, headers, expected) => {
    const client = await attack()
    client.send(send(headers))
    expect(await outcome(client)).toBe(expected)
    await expectNobodyHasHeard()
  })

  it.each([
    ['spaces around it, which STOMP 1.0 drops', 'destination: /topic/open/hooked ', FORBIDDEN],
    ['a tab before it', 'destination:\t/topic/open/hooked', FORBIDDEN],
    ['spaces around the name of the header', ' destination :/topic/open/hooked', FORBIDDEN],
    ['a backslash, which STOMP 1.0 does not read', 'destination:/topic/open/hooked\\n', taken],
    ['a carriage return at the end of the line', 'destination:/topic/open/hooked\r', INVALID],
  ])('in STOMP 1.0: %s: %j -> %s', async (_title, headers, expected) => {
    const client = await attack('1.0')
    client.send(send(headers))
    expect(await outcome(client)).toBe(expected)
    await expectNobodyHasHeard()
  })

  it.each([
    ['a slash', '/topic/open\xc0\xafhooked'],
    ['a letter', '/topic/open/\xc1\xa8ooked'],
    ['a letter in three bytes', '/topic/open/\xe0\x81\xa8ooked'],
    ['half a surrogate pair', '/topic/open/hooked\xed\xa0\x80'],
    ['a NUL', '/topic/open/hooked\xc0\x80'],
  ])('in overlong or broken UTF-8 is refused as no text: %s', async (_title, destination) => {
    const client = await attack()
    client.send(Buffer.from(send(`destination:${destination}`), 'latin1'))
    expect(await outcome(client)).toBe('STOMP_ERR_ILL_FORMED_UTF8')
    await expectNobodyHasHeard()
  })
})

describe('a right that is taken away', () => {
  const start = usePlugin()

  it('counts for the next frame, at the same destination too', async () => {
    let isAllowed = true
    const { connect } = await start({ allow: { send: [{ destination: '/topic/a', when: () => isAllowed }] } })
    const client = await connect('ada')
    const send = { command: 'SEND', headers: { destination: '/topic/a', receipt: 'r' } } as const
    client.send(send)
    expect((await client.next()).command).toBe('RECEIPT')
    isAllowed = false
    client.send(send)
    expect((await client.next()).headers.get('code')).toBe(FORBIDDEN)
  })
})

describe('what belongs to another session', () => {
  it('cannot be acknowledged by who has got hold of its id', async () => {
    const holder = connectTestClient(app)
    closing.push({ close: () => holder.link.close() })
    await holder.connect({ login: 'witness' })
    await holder.subscribe('1', '/queue/held', { ack: 'client-individual' })
    await app.stomp.publish('/queue/held', 'mine')
    const ack = (await holder.next()).headers.get('ack') ?? ''
    for (const command of ['ACK', 'NACK']) {
      const client = await attack()
      client.send(`${command}\nid:${ack}\nreceipt:r\n\n\0`)
      expect(await outcome(client)).toBe('STOMP_ERR_ACK_UNKNOWN')
    }
    holder.send({ command: 'ACK', headers: { id: ack, receipt: 'mine' } })
    expect((await holder.next()).headers.get('receipt-id')).toBe('mine')
  })

  it.each(['topics', 'queue', 'inbox', '0'])('cannot be unsubscribed by its id: %s', async (id) => {
    const client = await attack()
    client.send(`UNSUBSCRIBE\nid:${id}\nreceipt:r\n\n\0`)
    expect(await outcome(client)).toBe('STOMP_ERR_SUBSCRIPTION_UNKNOWN')
    await tellSecrets()
  })

  it('is not reached through a reply-to: whoever replies is judged by its own rights', async () => {
    const client = await attack()
    const bob = connectTestClient(app)
    closing.push({ close: () => bob.link.close() })
    await bob.connect({ login: 'bob' })
    await bob.subscribe('1', '/topic/open/service')
    for (const replyTo of ['/topic/open/hooked', '/queue/secret', '/user/alice/queue/inbox', '/reply-queue/guess']) {
      client.send(`SEND\ndestination:/topic/open/service\nreply-to:${replyTo}\nreceipt:r\n\nask\0`)
      expect(await outcome(client)).toBe(taken)
      const asked = await bob.next()
      expect(asked.headers.get('reply-to')).toBe(replyTo)
    }
    bob.send({ command: 'SEND', headers: { destination: '/topic/open/hooked', receipt: 'r' }, body: 'reply' })
    expect((await bob.next()).headers.get('code')).toBe(FORBIDDEN)
    await expectNobodyHasHeard()
  })
})

describe('a route that answers to where the frame says', () => {
  it.each([
    '/topic/open/hooked',
    '/topic/open/x',
    '/topic/secret/a',
    '/topic/*',
    '/queue/secret',
    '/user/*/inbox',
    '/user',
    '/user/',
    '/User/queue/inbox',
    '/reply-queue/00000000-0000-4000-8000-000000000000',
    '/reply-queue/*',
    '/temp-queue/*',
    '/app/admin/wipe',
    ' /user/queue/inbox',
    '',
  ])('sends nothing to %j, and is not called', async (replyTo) => {
    const client = await attack()
    client.send(`SEND\ndestination:/app/echo\nreply-to:${replyTo}\nreceipt:r\n\n"stolen"\0`)
    expect(await outcome(client)).toBe('STOMP_ERR_HEADER_INVALID')
    await expectNobodyHasHeard()
  })

  it.each(['/user/queue/inbox', '/user/alice/queue/inbox', '/temp-queue/x'])(
    'means by %s the own one of who asks',
    async (replyTo) => {
      const client = await attack()
      client.send(`SUBSCRIBE\nid:1\ndestination:${replyTo}\nreceipt:r\n\n\0`)
      expect(await outcome(client)).toBe(taken)
      client.send(`SEND\ndestination:/app/echo\nreply-to:${replyTo}\nreceipt:r\n\n"stolen"\0`)
      expect([(await client.next()).command, (await client.next()).command].sort()).toEqual(['MESSAGE', 'RECEIPT'])
      await expectNobodyHasHeard()
    },
  )
})

describe('with dots between segments', () => {
  const start = usePlugin()

  it.each([
    ['/topic/open.hooked', FORBIDDEN],
    ['/topic/open.x', taken],
    ['/topic/open/hooked', FORBIDDEN],
    ['/topic/open/x', FORBIDDEN],
    ['/topic/open.hooked.', INVALID],
    ['/topic/.open.hooked', INVALID],
    ['/topic/open..hooked', INVALID],
    ['/topic.open.hooked', FORBIDDEN],
    ['/topic/open.hooked/', taken],
    ['/topic/open.hooked/x', taken],
    ['/topic/open.*', FORBIDDEN],
    ['/topic/*.hooked', FORBIDDEN],
    ['/topic/**', FORBIDDEN],
    ['/topic/open.h*', INVALID],
    ['/topic/open%2Ehooked', FORBIDDEN],
    ['/topic/OPEN.hooked', FORBIDDEN],
  ])('SUBSCRIBE to %s -> %s', async (destination, expected) => {
    const { connect, app } = await start({
      separator: '.',
      allow: { subscribe: ['/topic/open.*'] },
      deny: { subscribe: ['/topic/open.hooked'] },
    })
    const client = await connect('mallory')
    await client.subscribe('b', BARRIER.replace('/open/', '/open.'))
    client.send({ command: 'SUBSCRIBE', headers: { id: 't', destination, receipt: 'r' } })
    const answer = await client.next()
    expect(answer.command === 'RECEIPT' ? taken : answer.headers.get('code')).toBe(expected)
    if (expected !== taken) return
    await app.stomp.publish('/topic/open.hooked', 'secret', { contentType: 'text/plain' })
    await app.stomp.publish('/topic/open.barrier', 'barrier', { contentType: 'text/plain' })
    expect((await client.rest()).map(({ text }) => text)).toEqual(['barrier'])
  })
})

describe('the doors without STOMP', () => {
  it.each(TRICKS)('POST {path}/send, %s: %j -> %s', async (_kind, destination, send) => {
    const url = `/stomp/send?destination=${encodeURIComponent(destination)}`
    const response = await app.inject({ method: 'POST', url, payload: '"stolen"' })
    expect(response.statusCode === 204 ? taken : response.json().code).toBe(send)
    await expectNobodyHasHeard()
  })

  it.each(TRICKS)('GET {path}/events, %s: %j -> (SEND: %s) %s', async (_kind, destination, _send, subscribe) => {
    const query = [BARRIER, destination].map((each) => `destination=${encodeURIComponent(each)}`).join('&')
    const reader = await EventClient.open(`http://127.0.0.1:${port}/stomp/events?${query}`)
    closing.push(reader)
    expect(reader.status === 200 ? taken : (await reader.json()).code).toBe(subscribe)
    if (subscribe !== taken) return
    await tellSecrets()
    expect((await reader.next())?.data).toBe('barrier')
  })

  it.each(['\0user/x/queue/inbox', '\0temp/x/y', '/topic/open/hooked\0'])(
    'refuses the name %j',
    async (destination) => {
      const query = `destination=${encodeURIComponent(destination)}`
      const response = await app.inject({ method: 'POST', url: `/stomp/send?${query}`, payload: '"stolen"' })
      expect(response.json().code).toBe(INVALID)
      const reader = await EventClient.open(`http://127.0.0.1:${port}/stomp/events?${query}`)
      closing.push(reader)
      expect((await reader.json()).code).toBe(INVALID)
    },
  )
})
