import { element, textOfHtml } from '../page.js'
import { createPanel } from '../transport/panel.js'
import { createTransport } from '../transport/transport.js'

const { Client } = globalThis.StompJs

const status = element('status', HTMLElement)
const statusText = element('status-text', HTMLElement)
const spoken = element('status-spoken', HTMLElement)
const connect = element('connect', HTMLButtonElement)
const disconnect = element('disconnect', HTMLButtonElement)
const send = element('send', HTMLButtonElement)
const name = element('name', HTMLInputElement)
const greetings = element('greetings', HTMLTableSectionElement)

const client = new Client({
  // A lost peer answers no closing handshake: without this the page would wait for it instead of reconnecting.
  discardWebsocketOnCommFailure: true,
  beforeConnect: () => show('connecting', 'Connecting…'),
  onConnect: (frame) => {
    client.subscribe('/topic/greetings', (message) => {
      // The server escapes what it greets.
      greetings.insertRow().insertCell().textContent = textOfHtml(JSON.parse(message.body).content)
    })
    transport.opened(frame)
    showOpen()
  },
  onStompError: (frame) => show('refused', frame.headers.message ?? 'Refused'),
  onWebSocketClose: () => {
    transport.ended()
    if (client.active) show('waiting', 'Reconnecting…')
    else show('idle', 'Not connected')
  },
})

const showOpen = () => {
  if (transport.isResuming()) show('resuming', 'Reconnecting, nothing is lost')
  else show('connected', 'Connected')
}

const transport = createTransport(client, () => client.connected && showOpen())
const panel = createPanel(transport, async (chosen) => {
  transport.choose(chosen)
  if (!client.active) return
  await client.deactivate({ force: true })
  client.activate()
})

connect.addEventListener('click', () => client.activate())
disconnect.addEventListener('click', () => client.deactivate())
element('hello', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  client.publish({ destination: '/app/hello', body: JSON.stringify({ name: name.value }) })
})

/**
 * @param {string} phase
 * @param {string} text
 */
const show = (phase, text) => {
  status.dataset.phase = phase
  statusText.textContent = spoken.textContent = text
  connect.disabled = client.active
  disconnect.disabled = !client.active
  send.disabled = phase !== 'connected' && phase !== 'resuming'
  panel.refresh()
}
