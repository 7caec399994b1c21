import { element } from '../page.js'
import { createComposer } from './composer.js'
import { createConnection } from './connection.js'
import { createConversation } from './conversation.js'
import { createJoin, rememberedName } from './join.js'
import { createLog } from './log.js'
import { addressOfRoom, createRoomList, roomOfAddress, toRoom } from './rooms.js'
import { createStatus } from './status.js'

/** @typedef {ReturnType<typeof createConversation>} Conversation */

const roomName = element('room-name', HTMLElement)
const me = element('me', HTMLButtonElement)
const meName = element('me-name', HTMLElement)

/** @type {import('@stomp/stompjs').Client | undefined} */
let session
let ownName = ''
let isWaiting = false
/** @type {Map<string, Conversation>} */
const conversations = new Map()
/** @type {Conversation | undefined} */
let current

const log = createLog()
const roomList = createRoomList()
const composer = createComposer((text) => current?.send(ownName, text) ?? false)
const join = createJoin((name, passcode, room) => {
  ownName = name
  me.hidden = false
  meName.textContent = name
  location.hash = addressOfRoom(toRoom(room))
  enter(toRoom(room))
  void connection.open(name, passcode)
  composer.focus()
})

const connection = createConnection({
  onState(state) {
    status.show(state)
    composer.setConnected(state.phase === 'connected')
    isWaiting = state.phase === 'waiting'
    if (state.phase === 'connected') return
    session = undefined
    current?.lost()
    if (state.phase === 'refused') join.ask({ room: current?.room ?? roomOfAddress(), reason: state.reason })
  },
  onOpen(client) {
    session = client
    client.subscribe('/topic/chat-rooms', ({ body }) => roomList.setActive(JSON.parse(body)))
    const rooms = client.subscribe('/app/rooms', ({ body }) => {
      rooms.unsubscribe()
      roomList.setActive(JSON.parse(body))
    })
    current?.open(client)
  },
  onError(receipt, reason) {
    for (const conversation of conversations.values()) if (receipt !== undefined) conversation.fail(receipt, reason)
    status.notify(reason)
  },
})
const status = createStatus(() => connection.retry())
globalThis.addEventListener('online', () => isWaiting && connection.retry())

/** @param {string} room */
const conversationOf = (room) => {
  const found = conversations.get(room)
  if (found !== undefined) return found
  const made = createConversation(room, () => made === current && log.show(made.entries(), ownName))
  conversations.set(room, made)
  return made
}

/** @param {string} room */
const enter = (room) => {
  if (current?.room !== room) {
    current?.leave()
    current = conversationOf(room)
    if (session !== undefined) current.open(session)
    roomName.textContent = room
    document.title = `#${room} · Hoofbeat chat`
    roomList.setCurrent(room)
    composer.setRoom(room)
    log.clear()
  }
  const entries = current.entries()
  if (entries.length > 0) log.show(entries, ownName)
}

globalThis.addEventListener('hashchange', () => enter(roomOfAddress()))
me.addEventListener('click', () => join.ask({ room: current?.room ?? roomOfAddress(), isJoined: true }))

composer.setConnected(false)
enter(roomOfAddress())
if (rememberedName() === '') join.ask({ room: roomOfAddress() })
else {
  ownName = rememberedName()
  me.hidden = false
  meName.textContent = ownName
  void connection.open(ownName, '')
}
