import { element } from '../page.js'

const NAME_KEY = 'hoofbeat.name'

/** The name that this browser has joined with before, or ''. */
export const rememberedName = () => localStorage.getItem(NAME_KEY) ?? ''

/**
 * The dialog that asks for a name, and for a room.
 *
 * @param {(name: string, passcode: string, room: string) => void} onJoin
 */
export const createJoin = (onJoin) => {
  const dialog = element('join', HTMLDialogElement)
  const form = element('join-form', HTMLFormElement)
  const name = element('name', HTMLInputElement)
  const room = element('room', HTMLInputElement)
  const passcode = element('passcode', HTMLInputElement)
  const refused = element('join-refused', HTMLElement)
  const cancel = element('join-cancel', HTMLButtonElement)

  form.addEventListener('submit', (event) => {
    const chosen = name.value.trim()
    if (chosen === '') {
      event.preventDefault()
      name.value = ''
      name.reportValidity()
      return
    }
    localStorage.setItem(NAME_KEY, chosen)
    onJoin(chosen, passcode.value, room.value)
  })
  cancel.addEventListener('click', () => dialog.close())
  // Without a name there is nothing behind the dialog to go back to.
  dialog.addEventListener('cancel', (event) => cancel.hidden && event.preventDefault())

  return {
    /**
     * @param {object} now
     * @param {string} now.room
     * @param {string} [now.reason] why the server refused the last attempt
     * @param {boolean} [now.isJoined] somebody who has joined may go back
     */
    ask({ room: current, reason = '', isJoined = false }) {
      name.value = rememberedName()
      room.value = current
      refused.textContent = reason
      refused.hidden = reason === ''
      cancel.hidden = !isJoined
      if (!dialog.open) dialog.showModal()
      name.select()
    },
  }
}
