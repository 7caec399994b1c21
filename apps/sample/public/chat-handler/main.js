import { element } from '../page.js'
import { chosenTransport, TRANSPORTS } from '../transport/choices.js'
import { createRow } from './lines.js'

/** @typedef {import('@hoofbeat/sse/client').HttpLink} HttpLink */

const status = element('status', HTMLElement)
const statusText = element('status-text', HTMLElement)
const join = element('join', HTMLFormElement)
const nameField = element('name', HTMLInputElement)
const refused = element('refused', HTMLElement)
const log = element('log', HTMLElement)
const messages = element('messages', HTMLOListElement)
const composer = element('composer', HTMLFormElement)
const text = element('text', HTMLInputElement)

// What scrolls must be reached by keyboard.
log.tabIndex = 0

/** @type {HttpLink | WebSocket | undefined} */
let connection
/** The name that the server was asked for. */
let name = ''
let isIn = false

const open = () => {
  const { rungs } = chosenTransport()
  const address = new URL('chat', location.href).href
  const opened = rungs
    ? new Hoofbeat.HttpLink(address, { rungs, protocols: [] })
    : new WebSocket(address.replace(/^http/, 'ws'))
  connection = opened
  opened.onopen = () => opened.send(name)
  opened.onmessage = (/** @type {{ data: unknown }} */ { data }) => hear(String(data))
  opened.onclose = (/** @type {{ code: number, reason: string }} */ { code, reason }) => {
    connection = undefined
    if (isIn) say(code === 1000 ? 'You have left' : `The connection has ended: ${reason || code}`)
    else if (code !== 1000) refuse('There is no connection. Try again.')
    setIn(false)
  }
  if ('rung' in opened) opened.onrungchange = show
  show()
}

/** @param {string} line */
const hear = (line) => {
  // Who has no name yet hears of nobody else: it is the question, the joining, or a refusal.
  if (isIn) return say(line)
  if (line === `${name} has joined`) {
    setIn(true)
    say(line)
  } else if (!line.endsWith('?')) refuse(line)
}

/** @param {string} line */
const say = (line) => {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80
  messages.append(createRow(line, name))
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

/** @param {string} why */
const refuse = (why) => {
  refused.textContent = why
  refused.hidden = false
  nameField.focus()
}

/** @param {boolean} next whether the server has taken the name */
const setIn = (next) => {
  isIn = next
  document.body.classList.toggle('is-in', isIn)
  join.hidden = isIn
  composer.hidden = !isIn
  if (isIn) log.hidden = false
  if (isIn) text.focus()
  show()
}

const show = () => {
  const rung = connection && 'rung' in connection ? connection.rung : 'plain'
  const carrier = TRANSPORTS.find((transport) => transport.name === rung)?.title ?? ''
  const [phase, words] =
    connection === undefined
      ? ['idle', 'Not connected']
      : connection.readyState === 0
        ? ['connecting', 'Connecting…']
        : rung === undefined
          ? ['resuming', 'Reconnecting, nothing is lost']
          : ['connected', carrier]
  status.dataset.phase = phase
  if (statusText.textContent !== words) statusText.textContent = words
}

join.addEventListener('submit', (event) => {
  event.preventDefault()
  refused.hidden = true
  name = nameField.value.trim()
  if (connection === undefined) open()
  else if (connection.readyState === 1) connection.send(name)
})

composer.addEventListener('submit', (event) => {
  event.preventDefault()
  connection?.send(text.value)
  text.value = ''
  text.focus()
})

element('leave', HTMLButtonElement).addEventListener('click', () => connection?.close(1000))
