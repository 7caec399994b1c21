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
export function createAttachReader(
  { now, uplink, downlink, host }: LinkParts,
  attach: Attach,
  owner: AttachReaderOwner,
): CarrierListener {
  const opens = (data: Members) => {
    const attached = attachedOf(data)
    if (attached?.attach !== attach.number || attach.isOpen || attached.from > downlink.next()) {
      host.broken(GAP)
      return
    }
    if (!host.acknowledged(attached.ack)) return
    attach.isOpen = true
    attach.openAt = attach.heardAt = now()
    attach.position = attached.from - 1
    owner.opened(attach)
  }

  /** The server and this side must have counted the same: else something between took messages out or put some in. */
  const isCounted = ({ sent }: Members) => {
    const isRight = attach.isOpen && sent === attach.position
    if (!isRight) host.broken(GAP)
    return isRight
  }

  const beats = (data: Members) => {
    const first = uplink.first()
    if (!isCounted(data) || !host.acknowledged(countOf(data.ack) ?? 0)) return
    attach.up?.answered(uplink.first() > first)
    if (!attach.isProved) owner.proved(attach)
    host.expires(data.expires)
    host.beat()
  }

  return {
    heard() {
      attach.heardAt = now()
      host.heard()
    },
    event(name, data) {
      if (name === 'o') opens(data)
      else if (name === 'k') beats(data)
      else if (name === 'c' && isCounted(data)) host.farewell(data)
    },
    message(data) {
      if (!attach.isOpen || !downlink.take(++attach.position, data)) host.broken(GAP)
    },
    broken: host.broken,
    ended: (refused) => owner.ended(attach, refused),
  }
}
