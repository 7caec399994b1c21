import { createHeaders, type HeadersInit } from '@hoofbeat/codec'
import type { Delivery, Taken } from '../../message/delivery.js'
import type { Message } from '../../message/message.js'
import type { Broker, BrokerRequest, Channel, TransactionRequest } from '../broker.js'

/** What one subscriber was given. */
export interface Delivered {
  readonly destination: string
  readonly body: string
  readonly subscription: string | undefined
}

/** A client of a broker under test: one channel, and all that came over it. */
export interface ContractClient {
  readonly sessionId: string
  readonly channel: Channel
  readonly delivered: Delivered[]
  /** The messages themselves. */
  readonly messages: Message[]
  /** What came with each of them. */
  readonly deliveries: Delivery[]
  /** The codes of `refuse`. */
  readonly refusals: unknown[]
  /** What each further delivery is answered with; called after it was noted. */
  onDelivery: () => Taken
  /** The bodies of what came, in order. */
  bodies(): string[]
  subscribe(id: string, destination: string, headers?: HeadersInit): Promise<void>
  unsubscribe(id: string, headers?: HeadersInit): Promise<void>
  send(destination: string, body: string, headers?: HeadersInit): Promise<void>
  /** Answers the last delivery of this body, as a client of STOMP 1.2 does. */
  ack(body: string, command?: 'ACK' | 'NACK'): Promise<void>
  nack(body: string): Promise<void>
  commit(...requests: readonly TransactionRequest[]): Promise<void>
}

/** Connects; `clientId` and `userName` as CONNECT would give them. */
export function connect(
  broker: Broker,
  { userName, clientId }: { readonly userName?: string; readonly clientId?: string } = {},
): ContractClient {
  const delivered: Delivered[] = []
  const messages: Message[] = []
  const deliveries: Delivery[] = []
  const refusals: unknown[] = []
  const sessionId = crypto.randomUUID()
  const channel = broker.attach(
    {
      deliver(message, delivery) {
        messages.push(message)
        deliveries.push(delivery)
        const destination = delivery.destination ?? message.destination
        delivered.push({ destination, body: textOf(message), subscription: delivery.subscription })
        return client.onDelivery()
      },
      refuse: ({ code }) => refusals.push(code),
    },
    { sessionId, userName, clientId },
  )
  // Not awaited before it is handed over: the order of the calls is the order of the requests.
  const handle = async (request: BrokerRequest): Promise<void> => channel.handle(request)
  const client: ContractClient = {
    ...{ sessionId, channel, delivered, messages, deliveries, refusals },
    onDelivery: () => 'taken',
    bodies: () => delivered.map(({ body }) => body),
    subscribe: (id, destination, headers) =>
      handle({
        ...{ command: 'SUBSCRIBE', id, shownId: id, destination, shownDestination: undefined },
        headers: createHeaders(headers),
      }),
    unsubscribe: (id, headers) => handle({ command: 'UNSUBSCRIBE', id, shownId: id, headers: createHeaders(headers) }),
    send: (destination, body, headers) => handle(sendOf(destination, body, headers)),
    ack: async (body, command = 'ACK') => channel.handle(answerOf(client, body, command)),
    nack: (body) => client.ack(body, 'NACK'),
    commit: async (...requests) => channel.commit(requests),
  }
  return client
}

/** A SEND. */
export function sendOf(destination: string, body: string, headers?: HeadersInit): TransactionRequest {
  return { command: 'SEND', destination, headers: createHeaders(headers), body: new TextEncoder().encode(body) }
}

/** The ACK or NACK of the last delivery of this body. */
export function answerOf(client: ContractClient, body: string, command: 'ACK' | 'NACK' = 'ACK'): TransactionRequest {
  return { command, reference: { ack: client.deliveries[client.bodies().lastIndexOf(body)]?.ack ?? 'none' } }
}

/** The text of a body. */
export const textOf = (message: Message): string => new TextDecoder().decode(message.body)

/** The code of the refusal; callers of the port go by it. Undefined if there was none. */
export async function codeOf(act: () => Promise<void>): Promise<unknown> {
  try {
    await act()
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : error
  }
  return undefined
}

/** '0', '1' and so on. */
export function counted(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${first + i}`)
}
