/** @typedef {import('@hoofbeat/sse/client').RungName} RungName */

/** @typedef {'auto' | RungName | 'plain'} TransportName */

/**
 * What a person can choose. Without `rungs` it is no link, but the WebSocket of the STOMP client itself.
 *
 * @typedef {object} Transport
 * @property {TransportName} name
 * @property {string} title
 * @property {string} note
 * @property {readonly RungName[]} [rungs]
 */

/** @type {readonly Transport[]} */
export const TRANSPORTS = [
  { name: 'auto', title: 'Automatic', note: 'The best one that gets through', rungs: ['websocket', 'stream', 'poll'] },
  { name: 'websocket', title: 'WebSocket', note: 'Goes on after a cut', rungs: ['websocket'] },
  { name: 'stream', title: 'Event stream', note: 'Plain HTTP, kept open', rungs: ['stream'] },
  { name: 'poll', title: 'Polling', note: 'Plain HTTP, asked again and again', rungs: ['poll'] },
  { name: 'plain', title: 'Plain WebSocket', note: 'To compare: a cut ends the session' },
]

const KEY = 'hoofbeat.transport'
const PARAMETER = 'transport'

const [AUTOMATIC] = TRANSPORTS

/**
 * @param {string | null} name
 * @returns {Transport | undefined}
 */
const named = (name) => TRANSPORTS.find((transport) => transport.name === name)

/**
 * What the address asks for (`?transport=stream`), else what this browser remembers, else the automatic one.
 *
 * @param {string} search the query of the address
 * @param {string | null} remembered
 * @returns {Transport}
 */
export const chosenBy = (search, remembered) => {
  const found = named(new URLSearchParams(search).get(PARAMETER)) ?? named(remembered) ?? AUTOMATIC
  if (found === undefined) throw new RangeError('There is no transport to choose')
  return found
}

/**
 * The address after another transport was chosen: one that names a transport names the new one, or a reload would undo
 * the choice.
 *
 * @param {string} address
 * @param {TransportName} name
 */
export const addressWith = (address, name) => {
  const url = new URL(address)
  if (url.searchParams.has(PARAMETER)) url.searchParams.set(PARAMETER, name)
  return url.href
}

export const chosenTransport = () => chosenBy(location.search, localStorage.getItem(KEY))

/**
 * Chooses for this page and the next ones of this browser.
 *
 * @param {TransportName} name
 */
export const rememberTransport = (name) => {
  localStorage.setItem(KEY, name)
  history.replaceState(history.state, '', addressWith(location.href, name))
}
