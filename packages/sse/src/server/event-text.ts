import type { Attached, Beat, Farewell } from '../wire/requests.js'

/** Some phones hold back the first 512 bytes of a stream. */
const PADDING = `:${' '.repeat(1024)}\n\n`

/** The first event of a stream, with what brings it past buffers. */
export function openingOf(attached: Attached): string {
  return `${attachedEvent(attached)}${PADDING}`
}

/** Event `o`. */
export function attachedEvent(attached: Attached): string {
  return `event: o\ndata: ${JSON.stringify(attached)}\n\n`
}

/** Event `k`. */
export function beatEvent(beat: Beat): string {
  return `event: k\ndata: ${JSON.stringify(beat)}\n\n`
}

/** Event `c`. */
export function farewellEvent(farewell: Farewell): string {
  return `event: c\ndata: ${JSON.stringify(farewell)}\n\n`
}
