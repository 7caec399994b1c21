import { element } from '../page.js'
import { createPanel } from '../transport/panel.js'
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
    panel.refresh()
    const isOpen = state.phase === 'connected' || state.phase === 'resuming'
    composer.setConnected(isOpen)
    isWaiting = state.phase === 'waiting'
    if (isOpen) return
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
    for (const conversation of conversations.values()) {
      if (conversation === current) conversation.open(client)
      else conversation.settle(client)
    }
  },
  onError(receipt, reason) {
    for (const conversation of conversations.values()) if (receipt !== undefined) conversation.fail(receipt, reason)
    status.notify(reason)
  },
})
const status = createStatus(() => connection.retry())
const panel = createPanel(connection.transport, (name) => {
  for (const conversation of conversations.values()) conversation.excuse()
  void connection.switchTo(name)
})
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
