import { HttpLink } from '@hoofbeat/sse/client'
import { Client, type IFrame, type IStompSocket } from '@stomp/stompjs'
import SockJS from 'sockjs-client'
import { WebSocket } from 'ws'

/** What carries a client. */
export type Carrier = 'websocket' | 'stream' | 'poll' | 'xhr-streaming' | 'xhr-polling'

/** A message as a client got it. */
export interface Got {
  readonly body: string
  readonly messageId: string | undefined
  readonly isRedelivered: boolean
  /** Acknowledges it, and asks for no RECEIPT: one that nobody can give any more would end the session. */
  ack(): void
}

/** How a client connects. */
export interface ClientOptions {
  /** Of the balancer, or of one node: `http://host:port`. */
  readonly url: string
  readonly carrier: Carrier
  /** Its name as a user; undefined: anonymous. */
  readonly login?: string
  /** How long after a loss it comes again, in ms. @default it does not */
  readonly reconnectMs?: number
}

/** An unmodified stompjs, over whatever carries it. */
export interface ClusterClient {
  /** How often it was connected. */
  readonly connects: number
  /** Why it was closed, each time: a client that stays connected has none before `close`. */
  readonly losses: readonly string[]
  /** ERROR frames. */
  readonly errors: readonly string[]
  /** How long it took from each loss until it was connected again, in ms. */
  readonly returnsMs: readonly number[]
  /** How many subscriptions were receipted on the present connection. */
  readonly subscribed: number
  /**
   * Resolves at the RECEIPT; the subscription is made again when the client comes again. `active` is told at each RECEIPT.
   */
  subscribe(
    destination: string,
    take: (got: Got) => void,
    headers?: Record<string, string>,
    active?: () => void,
  ): Promise<void>
  /** Sends, and waits for nothing. */
  send(destination: string, body: string, headers?: Record<string, string>): void
  /** Resolves at the RECEIPT. Rejects if the connection is lost before: nobody knows then. */
  sendReceipted(destination: string, body: string, headers?: Record<string, string>): Promise<void>
  close(): Promise<void>
}

interface Standing {
  readonly destination: string
  readonly take: (got: Got) => void
  readonly headers: Record<string, string>
  readonly active: (() => void) | undefined
}

/** How long a client that comes again waits for CONNECTED before it tries once more, in ms. */
const CONNECT_MS = 15_000

/** Connects; resolves at CONNECTED. */
export async function connectClient(options: ClientOptions): Promise<ClusterClient> {
  const { login, reconnectMs = 0 } = options
  const losses: string[] = []
  const returnsMs: number[] = []
  const errors: string[] = []
  const standing: Standing[] = []
  const waiting = new Set<(error: Error) => void>()
  let connects = 0
  let subscribed = 0
  let lastReceipt = 0
  let isClosing = false
  let lostMs = 0
  const client = new Client({
    webSocketFactory: () => openSocket(options),
    connectHeaders: login === undefined ? {} : { login },
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    reconnectDelay: reconnectMs,
    // On Node sockjs-client does not notice that a stream was cut.
    connectionTimeout: reconnectMs === 0 ? 0 : CONNECT_MS,
  })

  const receipted = (act: (receipt: string) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const receipt = `r${++lastReceipt}`
      waiting.add(reject)
      client.watchForReceipt(receipt, () => {
        waiting.delete(reject)
        resolve()
      })
      act(receipt)
    })
  const subscribe = ({ destination, take, headers, active }: Standing): Promise<void> =>
    receipted((receipt) => {
      client.subscribe(
        destination,
        (message) =>
          take({
            body: message.body,
            messageId: message.headers['message-id'],
            isRedelivered: message.headers.redelivered === 'true',
            ack: () => message.ack(),
          }),
        { ...headers, receipt },
      )
    }).then(() => {
      subscribed += 1
      active?.()
    })

  const first = new Promise<void>((resolve, reject) => {
    client.onConnect = () => {
      connects += 1
      if (connects > 1) returnsMs.push(performance.now() - lostMs)
      resolve()
      if (connects > 1) for (const one of standing) subscribe(one).catch(() => {})
    }
    client.onStompError = ({ headers, body }: IFrame) => {
      errors.push(`${headers.code} ${headers.message} ${body}`)
      reject(new Error(`refused: ${headers.message}`))
    }
    client.onWebSocketClose = ({ code, reason }: { code: number; reason: string }) => {
      // An attempt to come back that fails is no loss.
      if (!isClosing && (connects > losses.length || reconnectMs === 0)) {
        losses.push(`${code} ${reason}`)
        lostMs = performance.now()
      }
      subscribed = 0
      for (const refuse of waiting) refuse(new Error(`the connection is lost: ${code} ${reason}`))
      waiting.clear()
      if (reconnectMs === 0) reject(new Error(`closed before CONNECTED: ${code} ${reason}`))
    }
  })
  client.activate()
  await first

  return {
    get connects() {
      return connects
    },
    get subscribed() {
      return subscribed
    },
    losses,
    errors,
    returnsMs,
    subscribe(destination, take, headers = {}, active) {
      const one = { destination, take, headers, active }
      standing.push(one)
      return subscribe(one)
    },
    send(destination, body, headers = {}) {
      client.publish({ destination, body, headers })
    },
    async sendReceipted(destination, body, headers = {}) {
      // Throws where there is no connection: that is a rejection here.
      await receipted((receipt) => client.publish({ destination, body, headers: { ...headers, receipt } }))
    },
    async close() {
      isClosing = true
      await client.deactivate()
    },
  }
}

/** How long a transport of SockJS may take to open, at least. */
const SOCKJS_TIMEOUT_MS = 5_000

function openSocket({ url, carrier }: ClientOptions): IStompSocket {
  switch (carrier) {
    case 'websocket':
      return fits(new WebSocket(`${url.replace(/^http/, 'ws')}/stomp`, ['v12.stomp']))
    case 'stream':
    case 'poll':
      return fits(new HttpLink(`${url}/stomp`, { rungs: [carrier] }))
    case 'xhr-streaming':
    case 'xhr-polling':
      // Else it gives up a transport by how fast the first request was: nodes that have just started answer the next ones later.
      return fits(new SockJS(`${url}/stomp`, null, { transports: [carrier], timeout: SOCKJS_TIMEOUT_MS }))
  }
}

/** All of them are made to be taken for a WebSocket; only the types of their events differ. */
const fits = (socket: object): IStompSocket => socket as IStompSocket
