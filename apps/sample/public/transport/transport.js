import { chosenTransport, rememberTransport, TRANSPORTS } from './choices.js'
import { createRoundTrip } from './round-trip.js'

/** @typedef {import('@stomp/stompjs').Client} Client */
/** @typedef {import('@stomp/stompjs').IFrame} IFrame */
/** @typedef {import('@hoofbeat/sse/client').HttpLink} HttpLink */
/** @typedef {import('./choices.js').TransportName} TransportName */
/** @typedef {ReturnType<typeof createTransport>} SessionTransport */

/** In ms: the receipts that are asked for are no burden. */
const ROUND_TRIP_EVERY = 3000

/**
 * What carries the sessions of a STOMP client: gives it its sockets and knows how they do.
 *
 * @param {Client} client
 * @param {() => void} onChange another rung carries, or none
 */
export const createTransport = (client, onChange) => {
  const roundTrip = createRoundTrip()
  let chosen = chosenTransport()
  /** @type {HttpLink | undefined} */
  let link
  /** @type {{ id: string | undefined, sinceMs: number } | undefined} */
  let session
  let sessions = 0
  let measuredAt = 0

  const openLink = () => {
    const { rungs = [] } = chosen
    link = new Hoofbeat.HttpLink('stomp', { rungs })
    link.addEventListener('rungchange', onChange)
    return link
  }

  const arrange = () => {
    client.brokerURL = new URL('stomp', location.href).href.replace(/^http/, 'ws')
    // The client uses `brokerURL` where it has no factory.
    client.webSocketFactory = chosen.rungs && openLink
  }
  arrange()

  return {
    /** @returns {TransportName} */
    chosen: () => chosen.name,

    /**
     * From the next session on.
     *
     * @param {TransportName} name
     */
    choose(name) {
      chosen = TRANSPORTS.find((transport) => transport.name === name) ?? chosen
      rememberTransport(chosen.name)
      arrange()
    },

    /** @param {IFrame} connected the frame that opened a session */
    opened({ headers }) {
      if (!chosen.rungs) link = undefined
      session = { id: headers.session, sinceMs: Date.now() }
      sessions += 1
      measuredAt = 0
      roundTrip.reset()
    },

    ended() {
      session = undefined
    },

    /** A session is open and nothing carries it; the link looks for what does. */
    isResuming: () => session !== undefined && link !== undefined && link.rung === undefined,

    /** @returns {import('./facts.js').Known} */
    known() {
      const reconnects = Math.max(0, sessions - 1)
      if (session === undefined || link !== undefined) return { session, reconnects, link, rttMs: link?.rtt }
      if (performance.now() - measuredAt > ROUND_TRIP_EVERY) {
        measuredAt = performance.now()
        roundTrip.measure(client)
      }
      return { session, reconnects, link, rttMs: roundTrip.ms() }
    },
  }
}
