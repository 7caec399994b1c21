import { element } from '../page.js'

/** @typedef {import('./connection.js').ConnectionState} ConnectionState */

const SPOKEN = {
  idle: '',
  connecting: 'Connecting',
  connected: 'Connected',
  resuming: 'Reconnecting. Nothing is lost.',
  waiting: 'The connection is lost. Reconnecting.',
  refused: 'The server refused the connection.',
}

const SHOWN = {
  idle: 'Not connected',
  connecting: 'Connecting…',
  connected: 'Connected',
  resuming: 'Reconnecting, nothing is lost',
  refused: 'Refused',
}

/**
 * The state of the connection, for eyes and for ears: the seconds that count down are only seen.
 *
 * @param {() => void} retry
 */
export const createStatus = (retry) => {
  const status = element('status', HTMLElement)
  const text = element('status-text', HTMLElement)
  const spoken = element('status-spoken', HTMLElement)
  const button = element('reconnect', HTMLButtonElement)
  const notice = element('notice', HTMLElement)
  const noticeText = element('notice-text', HTMLElement)
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking

  button.addEventListener('click', retry)
  element('notice-close', HTMLButtonElement).addEventListener('click', () => {
    notice.hidden = true
  })

  /** @param {ConnectionState} state */
  const textOf = (state) => {
    if (state.phase === 'waiting') {
      return `Reconnecting in ${Math.max(1, Math.ceil((state.retryAt - Date.now()) / 1000))} s`
    }
    return SHOWN[state.phase]
  }

  return {
    /** @param {ConnectionState} state */
    show(state) {
      clearInterval(ticking)
      const write = () => {
        const words = textOf(state)
        if (text.textContent !== words) text.textContent = words
      }
      write()
      if (state.phase === 'waiting') ticking = setInterval(write, 250)
      status.dataset.phase = state.phase
      // Between attempts nothing new is said: `connecting` after `waiting` would be spoken again and again.
      const wasWaiting = spoken.textContent === SPOKEN.waiting
      if (!(wasWaiting && state.phase === 'connecting')) spoken.textContent = SPOKEN[state.phase]
      button.hidden = state.phase !== 'waiting'
    },

    /** @param {string} message what the server said when it ended the session */
    notify(message) {
      noticeText.textContent = `The server ended the session: ${message}`
      notice.hidden = false
    },
  }
}
