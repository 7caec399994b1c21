import { Client, type IFrame, type IMessage, Versions } from '@stomp/stompjs'
import { TCPWrapper } from '@stomp/tcp-wrapper'
import { type NodeClient, type NodeHeaders, type NodeMessage, Waiting } from './node-client.js'
import type { OpenClient } from './node-scenarios.js'
import type { StompVersion } from './scenario.js'

/** Opens sessions with @stomp/stompjs, over TCP by @stomp/tcp-wrapper. */
export const openStompjs =
  (port: number, version: StompVersion): OpenClient =>
  (headers = {}, { beats } = { beats: false }) =>
    new Promise((resolve) => {
      const client = new Client({
        webSocketFactory: () => new TCPWrapper('127.0.0.1', port),
        stompVersions: new Versions([version]),
        connectHeaders: { login: 'clients', passcode: 'secret', ...headers },
        heartbeatOutgoing: beats ? 1000 : 0,
        heartbeatIncoming: beats ? 500 : 0,
        // What the server sends every 500 ms may come late on a busy machine.
        heartbeatToleranceMultiplier: 40,
        reconnectDelay: 0,
      })
      const wrapped = wrap(client, version)
      client.onConnect = (frame) => resolve(wrapped(frame))
      client.activate()
    })

function wrap(client: Client, version: StompVersion): (connected: IFrame) => NodeClient {
  const messages = new Waiting<NodeMessage>()
  const beats = new Waiting<undefined>()
  const errors = new Waiting<IFrame>()
  const closed = new Promise<boolean>((resolve) => {
    client.onWebSocketClose = () => resolve(true)
  })
  client.onHeartbeatReceived = () => beats.put(undefined)
  client.onStompError = (frame) => errors.put(frame)

  let receiptCount = 0
  const receipted = (label: string, send: (receipt: { receipt: string }) => void): Promise<string> =>
    new Promise((resolve) => {
      const receipt = `${label}-${++receiptCount}`
      client.watchForReceipt(receipt, () => resolve(label))
      send({ receipt })
    })

  // COMMIT and ABORT take no headers of their own; a SEND after them has its receipt after they are settled.
  const settled = (label: string): Promise<string> =>
    receipted(label, (receipt) => client.publish({ destination: '/topic/nobody', headers: receipt }))

  // It escapes headers in STOMP 1.2 only; for 1.1 that is left to its users.
  const code = (headers: NodeHeaders, coder: (text: string) => string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value = '']) => [name, version === '1.1' ? coder(value) : value]),
    )

  const take = (message: IMessage): void => {
    const answer: NodeMessage['answer'] = (verb, label, transaction) =>
      receipted(label, (receipt) => message[verb](transaction === undefined ? receipt : { ...receipt, transaction }))
    messages.put({ headers: code(message.headers, unescaped), body: Buffer.from(message.binaryBody), answer })
  }

  return (connected) => ({
    connected: connected.headers,
    subscribe: (destination, id, headers = {}) =>
      receipted(id, (receipt) => client.subscribe(destination, take, { id, ...headers, ...receipt })),
    unsubscribe: (id, label) => receipted(label, (receipt) => client.unsubscribe(id, receipt)),
    post(destination, body, headers = {}) {
      client.publish({ destination, body, headers })
    },
    send(destination, body, headers = {}) {
      return receipted('sent', (receipt) => {
        const all = { ...receipt, ...code(headers, escaped) }
        if (typeof body === 'string') client.publish({ destination, body, headers: all })
        else client.publish({ destination, binaryBody: new Uint8Array(body), headers: all })
      })
    },
    begin(transaction) {
      client.begin(transaction)
    },
    commit(transaction, label) {
      client.commit(transaction)
      return settled(label)
    },
    abort(transaction, label) {
      client.abort(transaction)
      return settled(label)
    },
    message: () => messages.take(),
    beat: () => beats.take(),
    async refusal() {
      const { headers, body } = await errors.take()
      return { headers: code(headers, unescaped), body, closed: await closed }
    },
    async close() {
      const receipt = new Promise<string>((resolve) => {
        client.onDisconnect = ({ headers }) => resolve(headers['receipt-id'] === undefined ? 'none' : 'bye')
      })
      await client.deactivate()
      return { receipt: await receipt, closed: await closed }
    },
  })
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', ':': '\\c' }
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\c': ':' }
const escaped = (text: string): string => text.replace(/[\\\n:]/g, (char) => ESCAPES[char] ?? char)
const unescaped = (text: string): string => text.replace(/\\./g, (pair) => UNESCAPES[pair] ?? pair)
