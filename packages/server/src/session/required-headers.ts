import type { Frame, Version } from '@hoofbeat/codec'
import { StompError } from '../errors.js'

/**
 * The refusal of a connected client's frame that lacks a header which its version requires
 * (STOMP 1.2, "Client Frames"); undefined if it lacks none.
 */
export function missingHeader(frame: Frame, version: Version): StompError | undefined {
  for (const name of requiredHeaders(frame, version)) if (!frame.headers.has(name)) return missing(frame, name, version)
  return undefined
}

function missing({ command }: Frame, name: string, version: Version): StompError {
  return new StompError('STOMP_ERR_HEADER_MISSING', {
    message: `${command} needs the header '${name}'`,
    cure: `Add the header '${name}' to ${command} (STOMP ${version}).`,
  })
}

type Names = readonly string[]

const NONE: Names = []
const ID: Names = ['id']
const DESTINATION: Names = ['destination']
const TRANSACTION: Names = ['transaction']
const MESSAGE_ID: Names = ['message-id']
const DESTINATION_AND_ID: Names = ['destination', 'id']
const MESSAGE_ID_AND_SUBSCRIPTION: Names = ['message-id', 'subscription']

/** STOMP 1.0 knows subscriptions without an id: those are named by their destination. */
function requiredHeaders({ command, headers }: Frame, version: Version): Names {
  switch (command) {
    case 'SEND':
      return DESTINATION
    case 'SUBSCRIBE':
      return version === '1.0' ? DESTINATION : DESTINATION_AND_ID
    case 'UNSUBSCRIBE':
      return version === '1.0' && !headers.has('id') ? DESTINATION : ID
    case 'ACK':
    case 'NACK':
      if (version === '1.2') return ID
      return version === '1.1' ? MESSAGE_ID_AND_SUBSCRIPTION : MESSAGE_ID
    case 'BEGIN':
    case 'COMMIT':
    case 'ABORT':
      return TRANSACTION
    default:
      return NONE
  }
}
