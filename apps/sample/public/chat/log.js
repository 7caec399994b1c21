import { create, element } from '../page.js'

/** @typedef {import('./conversation.js').Entry} Entry */

/** Messages of one person within this time stand together under one name. */
const TOGETHER_MS = 5 * 60_000

/** This close to its end, in pixels, the log follows what is new. */
const NEAR_END = 80

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/** @param {Entry} entry */
const tell = ({ state, reason }) => {
  if (state === 'failed') return `Not sent. ${reason}`
  return state === 'sending' ? 'Sending…' : 'Sent'
}

/** @param {string} name the same name has the same colour on every page */
const hueOf = (name) => [...name].reduce((hue, letter) => (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7)

/** @param {Entry} entry */
const createRow = ({ name, text, at }) => {
  const date = new Date(at)
  const time = create('time', 'message-time', timeFormat.format(date))
  time.dateTime = at
  time.title = fullFormat.format(date)
  const author = create('span', 'message-author', name)
  const avatar = create('span', 'avatar', [...name][0] ?? '?')
  avatar.ariaHidden = 'true'
  avatar.style.setProperty('--hue', String(hueOf(name)))
  const words = create('p', 'message-text', text)
  for (const said of [author, words]) said.dir = 'auto'
  const state = create('span', 'message-state')
  const head = create('div', 'message-head', author, time)
  return create('li', 'message', avatar, create('div', 'message-body', head, words, state))
}

/** The log of the room that is shown. */
export const createLog = () => {
  const log = element('log', HTMLElement)
  const list = element('messages', HTMLOListElement)
  const empty = element('log-empty', HTMLElement)
  const toNewest = element('to-newest', HTMLButtonElement)
  /** @type {Map<string, HTMLLIElement>} */
  let rows = new Map()

  const isNearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
  const scrollToEnd = () => {
    log.scrollTop = log.scrollHeight
    toNewest.hidden = true
  }
  // What scrolls must be reached by keyboard.
  log.tabIndex = 0
  let isFollowing = true
  log.addEventListener('scroll', () => {
    isFollowing = isNearEnd()
    if (isFollowing) toNewest.hidden = true
  })
  // The log shrinks when a keyboard opens or the composer grows.
  new ResizeObserver(() => isFollowing && scrollToEnd()).observe(log)
  toNewest.addEventListener('click', () => {
    scrollToEnd()
    log.focus()
  })

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} before
   */
  const dividerOf = (entry, before) => {
    if (entry.hasGap) return 'Messages may be missing here'
    const day = dayFormat.format(new Date(entry.at))
    return before === undefined || dayFormat.format(new Date(before.at)) !== day ? day : ''
  }

  /**
   * @param {readonly Entry[]} entries
   * @param {string} ownName
   */
  const render = (entries, ownName) => {
    const kept = new Map()
    entries.forEach((entry, at) => {
      const before = entries[at - 1]
      const row = rows.get(entry.key) ?? createRow(entry)
      kept.set(entry.key, row)
      // Only a row that is new or out of place is moved, so that a screen reader speaks each message once.
      const present = list.children[at]
      if (present !== row) list.insertBefore(row, present ?? null)

      const divider = dividerOf(entry, before)
      const isOwn = entry.name === ownName
      const sinceBefore = before === undefined ? Infinity : Date.parse(entry.at) - Date.parse(before.at)
      row.dataset.divider = divider
      row.classList.toggle('is-own', isOwn)
      row.classList.toggle('is-continued', before?.name === entry.name && sinceBefore < TOGETHER_MS && divider === '')
      row.dataset.state = isOwn ? (entry.state ?? 'sent') : ''
      const state = row.querySelector('.message-state')
      const words = isOwn ? tell(entry) : ''
      if (state !== null && state.textContent !== words) state.textContent = words
    })
    for (const [key, row] of rows) if (!kept.has(key)) row.remove()
    rows = kept
    empty.hidden = entries.length > 0
  }

  return {
    /**
     * Shows another room from the start; what was said before is not spoken by screen readers.
     */
    clear() {
      log.ariaBusy = 'true'
      rows = new Map()
      list.replaceChildren()
      empty.hidden = true
      isFollowing = true
      toNewest.hidden = true
    },

    /**
     * Shows what has changed. The log follows its end, unless the reader has scrolled up.
     *
     * @param {readonly Entry[]} entries
     * @param {string} ownName
     */
    show(entries, ownName) {
      const newest = entries.at(-1)
      const hasNew = newest !== undefined && !rows.has(newest.key)
      const wrote = newest?.state === 'sending'
      render(entries, ownName)
      if (isFollowing || (hasNew && wrote)) scrollToEnd()
      else if (hasNew) toNewest.hidden = false
      log.ariaBusy = 'false'
    },
  }
}
