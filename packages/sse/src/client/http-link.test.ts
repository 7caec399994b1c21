import { Client } from '@stomp/stompjs'
import { describe, expect, it } from 'vitest'
import { createHttpLink, HttpLink } from './http-link.js'
import { endpointOf } from './options.js'
import { event, GREETING, linked, linkedBySocket, linkedByStream, OPENED } from './testing/linked.js'
import { ScriptedNetwork } from './testing/scripted-network.js'

describe('the happy way', () => {
  it('opens by WebSocket with the greeting and sends the first message with a ping behind it', async () => {
    const { told, link, socket, network } = await linkedBySocket()
    expect(told).toEqual(['open', '= websocket'])
    expect(link.protocol).toBe('v12.stomp')
    link.send('hello')
    expect(socket.take()).toEqual(['hello', '\u0001k{"ack":0,"sent":1,"ping":1}'])
    expect(link.bufferedAmount).toBe(5)
    await socket.message('world')
    await socket.say('k', { ack: 1, sent: 1 })
    await network.time.pass(0)
    expect(link.bufferedAmount).toBe(0)
    expect(told).toEqual(['open', '= websocket', '< world'])
  })

  it('opens by HTTP, sends and receives by stream', async () => {
    const { told, link, down, network } = await linkedByStream()
    expect(told).toEqual(['open', '= stream'])
    link.send('hello')
    await network.time.pass(0)
    const up = network.request('up')
    expect(up.body).toEqual({ v: 1, key: 'secret', seq: 1, ack: 0, items: ['hello'] })
    await down.write(event('', ['one', { b: 'AQI=' }]))
    await network.time.pass(0)
    expect(told.slice(2)).toEqual(['< one', '< bytes 1,2'])
    await up.reply(200, { v: 1, ack: 1, attach: 1, sent: 2 })
    expect(link.bufferedAmount).toBe(0)
  })

  it('polls again and again', async () => {
    const { network, told } = linked({ rungs: ['poll'] })
    await network.time.pass(0)
    await network.request('open').reply(200, OPENED)
    const first = network.request('down')
    expect(first.body).toEqual({ v: 1, key: 'secret', attach: 1, ack: 0, hold: 25_000 })
    await first.stream(
      event('o', { v: 1, attach: 1, from: 1, ack: 0 }) + event('', ['a', 'b']) + event('k', { ack: 0, sent: 2 }),
    )
    await first.end()
    await network.time.pass(0)
    expect(told).toEqual(['open', '= poll', '< a', '< b'])
    expect(network.request('down').body).toEqual({ v: 1, key: 'secret', attach: 2, ack: 2, hold: 25_000 })
  })
})

describe('the shape of a WebSocket', () => {
  it('has the states and their names', async () => {
    const { link } = await linkedBySocket()
    expect([link.CONNECTING, link.OPEN, link.CLOSING, link.CLOSED]).toEqual([0, 1, 2, 3])
    expect([HttpLink.CONNECTING, HttpLink.OPEN, HttpLink.CLOSING, HttpLink.CLOSED]).toEqual([0, 1, 2, 3])
    expect(link.url).toBe('https://host.example/stomp')
    expect(link.readyState).toBe(1)
  })

  it('throws for what a WebSocket throws for', () => {
    const { link } = linked()
    expect(() => link.send('a')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
    expect(() => link.close(1001)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
    expect(() => link.close(3000, 'é'.repeat(62))).toThrow(expect.objectContaining({ name: 'SyntaxError' }))
    expect(() => createHttpLink('ftp://host', {}, new ScriptedNetwork().surroundings())).toThrow(SyntaxError)
    expect(() => createHttpLink('/relative', {}, new ScriptedNetwork().surroundings())).toThrow(SyntaxError)
  })

  it('tells listeners and handlers, whatever one of them throws', async () => {
    const { link, socket, network, told } = await linkedBySocket()
    const heard: string[] = []
    const listener = { handleEvent: () => heard.push('object') }
    link.onmessage = () => {
      throw new Error('from the application')
    }
    link.addEventListener('message', listener)
    link.addEventListener('message', listener)
    link.addEventListener('message', () => heard.push('once'), { once: true })
    await socket.message('a')
    await expect(network.time.pass(0)).rejects.toThrow('from the application')
    link.onmessage = null
    link.removeEventListener('message', listener)
    await socket.message('b')
    await network.time.pass(0)
    expect(heard).toEqual(['object', 'once'])
    expect(told.at(-1)).toBe('= websocket')
  })

  it('hands bytes over as asked', async () => {
    const { link, socket, network } = await linkedBySocket()
    const got: unknown[] = []
    link.onmessage = ({ data }) => got.push(data)
    await socket.message(new ArrayBuffer(2))
    await network.time.pass(0)
    link.binaryType = 'blob'
    await socket.message(new ArrayBuffer(3))
    await network.time.pass(0)
    expect(got[0]).toBeInstanceOf(ArrayBuffer)
    expect((got[1] as Blob).size).toBe(3)
  })

  it('sends all kinds of bytes, but no Blob', async () => {
    const { link, socket } = await linkedBySocket()
    const bytes = new Uint8Array([0, 1, 2, 3])
    link.send(bytes.buffer)
    link.send(new DataView(bytes.buffer, 1, 2))
    expect(socket.take().filter((data) => typeof data !== 'string')).toEqual([bytes, new Uint8Array([1, 2])])
    expect(() => link.send(new Blob() as never)).toThrow(TypeError)
  })

  it('is what the STOMP client drives: it connects, sends and takes ERROR before the close', async () => {
    const linking = linked()
    const client = new Client({
      webSocketFactory: () => linking.link as never,
      reconnectDelay: 0,
      heartbeatIncoming: 0,
      heartbeatOutgoing: 0,
    })
    const told: string[] = []
    client.onConnect = () => told.push('connected')
    client.onStompError = (frame) => told.push(`error ${frame.body}`)
    client.onWebSocketClose = (close) => told.push(`closed ${close.code}`)
    // The client makes its socket in a later turn.
    client.activate()
    await new Promise((resolve) => setImmediate(resolve))
    const socket = linking.network.socket()
    socket.open()
    await socket.say('o', GREETING)
    expect(String(socket.take()[1])).toMatch(/^CONNECT\n/)
    await socket.message('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0')
    await linking.network.time.pass(0)
    expect(told).toEqual(['connected'])
    client.publish({ destination: '/a', binaryBody: new Uint8Array([1, 2]) })
    const frame = socket.take().find((data) => typeof data !== 'string')
    expect(new TextDecoder().decode(frame as Uint8Array)).toMatch(/^SEND\n/)
    await socket.message('ERROR\n\nno\0')
    await socket.say('c', { code: 1002, reason: 'error', sent: 2 })
    await linking.network.time.pass(0)
    expect(told).toEqual(['connected', 'error no', 'closed 1002'])
  })
})

describe('the addresses of an endpoint', () => {
  it('come from every form', () => {
    const expected = { http: 'https://h/stomp', socket: 'wss://h/stomp' }
    for (const url of ['https://h/stomp', 'wss://h/stomp', 'https://h/stomp#part'])
      expect(endpointOf(url, undefined)).toEqual(expected)
    for (const url of ['/stomp', 'stomp']) expect(endpointOf(url, 'https://h/page')).toEqual(expected)
    expect(endpointOf('ws://h:8/a', undefined)).toEqual({ http: 'http://h:8/a', socket: 'ws://h:8/a' })
  })

  it('keep a query behind the doors', async () => {
    const network = new ScriptedNetwork()
    createHttpLink('https://h/stomp/?a=1', { rungs: ['poll'] }, network.surroundings())
    await network.time.pass(0)
    expect(network.requests[0]?.url).toBe('https://h/stomp/open?a=1')
  })
})
