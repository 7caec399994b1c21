import { type Channel, channel } from 'node:diagnostics_channel'
import type { Observe, StompEvent } from './events.js'

/** The channel of each event, behind `hoofbeat:`. */
const NAMES = {
  connect: 'connect',
  'session-connected': 'connected',
  subscribed: 'subscribed',
  unsubscribed: 'unsubscribed',
  'session-closed': 'disconnected',
  refused: 'refused',
  'slow-reader': 'slow-reader',
  'heart-beat-lost': 'heart-beat-lost',
  'queue-full': 'queue-full',
  'message-expired': 'message-expired',
  'message-dropped': 'message-dropped',
  'dead-letter': 'dead-letter',
  'reply-dropped': 'reply-dropped',
  'header-left-out': 'header-left-out',
  'handler-value-dropped': 'handler-value-dropped',
  'store-failed': 'store-failed',
  'broker-availability': 'broker-availability',
  'leg-up': 'leg-up',
  'leg-down': 'leg-down',
} as const satisfies Record<StompEvent['type'], string>

/** Publishes events on the channels of `node:diagnostics_channel`. */
export interface Diagnostics {
  readonly observe: Observe
  /** True while somebody listens to `subscribed` or `unsubscribed`. */
  readonly isOnSubscriptions: boolean
}

/**
 * Opens the channels. Nothing is published where nobody listens. A subscriber that throws does so to the process, by
 * Node's own rule for these channels, and never to a session.
 */
export function openDiagnostics(): Diagnostics {
  // They are kept here: Node lets go of a channel that nobody holds.
  const channels = new Map<StompEvent['type'], Channel>()
  const open = (type: StompEvent['type']): Channel => {
    const opened = channel(`hoofbeat:${NAMES[type]}`)
    channels.set(type, opened)
    return opened
  }
  const isType = (name: string): name is StompEvent['type'] => name in NAMES
  for (const type of Object.keys(NAMES)) if (isType(type)) open(type)
  const [subscribed, unsubscribed] = [open('subscribed'), open('unsubscribed')]
  return {
    observe(event) {
      // A connection that never became a session has not left one.
      if (event.type === 'session-closed' && !event.wasConnected) return
      const told = channels.get(event.type)
      if (told?.hasSubscribers === true) told.publish(event)
    },
    get isOnSubscriptions() {
      return subscribed.hasSubscribers || unsubscribed.hasSubscribers
    },
  }
}
