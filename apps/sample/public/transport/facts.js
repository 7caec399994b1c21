/** @typedef {import('./choices.js').RungName} RungName */

/**
 * What is known of a connection.
 *
 * @typedef {object} Known
 * @property {{ id: string | undefined, sinceMs: number } | undefined} session undefined: none is open
 * @property {number} reconnects sessions after the first one
 * @property {{ rung: RungName | undefined, resumes: number, attaches: number } | undefined} link undefined: a plain WebSocket
 * @property {number | undefined} rttMs
 */

const NONE = '–'

/** Enough of the name of a session to tell it from another one. */
const ID_LENGTH = 8

const RUNGS = { websocket: 'WebSocket', stream: 'Event stream', poll: 'Polling' }

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/**
 * Roughly, in the two largest units.
 *
 * @param {number} ms
 */
export const durationOf = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours > 0) return `${hours} h ${minutes % 60} min`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`
}

/**
 * @param {number} sinceMs
 * @param {number} nowMs
 */
const sinceOf = (sinceMs, nowMs) => {
  const duration = `for ${durationOf(nowMs - sinceMs)}`
  // In a narrow panel it has a line of its own, and no unit stands alone.
  return `${timeFormat.format(sinceMs)}, ${duration.replaceAll(' ', '\u00a0')}`
}

/** @param {number} count */
const timesOf = (count) => (count === 0 ? 'Never' : count === 1 ? 'Once' : `${count} times`)

/** @param {number | undefined} ms */
const roundTripOf = (ms) => {
  if (ms === undefined) return 'Not measured yet'
  return ms < 1 ? 'Under 1 ms' : `${Math.round(ms)} ms`
}

/** @param {Known} known */
const carrierOf = ({ session, link }) => {
  if (session !== undefined && link === undefined) return 'Plain WebSocket'
  return session && link?.rung ? RUNGS[link.rung] : 'Nothing at the moment'
}

/**
 * As the panel shows it: names and values, always the same names in the same order.
 *
 * @param {Known} known
 * @param {number} nowMs
 * @returns {readonly (readonly [name: string, value: string])[]}
 */
export const factsOf = (known, nowMs) => {
  const { session, link, reconnects, rttMs } = known
  const linked = session && link
  return [
    ['Carried by', carrierOf(known)],
    ['Round trip', session ? roundTripOf(rttMs) : NONE],
    ['Resumed', linked ? timesOf(link.resumes) : NONE],
    ['Attaches', linked ? String(link.attaches) : NONE],
    ['Connected since', session ? sinceOf(session.sinceMs, nowMs) : NONE],
    ['Session', session?.id?.slice(0, ID_LENGTH) ?? NONE],
    ['Reconnects', String(reconnects)],
  ]
}
