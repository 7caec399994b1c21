import { Client, type IFrame, type IMessage, type StompHeaders } from '@stomp/stompjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type InteropServer, startServer } from './server.js'

describe('@stomp/stompjs over ws', () => {
  let server: InteropServer
  const clients: Client[] = []

  beforeEach(async () => {
    server = await startServer()
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.deactivate()))
    await server.close()
  })

  function connect(headers: StompHeaders = {}, options: object = {}): Promise<Client> {
    return new Promise((resolve, reject) => {
      const client = new Client({
        webSocketFactory: () => new WebSocket(server.url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
        connectHeaders: headers,
        reconnectDelay: 0,
        onConnect: () => resolve(client),
        onStompError: (frame) => reject(new Error(frame.headers.message)),
        ...options,
      })
      clients.push(client)
      client.activate()
    })
  }

  const receipt = (client: Client, send: (id: string) => void): Promise<IFrame> =>
    new Promise((resolve) => {
      const id = `receipt-${Math.random()}`
      client.watchForReceipt(id, resolve)
      send(id)
    })

  async function subscribe(client: Client, destination: string): Promise<IMessage[]> {
    const messages: IMessage[] = []
    await receipt(client, (id) =>
      client.subscribe(destination, (message) => void messages.push(message), { receipt: id }),
    )
    return messages
  }

  it('exchanges text, unicode, empty and binary bodies between two clients', async () => {
    const [alice, bob] = await Promise.all([connect({ login: 'alice' }), connect()])
    const messages = await subscribe(bob, '/topic/all')
    const binary = Uint8Array.from({ length: 256 }, (_, i) => i)
    await receipt(alice, (id) => {
      alice.publish({ destination: '/topic/all', body: 'plain' })
      alice.publish({ destination: '/topic/all', body: 'æøå 🐎\r\nline:two\\' })
      alice.publish({ destination: '/topic/all', body: '' })
      alice.publish({
        destination: '/topic/all',
        binaryBody: binary,
        headers: { 'content-type': 'application/octet-stream' },
      })
      alice.publish({ destination: '/topic/all', body: 'last', headers: { receipt: id, 'x-odd': 'a:b\nd\re' } })
    })
    await expect.poll(() => messages.length).toBe(5)
    expect(messages.map((message) => message.body).filter((_, i) => i !== 3)).toEqual([
      'plain',
      'æøå 🐎\r\nline:two\\',
      '',
      'last',
    ])
    expect(messages[3]?.binaryBody).toEqual(binary)
    expect(messages[4]?.headers['x-odd']).toBe('a:b\nd\re')
    expect(messages[4]?.headers.receipt).toBeUndefined()
  })

  it('reaches a message route and reads the one-shot answer of a subscription route', async () => {
    const client = await connect()
    const greetings = await subscribe(client, '/topic/greetings')
    client.publish({ destination: '/app/hello', body: JSON.stringify({ name: 'Ada' }) })
    const answers = await subscribe(client, '/app/answer')
    await expect.poll(() => greetings.length + answers.length).toBe(2)
    expect(JSON.parse(greetings[0]?.body ?? '')).toEqual({ content: 'Hello, Ada!' })
    expect(JSON.parse(answers[0]?.body ?? '')).toEqual({ answer: 42 })
  })

  it('negotiates each version', async () => {
    for (const version of ['1.0', '1.1', '1.2']) {
      const client = await connect(
        {},
        { stompVersions: { supportedVersions: () => version, protocolVersions: () => [] } },
      )
      expect(client.connectedVersion).toBe(version)
    }
  })

  it('is told of a refusal by its onStompError', async () => {
    const errors: IFrame[] = []
    const client = await connect({}, { onStompError: (frame: IFrame) => void errors.push(frame) })
    client.publish({ destination: '/nowhere', body: 'x' })
    await expect.poll(() => errors.length).toBe(1)
    expect(errors[0]?.headers.code).toBe('STOMP_ERR_FORBIDDEN')
    expect(errors[0]?.body).not.toBe('')
  })

  it('splits large frames if asked, and they arrive whole', async () => {
    const client = await connect({}, { splitLargeFrames: true, maxWebSocketChunkSize: 1000 })
    const messages = await subscribe(client, '/topic/large')
    client.publish({ destination: '/topic/large', body: 'x'.repeat(60_000) })
    await expect.poll(() => messages.length).toBe(1)
    expect(messages[0]?.body.length).toBe(60_000)
  })

  it('disconnects cleanly: the RECEIPT comes, then the client closes', async () => {
    const closes: number[] = []
    const receipts: string[] = []
    const client = await connect(
      {},
      {
        onWebSocketClose: (event: { code: number }) => void closes.push(event.code),
        onDisconnect: (frame: IFrame) => void receipts.push(frame.command),
      },
    )
    await client.deactivate()
    expect(receipts).toEqual(['RECEIPT'])
    // The client closes without a code of its own.
    expect(closes).toEqual([1005])
  })

  it('reconnects by itself after the server closed the socket', async () => {
    const client = await connect({}, { reconnectDelay: 1 })
    let connects = 0
    client.onConnect = () => {
      connects++
    }
    server.cut()
    await expect.poll(() => connects).toBe(1)
  })
})
