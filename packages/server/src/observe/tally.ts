import type { Command } from '@hoofbeat/codec'
import { STOMP_ERRORS } from '../errors.js'
import type { StompEvent } from './events.js'
import type { Figures, Latency } from './figures.js'

/** Figures that begin at nothing. */
export function createFigures(latency: Latency): Figures {
  return {
    framesIn: noFrames(),
    framesOut: noFrames(),
    bytesIn: 0,
    bytesOut: 0,
    deliveries: 0,
    droppedDeliveries: 0,
    latency,
  }
}

function noFrames(): Record<Command, number> {
  return {
    CONNECT: 0,
    STOMP: 0,
    SEND: 0,
    SUBSCRIBE: 0,
    UNSUBSCRIBE: 0,
    ACK: 0,
    NACK: 0,
    BEGIN: 0,
    COMMIT: 0,
    ABORT: 0,
    DISCONNECT: 0,
    CONNECTED: 0,
    MESSAGE: 0,
    RECEIPT: 0,
    ERROR: 0,
  }
}

/** Adds what `from` has counted to `to`. */
export function addFigures(to: Figures, from: Figures): void {
  for (const [command, count] of frameCounts(from.framesIn)) to.framesIn[command] += count
  for (const [command, count] of frameCounts(from.framesOut)) to.framesOut[command] += count
  to.bytesIn += from.bytesIn
  to.bytesOut += from.bytesOut
  to.deliveries += from.deliveries
  to.droppedDeliveries += from.droppedDeliveries
}

/** Of commands that came up at all. */
export function frameCounts(counts: Record<Command, number>): [command: Command, count: number][] {
  const isCommand = (name: string): name is Command => name in counts
  return Object.keys(counts)
    .filter(isCommand)
    .map((command): [Command, number] => [command, counts[command]])
    .filter(([, count]) => count > 0)
}

/** So many different codes are told apart, besides the server's own: an application may make up its own. */
const MAX_CODES = 100

/** Counts of what happens seldom, kept from events. */
export interface EventCounts {
  readonly opened: Map<string, number>
  readonly slowReaders: Map<string, number>
  readonly refusals: Map<string, number>
  /** By leg. */
  readonly legConnects: Map<string, number>
  /** By leg. */
  readonly legLosses: Map<string, number>
  heartBeatLosses: number
  expired: number
  dropped: number
  deadLetters: number
}

/** Counts that begin at nothing. */
export function createEventCounts(): EventCounts {
  return {
    opened: new Map(),
    slowReaders: new Map(),
    refusals: new Map(),
    legConnects: new Map(),
    legLosses: new Map(),
    heartBeatLosses: 0,
    expired: 0,
    dropped: 0,
    deadLetters: 0,
  }
}

/** Counts one event; most are not for counting. */
export function countEvent(counts: EventCounts, event: StompEvent): void {
  switch (event.type) {
    case 'session-connected':
      return increase(counts.opened, event.transport)
    case 'slow-reader':
      return increase(counts.slowReaders, event.transport)
    case 'refused': {
      const { code } = event
      const isKnown = counts.refusals.has(code) || Object.hasOwn(STOMP_ERRORS, code) || counts.refusals.size < MAX_CODES
      return increase(counts.refusals, isKnown ? code : 'other')
    }
    case 'heart-beat-lost':
      counts.heartBeatLosses++
      return
    case 'leg-up':
      return increase(counts.legConnects, event.leg)
    case 'leg-down':
      return increase(counts.legLosses, event.leg)
    case 'message-expired':
      counts.expired++
      return
    case 'message-dropped':
      counts.dropped++
      return
    case 'dead-letter':
      counts.deadLetters++
      return
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
