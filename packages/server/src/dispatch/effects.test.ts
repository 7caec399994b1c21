import { createHeaders, type Frame } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Settled } from '../broker/broker.js'
import type { Taken } from '../message/delivery.js'
import { createMessage, type Message } from '../message/message.js'
import { createEffects } from './effects.js'

const FRAME: Frame = { command: 'SEND', headers: createHeaders(), body: new Uint8Array(), text: '' }

const message = (id: string): Message =>
  createMessage({ id, destination: '/queue/a', headers: createHeaders(), body: new Uint8Array() })

function setUp(answer: (count: number) => Taken = () => 'taken') {
  const told: string[] = []
  let count = 0
  const effects = createEffects(
    {
      deliver({ id }) {
        told.push(id)
        return answer(++count)
      },
    },
    {
      settled: () => told.push('settled'),
      refused: (_frame, thrown) => told.push(`refused: ${thrown}`),
      answered: (_frame, thrown) => told.push(`answered: ${thrown}`),
      failed: (thrown) => told.push(`failed: ${thrown}`),
    },
  )
  effects.channel = { handle: () => undefined, ready: () => told.push('ready') }
  /** What the broker is told of deliveries 1 to `to`. */
  const deliver = (to: number): Taken[] =>
    Array.from({ length: to }, (_, i) => effects.deliver(message(`${i + 1}`), { subscription: 's' }))
  return { effects, deliver, told }
}

/** A promise, as a broker would give it, that the test settles. */
function later() {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const settled: Settled = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { settled, resolve: () => resolve(), reject: (error: unknown) => reject(error) }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the effects of a session', () => {
  it('pass a delivery on at once where no frame is under way', () => {
    const { deliver, told } = setUp((count) => (count === 2 ? 'full' : 'taken'))
    expect(deliver(3)).toEqual(['taken', 'full', 'taken'])
    expect(told).toEqual(['1', '2', '3'])
  })

  it('tell that a frame is settled before what it brings to the same session, and then what follows', () => {
    const { effects, deliver, told } = setUp()
    effects.settle(FRAME, () => void deliver(2), { next: () => told.push('next') })
    expect(told).toEqual(['settled', '1', '2', 'next'])
  })

  it('tell that it is settled when it is, and hold nothing meanwhile', async () => {
    const { effects, deliver, told } = setUp()
    const { settled, resolve } = later()
    effects.settle(FRAME, () => settled, { next: () => told.push('next') })
    deliver(1)
    await turn()
    expect(told).toEqual(['1'])
    resolve()
    await turn()
    expect(told).toEqual(['1', 'settled', 'next'])
  })

  it('undo what was refused, at once or later', async () => {
    const { effects, deliver, told } = setUp()
    const undo = (): void => void told.push('undone')
    const refuse = (): never => {
      deliver(1)
      throw new Error('no')
    }
    expect(() => effects.settle(FRAME, refuse, { undo })).toThrow('no')
    expect(told.splice(0)).toEqual(['undone', '1'])
    const { settled, reject } = later()
    effects.settle(FRAME, () => settled, { undo })
    reject('later')
    await turn()
    expect(told).toEqual(['undone', 'refused: later'])
  })

  it('hold 64 deliveries, hold the broker back, and ask for more when all are passed on', () => {
    const { effects, deliver, told } = setUp()
    let answers: Taken[] = []
    effects.settle(FRAME, () => {
      answers = deliver(64)
      return undefined
    })
    expect(answers).toEqual([...Array(63).fill('taken'), 'full'])
    expect([told[0], told.length, told.at(-1)]).toEqual(['settled', 66, 'ready'])
  })

  it('leave it to a recipient that is full to ask for more', () => {
    const { effects, deliver, told } = setUp((count) => (count === 10 ? 'full' : 'taken'))
    effects.settle(FRAME, () => void deliver(64))
    expect(told).not.toContain('ready')
    effects.ready()
    expect(told.at(-1)).toBe('ready')
  })

  it('hold the broker back at the next delivery where the recipient was full of those before', () => {
    const { effects, deliver, told } = setUp(() => 'full')
    effects.settle(FRAME, () => void deliver(1))
    let answers: Taken[] = []
    const again = (): undefined => {
      answers = deliver(1)
    }
    effects.settle(FRAME, again)
    expect(answers).toEqual(['full'])
    effects.ready()
    effects.settle(FRAME, again)
    expect(answers).toEqual(['taken'])
    expect(told.filter((what) => what === 'ready')).toEqual(['ready'])
  })
})
