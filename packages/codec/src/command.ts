import { type Octets, octetsOf } from './words.js'

/** What a client may send. NACK came with STOMP 1.1, STOMP (for CONNECT) too. */
export type ClientCommand =
  | 'CONNECT'
  | 'STOMP'
  | 'SEND'
  | 'SUBSCRIBE'
  | 'UNSUBSCRIBE'
  | 'ACK'
  | 'NACK'
  | 'BEGIN'
  | 'COMMIT'
  | 'ABORT'
  | 'DISCONNECT'

/** What a server may send. */
export type ServerCommand = 'CONNECTED' | 'MESSAGE' | 'RECEIPT' | 'ERROR'

export type Command = ClientCommand | ServerCommand

/** The side that sends a frame. */
export type Side = 'client' | 'server'

export interface CommandTraits {
  readonly command: Command
  /** The command line with its LF. */
  readonly octets: Octets
  readonly sender: Side
  /** Only SEND, MESSAGE and ERROR may have a body (STOMP 1.2, "Body"). */
  readonly hasBody: boolean
  /** CONNECT, STOMP, CONNECTED: sent before both sides know the version. */
  readonly isConnecting: boolean
  /** What streams are made of: it comes again and again, and much of it is the same each time. */
  readonly isRecurring: boolean
}

const traits = (command: Command, sender: Side, more?: 'body' | 'connecting' | 'recurring'): CommandTraits => ({
  command,
  octets: octetsOf(`${command}\n`),
  sender,
  hasBody: more === 'body',
  isConnecting: more === 'connecting',
  isRecurring: more === 'recurring' || more === 'body',
})

export const SEND: CommandTraits = traits('SEND', 'client', 'body')

/** Every command by its name, as it stands on the first line of a frame: upper case, nothing around it. Frequent ones first. */
export const COMMANDS: ReadonlyMap<string, CommandTraits> = new Map(
  [
    SEND,
    traits('MESSAGE', 'server', 'body'),
    traits('ACK', 'client', 'recurring'),
    traits('NACK', 'client', 'recurring'),
    traits('RECEIPT', 'server', 'recurring'),
    traits('CONNECT', 'client', 'connecting'),
    traits('STOMP', 'client', 'connecting'),
    traits('SUBSCRIBE', 'client'),
    traits('UNSUBSCRIBE', 'client'),
    traits('BEGIN', 'client'),
    traits('COMMIT', 'client'),
    traits('ABORT', 'client'),
    traits('DISCONNECT', 'client'),
    traits('CONNECTED', 'server', 'connecting'),
    traits('ERROR', 'server', 'body'),
  ].map((one) => [one.command, one]),
)

/** Length of UNSUBSCRIBE. */
export const LONGEST_COMMAND = 11
