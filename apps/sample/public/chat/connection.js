import { createTransport } from '../transport/transport.js'

const { Client, ReconnectionTimeMode } = globalThis.StompJs

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 16_000

/**
 * What the page shows of its connection. `resuming`: the session is open, and its link looks for what carries it.
 *
 * @typedef {{ phase: 'idle' | 'connecting' | 'connected' | 'resuming' }
 *   | { phase: 'waiting', retryAt: number }
 *   | { phase: 'refused', reason: string }} ConnectionState
 */

/**
 * One STOMP session that comes back by itself until it is refused or closed.
 *
 * @param {object} told
 * @param {(state: ConnectionState) => void} told.onState
 * @param {(client: import('@stomp/stompjs').Client) => void} told.onOpen a new session: everything must be subscribed anew
 * @param {(receipt: string | undefined, reason: string) => void} told.onError the server ends a session that was open
 */
export const createConnection = ({ onState, onOpen, onError }) => {
  let isOpen = false
  let failures = 0

  const client = new Client({
    reconnectDelay: FIRST_DELAY_MS,
    maxReconnectDelay: LONGEST_DELAY_MS,
    reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
    connectionTimeout: 10_000,
    // A lost peer answers no closing handshake: without this the page would wait for it instead of reconnecting.
    discardWebsocketOnCommFailure: true,

    beforeConnect: () => onState({ phase: 'connecting' }),

    onConnect: (frame) => {
      isOpen = true
      failures = 0
      transport.opened(frame)
      tellOpen()
      onOpen(client)
    },

    onStompError: ({ headers, body }) => {
      const reason = [headers.message, body].filter(Boolean).join('. ')
      if (isOpen) return onError(headers['receipt-id'], reason)
      // Refused before the session was open: asking again would be refused again.
      void client.deactivate()
      onState({ phase: 'refused', reason })
    },

    onWebSocketClose: () => {
      isOpen = false
      transport.ended()
      if (!client.active) return
      // The client waits this long by itself, but does not tell.
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS)
      failures += 1
      onState({ phase: 'waiting', retryAt: Date.now() + delayMs })
    },
  })

  const tellOpen = () => onState({ phase: transport.isResuming() ? 'resuming' : 'connected' })
  const transport = createTransport(client, () => isOpen && tellOpen())

  const connect = async () => {
    await client.deactivate({ force: true })
    isOpen = false
    failures = 0
    client.activate()
  }

  return {
    /**
     * Opens a session, in place of one that may be open.
     *
     * @param {string} name
     * @param {string} passcode
     */
    open(name, passcode) {
      client.connectHeaders = { login: name, ...(passcode && { passcode }) }
      return connect()
    },
    /** Tries again at once instead of waiting. */
    retry: connect,
    transport,
    /**
     * Goes on in a new session over another transport, at once.
     *
     * @param {import('../transport/choices.js').TransportName} name
     */
    async switchTo(name) {
      transport.choose(name)
      if (client.active) await connect()
    },
  }
}
