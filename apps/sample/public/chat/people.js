import { create, element } from '../page.js'
import { addressOf, keyOfPerson } from './places.js'

/** Who is here, and how much of what they have said privately was not seen yet. */
export const createPeopleList = () => {
  const section = element('people-section', HTMLElement)
  const list = element('people', HTMLUListElement)
  /** @type {Set<string>} */
  const here = new Set()
  /** @type {Map<string, number>} of those who were talked with, here or away */
  const unseen = new Map()
  let ownName = ''
  let current = ''

  /** @param {string} name */
  const createItem = (name) => {
    const key = keyOfPerson(name)
    const shown = create('span', 'rooms-name', name)
    shown.dir = 'auto'
    const link = create('a', 'rooms-link people-link', shown)
    link.href = addressOf(key)
    if (key === current) link.ariaCurrent = 'page'
    if (!here.has(name)) link.append(' ', create('span', 'people-away', 'away'))
    const count = unseen.get(name) ?? 0
    if (count > 0) link.append(' ', create('span', 'people-unseen', `${count}`, create('span', 'spoken', ' not seen')))
    return create('li', '', link)
  }

  const render = () => {
    const names = [...new Set([...here, ...unseen.keys()])].filter((name) => name !== ownName)
    names.sort((a, b) => a.localeCompare(b))
    section.hidden = names.length === 0
    list.replaceChildren(...names.map(createItem))
  }

  return {
    /** @param {string} name */
    setOwnName(name) {
      ownName = name
      render()
    },
    /** @param {readonly string[]} names */
    setHere(names) {
      here.clear()
      for (const name of names) here.add(name)
      render()
    },
    /**
     * @param {string} name
     * @param {boolean} isHere
     */
    change(name, isHere) {
      if (isHere) here.add(name)
      else here.delete(name)
      render()
    },
    /** @param {string} name somebody who stays on the list when they go */
    remember(name) {
      unseen.set(name, unseen.get(name) ?? 0)
      render()
    },
    /** @param {string} name somebody who has said something that is not shown */
    addUnseen(name) {
      unseen.set(name, (unseen.get(name) ?? 0) + 1)
      render()
    },
    /** @param {string} key */
    setCurrent(key) {
      current = key
      for (const name of unseen.keys()) if (keyOfPerson(name) === key) unseen.set(name, 0)
      render()
    },
  }
}
