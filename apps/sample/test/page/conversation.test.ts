import type { Client } from '@stomp/stompjs'
import { describe, expect, it } from 'vitest'
import { createConversation } from '../../public/chat/conversation.js'
import { placeOf } from '../../public/chat/places.js'

interface Message {
  readonly id: string
  readonly ref?: string
  readonly name: string
  readonly text: string
  readonly at: string
}

const message = (id: string, ref?: string): Message => ({
  id,
  ...(ref !== undefined && { ref }),
  name: 'Bob',
  text: id,
  at: '2026-01-01T00:00:00.000Z',
})

/** A session as the conversation sees it, played by the test. */
class FakeSession {
  readonly connected = true
  readonly sent: { readonly text: string; readonly ref: string; readonly to?: string }[] = []
  readonly #subscribers = new Map<string, (message: { body: string }) => void>()
  readonly #receipts = new Map<string, () => void>()

  subscribe(destination: string, callback: (message: { body: string }) => void): { unsubscribe: () => void } {
    this.#subscribers.set(destination, callback)
    return { unsubscribe: () => this.#subscribers.delete(destination) }
  }

  watchForReceipt(id: string, callback: () => void): void {
    this.#receipts.set(id, callback)
  }

  publish({ body }: { body: string }): void {
    this.sent.push(JSON.parse(body))
  }

  destinations(): string[] {
    return [...this.#subscribers.keys()]
  }

  live(told: Message): void {
    this.#subscribers.get('/topic/chat-room/lobby')?.({ body: JSON.stringify(told) })
  }

  history(...told: Message[]): void {
    this.#subscribers.get('/app/history/lobby')?.({ body: JSON.stringify(told) })
  }

  receipt(id: string): void {
    this.#receipts.get(id)?.()
  }
}

const converse = (place = 'lobby') => {
  const conversation = createConversation(placeOf(place), () => {})
  return {
    conversation,
    open: (): FakeSession => {
      const session = new FakeSession()
      conversation.open(session as unknown as Client)
      return session
    },
    /** Sends and returns what the message is called. */
    send: (text: string): string => {
      expect(conversation.send('Ada', text)).toBe(true)
      return conversation.entries().at(-1)?.key ?? ''
    },
    texts: (): string[] => conversation.entries().map(({ text }) => text),
    states: (): (string | undefined)[] => conversation.entries().map(({ state }) => state),
  }
}

describe('the history', () => {
  it('comes before what was said while it was asked for, and nothing comes twice', () => {
    const { open, texts } = converse()
    const session = open()
    session.live(message('b'))
    session.live(message('c'))
    expect(texts()).toEqual([])
    session.history(message('a'), message('b'))
    session.live(message('d'))
    session.live(message('d'))
    expect(texts()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('fills in what was said between two sessions', () => {
    const { conversation, open, texts } = converse()
    open().history(message('a'))
    conversation.lost()
    open().history(message('a'), message('b'))
    expect(texts()).toEqual(['a', 'b'])
    expect(conversation.entries().some(({ hasGap }) => hasGap)).toBe(false)
  })

  it('tells where messages may be missing', () => {
    const { conversation, open } = converse()
    open().history(message('a'))
    conversation.lost()
    open().history(message('y'), message('z'))
    expect(conversation.entries().map(({ text, hasGap }) => [text, hasGap ?? false])).toEqual([
      ['a', false],
      ['y', true],
      ['z', false],
    ])
  })
})

describe('an own message', () => {
  it('is being sent until its receipt comes, and stands at its place when it is told', () => {
    const { open, send, texts, states } = converse()
    const session = open()
    session.history()
    const ref = send('mine')
    expect(states()).toEqual(['sending'])
    session.live(message('theirs'))
    session.receipt(ref)
    expect(states()).toEqual([undefined, 'sent'])
    session.live({ ...message('1', ref), text: 'mine' })
    session.live(message('later'))
    expect(texts()).toEqual(['theirs', 'mine', 'later'])
    expect(states()).toEqual([undefined, 'sent', undefined])
  })

  it('cannot be sent without a session', () => {
    const { conversation, open, texts } = converse()
    expect(conversation.send('Ada', 'mine')).toBe(false)
    open()
    conversation.lost()
    expect(conversation.send('Ada', 'mine')).toBe(false)
    expect(texts()).toEqual([])
  })

  it('is sent again under the same ref when the session ended before its receipt', () => {
    const { conversation, open, send } = converse()
    const first = open()
    first.history()
    const ref = send('mine')
    conversation.lost()
    const second = open()
    second.history(message('a'))
    expect([...first.sent, ...second.sent]).toEqual([
      { text: 'mine', ref },
      { text: 'mine', ref },
    ])
  })

  it('is not sent again when the history holds it', () => {
    const { conversation, open, send, states } = converse()
    open().history()
    const ref = send('mine')
    conversation.lost()
    const second = open()
    second.history(message('1', ref))
    expect(second.sent).toEqual([])
    expect(states()).toEqual(['sent'])
  })

  it('is not sent again when it was receipted, though it was never told', () => {
    const { conversation, open, send, texts, states } = converse()
    const first = open()
    first.history()
    first.receipt(send('mine'))
    conversation.lost()
    const second = open()
    second.history(message('a'))
    second.live(message('b'))
    expect(second.sent).toEqual([])
    expect(texts()).toEqual(['a', 'mine', 'b'])
    expect(states()).toEqual([undefined, 'sent', undefined])
  })

  it('is not sent again by a history that comes in the session it was sent in', () => {
    const { open, send } = converse()
    const session = open()
    send('mine')
    session.history()
    expect(session.sent).toHaveLength(1)
  })

  it('is given up after three sessions that ended under it', () => {
    const { conversation, open, send, states } = converse()
    const sent = Array.from({ length: 4 }, (_, at) => {
      const session = open()
      session.history()
      if (at === 0) send('mine')
      conversation.lost()
      return session.sent.length
    })
    expect(sent).toEqual([1, 1, 1, 0])
    expect(states()).toEqual(['failed'])
  })

  it('is not sent again when the server has refused it', () => {
    const { conversation, open, send } = converse()
    open().history()
    conversation.fail(send('mine'), 'Too long')
    conversation.lost()
    const second = open()
    second.history()
    expect(second.sent).toEqual([])
    expect(conversation.entries()).toMatchObject([{ text: 'mine', state: 'failed', reason: 'Too long' }])
  })

  it('is tried as often as before when the page itself ends sessions', () => {
    const { conversation, open, send, states } = converse()
    const sent = Array.from({ length: 5 }, (_, at) => {
      const session = open()
      session.history()
      if (at === 0) send('mine')
      conversation.excuse()
      conversation.lost()
      return session.sent.length
    })
    expect(sent).toEqual([1, 1, 1, 1, 1])
    expect(states()).toEqual(['sending'])
  })

  it('is sent again in a new session though its room was left', () => {
    const { conversation, open, send, states } = converse()
    open().history()
    const ref = send('mine')
    conversation.leave()
    const next = new FakeSession()
    conversation.settle(next as unknown as Client)
    next.history(message('a'))
    expect(next.sent).toEqual([{ text: 'mine', ref }])
    next.receipt(ref)
    expect(states()).toEqual([undefined, 'sent'])
  })

  it('is sent once when its room is entered again while that is under way', () => {
    const { conversation, open, send } = converse()
    open().history()
    send('mine')
    conversation.leave()
    const left = new FakeSession()
    conversation.settle(left as unknown as Client)
    const entered = open()
    left.history()
    entered.history()
    expect([...left.sent, ...entered.sent]).toHaveLength(1)
  })
})

describe('a room that was left with nothing under way', () => {
  it('asks for nothing in a new session', () => {
    const { conversation, open, send } = converse()
    const first = open()
    first.history()
    first.receipt(send('mine'))
    conversation.leave()
    const next = new FakeSession()
    conversation.settle(next as unknown as Client)
    expect(next.destinations()).toEqual([])
  })
})

describe('the talk with one person', () => {
  it('names the person with each message, and shows it once when it comes back', () => {
    const { conversation, open, send, states, texts } = converse('@Bob')
    const session = open()
    const ref = send('hello')
    expect(session.sent).toEqual([{ to: 'Bob', text: 'hello', ref }])
    expect(session.destinations()).toEqual([])
    conversation.take(message('1', ref))
    conversation.take(message('1', ref))
    expect([texts(), states()]).toEqual([['1'], ['sent']])
  })

  it('sends again in a new session what was not confirmed, since nothing tells what has arrived', () => {
    const { conversation, open, send } = converse('@Bob')
    const first = open()
    const [lost, confirmed] = [send('lost'), send('confirmed')]
    first.receipt(confirmed)
    conversation.lost()
    const second = open()
    expect(second.sent.map(({ ref }) => ref)).toEqual([lost])
    conversation.lost()
    const third = new (second.constructor as new () => typeof second)()
    conversation.settle(third as unknown as Client)
    expect(third.sent.map(({ ref }) => ref)).toEqual([lost])
  })
})
