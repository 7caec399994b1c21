import { RxStomp } from '@stomp/rx-stomp'
import { firstValueFrom } from 'rxjs'
import Stomp from 'stompjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import webstomp from 'webstomp-client'
import { WebSocket } from 'ws'
import { type InteropServer, startServer } from './server.js'

let server: InteropServer

beforeEach(async () => {
  server = await startServer()
})

afterEach(() => server.close())

describe('@stomp/rx-stomp over ws', () => {
  it('watches a topic and publishes to it', async () => {
    const rx = new RxStomp()
    rx.configure({ webSocketFactory: () => new WebSocket(server.url), reconnectDelay: 0 })
    rx.activate()
    await firstValueFrom(rx.connected$)
    const subscribed = new Promise((resolve) => rx.watchForReceipt('watching', resolve))
    const received = firstValueFrom(rx.watch({ destination: '/topic/rx', subHeaders: { receipt: 'watching' } }))
    await subscribed
    rx.publish({ destination: '/topic/rx', body: 'hello' })
    expect((await received).body).toBe('hello')
    await rx.deactivate()
  })
})

describe('webstomp-client over ws', () => {
  it('connects, subscribes, sends and disconnects', async () => {
    const socket = new WebSocket(server.url, ['v11.stomp', 'v12.stomp'])
    const client = webstomp.over(socket as never, { debug: false, heartbeat: false })
    const body = await new Promise<string>((resolve, reject) => {
      client.connect(
        {},
        () => {
          client.subscribe('/topic/web', (message) => resolve(message.body), { id: 'w' })
          client.send('/topic/web', 'with webstomp', {})
        },
        reject,
      )
    })
    expect(body).toBe('with webstomp')
    await new Promise<void>((resolve) => {
      client.disconnect(() => resolve())
    })
  })
})

describe('stompjs 2.3.3 over ws', () => {
  it('connects, subscribes, sends and disconnects', async () => {
    const client = Stomp.over(new WebSocket(server.url, ['v10.stomp', 'v11.stomp', 'v12.stomp']) as never)
    client.debug = () => {}
    const body = await new Promise<string>((resolve, reject) => {
      client.connect(
        { login: 'old' },
        () => {
          client.subscribe('/topic/old', (message) => resolve(message.body))
          client.send('/topic/old', {}, 'with stompjs 2')
        },
        reject,
      )
    })
    expect(body).toBe('with stompjs 2')
    await new Promise<void>((resolve) => {
      client.disconnect(() => resolve())
    })
  })
})
