import { element, textOfHtml } from '../page.js'
import { createChoice, titleOf } from './transports.js'

const { SockJS, Stomp } = globalThis

const status = element('status', HTMLElement)
const statusText = element('status-text', HTMLElement)
const spoken = element('status-spoken', HTMLElement)
const connectButton = element('connect', HTMLButtonElement)
const disconnectButton = element('disconnect', HTMLButtonElement)
const send = element('send', HTMLButtonElement)
const name = element('name', HTMLInputElement)
const greetings = element('greetings', HTMLTableSectionElement)

/** @type {import('../../types/sockjs.js').OldStompClient | undefined} */
let stompClient

const connect = () => {
  const socket = new SockJS('gs-guide-websocket', null, { transports: choice.allowed() })
  const client = Stomp.over(socket)
  // By itself it writes every frame to the console.
  client.debug = () => {}
  stompClient = client
  show('connecting', 'Connecting…')
  client.connect(
    {},
    () => {
      const title = titleOf(socket.transport)
      show('connected', title, `Connected by ${title}`)
      client.subscribe('/topic/greetings', (greeting) => {
        // The server escapes what it greets.
        greetings.insertRow().insertCell().textContent = textOfHtml(JSON.parse(greeting.body).content)
      })
    },
    (error) => {
      // An ERROR comes as a frame, and the end of the connection behind it; one that was given up says nothing more.
      if (stompClient !== client) return
      stompClient = undefined
      if (typeof error === 'string') show('idle', 'Connection lost')
      else show('refused', error.headers.message ?? 'Refused')
    },
  )
}

const disconnect = () => {
  const client = stompClient
  stompClient = undefined
  // Before it is connected there is nobody to take leave of.
  if (client?.connected) client.disconnect()
  else client?.ws.close()
  show('idle', 'Not connected')
}

const choice = createChoice(() => {
  if (stompClient === undefined) return
  disconnect()
  connect()
})

connectButton.addEventListener('click', connect)
disconnectButton.addEventListener('click', disconnect)
element('hello', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  stompClient?.send('/app/hello', {}, JSON.stringify({ name: name.value }))
})

/**
 * @param {string} phase
 * @param {string} text
 * @param {string} [told] for who does not see the colour
 */
const show = (phase, text, told = text) => {
  status.dataset.phase = phase
  statusText.textContent = text
  spoken.textContent = told
  connectButton.disabled = stompClient !== undefined
  disconnectButton.disabled = stompClient === undefined
  send.disabled = phase !== 'connected'
}
