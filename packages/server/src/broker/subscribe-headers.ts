import type { Headers } from '@hoofbeat/codec'
import { StompError } from '../errors.js'

/** Headers of SUBSCRIBE that ask for more than delivery. */
const DEMANDS = ['selector', 'durable', 'since', 'replay'] as const

/**
 * Throws if a SUBSCRIBE asks for acknowledgement, selection or memory: for whoever offers plain delivery only, so that
 * no client relies on what it does not get.
 */
export function refuseBeyondPlain(headers: Headers): void {
  const ack = headers.get('ack')
  if (ack !== undefined && ack !== 'auto') {
    if (ack !== 'client' && ack !== 'client-individual') {
      throw new StompError('STOMP_ERR_HEADER_INVALID', { message: `'${ack}' is no acknowledgement mode` })
    }
    throw new StompError('STOMP_ERR_UNSUPPORTED', {
      message: `The acknowledgement mode '${ack}' is not offered`,
      cure: 'Subscribe with ack:auto, or leave the ack header out.',
    })
  }
  for (const header of DEMANDS) {
    if (headers.has(header)) {
      throw new StompError('STOMP_ERR_UNSUPPORTED', { message: `The header '${header}' is not offered on SUBSCRIBE` })
    }
  }
}
