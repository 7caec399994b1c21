import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Taken } from '../../message/delivery.js'
import { createMessage } from '../../message/message.js'
import { createFakeClock } from '../../testing/fake-clock.js'
import { ReceiptsFirst } from './receipts-first.js'
import { ID_HEADER } from './relayed-message.js'

function scene() {
  const clock = createFakeClock()
  const seen: string[] = []
  const answers: Taken[] = []
  const receiptsFirst = new ReceiptsFirst(
    {
      deliver({ id }) {
        seen.push(id)
        return answers.shift() ?? 'taken'
      },
    },
    {
      after: (delayMs, run) => ({ cancel: clock.after(delayMs, run) }),
      soon: (run) => clock.soon(run),
      full: () => seen.push('full'),
      told: () => seen.push('told'),
    },
  )
  return {
    ...{ clock, seen, answers, receiptsFirst },
    /** Sends a message with this id; the returned function settles it. */
    send(id: string): (error?: Error) => void {
      let settle = (_?: Error): void => {}
      const settled = new Promise<void>((resolve, reject) => {
        settle = (error) => (error === undefined ? resolve() : reject(error))
      })
      const headers = [['destination', '/topic/a'] as const, [ID_HEADER, id] as const]
      receiptsFirst.follow([{ command: 'SEND', headers }], settled)?.then(
        () => seen.push(`receipt ${id}`),
        () => seen.push(`error ${id}`),
      )
      return settle
    },
    arrive(id: string, subscription = '1'): Taken {
      const message = createMessage({ id, destination: '/topic/a', headers: createHeaders(), body: new Uint8Array() })
      return receiptsFirst.deliver(message, { subscription })
    },
  }
}

describe('what a session has sent', () => {
  it('comes to itself behind its RECEIPT, and what follows it in that subscription too', async () => {
    const { seen, send, arrive, clock } = scene()
    const settle = send('mine')
    for (const id of ['before', 'mine', 'behind']) expect(arrive(id)).toBe('taken')
    arrive('elsewhere', '2')
    expect(seen).toEqual(['before', 'elsewhere'])
    settle()
    await clock.pass(0)
    expect(seen).toEqual(['before', 'elsewhere', 'receipt mine', 'mine', 'behind', 'told'])
  })

  it('waits for its own RECEIPT, not for the first that comes', async () => {
    const { seen, send, arrive, clock } = scene()
    const [settleOne, settleOther] = [send('one'), send('other')]
    for (const id of ['one', 'other', 'behind']) arrive(id)
    settleOne()
    await clock.pass(0)
    expect(seen).toEqual(['receipt one', 'one', 'told'])
    settleOther()
    await clock.pass(0)
    expect(seen.slice(3)).toEqual(['receipt other', 'other', 'behind', 'told'])
  })

  it('goes straight through when its RECEIPT is there, or its SEND was refused', async () => {
    const { seen, send, arrive, clock } = scene()
    send('mine')()
    send('refused')(new Error('no'))
    await clock.pass(0)
    arrive('mine')
    arrive('refused')
    expect(seen).toEqual(['receipt mine', 'error refused', 'told', 'mine', 'refused'])
  })

  it('waits for a second, and then comes first', () => {
    const { seen, send, arrive, clock } = scene()
    send('mine')
    arrive('mine')
    clock.advance(900)
    expect(seen).toEqual([])
    clock.advance(100)
    expect(seen).toEqual(['mine'])
  })

  it('comes first when 64 messages wait, and tells that the session is full', () => {
    const { seen, answers, send, arrive } = scene()
    send('0')
    for (let i = 0; i < 63; i++) arrive(`${i}`)
    expect(seen).toEqual([])
    answers.push('full')
    arrive('63')
    expect(seen).toEqual(['0', 'full', ...Array.from({ length: 63 }, (_, i) => `${i + 1}`)])
  })

  it('is not given any more when the session has ended', async () => {
    const { seen, send, arrive, clock, receiptsFirst } = scene()
    const settle = send('mine')
    arrive('mine')
    receiptsFirst.end()
    settle()
    await clock.pass(2_000)
    expect(seen).toEqual(['receipt mine', 'told'])
  })
})
