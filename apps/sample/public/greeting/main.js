import { element } from '../page.js'

const { Client } = globalThis.StompJs

const status = element('status', HTMLElement)
const statusText = element('status-text', HTMLElement)
const connect = element('connect', HTMLButtonElement)
const disconnect = element('disconnect', HTMLButtonElement)
const send = element('send', HTMLButtonElement)
const name = element('name', HTMLInputElement)
const greetings = element('greetings', HTMLTableSectionElement)

const client = new Client({
  brokerURL: new URL('stomp', location.href).href.replace(/^http/, 'ws'),
  beforeConnect: () => show('connecting', 'Connecting…'),
  onConnect: () => {
    client.subscribe('/topic/greetings', (message) => {
      greetings.insertRow().insertCell().textContent = fromHtml(JSON.parse(message.body).content)
    })
    show('connected', 'Connected')
  },
  onStompError: (frame) => show('refused', frame.headers.message ?? 'Refused'),
  onWebSocketClose: () => (client.active ? show('waiting', 'Reconnecting…') : show('idle', 'Not connected')),
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
  statusText.textContent = text
  connect.disabled = client.active
  disconnect.disabled = !client.active
  send.disabled = phase !== 'connected'
}

/**
 * The server escapes what it greets. A document of its own runs nothing, and only its text is taken over.
 *
 * @param {string} html
 */
const fromHtml = (html) => new DOMParser().parseFromString(html, 'text/html').documentElement.textContent ?? ''
