import { element } from '../page.js'
import { createPanel } from '../transport/panel.js'
import { createComposer } from './composer.js'
import { createConnection } from './connection.js'
import { createConversation } from './conversation.js'
import { createJoin, rememberedName } from './join.js'
import { createLog } from './log.js'
import { createPeopleList } from './people.js'
import { keyOfAddress, keyOfPerson, personOf, placeOf } from './places.js'
import { addressOfRoom, createRoomList, toRoom } from './rooms.js'
import { createStatus } from './status.js'

/** @typedef {ReturnType<typeof createConversation>} Conversation */

const roomName = element('room-name', HTMLElement)
const roomHeading = element('room-heading', HTMLElement)
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
const peopleList = createPeopleList()
const composer = createComposer((text) => current?.send(ownName, text) ?? false)
const join = createJoin((name, passcode, room) => {
  callMe(name)
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
    if (state.phase === 'refused') join.ask({ room: shownRoom(), reason: state.reason })
  },
  onOpen(client) {
    session = client
    client.subscribe('/topic/chat-rooms', ({ body }) => roomList.setActive(JSON.parse(body)))
    const rooms = client.subscribe('/app/rooms', ({ body }) => {
      rooms.unsubscribe()
      roomList.setActive(JSON.parse(body))
    })
    client.subscribe('/app/broker', ({ body }) => composer.setBrokerAway(!JSON.parse(body).isAvailable))
    listenToPeople(client)
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

/** @param {string} name */
const callMe = (name) => {
  ownName = name
  me.hidden = false
  meName.textContent = name
  peopleList.setOwnName(name)
}

/**
 * Who is here, what they say to this person alone, and what the server refuses without ending the session.
 *
 * @param {import('@stomp/stompjs').Client} client
 */
const listenToPeople = (client) => {
  client.subscribe('/user/queue/errors', ({ headers, body }) => {
    const { message, cure } = JSON.parse(body)
    const receipt = headers['receipt-id']
    for (const conversation of conversations.values()) {
      if (receipt !== undefined) conversation.fail(receipt, `${message}. ${cure}`)
    }
  })
  client.subscribe('/user/queue/private', ({ body }) => {
    const message = JSON.parse(body)
    const person = message.name === ownName ? message.to : message.name
    const conversation = conversationOf(keyOfPerson(person))
    conversation.take(message)
    if (conversation !== current && message.name !== ownName) peopleList.addUnseen(person)
  })
  client.subscribe('/topic/chat-people', ({ body }) => {
    const { name, isHere } = JSON.parse(body)
    peopleList.change(name, isHere)
  })
  const people = client.subscribe('/app/people', ({ body }) => {
    people.unsubscribe()
    peopleList.setHere(JSON.parse(body))
  })
}

/** @param {string} key */
const conversationOf = (key) => {
  const found = conversations.get(key)
  if (found !== undefined) return found
  const made = createConversation(placeOf(key), () => made === current && log.show(made.entries(), ownName))
  conversations.set(key, made)
  const person = personOf(key)
  if (person !== undefined) peopleList.remember(person)
  return made
}

/** Where somebody who joins begins: the room that is shown, if it is one. */
const shownRoom = () => {
  const key = current?.key ?? keyOfAddress()
  return personOf(key) === undefined ? key : toRoom('')
}

/** @param {string} key */
const enter = (key) => {
  if (current?.key !== key) {
    current?.leave()
    current = conversationOf(key)
    if (session !== undefined) current.open(session)
    const person = personOf(key)
    roomName.textContent = person ?? key
    roomHeading.classList.toggle('is-person', person !== undefined)
    document.title = `${person === undefined ? `#${key}` : key} · Hoofbeat chat`
    roomList.setCurrent(person === undefined ? key : '')
    peopleList.setCurrent(key)
    composer.setRoom(key)
    log.clear()
  }
  const entries = current.entries()
  if (entries.length > 0) log.show(entries, ownName)
}

globalThis.addEventListener('hashchange', () => enter(keyOfAddress()))
me.addEventListener('click', () => join.ask({ room: shownRoom(), isJoined: true }))

composer.setConnected(false)
enter(keyOfAddress())
if (rememberedName() === '') join.ask({ room: shownRoom() })
else {
  callMe(rememberedName())
  void connection.open(ownName, '')
}
