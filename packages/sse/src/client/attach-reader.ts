import type { Attach } from './attach.js'
import type { CarrierListener, Refused } from './carrier.js'
import { GAP } from './endings.js'
import type { LinkParts } from './link-parts.js'
import { attachedOf, countOf, type Members } from './reading.js'

/** Who is told what became of an attach. */
export interface AttachReaderOwner {
  /** Its `o` came. */
  opened(attach: Attach): void
  /** Its first `k` came. */
  proved(attach: Attach): void
  ended(attach: Attach, refused?: Refused): void
}

/** Reads one attach: its own position in the numbers, whatever other attaches bring meanwhile. */
export function createAttachReader(parts: LinkParts, attach: Attach, owner: AttachReaderOwner): CarrierListener {
  const opens = (data: Members) => {
    const attached = attachedOf(data)
    if (attached?.attach !== attach.number || attach.isOpen || attached.from > parts.downlink.next()) {
      parts.broken(GAP)
      return
    }
    if (!parts.acknowledged(attached.ack)) return
    attach.isOpen = true
    attach.openAt = attach.heardAt = parts.now()
    attach.position = attached.from - 1
    owner.opened(attach)
  }

  /** The server and this side must have counted the same: else something between took messages out or put some in. */
  const isCounted = ({ sent }: Members) => {
    const isRight = attach.isOpen && sent === attach.position
    if (!isRight) parts.broken(GAP)
    return isRight
  }

  const beats = (data: Members) => {
    const first = parts.uplink.first()
    if (!isCounted(data) || !parts.acknowledged(countOf(data.ack) ?? 0)) return
    attach.up?.answered(parts.uplink.first() > first)
    if (!attach.isProved) owner.proved(attach)
    parts.expires(data.expires)
    parts.hasBeat = true
  }

  return {
    heard() {
      attach.heardAt = parts.now()
      parts.heard()
    },
    event(name, data) {
      if (name === 'o') opens(data)
      else if (name === 'k') beats(data)
      else if (name === 'c' && isCounted(data)) parts.farewell(data)
    },
    message(data) {
      if (!attach.isOpen || !parts.downlink.take(++attach.position, data)) parts.broken(GAP)
    },
    broken: parts.broken,
    ended: (refused) => owner.ended(attach, refused),
  }
}
