import { create, element } from '../page.js'

/**
 * What SockJS may use; without `only` all that it knows, best first.
 *
 * @typedef {{ name: string, title: string, note: string, only?: readonly string[] }} Transport
 */

/** @type {readonly Transport[]} */
const TRANSPORTS = [
  { name: 'auto', title: 'Automatic', note: 'The first one that gets through' },
  { name: 'websocket', title: 'WebSocket', note: 'One connection both ways', only: ['websocket'] },
  { name: 'xhr-streaming', title: 'XHR streaming', note: 'Plain HTTP, kept open', only: ['xhr-streaming'] },
  { name: 'eventsource', title: 'EventSource', note: 'Plain HTTP, kept open by the browser', only: ['eventsource'] },
  { name: 'xhr-polling', title: 'XHR polling', note: 'Plain HTTP, asked again and again', only: ['xhr-polling'] },
]

/** @type {Readonly<Record<string, string>>} */
const TITLES = Object.fromEntries(TRANSPORTS.map(({ name, title }) => [name, title]))

/**
 * The title of what carries a connection, by the name that SockJS has for it.
 *
 * @param {string} name
 */
export const titleOf = (name) => TITLES[name] ?? name

/**
 * The choice in the panel. `?transport=xhr-polling` in the address chooses too.
 *
 * @param {() => void} onChoose
 */
export const createChoice = (onChoose) => {
  const choices = element('transport-choices', HTMLFieldSetElement)
  const asked = new URLSearchParams(location.search).get('transport')
  let chosen = TRANSPORTS.find(({ name }) => name === asked) ?? TRANSPORTS[0]

  for (const transport of TRANSPORTS) {
    const input = create('input', '')
    input.type = 'radio'
    input.name = 'transport'
    input.checked = transport === chosen
    input.addEventListener('change', () => {
      chosen = transport
      onChoose()
    })
    const words = create('span', 'transport-words', transport.title)
    words.append(create('small', 'transport-note', transport.note))
    choices.append(create('label', 'transport-choice', input, words))
  }

  return {
    /** The option `transports` of SockJS; none: all. */
    allowed: () => chosen?.only ?? [],
  }
}
