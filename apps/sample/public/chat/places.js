import { toRoom } from './rooms.js'

/** @typedef {import('./conversation.js').Place} Place */

/** Before the name of a person, in keys and addresses; no name of a room begins with it. */
const PERSON = '@'

/**
 * @param {string} room
 * @returns {Place}
 */
const placeOfRoom = (room) => ({
  key: room,
  sendTo: `/app/chat/${room}`,
  topic: `/topic/chat-room/${room}`,
  history: `/app/history/${room}`,
})

/**
 * @param {string} name
 * @returns {Place}
 */
const placeOfPerson = (name) => ({ key: `${PERSON}${name}`, sendTo: '/app/private', header: { to: name } })

/** @param {string} name */
export const keyOfPerson = (name) => `${PERSON}${name}`

/**
 * The person that a key means; undefined for a room.
 *
 * @param {string} key
 */
export const personOf = (key) => (key.startsWith(PERSON) ? key.slice(PERSON.length) : undefined)

/** @param {string} key */
export const placeOf = (key) => {
  const person = personOf(key)
  return person === undefined ? placeOfRoom(key) : placeOfPerson(person)
}

/** @param {string} key */
export const addressOf = (key) => `#${encodeURIComponent(key)}`

/** The place that the address names: `#room`, or `#@name`. */
export const keyOfAddress = () => {
  try {
    const text = decodeURIComponent(location.hash.slice(1))
    return (personOf(text)?.trim() ?? '') === '' ? toRoom(text) : text
  } catch {
    return toRoom('')
  }
}
