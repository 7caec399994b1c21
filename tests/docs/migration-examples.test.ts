import type { AddressInfo } from 'node:net'
import { connectTestClient, type StompTestClient } from '@hoofbeat/server/testing'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { runExample } from './example.js'

let app: FastifyInstance
let opened: StompTestClient[]

beforeEach(() => {
  opened = []
})

afterEach(async () => {
  for (const client of opened) client.link.close()
  await app.close()
})

async function connectAs(login?: string): Promise<StompTestClient> {
  const client = connectTestClient(app)
  opened.push(client)
  await client.connect(login === undefined ? {} : { login })
  return client
}

const texts = async (client: StompTestClient): Promise<string[]> => (await client.rest()).map(({ text }) => text)

describe('docs/migrating-from-spring.md', () => {
  it('greets as the guide does, and asks SockJS clients in', async () => {
    app = await runExample('guide')
    const client = await connectAs()
    await client.subscribe('1', '/topic/greetings')
    client.send({ command: 'SEND', headers: { destination: '/app/hello' }, body: '{"name":"<Ada>"}' })
    expect(JSON.parse((await client.next()).text)).toEqual({ content: 'Hello, &#60;Ada&#62;!' })
    expect((await app.inject('/gs-guide-websocket/info')).json()).toMatchObject({ websocket: true })
  })

  it('tells what was said in a room, answers one user, and tells refusals without an end of the session', async () => {
    app = await runExample('rooms')
    const [ada, bob] = [await connectAs('ada'), await connectAs('bob')]
    await ada.subscribe('1', '/topic/rooms/a')
    await ada.subscribe('2', '/user/queue/errors')
    await ada.subscribe('3', '/user/queue/answers')
    await bob.subscribe('1', '/topic/rooms/a')
    await bob.subscribe('2', '/topic/asked')
    // Handlers of one session run side by side: one answer is awaited before the next message.
    const ask = async (destination: string, text: string): Promise<unknown> => {
      ada.send({ command: 'SEND', headers: { destination }, body: JSON.stringify({ text }) })
      return JSON.parse((await ada.next()).text)
    }
    expect(await ask('/app/rooms/a/say', ' ')).toEqual({ text: 'Say something.' })
    expect(await ask('/app/rooms/a/say', 'hey')).toEqual({ text: 'hey', importance: 'normal' })
    expect(await ask('/app/rooms/a/ask', 'who?')).toEqual({ text: 'You asked: who?' })
    expect(await texts(bob)).toEqual(['{"text":"hey","importance":"normal"}', 'ada'])
    bob.send({ command: 'SUBSCRIBE', headers: { id: '3', destination: '/app/rooms/a/last' } })
    expect(await texts(bob)).toEqual(['[{"text":"hey","importance":"normal"}]'])
  })

  it('opens topics, queues and users as Spring does, with queues that are topics', async () => {
    app = await runExample('as-spring')
    const [one, other] = [await connectAs(), await connectAs()]
    await one.subscribe('1', '/queue/**')
    await other.subscribe('1', '/queue/a')
    one.send({ command: 'SEND', headers: { destination: '/queue/a' }, body: 'to both' })
    expect([await texts(one), await texts(other)]).toEqual([['to both'], ['to both']])
    one.send({ command: 'SEND', headers: { destination: '/user/ada/queue/a', receipt: 'sent' } })
    expect((await one.next()).headers.get('receipt-id')).toBe('sent')
  })

  it('talks over raw handlers, and refuses binary messages', async () => {
    app = await runExample('raw')
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const ada = listen(`ws://127.0.0.1:${port}/chat?name=Ada`)
    expect(await ada.next()).toBe('Welcome, Ada.')
    const guest = listen(`ws://127.0.0.1:${port}/chat`)
    expect(await guest.next()).toBe('Welcome, Guest.')
    guest.socket.send('hello')
    expect(await ada.next()).toBe('Guest: hello')
    guest.socket.send(new Uint8Array([1]))
    expect(await guest.next()).toBe('closed 1003 Binary messages not supported')
    expect(await ada.next()).toBe('Guest has left.')
    ada.socket.close()
    expect(await ada.next()).toMatch(/^closed 1/)
  })
})

/** A WebSocket with what it hears, one text after the other; the close is the last. */
function listen(url: string): { readonly socket: WebSocket; next(): Promise<string> } {
  const socket = new WebSocket(url)
  const heard: string[] = []
  const waiting: ((text: string) => void)[] = []
  const tell = (text: string): void => {
    const first = waiting.shift()
    if (first === undefined) heard.push(text)
    else first(text)
  }
  socket.on('message', (data) => tell(String(data)))
  socket.on('close', (code, reason) => tell(`closed ${code} ${reason}`))
  return {
    socket,
    next: () => {
      const known = heard.shift()
      return known === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(known)
    },
  }
}
