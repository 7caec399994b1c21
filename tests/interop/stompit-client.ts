import { buffer, text } from 'node:stream/consumers'
import stompit, { type Client, type FrameOptions, type Message, type Subscription, type Transaction } from 'stompit'
import { type NodeClient, type NodeMessage, Waiting } from './node-client.js'
import type { OpenClient } from './node-scenarios.js'
import type { StompVersion } from './scenario.js'

/** Opens sessions with stompit. */
export const openStompit =
  (port: number, version: StompVersion): OpenClient =>
  (headers = {}, { beats } = { beats: false }) =>
    new Promise((resolve, reject) => {
      const login = { login: 'clients', passcode: 'secret', 'accept-version': version }
      const beat = beats ? { 'heart-beat': '1000,500' } : {}
      const options = {
        host: '127.0.0.1',
        port,
        // It writes a frame in three pieces, which would wait for one another.
        noDelay: true,
        connectHeaders: { ...login, ...beat, ...headers },
        // Its own is 100 ms, less than a busy machine may be late.
        heartbeatDelayMargin: 20_000,
      }
      stompit.connect(options, (error, client) => (error === null ? resolve(wrap(client)) : reject(error)))
    })

function wrap(client: Client): NodeClient {
  const messages = new Waiting<NodeMessage>()
  const subscriptions = new Map<string, Subscription>()
  const transactions = new Map<string, Transaction>()
  const beats = new Waiting<undefined>()
  const refusals = new Waiting<Message>()
  const closed = new Promise<boolean>((resolve) => client.getTransportSocket().once('close', () => resolve(true)))
  // Its own way to read an ERROR that is text/plain throws the error into nowhere, and so ends the process.
  client.setCommandHandler('ERROR', (frame) => refusals.put(frame))
  // The end of the connection after an ERROR.
  client.on('error', () => {})
  client.getTransportSocket().on('data', (bytes: Buffer) => {
    if (bytes.toString() === '\n') beats.put(undefined)
  })

  const receipted = (label: string, send: (options: FrameOptions) => void): Promise<string> =>
    new Promise((resolve) => send({ onReceipt: () => resolve(label) }))

  // SUBSCRIBE asks for no receipt; a SEND after it has its own once the subscription is there.
  const settled = (label: string): Promise<string> =>
    receipted(label, (options) => client.send({ destination: '/topic/nobody' }, options).end())

  const take = async (message: Message): Promise<void> => {
    const answer: NodeMessage['answer'] = (verb, label, transaction) =>
      receipted(label, (options) => client[verb](message, transaction === undefined ? {} : { transaction }, options))
    messages.put({ headers: message.headers, body: await buffer(message), answer })
  }

  const transactionOf = (name: string): Transaction => {
    const transaction = transactions.get(name)
    if (transaction === undefined) throw new Error(`${name} is not open`)
    return transaction
  }

  return {
    connected: client.headers,
    subscribe(destination, id, headers = {}) {
      const listener = (error: Error | null, message: Message): void => {
        if (error === null) void take(message)
      }
      subscriptions.set(id, client.subscribe({ destination, id, ...headers }, listener))
      return settled(id)
    },
    unsubscribe(id, label) {
      subscriptions.get(id)?.unsubscribe()
      return settled(label)
    },
    post(destination, body, headers = {}) {
      const { transaction } = headers
      const sender = transaction === undefined ? client : transactionOf(transaction)
      sender.send({ ...headers, destination }).end(body)
    },
    send(destination, body, headers = {}) {
      const bytes = Buffer.from(body)
      const all = { ...headers, destination, 'content-length': bytes.length }
      return receipted('sent', (options) => client.send(all, options).end(bytes))
    },
    begin(transaction) {
      transactions.set(transaction, client.begin({ transaction }))
    },
    commit: (transaction, label) => receipted(label, (options) => transactionOf(transaction).commit(options)),
    abort: (transaction, label) => receipted(label, (options) => transactionOf(transaction).abort(options)),
    message: () => messages.take(),
    beat: () => beats.take(),
    async refusal() {
      const frame = await refusals.take()
      return { headers: frame.headers, body: await text(frame), closed: await closed }
    },
    close: () =>
      new Promise((resolve, reject) => {
        client.disconnect((error) =>
          error === null ? resolve({ receipt: 'bye', closed: client.getTransportSocket().destroyed }) : reject(error),
        )
      }),
  }
}
