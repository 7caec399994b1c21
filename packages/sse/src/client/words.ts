import type { LinkParts } from './link-parts.js'

/**
 * Gives the server the words it is owed: that messages have come, or only that somebody is still there. What is returned
 * is called whenever something came: once what it brought is handed over, it is time to look whether a word is due.
 */
export function createWords(parts: LinkParts): () => void {
  let isConsidering = false

  const consider = () => {
    const { hasBeat, link, times } = parts
    const untold = parts.downlink.untoldBytes()
    const silentMs = parts.now() - parts.wordAt
    isConsidering = parts.hasBeat = false
    if (!link || parts.state > 2) return
    const isDue = hasBeat || untold >= link.limits.retain / 4 || silentMs >= times.ackMs
    if (!(untold > 0 && isDue) && !(hasBeat && silentMs >= times.wordMs)) return
    const socket = parts.current?.up
    if (socket) socket.beat()
    else parts.acknowledge()
  }

  return () => {
    parts.heardAt = parts.now()
    if (isConsidering) return
    isConsidering = true
    // The event itself is still to be read.
    void Promise.resolve().then(() => parts.downlink.whenDrained(consider))
  }
}
