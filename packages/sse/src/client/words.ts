import type { Attach } from './attach.js'
import type { Downlink } from './downlink.js'

/** What says when the server is owed a word: that messages have come, or only that somebody is still there. */
export interface Words {
  /** When something came last, by the clock. */
  heardAt(): number
  /** Something came: once what it brought is handed over, it is time to look whether a word is due. */
  heard(): void
  /** The server wants to know whether somebody is there. */
  beat(): void
  /** A word goes out, whatever carries it. */
  said(): void
}

/** What words are made of. */
export interface WordsParts {
  readonly now: () => number
  readonly times: { readonly ackMs: number; readonly wordMs: number }
  readonly downlink: Pick<Downlink, 'untoldBytes' | 'whenDrained'>
  /** How many bytes the server keeps for what is not acknowledged; undefined: the link is not open. */
  readonly retainBytes: () => number | undefined
  /** The socket that carries, if one does. */
  readonly up: () => Attach['up']
  /** Acknowledges by a request; undefined where the next one does it anyway, or none can be made. */
  readonly acknowledge: () => (() => void) | undefined
}

export function createWords({ now, times, downlink, retainBytes, up, acknowledge }: WordsParts): Words {
  let heardAt = now()
  let wordAt = heardAt
  let isConsidering = false
  let hasBeat = false

  const consider = () => {
    const untold = downlink.untoldBytes()
    const silentMs = now() - wordAt
    const isBeat = hasBeat
    const retained = retainBytes()
    isConsidering = hasBeat = false
    if (!retained) return
    const isDue = isBeat || untold >= retained / 4 || silentMs >= times.ackMs
    if (!(untold > 0 && isDue) && !(isBeat && silentMs >= times.wordMs)) return
    const socket = up()
    if (socket) socket.beat()
    else acknowledge()?.()
  }

  return {
    heardAt: () => heardAt,
    heard() {
      heardAt = now()
      if (isConsidering) return
      isConsidering = true
      // The event itself is still to be read.
      void Promise.resolve().then(() => downlink.whenDrained(consider))
    },
    beat() {
      hasBeat = true
    },
    said() {
      wordAt = now()
    },
  }
}
