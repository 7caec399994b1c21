import { create, element } from '../page.js'

/** Where everybody begins. */
const FIRST_ROOM = 'lobby'

/**
 * The name of a room as the server takes it, from what somebody typed: letters and digits of any script, and hyphens.
 *
 * @param {string} text
 */
export const toRoom = (text) => {
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
  return [...words.replace(/^[-\p{M}]+/u, '')].slice(0, 32).join('').replace(/-+$/, '') || FIRST_ROOM
}

/** @param {string} room */
export const addressOfRoom = (room) => `#${encodeURIComponent(room)}`

/** The list of rooms, and the form that opens another one. */
export const createRoomList = () => {
  const list = element('rooms', HTMLUListElement)
  const opener = element('new-room', HTMLDetailsElement)
  const form = element('new-room-form', HTMLFormElement)
  const input = element('new-room-name', HTMLInputElement)

  opener.addEventListener('toggle', () => opener.open && input.focus())
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    location.hash = addressOfRoom(toRoom(input.value))
    form.reset()
    opener.open = false
  })

  /** @type {readonly string[]} */
  let active = []
  let current = FIRST_ROOM

  const render = () => {
    // The order stays: a list that jumps with each message cannot be clicked.
    const rooms = [...new Set([FIRST_ROOM, ...(current === '' ? [] : [current]), ...active])].sort((a, b) =>
      a.localeCompare(b),
    )
    list.replaceChildren(
      ...rooms.map((room) => {
        const name = create('span', 'rooms-name', room)
        name.dir = 'auto'
        const link = create('a', 'rooms-link', name)
        link.href = addressOfRoom(room)
        if (room === current) link.ariaCurrent = 'page'
        return create('li', '', link)
      }),
    )
    list.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  return {
    /** @param {readonly string[]} rooms in which somebody has spoken */
    setActive(rooms) {
      active = rooms
      render()
    },
    /** @param {string} room */
    setCurrent(room) {
      current = room
      render()
    },
  }
}
