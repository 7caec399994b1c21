import type { Carrier, CarrierReader, ClosedWith } from './carrier.js'
import type { FakeClock } from './fake-clock.js'
import { type Lane, openLane } from './lane.js'

/** How long what is said takes on its way, in ms of virtual time. */
export interface LinkDelay {
  readonly toServerMs?: number
  readonly toClientMs?: number
}

/** The network between a test client and the server, and what can go wrong with it. */
export interface TestLink {
  /** The connection dies, and both ends notice at once (close code 1006). What was on its way is lost. */
  cut(): void
  /**
   * The client is gone and nobody is told, as when a laptop is shut: from now on nothing arrives at either end. Only
   * heart-beats, or a time limit of the server, tell. See the end of the session at the server: `client.closed()` cannot.
   */
  vanish(): void
  /**
   * From now on what is said takes so long, both ways or each its own; order stays. Needs the `clock` of the kit.
   *
   * @throws TypeError without a clock
   */
  delay(delay: number | LinkDelay): void
  /**
   * The client stops reading: the server's next write finds the connection full (over a WebSocket: as soon as the buffers
   * on the way are), and what it is owed waits there, within the bounds that the server has for slow readers. Sending
   * goes on.
   */
  stall(): void
  /** The client reads again. */
  resume(): void
  /** From now on heart-beats are lost on the way, those of either end; frames arrive. `false`: not any more. */
  dropHeartBeats(dropped?: boolean): void
}

/** The client's end of it. */
export interface TestLinkEnd {
  readonly link: TestLink
  send(data: Uint8Array | string): void
  sendHeartBeat(): void
  close(): void
}

/** Whom the client's end tells. */
export interface LinkReader extends CarrierReader {
  heartBeat(): void
}

/** What a link is made with. */
export interface LinkParts {
  readonly reader: LinkReader
  readonly clock: FakeClock | undefined
  readonly openCarrier: (reader: CarrierReader) => Carrier
}

const LINE_FEED = 10
const HEART_BEAT = '\n'

/** Makes the link, and opens its carrier behind it. */
export function openTestLink({ reader, clock, openCarrier }: LinkParts): TestLinkEnd {
  let isDark = false
  let hasEnded = false
  let losesBeats = false
  const end = (ending: ClosedWith): void => {
    if (hasEnded) return
    hasEnded = true
    inbound.discard()
    outbound.discard()
    reader.closed(ending)
  }
  const inbound: Lane = openLane(clock)
  const outbound: Lane = openLane(clock)
  const carrier = openCarrier({
    bytes(data) {
      if (isDark || hasEnded) return
      // The server writes a heart-beat when it has nothing else to say.
      const isBeat = data.length === 1 && data[0] === LINE_FEED
      if (isBeat && losesBeats) return
      inbound.carry(() => {
        if (isBeat) reader.heartBeat()
        else reader.bytes(data)
      })
    },
    closed(ending) {
      if (!isDark) inbound.carry(() => end(ending))
    },
  })
  const send = (data: Uint8Array | string): void => {
    if (!isDark && !hasEnded) outbound.carry(() => carrier.send(data))
  }
  return {
    send,
    sendHeartBeat() {
      if (!losesBeats) send(HEART_BEAT)
    },
    close() {
      // Behind what was sent before; but whom nobody hears any more is let go of at once.
      if (isDark) carrier.close(1000, '')
      else outbound.carry(() => carrier.close(1000, ''))
      if (hasEnded) return
      hasEnded = true
      inbound.discard()
      reader.closed({ code: 1000, reason: '' })
    },
    link: {
      cut() {
        inbound.discard()
        outbound.discard()
        carrier.cut()
        end({ code: 1006, reason: '' })
      },
      vanish() {
        isDark = true
        inbound.discard()
        outbound.discard()
      },
      delay(delay) {
        const { toServerMs, toClientMs } = typeof delay === 'number' ? both(delay) : delay
        if (toServerMs !== undefined) outbound.setDelay(toServerMs)
        if (toClientMs !== undefined) inbound.setDelay(toClientMs)
      },
      stall: () => carrier.setStalled(true),
      resume: () => carrier.setStalled(false),
      dropHeartBeats(dropped = true) {
        losesBeats = dropped
      },
    },
  }
}

const both = (ms: number): LinkDelay => ({ toServerMs: ms, toClientMs: ms })
