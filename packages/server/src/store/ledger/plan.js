// @ts-check

/*
 * What a group of batches comes to. Messages often go as fast as they come: an addition and its removal that wait for the
 * same sync need not touch the disk at all, and of several delivery counts the last one counts.
 */

/** @import { LedgerBatch } from './ledger.js' */

/**
 * What is to be done at one place: first what lies there is removed if `isRemoved`, then the message is added if there is
 * one, else the delivery count is set if there is one.
 *
 * @typedef {{ isRemoved: boolean, data: Uint8Array | undefined, deliveries: number | undefined }} Place
 */

/** @typedef {{ isCleared: boolean, places: Map<number, Place> }} Shelf */

/** @typedef {{ shelves: Map<string, Shelf>, notes: Map<string, string | undefined> }} Plan */

/**
 * @param {readonly LedgerBatch[]} batches
 * @returns {Plan}
 */
export const plan = (batches) => {
  /** @type {Plan} */
  const result = { shelves: new Map(), notes: new Map() }
  for (const { changes, messages } of batches) {
    for (const change of changes) {
      if (change.kind === 'note') result.notes.set(change.name, change.text)
      else if (change.kind === 'clear') result.shelves.set(change.shelf, { isCleared: true, places: new Map() })
      else if (change.kind === 'remove') remove(shelfOf(result, change.shelf), change.position)
      else if (change.kind === 'delivered') count(shelfOf(result, change.shelf), change.position, change.deliveries)
      else add(shelfOf(result, change.shelf), change.position, messages[change.message], change.deliveries)
    }
  }
  return result
}

/**
 * @param {Plan} result
 * @param {string} name
 * @returns {Shelf}
 */
const shelfOf = (result, name) => {
  let shelf = result.shelves.get(name)
  if (shelf === undefined) {
    shelf = { isCleared: false, places: new Map() }
    result.shelves.set(name, shelf)
  }
  return shelf
}

/**
 * @param {Shelf} shelf
 * @param {number} position
 * @param {Uint8Array | undefined} data
 * @param {number} deliveries
 */
const add = ({ places, isCleared }, position, data, deliveries) => {
  const isRemoved = !isCleared && places.has(position)
  places.set(position, { isRemoved, data, deliveries })
}

/**
 * @param {Shelf} shelf
 * @param {number} position
 */
const remove = ({ places, isCleared }, position) => {
  // Also what was added just now may have replaced something: the removal stays, to be sure.
  if (isCleared) places.delete(position)
  else places.set(position, { isRemoved: true, data: undefined, deliveries: undefined })
}

/**
 * @param {Shelf} shelf
 * @param {number} position
 * @param {number} deliveries
 */
const count = ({ places, isCleared }, position, deliveries) => {
  const place = places.get(position)
  if (place !== undefined) {
    if (!place.isRemoved || place.data !== undefined) place.deliveries = deliveries
  } else if (!isCleared) {
    places.set(position, { isRemoved: false, data: undefined, deliveries })
  }
}
