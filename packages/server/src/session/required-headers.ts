import type { Frame, Version } from '@hoofbeat/codec'
import { StompError } from '../errors.js'

/**
 * Throws if a connected client's frame lacks a header that its version requires
 * (STOMP 1.2, "Client Frames"). STOMP 1.0 knows subscriptions without an id: those are named by their destination.
 */
export function checkHeaders(frame: Frame, version: Version): void {
  const { command, headers } = frame
  const demand = (name: string): void => {
    if (headers.has(name)) return
    throw new StompError('STOMP_ERR_HEADER_MISSING', {
      message: `${command} needs the header '${name}'`,
      cure: `Add the header '${name}' to ${command} (STOMP ${version}).`,
    })
  }
  switch (command) {
    case 'SEND':
      demand('destination')
      return
    case 'SUBSCRIBE':
      demand('destination')
      if (version !== '1.0') demand('id')
      return
    case 'UNSUBSCRIBE':
      if (version !== '1.0') demand('id')
      else if (!headers.has('id')) demand('destination')
      return
    case 'ACK':
    case 'NACK':
      if (version === '1.2') return demand('id')
      demand('message-id')
      if (version === '1.1') demand('subscription')
      return
    case 'BEGIN':
    case 'COMMIT':
    case 'ABORT':
      demand('transaction')
      return
    default:
      return
  }
}
