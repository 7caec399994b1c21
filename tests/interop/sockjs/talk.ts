import type { Client } from '@stomp/stompjs'
import type SockJSClient from 'sockjs-client'

/** How a page is to talk STOMP over SockJS. */
export interface TalkOptions {
  readonly url: string
  /** The transports it may use; empty: all. */
  readonly transports: readonly string[]
  /** Heart-beats both ways, in ms. */
  readonly beatMs: number
}

/** What a page knows of its talk. */
export interface TalkState {
  /** What carries it now. */
  transport: string
  connects: number
  losses: number
  /** The last CONNECTED. */
  connected: Record<string, string>
  readonly receipts: string[]
  /** Bodies from `/topic/greetings` and `/topic/echo`. */
  readonly bodies: string[]
  beatsSent: number
  beatsReceived: number
  readonly errors: string[]
}

/** What tests call in the page. */
export interface Talk {
  readonly state: TalkState
  /** Once connected, it subscribes to two topics with a receipt each. */
  connect(): void
  send(destination: string, body: string, receipt: string): void
  disconnect(): void
}

interface OldFrame {
  readonly body: string
  readonly headers: Record<string, string>
}

/** stompjs 2.3.3, which is stomp-websocket 2.3.3, as a page sees it. */
interface OldClient {
  debug: (text: string) => void
  heartbeat: { incoming: number; outgoing: number }
  onreceipt: (frame: OldFrame) => void
  connect(headers: object, connected: (frame: OldFrame) => void, failed: (error: string | OldFrame) => void): void
  subscribe(destination: string, take: (message: OldFrame) => void, headers: object): void
  send(destination: string, headers: object, body: string): void
  disconnect(): void
}

declare const SockJS: typeof SockJSClient
declare const Stomp: { over(socket: unknown): OldClient }
declare const StompJs: { readonly Client: typeof Client }
declare global {
  var talk: Talk
}

// Both run in pages, so each refers to nothing outside of itself but the globals of the clients.

/** Sets up `talk` with stompjs 2.3.3. After a loss it waits for the next `connect`. */
export function setUpOldTalk({ url, transports, beatMs }: TalkOptions): void {
  const state: TalkState = {
    transport: '',
    connects: 0,
    losses: 0,
    connected: {},
    receipts: [],
    bodies: [],
    beatsSent: 0,
    beatsReceived: 0,
    errors: [],
  }
  let client: OldClient
  globalThis.talk = {
    state,
    connect() {
      const socket = new SockJS(url, null, { transports })
      client = Stomp.over(socket)
      client.heartbeat = { incoming: beatMs, outgoing: beatMs }
      client.debug = (text) => {
        if (text === '>>> PING') state.beatsSent += 1
        if (text === '<<< PONG') state.beatsReceived += 1
      }
      client.onreceipt = (frame) => state.receipts.push(frame.headers['receipt-id'] ?? '')
      const connected = (frame: OldFrame): void => {
        state.transport = socket.transport
        state.connects += 1
        state.connected = { ...frame.headers }
        for (const name of ['greetings', 'echo']) {
          client.subscribe(`/topic/${name}`, ({ body }) => state.bodies.push(body), { receipt: name })
        }
      }
      client.connect({ login: 'ada' }, connected, (error) => {
        if (typeof error === 'string') state.losses += 1
        else state.errors.push(error.headers.message ?? '')
      })
    },
    send: (destination, body, receipt) => client.send(destination, { receipt }, body),
    disconnect: () => client.disconnect(),
  }
}

/** Sets up `talk` with the current @stomp/stompjs. It connects again by itself. */
export function setUpNewTalk({ url, transports, beatMs }: TalkOptions): void {
  const state: TalkState = {
    transport: '',
    connects: 0,
    losses: 0,
    connected: {},
    receipts: [],
    bodies: [],
    beatsSent: 0,
    beatsReceived: 0,
    errors: [],
  }
  let socket: InstanceType<typeof SockJSClient>
  const client = new StompJs.Client({
    webSocketFactory: () => {
      socket = new SockJS(url, null, { transports })
      return socket as never
    },
    connectHeaders: { login: 'ada' },
    reconnectDelay: 50,
    heartbeatIncoming: beatMs,
    heartbeatOutgoing: beatMs,
    debug: (text) => {
      if (text === '>>> PING') state.beatsSent += 1
      if (text === '<<< PONG') state.beatsReceived += 1
    },
    onConnect: (frame) => {
      state.transport = socket.transport
      state.connects += 1
      state.connected = { ...frame.headers }
      for (const name of ['greetings', 'echo']) {
        client.subscribe(`/topic/${name}`, ({ body }) => void state.bodies.push(body), { receipt: name })
      }
    },
    onUnhandledReceipt: (frame) => void state.receipts.push(frame.headers['receipt-id'] ?? ''),
    onStompError: (frame) => void state.errors.push(frame.headers.message ?? ''),
    onWebSocketClose: () => {
      if (client.active) state.losses += 1
    },
  })
  globalThis.talk = {
    state,
    connect: () => client.activate(),
    send: (destination, body, receipt) => client.publish({ destination, body, headers: { receipt } }),
    disconnect: () => void client.deactivate(),
  }
}
