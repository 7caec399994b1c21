import { element } from '../page.js'

/** @param {string} room where its unsent text is kept, so that it outlives a reload */
const draftKey = (room) => `hoofbeat.draft.${room}`

const BROKER_AWAY_HINT = 'The message broker is away. What you send waits for it to come back.'
const OFFLINE_HINT = 'Not connected. What you write stays here until you can send it.'

/**
 * Where messages are written. The text leaves the box only when it is on its way.
 *
 * @param {(text: string) => boolean} send false if it cannot be sent now
 */
export const createComposer = (send) => {
  const form = element('composer', HTMLFormElement)
  const box = element('text', HTMLTextAreaElement)
  const button = element('send', HTMLButtonElement)
  const hint = element('composer-hint', HTMLElement)
  let room = ''
  let isConnected = false
  let isBrokerAway = false

  const showHint = () => {
    hint.textContent = !isConnected ? OFFLINE_HINT : isBrokerAway ? BROKER_AWAY_HINT : ''
  }

  const fit = () => {
    box.style.height = 'auto'
    const borders = box.offsetHeight - box.clientHeight
    box.style.height = `${box.scrollHeight + borders}px`
  }

  box.addEventListener('input', () => {
    sessionStorage.setItem(draftKey(room), box.value)
    fit()
  })
  box.addEventListener('keydown', (event) => {
    // Enter that ends a composed character (Chinese, Japanese, ...) sends nothing.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = box.value.trim()
    if (text !== '' && send(text)) {
      box.value = ''
      sessionStorage.removeItem(draftKey(room))
      fit()
    }
    box.focus()
  })

  return {
    /** @param {boolean} isOpen */
    setConnected(isOpen) {
      isConnected = isOpen
      // Not `disabled`: that would take the focus away.
      button.ariaDisabled = String(!isOpen)
      showHint()
    },
    /** @param {boolean} isAway while it is, the session is open and others are not heard */
    setBrokerAway(isAway) {
      isBrokerAway = isAway
      showHint()
    },
    /** @param {string} next the room that the text is for */
    setRoom(next) {
      room = next
      box.value = sessionStorage.getItem(draftKey(room)) ?? ''
      fit()
    },
    focus: () => box.focus(),
  }
}
