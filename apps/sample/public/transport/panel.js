import { create, element } from '../page.js'
import { TRANSPORTS } from './choices.js'
import { factsOf } from './facts.js'

/** @typedef {import('./choices.js').TransportName} TransportName */

const EVERY_MS = 1000

/**
 * What carries the session, and the switch that chooses it. It is written to only while it is open.
 *
 * @param {import('./transport.js').SessionTransport} transport
 * @param {(name: TransportName) => void} onChoose
 */
export const createPanel = (transport, onChoose) => {
  const panel = element('transport', HTMLElement)
  const list = element('transport-facts', HTMLDListElement)
  const choices = element('transport-choices', HTMLFieldSetElement)
  /** @type {Map<string, HTMLElement>} */
  const values = new Map()
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking

  const write = () => {
    for (const [name, text] of factsOf(transport.known(), Date.now())) {
      const value = values.get(name)
      // What is the same is not written: the first one is spoken when it changes.
      if (value !== undefined && value.textContent !== text) value.textContent = text
    }
  }

  for (const [name, text] of factsOf({ session: undefined, link: undefined, reconnects: 0, rttMs: undefined }, 0)) {
    const value = create('dd', '', text)
    if (values.size === 0) value.ariaLive = 'polite'
    values.set(name, value)
    list.append(create('div', 'transport-fact', create('dt', '', name), value))
  }

  for (const { name, title, note } of TRANSPORTS) {
    const input = create('input', '')
    input.type = 'radio'
    input.name = 'transport'
    input.checked = name === transport.chosen()
    input.addEventListener('change', () => {
      onChoose(name)
      write()
    })
    const words = create('span', 'transport-words', title, create('small', 'transport-note', note))
    choices.append(create('label', 'transport-choice', input, words))
  }

  panel.addEventListener('toggle', () => {
    clearInterval(ticking)
    if (!panel.matches(':popover-open')) return
    write()
    ticking = setInterval(write, EVERY_MS)
  })

  return {
    /** Something has changed: an open panel tells it at once. */
    refresh() {
      if (panel.matches(':popover-open')) write()
    },
  }
}
