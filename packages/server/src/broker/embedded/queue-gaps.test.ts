import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { createMessage } from '../../message/message.js'
import { holdMessage } from './held-message.js'
import type { QueueEntry } from './queue-entry.js'
import { gapNote, QueueGaps, readGapNotes } from './queue-gaps.js'

function open() {
  const joined: number[] = []
  const gaps = new QueueGaps((gap) => joined.push(gap))
  const entryAt = (position: number): QueueEntry => {
    const init = { id: `${position}`, destination: '/topic/a', headers: createHeaders(), body: new Uint8Array() }
    const held = holdMessage(createMessage(init), 0)
    return { position, held, deliveries: 0, isUncertain: false, gap: undefined, state: 'ready' }
  }
  const drop = (entry: QueueEntry): boolean => {
    const isNew = gaps.drop(entry)
    gaps.leave(entry)
    return isNew
  }
  return { gaps, joined, entryAt, drop }
}

describe('the gaps of a queue', () => {
  it('are one where several messages were dropped in a row, known by the first', () => {
    const { gaps, entryAt, drop } = open()
    expect([1, 2, 3].map((position) => drop(entryAt(position)))).toEqual([true, false, false])
    const next = entryAt(4)
    gaps.tell(next)
    expect([next.gap, gaps.end()]).toEqual([1, [1]])
  })

  it('are two where a message was given in between', () => {
    const { gaps, entryAt, drop } = open()
    drop(entryAt(1))
    const teller = entryAt(2)
    gaps.tell(teller)
    expect(drop(entryAt(3))).toBe(true)
    gaps.answered(teller)
    expect([teller.gap, gaps.end()]).toEqual([undefined, [3]])
  })

  it('wait for the next message when the one that has them leaves, and join those that wait already', () => {
    const { gaps, joined, entryAt, drop } = open()
    const behind = entryAt(2)
    expect([gaps.add(1), gaps.add(5)]).toEqual([true, false])
    gaps.come(behind)
    expect(behind.gap).toBe(1)
    drop(entryAt(0))
    expect(drop(behind)).toBe(false)
    expect(joined).toEqual([1])
    const next = entryAt(3)
    gaps.tell(next)
    expect([next.gap, gaps.end()]).toEqual([0, [0]])
  })

  it('are no more once the queue has ended', () => {
    const { gaps, joined, entryAt, drop } = open()
    expect(gaps.add(1)).toBe(true)
    expect(gaps.end()).toEqual([1])
    expect([gaps.add(2), drop(entryAt(3)), gaps.end(), joined]).toEqual([false, false, [], []])
  })

  it('are read again from the notes that keep them, whatever the queue is called', () => {
    const notes = new Map<string, string>([['durable:a/b/c', '{}']])
    for (const [queue, gap] of [
      ['durable:a/b/c', 30],
      ['durable:a/b/c', 4],
      ['7:odd', 12],
    ] as const) {
      const change = gapNote(queue, gap, true)
      if (change.kind === 'note') notes.set(change.name, change.text ?? 'forgotten')
    }
    expect(readGapNotes(notes)).toEqual(
      new Map([
        ['durable:a/b/c', [4, 30]],
        ['7:odd', [12]],
      ]),
    )
  })
})
