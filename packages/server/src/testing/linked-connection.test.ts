import { describe, expect, it } from 'vitest'
import { createTurn } from '../message/turn.js'
import { readyWireFrame } from '../message/wire-frame.js'
import { linkConnection } from './linked-connection.js'

function setUp() {
  const read: string[] = []
  const told: string[] = []
  const link = linkConnection({
    bytes: (data) => read.push(Buffer.from(data).toString()),
    closed: (code, reason) => read.push(`closed ${code} ${reason}`.trim()),
  })
  const attach = (): void =>
    link.connection.attach({
      message: (data) => told.push(data.toString()),
      drained: () => told.push('drained'),
      ended: () => told.push('ended'),
      broken: (code, reason) => told.push(`broken ${code} ${reason}`),
      closed: (code, reason) => told.push(`closed ${code} ${reason}`.trim()),
    })
  const write = (text: string): boolean =>
    link.connection.write(createTurn().append(readyWireFrame(Buffer.from(text), true)))
  return { link, read, told, attach, write }
}

const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a linked connection', () => {
  it('carries what either end says, in order', async () => {
    const { link, read, told, attach, write } = setUp()
    attach()
    await microtasks()
    link.send('a')
    link.send(Buffer.from('b'))
    expect(write('c')).toBe(true)
    expect(write('d')).toBe(true)
    expect(told).toEqual(['a', 'b'])
    expect(read).toEqual(['c', 'd'])
    expect(link.writeCount).toBe(2)
  })

  it('keeps what was sent before the listener came, and never calls it while it attaches', async () => {
    const { link, told, attach } = setUp()
    link.send('early')
    attach()
    expect(told).toEqual([])
    await microtasks()
    expect(told).toEqual(['early'])
  })

  it('holds back what is sent while reading is paused', async () => {
    const { link, told, attach } = setUp()
    attach()
    await microtasks()
    link.connection.setPaused(true)
    link.send('a')
    link.send('b')
    expect([link.isPaused, told]).toEqual([true, []])
    link.connection.setPaused(false)
    expect(told).toEqual([])
    await microtasks()
    expect(told).toEqual(['a', 'b'])
  })

  it('tells the writer when the peer reads no more, and when it reads again', async () => {
    const { link, told, attach, write } = setUp()
    attach()
    link.setStalled(true)
    expect(write('a')).toBe(false)
    link.setStalled(false)
    expect(told).toEqual(['drained'])
    expect(write('b')).toBe(true)
  })

  it('ends once, by either side: the reader at once, the listener a little later', async () => {
    const { link, read, told, attach, write } = setUp()
    attach()
    link.connection.close(1000, 'bye')
    link.close(1001)
    expect([read, told]).toEqual([['closed 1000 bye'], []])
    await microtasks()
    expect(told).toEqual(['closed 1000 bye'])
    link.send('late')
    link.setStalled(false)
    link.break(1009, 'late')
    expect(write('late')).toBe(false)
    await microtasks()
    expect([read, told]).toEqual([['closed 1000 bye'], ['closed 1000 bye']])
  })

  it('lets the server have last words to a peer that breaks the rules', async () => {
    const read: string[] = []
    const link = linkConnection({
      bytes: (data) => read.push(data.toString()),
      closed: (code) => read.push(`closed ${code}`),
    })
    link.connection.attach({
      message: () => {},
      drained: () => {},
      ended: () => {},
      broken: () => link.connection.write(createTurn().append(readyWireFrame(Buffer.from('last words'), true))),
      closed: () => {},
    })
    link.break(1007, 'no UTF-8')
    expect(read).toEqual(['last words', 'closed 1007'])
  })

  it('knows of its peer what it was told', () => {
    const { connection } = linkConnection(
      { bytes: () => {}, closed: () => {} },
      { identity: 'alice', ownsLiveness: true },
    )
    expect(connection.peer).toMatchObject({
      transport: 'linked',
      identity: 'alice',
      ownsLiveness: true,
      request: undefined,
    })
  })
})
