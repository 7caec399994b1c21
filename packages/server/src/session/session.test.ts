import type { Frame } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import type { Dispatcher } from '../dispatch/dispatcher.js'
import type { Recipient } from '../dispatch/recipient.js'
import { StompError } from '../errors.js'
import { createTurns } from '../framing/turns.js'
import type { StompEvent } from '../observe/events.js'
import { resolveLimits } from '../options.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { openTestClient } from '../testing/stomp-client.js'
import { openSession, type Session, type SessionParts } from './session.js'

/** A session on a linked connection, above a dispatcher that keeps what it is given and settles nothing by itself. */
function setUp(overrides: Partial<SessionParts> = {}) {
  const clock = createFakeClock()
  const limits = resolveLimits()
  const events: StompEvent[] = []
  const handled: Frame[] = []
  let recipient: Recipient | undefined
  let isDetached = false
  let session: Session | undefined
  let closedCount = 0
  const dispatcher: Dispatcher = {
    user: undefined,
    renewed: () => {},
    handle: (frame) => void handled.push(frame),
    refuse: () => {},
    ready: () => {},
    leave: () => {},
    gone: () => {},
    close: () => {
      isDetached = true
    },
  }
  const wheel = createWheel(clock)
  const parts: SessionParts = {
    authenticate: undefined,
    heartBeat: { sendMs: 10_000, receiveMs: 10_000 },
    serverName: 'hoofbeat',
    framing: { clock, wheel, turns: createTurns(clock), limits },
    limits,
    observe: (event) => void events.push(event),
    openDispatcher: (to) => {
      recipient = to
      return dispatcher
    },
    ...overrides,
  }
  const client = openTestClient((connection) => {
    session = openSession(connection, parts, () => closedCount++)
  })
  const settle = (index: number): void => {
    const frame = handled[index]
    if (frame === undefined || recipient === undefined) throw new Error('nothing to settle')
    recipient.settled(frame)
  }
  return {
    clock,
    client,
    events,
    handled,
    settle,
    refuse: (index: number, error: StompError) => {
      const frame = handled[index]
      if (frame !== undefined) recipient?.refused(frame, error)
    },
    setPaused: (paused: boolean) => recipient?.setPaused(paused),
    get session() {
      if (session === undefined) throw new Error('no session')
      return session
    },
    get isDetached() {
      return isDetached
    },
    get closedCount() {
      return closedCount
    },
  }
}

const send = (headers: Record<string, string> = {}) =>
  ({ command: 'SEND', headers: { destination: '/topic/a', ...headers }, body: 'x' }) as const

describe('a session with too many frames that are not settled', () => {
  const crowded = (): ReturnType<typeof setUp> => setUp({ limits: { ...resolveLimits(), maxUnsettledFrames: 2 } })

  it('reads on when less than half of them are left, and not inside of what settles them', async () => {
    const { client, handled, settle } = crowded()
    await client.connect()
    for (let i = 0; i < 3; i++) client.send(send())
    expect(handled).toHaveLength(2)
    settle(0)
    await client.rest()
    expect(handled).toHaveLength(2)
    settle(1)
    expect(handled).toHaveLength(2)
    await client.rest()
    expect(handled).toHaveLength(3)
  })

  it('does not read on while its dispatcher wants no further frame, and the other way round', async () => {
    const { client, handled, settle, setPaused } = crowded()
    await client.connect()
    for (let i = 0; i < 5; i++) client.send(send())
    setPaused(true)
    settle(0)
    settle(1)
    await client.rest()
    expect(handled).toHaveLength(2)
    setPaused(false)
    await client.rest()
    expect(handled).toHaveLength(4)
    setPaused(true)
    setPaused(false)
    await client.rest()
    expect(handled).toHaveLength(4)
  })
})

describe('a client that ends its side', () => {
  it('gets the answers to what came before, then the end', async () => {
    const { client, settle } = setUp()
    await client.connect()
    client.send(send({ receipt: 'one' }))
    client.send(send({ receipt: 'two' }))
    client.link.end()
    expect(await client.rest()).toEqual([])
    settle(0)
    expect((await client.next()).headers.get('receipt-id')).toBe('one')
    expect(await client.closed()).toBeUndefined()
    settle(1)
    expect((await client.next()).headers.get('receipt-id')).toBe('two')
    expect(await client.closed()).toEqual({ code: 1000, reason: '' })
  })

  it('is connected first where it ended right behind its CONNECT', async () => {
    let accept: (user: string) => void = () => {}
    const { client } = setUp({
      authenticate: () =>
        new Promise((resolve) => {
          accept = resolve
        }),
    })
    client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
    client.send(send())
    client.link.end()
    await client.rest()
    accept('ada')
    expect((await client.next()).command).toBe('CONNECTED')
  })

  it.each([
    ['before CONNECT', false],
    ['after the RECEIPT of DISCONNECT', true],
  ])('%s is closed at once', async (_when, isConnected) => {
    const { client } = setUp()
    if (isConnected) {
      await client.connect()
      client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
      expect((await client.next()).command).toBe('RECEIPT')
    }
    client.link.end()
    expect(await client.closed()).toEqual({ code: 1000, reason: '' })
  })
})

describe('a session', () => {
  it('answers CONNECT with version, heart-beat, server and session, in this order', async () => {
    const { client } = setUp()
    const connected = await client.connect()
    expect([...connected.headers].map(([name]) => name)).toEqual(['version', 'heart-beat', 'server', 'session'])
    expect(connected.headers.get('version')).toBe('1.2')
    expect(connected.headers.get('heart-beat')).toBe('10000,10000')
  })

  it('puts the user name behind the heart-beat when authenticate names a user', async () => {
    const { client } = setUp({ authenticate: (connect) => connect.login })
    const connected = await client.connect({ login: 'alice' })
    expect([...connected.headers].map(([name]) => name).slice(0, 3)).toEqual(['version', 'heart-beat', 'user-name'])
    expect(connected.headers.get('user-name')).toBe('alice')
  })

  it('refuses a user name with a control character instead of letting it forge headers', async () => {
    const { client } = setUp({ authenticate: () => 'eve\nadmin:true' })
    client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_USER_NAME_INVALID')
  })

  it('refuses a user name with spaces around it, which a STOMP 1.0 client could not read', async () => {
    const { client } = setUp({ authenticate: () => ' alice' })
    client.send({ command: 'CONNECT' })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_USER_NAME_INVALID')
  })

  it('does not wait for authenticate for ever', async () => {
    const { client, clock } = setUp({ authenticate: () => new Promise(() => {}) })
    client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
    await client.rest()
    clock.advance(10_200)
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_NOT_AUTHENTICATED')
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('hides what authenticate threw, unless it was meant for the peer', async () => {
    const hidden = setUp({
      authenticate: () => {
        throw new Error('password column is missing')
      },
    })
    hidden.client.send({ command: 'CONNECT' })
    const error = await hidden.client.next()
    expect(error.headers.get('message')).toBe('The credentials were not accepted')
    expect(error.text).not.toContain('column')

    const shown = setUp({
      authenticate: () => {
        throw new StompError('STOMP_ERR_NOT_AUTHENTICATED', { message: 'This account is closed' })
      },
    })
    shown.client.send({ command: 'CONNECT' })
    expect((await shown.client.next()).headers.get('message')).toBe('This account is closed')
  })

  it('takes frames that follow CONNECT in the same chunk only after authenticate has answered', async () => {
    let answer: (name: string) => void = () => {}
    const { client, handled } = setUp({
      authenticate: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    client.sendRaw('CONNECT\naccept-version:1.1\n\n\0SEND\ndestination:/topic/a\nx:a\\cb\n\nbody\0')
    expect(await client.rest()).toEqual([])
    expect(handled).toEqual([])
    answer('bob')
    expect((await client.next()).command).toBe('CONNECTED')
    expect(handled[0]?.headers.get('x')).toBe('a:b')
  })

  it.each([
    ['SEND\ndestination:/topic/a\nreceipt:r1\n\nx\0', 'r1'],
    ['DISCONNECT\n\n\0', undefined],
  ])('refuses a first frame that is not CONNECT', async (bytes, receipt) => {
    const { client } = setUp()
    client.sendRaw(bytes)
    const error = await client.next()
    expect(error.command).toBe('ERROR')
    expect(error.headers.get('code')).toBe('STOMP_ERR_NOT_CONNECTED')
    expect(error.headers.get('receipt-id')).toBe(receipt)
    expect(await client.closed()).toEqual({ code: 1002, reason: 'STOMP_ERR_NOT_CONNECTED' })
  })

  it('names the versions it knows when none of the offered ones is known', async () => {
    const { client } = setUp()
    client.send({ command: 'CONNECT', headers: { 'accept-version': '2.0,3.1' } })
    const error = await client.next()
    expect(error.headers.get('version')).toBe('1.0,1.1,1.2')
    expect(error.headers.get('code')).toBe('STOMP_ERR_VERSION_UNSUPPORTED')
  })

  it('takes a client without accept-version for one of STOMP 1.0, which has no heart-beats', async () => {
    const { client } = setUp()
    client.send({ command: 'CONNECT', headers: { login: 'a' } })
    const connected = await client.next()
    expect(connected.headers.get('version')).toBe('1.0')
    expect(connected.headers.has('heart-beat')).toBe(false)
  })

  it('refuses a second CONNECT', async () => {
    const { client } = setUp()
    await client.connect()
    client.send({ command: 'CONNECT', headers: { 'accept-version': '1.2' } })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_ALREADY_CONNECTED')
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('closes a connection that sends no CONNECT within ten seconds, though it sends line ends', async () => {
    const { client, clock } = setUp()
    clock.advance(9_000)
    client.sendRaw('\n')
    expect(await client.rest()).toEqual([])
    clock.advance(1_200)
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_CONNECT_TIMEOUT')
    expect(await client.closed()).toBeDefined()
  })

  it('sends one RECEIPT for each settled frame that asked for it, in the order of settling', async () => {
    const { client, settle } = setUp()
    await client.connect()
    client.send(send({ receipt: 'a' }))
    client.send(send())
    client.send(send({ receipt: 'c' }))
    settle(2)
    settle(1)
    settle(0)
    const receipts = await client.rest()
    expect(receipts.map((frame) => [frame.command, frame.headers.get('receipt-id')])).toEqual([
      ['RECEIPT', 'c'],
      ['RECEIPT', 'a'],
    ])
  })

  it('answers a refusal with ERROR, receipt-id and the cure, then closes 1002', async () => {
    const { client, refuse, isDetached, closedCount } = setUp()
    await client.connect()
    client.send(send({ receipt: 'no:1' }))
    refuse(0, new StompError('STOMP_ERR_FORBIDDEN'))
    const error = await client.next()
    expect(error.headers.get('receipt-id')).toBe('no:1')
    expect(error.headers.get('content-type')).toBe('text/plain;charset=utf-8')
    expect(error.text).toMatch(/right to use/)
    expect(await client.closed()).toEqual({ code: 1002, reason: 'STOMP_ERR_FORBIDDEN' })
    expect([isDetached, closedCount]).toEqual([false, 0])
  })

  it('detaches its dispatcher and tells its end once', async () => {
    const set = setUp()
    await set.client.connect()
    set.client.link.close(1001, 'gone')
    await set.client.rest()
    expect(set.isDetached).toBe(true)
    expect(set.closedCount).toBe(1)
    expect(set.events.at(-1)).toMatchObject({ type: 'session-closed', code: 1001, reason: 'gone' })
  })

  it.each([
    ['SEND\n\nx\0', 'STOMP_ERR_HEADER_MISSING', "'destination'"],
    ['SUBSCRIBE\ndestination:/topic/a\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'id'"],
    ['SUBSCRIBE\nid:1\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'destination'"],
    ['UNSUBSCRIBE\ndestination:/topic/a\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'id'"],
    ['BEGIN\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'transaction'"],
    ['COMMIT\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'transaction'"],
    ['ABORT\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'transaction'"],
    ['ACK\nmessage-id:1\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'id'"],
    ['NACK\nmessage-id:1\n\n\0', 'STOMP_ERR_HEADER_MISSING', "'id'"],
  ])('refuses %j with a text that names what is missing', async (bytes, code, named) => {
    const { client, handled } = setUp()
    await client.connect()
    client.sendRaw(bytes)
    const error = await client.next()
    expect(error.headers.get('code')).toBe(code)
    expect(error.headers.get('message')).toContain(named)
    expect(handled).toEqual([])
  })

  it('lets STOMP 1.0 clients subscribe without an id and unsubscribe by destination', async () => {
    const { client, handled } = setUp()
    await client.connect({ 'accept-version': '1.0' })
    client.sendRaw('SUBSCRIBE\ndestination: /topic/a\n\n\0UNSUBSCRIBE\ndestination:/topic/a\n\n\0')
    expect(await client.rest()).toEqual([])
    expect(handled.map((frame) => frame.command)).toEqual(['SUBSCRIBE', 'UNSUBSCRIBE'])
    expect(handled[0]?.headers.get('destination')).toBe('/topic/a')
  })

  it('hands over good frames before a malformed one, then says where the fault is', async () => {
    const { client, handled, settle } = setUp()
    await client.connect()
    client.sendRaw('SEND\ndestination:/topic/a\n\nx\0SEND\ndestination:/topic/b\nreceipt:r9\nbad:\\t\n\nx\0')
    expect(handled).toHaveLength(1)
    settle(0)
    const error = await client.next()
    expect(error.headers.get('receipt-id')).toBe('r9')
    expect(error.text).toMatch(/byte \d+/)
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('has the last word when the transport breaks', async () => {
    const { client } = setUp()
    await client.connect()
    client.link.break(1009, 'too large')
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_MESSAGE_TOO_LARGE')
    expect(await client.closed()).toMatchObject({ code: 1009 })
  })

  it('asks a silent half of a frame for the rest, and gives up after thirty seconds', async () => {
    const { client, clock } = setUp()
    await client.connect({ 'heart-beat': '0,0' })
    client.sendRaw('SEND\ndestination:/topic/a\n\nhalf')
    clock.advance(20_000)
    client.sendRaw(' and')
    clock.advance(20_000)
    expect(await client.rest()).toEqual([])
    clock.advance(10_500)
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_FRAME_TIMEOUT')
  })

  it('pauses reading between two frames of one chunk when the dispatcher asks', async () => {
    const { client, handled, setPaused } = setUp()
    await client.connect()
    client.send(send())
    setPaused(true)
    client.send(send())
    expect(await client.rest()).toEqual([])
    expect(handled).toHaveLength(1)
    setPaused(false)
    await client.rest()
    expect(handled).toHaveLength(2)
  })
})

describe('a frame that is refused', () => {
  const idsOf = async (client: ReturnType<typeof setUp>['client']): Promise<unknown[]> =>
    (await client.rest()).map(({ command, headers }) => [command, headers.get('receipt-id')])

  it.each([
    ['is malformed', 'SEND\ndestination:/topic/b\nreceipt:bad\nx:\\t\n\n\0'],
    ['lacks a header', 'SEND\nreceipt:bad\n\n\0'],
    ['is a second CONNECT', 'CONNECT\naccept-version:1.2\nreceipt:bad\n\n\0'],
  ])('because it %s is told behind the RECEIPTs that are due, and nothing more is taken in', async (_why, bytes) => {
    const { client, handled, settle } = setUp()
    await client.connect()
    client.send(send({ receipt: 'one' }))
    client.send(send({ receipt: 'two' }))
    client.sendRaw(`${bytes}SEND\ndestination:/topic/a\nreceipt:behind\n\n\0`)
    settle(1)
    expect(await idsOf(client)).toEqual([['RECEIPT', 'two']])
    expect(await client.closed()).toBeUndefined()
    settle(0)
    expect(await idsOf(client)).toEqual([
      ['RECEIPT', 'one'],
      ['ERROR', 'bad'],
    ])
    expect(await client.closed()).toMatchObject({ code: 1002 })
    expect(handled).toHaveLength(2)
  })

  it('by the dispatcher is told behind the RECEIPTs that are due; of several the first is told', async () => {
    const { client, events, settle, refuse } = setUp()
    await client.connect()
    for (const receipt of ['one', 'bad', 'worse', 'last']) client.send(send({ receipt }))
    refuse(1, new StompError('STOMP_ERR_FORBIDDEN'))
    settle(0)
    refuse(2, new StompError('STOMP_ERR_QUEUE_FULL'))
    expect(await idsOf(client)).toEqual([['RECEIPT', 'one']])
    settle(3)
    expect(await idsOf(client)).toEqual([
      ['RECEIPT', 'last'],
      ['ERROR', 'bad'],
    ])
    expect(await client.closed()).toEqual({ code: 1002, reason: 'STOMP_ERR_FORBIDDEN' })
    expect(events.filter(({ type }) => type === 'refused')).toHaveLength(2)
  })

  it('is told after ten seconds, though something else has not settled; the RECEIPT of that is not', async () => {
    const { client, clock, settle } = setUp()
    await client.connect()
    client.send(send({ receipt: 'slow' }))
    client.sendRaw('SEND\nreceipt:bad\n\n\0')
    clock.advance(9_800)
    expect(await idsOf(client)).toEqual([])
    clock.advance(400)
    expect(await idsOf(client)).toEqual([['ERROR', 'bad']])
    settle(0)
    expect(await idsOf(client)).toEqual([])
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('costs a session that goes meanwhile nothing', async () => {
    const set = setUp()
    await set.client.connect()
    set.client.send(send({ receipt: 'slow' }))
    set.client.sendRaw('SEND\n\n\0')
    set.client.link.close(1001, 'gone')
    await set.client.rest()
    set.settle(0)
    set.clock.advance(11_000)
    expect([set.isDetached, set.closedCount]).toEqual([true, 1])
    expect(set.events.at(-1)).toMatchObject({ type: 'session-closed', code: 1001 })
  })
})

describe('heart-beats of a session', () => {
  it('sends one when it has said nothing for the agreed time', async () => {
    const { client, clock } = setUp()
    await client.connect({ 'heart-beat': '0,15000' })
    clock.advance(15_000)
    await client.rest()
    expect(client.heartBeats).toBe(1)
  })

  it('ends a peer that is silent for more than twice and less than three times the agreed time', async () => {
    const { client, clock } = setUp()
    await client.connect({ 'heart-beat': '10000,0' })
    clock.advance(19_900)
    expect(await client.rest()).toEqual([])
    clock.advance(10_100)
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_SILENT')
    expect(await client.closed()).toMatchObject({ code: 1002 })
  })

  it('takes a line end for a sign of life', async () => {
    const { client, clock } = setUp()
    await client.connect({ 'heart-beat': '10000,0' })
    for (let i = 0; i < 10; i++) {
      clock.advance(10_000)
      client.sendRaw('\n')
      await client.rest()
    }
    expect(await client.closed()).toBeUndefined()
  })

  it('does not judge silence while it does not read', async () => {
    const { client, clock, setPaused } = setUp()
    await client.connect({ 'heart-beat': '10000,0' })
    setPaused(true)
    clock.advance(100_000)
    expect(await client.closed()).toBeUndefined()
    setPaused(false)
    clock.advance(31_000)
    expect(await client.closed()).toBeDefined()
  })
})

describe('the end of a session', () => {
  it('sends the RECEIPT of DISCONNECT last, after all earlier frames are settled, and closes a second later', async () => {
    const { client, clock, settle } = setUp()
    await client.connect()
    client.send(send({ receipt: 'work' }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    expect(await client.rest()).toEqual([])
    settle(0)
    expect((await client.rest()).map((frame) => frame.headers.get('receipt-id'))).toEqual(['work', 'bye'])
    clock.advance(900)
    expect(await client.closed()).toBeUndefined()
    clock.advance(300)
    expect(await client.closed()).toEqual({ code: 1000, reason: '' })
  })

  it('closes 1000 after a DISCONNECT without receipt', async () => {
    const { client } = setUp()
    await client.connect()
    client.send({ command: 'DISCONNECT' })
    expect(await client.closed()).toEqual({ code: 1000, reason: '' })
    expect(await client.rest()).toEqual([])
  })

  it('takes nothing more in after DISCONNECT, not even what is malformed', async () => {
    const { client, handled, settle } = setUp()
    await client.connect()
    client.send(send())
    client.sendRaw('DISCONNECT\nreceipt:bye\n\n\0SEND\ndestination:/topic/a\n\nlate\0nonsense\n\n\0')
    settle(0)
    expect((await client.rest()).map((frame) => frame.command)).toEqual(['RECEIPT'])
    expect(handled).toHaveLength(1)
  })

  it('waits ten seconds at most for what does not settle', async () => {
    const { client, clock } = setUp()
    await client.connect()
    client.send(send())
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    clock.advance(10_200)
    expect((await client.next()).headers.get('receipt-id')).toBe('bye')
  })

  it('says nothing more behind the RECEIPT of DISCONNECT, when what was waited for settles too late', async () => {
    const { client, clock, settle, refuse } = setUp()
    await client.connect()
    client.send(send({ receipt: 'late' }))
    client.send(send({ receipt: 'refused' }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    clock.advance(10_200)
    expect((await client.next()).headers.get('receipt-id')).toBe('bye')
    settle(0)
    refuse(1, new StompError('STOMP_ERR_FORBIDDEN'))
    expect(await client.rest()).toEqual([])
    expect(await client.closed()).toBeDefined()
  })

  it('still handles what came before the connection ended, when authenticate took its time', async () => {
    let answer: (name: string) => void = () => {}
    const set = setUp({
      authenticate: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    set.client.sendRaw('CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/topic/a\n\nlast words\0')
    set.client.link.close(1001, 'gone')
    await set.client.rest()
    expect([set.handled.length, set.closedCount]).toEqual([0, 0])
    answer('bob')
    await set.client.rest()
    expect([set.handled[0]?.text, set.closedCount]).toEqual(['last words', 1])
  })

  it('does not keep a lost connection for a hook that never answers', async () => {
    const set = setUp()
    await set.client.connect()
    set.client.send(send())
    set.setPaused(true)
    set.client.sendRaw('')
    set.client.link.close(1001, 'gone')
    await set.client.rest()
    expect(set.closedCount).toBe(1)
  })

  it('tells a refusal, and not the RECEIPT of DISCONNECT, when the last open frame is refused', async () => {
    const { client, refuse } = setUp()
    await client.connect()
    client.send(send({ receipt: 'work' }))
    client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
    refuse(0, new StompError('STOMP_ERR_FORBIDDEN'))
    expect((await client.rest()).map((frame) => [frame.command, frame.headers.get('receipt-id')])).toEqual([
      ['ERROR', 'work'],
    ])
  })

  it('drains: settles what is under way, then closes with the given code', async () => {
    const set = setUp()
    await set.client.connect()
    set.client.send(send({ receipt: 'work' }))
    let isDrained = false
    const drained = set.session.drain(1012).then(() => {
      isDrained = true
    })
    set.client.send(send({ receipt: 'too late' }))
    await set.client.rest()
    expect(isDrained).toBe(false)
    set.settle(0)
    expect((await set.client.rest()).map((frame) => frame.headers.get('receipt-id'))).toEqual(['work'])
    await drained
    expect(await set.client.closed()).toEqual({ code: 1012, reason: 'STOMP_ERR_CLOSING' })
    expect(set.handled).toHaveLength(1)
  })

  it('ends a reader that is too slow, by bytes', async () => {
    const { client, handled, settle } = setUp()
    await client.connect()
    client.link.setStalled(true)
    const receipt = 'r'.repeat(4_000)
    for (let i = 0; i < 200; i++) {
      client.send(send({ receipt }))
      settle(handled.length - 1)
      if (i === 0) await client.rest()
    }
    expect(await client.closed()).toEqual({ code: 1013, reason: 'STOMP_ERR_SLOW_READER' })
  })
})
