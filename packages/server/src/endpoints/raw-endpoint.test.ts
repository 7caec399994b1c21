import { describe, expect, it } from 'vitest'
import { createWheel } from '../clock/wheel.js'
import type { Peer } from '../connection/connection.js'
import { createTurns } from '../framing/turns.js'
import { createFakeClock } from '../testing/fake-clock.js'
import { type LinkedEnd, linkConnection } from '../testing/linked-connection.js'
import { createRawEndpoint } from './raw-endpoint.js'
import type { RawConnection, RawHandlers } from './raw-handlers.js'

const SETTLE_MS = 10_000

/** A raw endpoint without any network, whose time is in the test's hands. */
function setUp(handlers: RawHandlers) {
  const clock = createFakeClock()
  const wheel = createWheel(clock)
  const faults: unknown[] = []
  const house = createRawEndpoint({
    handlers,
    outbox: {
      ...{ clock, wheel, turns: createTurns(clock) },
      limits: { maxOutboxBytes: 524_288, sendTimeoutMs: 10_000 },
    },
    maxMessageBytes: 65_536,
    settleTimeoutMs: SETTLE_MS,
    after: (delayMs, run) => wheel.after(delayMs, run),
    failed: (_connection, error) => faults.push(error),
  })
  /** One more client; `ends` has the code with which the server closes, and when. */
  const connect = (peer: Partial<Peer> = {}) => {
    const got: Uint8Array[] = []
    const ends: string[] = []
    const end: LinkedEnd = linkConnection(
      { bytes: (data) => got.push(data), closed: (code) => ends.push(`${code} at ${clock.now()}`) },
      { request: {}, ...peer },
    )
    house.accept(end.connection)
    return { end, got, ends, texts: () => got.map((bytes) => Buffer.from(bytes).toString()) }
  }
  return { clock, house, faults, connect }
}

/** All that is due in this turn of the event loop and the next ones has happened. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A promise that the test resolves. */
function createGate() {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}

describe('a raw endpoint', () => {
  it('frames a broadcast once: all get the very same bytes', async () => {
    const { house, connect } = setUp({})
    const clients = [connect(), connect(), connect()]
    expect(house.endpoint.broadcast('to all')).toBe(3)
    await settled()
    const [first, ...others] = clients.map(({ got }) => got[0])
    expect(Buffer.from(first ?? []).toString()).toBe('to all')
    for (const other of others) expect(other).toBe(first)
    expect(clients.map(({ end }) => end.writeCount)).toEqual([1, 1, 1])
  })

  it('writes what is sent in one turn in one write, and copies bytes', async () => {
    const bytes = Buffer.from('b')
    const { connect } = setUp({
      open(connection) {
        connection.send('a')
        connection.send(bytes)
        bytes.write('x')
        connection.send('c')
      },
    })
    const { end, texts } = connect()
    await settled()
    expect([end.writeCount, texts()]).toEqual([1, ['abc']])
  })

  it('refuses bytes to clients that take text only, and passes them by in a broadcast', async () => {
    const { house, connect } = setUp({ message: (connection, data) => connection.send(data) })
    const text = connect({ transport: 'sockjs', isTextOnly: true })
    const both = connect()
    expect(house.endpoint.broadcast(Uint8Array.of(65))).toBe(1)
    expect(house.endpoint.broadcast('B')).toBe(2)
    await settled()
    expect([text.texts(), both.texts()]).toEqual([['B'], ['AB']])
    const [connection] = house.endpoint.connections
    expect(() => connection?.send(Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: 'STOMP_ERR_BINARY_UNSUPPORTED' }),
    )
  })

  it('gives up on no handler of others when a filter throws, and tells who broadcasts', () => {
    const { house, connect } = setUp({})
    connect()
    const broadcast = (): number =>
      house.endpoint.broadcast('x', () => {
        throw new Error('the filter failed')
      })
    expect(broadcast).toThrow('the filter failed')
    expect(house.endpoint.size).toBe(1)
  })

  it('knows those that came during an iteration, and not those that have left', () => {
    const { house, connect } = setUp({})
    const [first, second] = [connect(), connect()]
    const seen: string[] = []
    for (const connection of house.endpoint.connections) {
      seen.push(connection.id)
      if (seen.length === 1) {
        for (const other of house.endpoint.connections) if (other !== connection) other.close()
      }
    }
    expect(seen).toHaveLength(1)
    expect(house.endpoint.size).toBe(1)
    expect([first.ends, second.ends]).toEqual([[], ['1000 at 0']])
  })
})

describe('the handlers of a raw connection', () => {
  it('hold the client back while they are at work, through all that waits', async () => {
    const gates = [createGate(), createGate()]
    const told: string[] = []
    const { connect } = setUp({
      message: (_connection, data) => {
        told.push(String(data))
        return gates[told.length - 1]?.passed
      },
    })
    const { end } = connect()
    await settled()
    for (const text of ['a', 'b', 'c']) end.send(text)
    expect([told, end.isPaused]).toEqual([['a'], true])
    gates[0]?.open()
    await settled()
    expect([told, end.isPaused]).toEqual([['a', 'b'], true])
    gates[1]?.open()
    await settled()
    expect([told, end.isPaused]).toEqual([['a', 'b', 'c'], false])
  })

  it('are told one at a time, even where a message comes in the middle of one', async () => {
    const steps: string[] = []
    const { connect } = setUp({
      message: (_connection, data) => {
        steps.push(`begin ${data}`)
        if (data === 'outer') client.end.send('inner')
        steps.push(`end ${data}`)
      },
    })
    const client = connect()
    await settled()
    client.end.send('outer')
    expect(steps).toEqual(['begin outer', 'end outer', 'begin inner', 'end inner'])
  })

  it('are told no further message after one has failed', async () => {
    const gate = createGate()
    const told: string[] = []
    const { connect, faults } = setUp({
      async message(_connection, data) {
        told.push(String(data))
        // Nobody is held back yet.
        if (data === 'a') client.end.send('b')
        await gate.passed
        throw new Error('it failed')
      },
      close: (_connection, { code }) => told.push(`closed ${code}`),
    })
    const client = connect()
    await settled()
    client.end.send('a')
    client.end.close(1006)
    await settled()
    gate.open()
    await settled()
    // The client had gone before the handler failed.
    expect(told).toEqual(['a', 'closed 1006'])
    expect(faults).toEqual([new Error('it failed')])
  })

  it('may return anything that can be awaited, or throw anything at all', async () => {
    const odd = {
      // biome-ignore lint/suspicious/noThenProperty: a promise of another make
      get then() {
        throw 'not even an error'
      },
    }
    // biome-ignore lint/suspicious/noThenProperty: a promise of another make
    const foreign = { then: (_resolve: unknown, reject: (error: unknown) => void) => reject('foreign') }
    const results = [() => odd, () => foreign, () => Promise.reject(undefined)]
    const { connect, faults } = setUp({ message: () => results.shift()?.() })
    const clients = [connect(), connect(), connect()]
    await settled()
    for (const { end } of clients) {
      end.send('x')
      await settled()
    }
    expect(faults).toEqual(['not even an error', 'foreign', undefined])
    expect(clients.map(({ ends }) => ends)).toEqual([['1011 at 0'], ['1011 at 0'], ['1011 at 0']])
  })

  it('that fail in drained or close cost the connection nothing, and are reported', async () => {
    const { connect, faults, house } = setUp({
      drained: async () => Promise.reject(new Error('drained failed')),
      close: () => {
        throw new Error('close failed')
      },
    })
    const { end, ends } = connect()
    end.setStalled(true)
    const [connection] = house.endpoint.connections
    connection?.send('a')
    await settled()
    expect(connection?.send('b')).toBe('full')
    end.setStalled(false)
    await settled()
    expect([faults, ends, house.endpoint.size]).toEqual([[new Error('drained failed')], [], 1])
    end.close(1000)
    await settled()
    expect(faults).toEqual([new Error('drained failed'), new Error('close failed')])
  })

  it('hear of the end of a client that has ended its side, behind its messages and with the answers written', async () => {
    const gate = createGate()
    const { connect } = setUp({
      async message(connection, data) {
        await gate.passed
        connection.send(`answer to ${data}`)
      },
    })
    const { end, ends, texts } = connect()
    await settled()
    end.send('a')
    end.send('b')
    end.end()
    await settled()
    expect([texts(), ends]).toEqual([[], []])
    gate.open()
    await settled()
    expect([texts().join(''), ends]).toEqual(['answer to aanswer to b', ['1000 at 0']])
  })

  it('are told of a client that broke the protocol', async () => {
    const codes: number[] = []
    const { connect } = setUp({ close: (_connection, { code }) => codes.push(code) })
    const { end } = connect()
    end.break(1007, 'ill-formed text')
    await settled()
    expect(codes).toEqual([1007])
  })
})

describe('the drain of a raw endpoint', () => {
  it('ends connections with 1012, spread over the time it has, and serves the others meanwhile', async () => {
    const { house, connect, clock } = setUp({ message: (connection, data) => connection.send(data) })
    const clients = [connect(), connect(), connect(), connect()]
    let isDrained = false
    const drained = house.drain(4_000).then(() => {
      isDrained = true
    })
    await settled()
    expect(clients.map(({ ends }) => ends.length)).toEqual([1, 0, 0, 0])
    clients[3]?.end.send('still here')
    await settled()
    expect(clients[3]?.texts()).toEqual(['still here'])
    for (const expected of [
      [1, 1, 0, 0],
      [1, 1, 1, 0],
      [1, 1, 1, 1],
    ]) {
      expect(isDrained).toBe(false)
      clock.advance(1_100)
      expect(clients.map(({ ends }) => ends.length)).toEqual(expected)
      await settled()
    }
    await drained
    expect(clients.map(({ ends }) => ends[0]?.slice(0, 4))).toEqual(['1012', '1012', '1012', '1012'])
  })

  it('ends whoever comes meanwhile at once, of whom no handler hears', async () => {
    const told: string[] = []
    const { house, connect } = setUp({ open: () => told.push('open'), close: () => told.push('close') })
    await house.drain(0)
    const { ends } = connect()
    await settled()
    expect([ends, told, house.endpoint.size]).toEqual([['1001 at 0'], [], 0])
  })

  it('waits for handlers at work and for close, but not for ever', async () => {
    const gates = [createGate(), createGate()]
    const steps: string[] = []
    const { house, connect, clock } = setUp({
      message: () => gates[0]?.passed,
      async close() {
        steps.push('close')
        await gates[1]?.passed
        steps.push('closed')
      },
    })
    const { end } = connect()
    await settled()
    end.send('x')
    const drained = house.drain(0).then(() => steps.push('drained'))
    await settled()
    expect(steps).toEqual([])
    gates[0]?.open()
    await settled()
    expect(steps).toEqual(['close'])
    gates[1]?.open()
    await drained
    expect(steps).toEqual(['close', 'closed', 'drained'])

    const hanging = setUp({ message: () => new Promise(() => {}) })
    const client = hanging.connect()
    await settled()
    client.end.send('x')
    let isDrained = false
    const ending = hanging.house.drain(0).then(() => {
      isDrained = true
    })
    await settled()
    hanging.clock.advance(SETTLE_MS - 200)
    await settled()
    expect(isDrained).toBe(false)
    hanging.clock.advance(400)
    await ending
    expect(clock.now()).toBe(0)
  })

  it('waits for a connection that is leaving already', async () => {
    const gate = createGate()
    const { house, connect } = setUp({ close: () => gate.passed })
    const { end } = connect()
    end.close(1000)
    await settled()
    expect(house.endpoint.size).toBe(0)
    let isDrained = false
    const drained = house.drain(0).then(() => {
      isDrained = true
    })
    await settled()
    expect(isDrained).toBe(false)
    gate.open()
    await drained
  })
})

describe('a raw connection', () => {
  it('has an id of its own', () => {
    const { house, connect } = setUp({})
    for (let i = 0; i < 100; i++) connect()
    const ids = new Set([...house.endpoint.connections].map(({ id }: RawConnection) => id))
    expect(ids.size).toBe(100)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/)
  })
})
