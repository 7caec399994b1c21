import { expect, it } from 'vitest'
import { type ChatMessage, createRooms } from '../src/rooms.js'

const message = (text: string): ChatMessage => ({ id: text, name: 'Ada', text, at: '2026-01-01T00:00:00.000Z' })

it('forgets the oldest message of a room that is full', () => {
  const rooms = createRooms({ maxMessages: 2 })
  for (const text of ['a', 'b', 'c']) rooms.add('lobby', message(text))
  expect(rooms.messages('lobby').map(({ text }) => text)).toEqual(['b', 'c'])
})

it('forgets the room that has been silent for longest when there are too many', () => {
  const rooms = createRooms({ maxRooms: 2 })
  for (const room of ['one', 'two', 'one', 'three']) rooms.add(room, message(room))
  expect(rooms.names()).toEqual(['three', 'one'])
  expect(rooms.messages('two')).toEqual([])
})
