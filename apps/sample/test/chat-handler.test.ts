import { HttpLink } from '@hoofbeat/sse/client'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { buildApp } from '../src/app.js'
import { createQueue } from './session.js'

type Carrier = 'plain WebSocket' | 'websocket' | 'stream' | 'poll'

interface Person {
  /** The next line of the server. */
  readonly hears: () => Promise<string>
  readonly say: (data: string | Uint8Array) => void
  readonly leave: () => void
  /** Resolves with the close code. */
  readonly gone: Promise<number>
}

let app: FastifyInstance
let origin: string
const people: Person[] = []

beforeEach(async () => {
  app = await buildApp({ drainMs: 0 })
  // fetch, when a request is aborted, opens another connection in its place and keeps it.
  app.addHook('preClose', async () => app.server.closeAllConnections())
  origin = await app.listen({ port: 0, host: '127.0.0.1' })
})

afterEach(async () => {
  for (const person of people.splice(0)) {
    person.leave()
    await person.gone
  }
  await app.close()
})

const open = async (carrier: Carrier): Promise<Person> => {
  const socket =
    carrier === 'plain WebSocket'
      ? new WebSocket(`${origin.replace('http', 'ws')}/chat`)
      : new HttpLink(`${origin}/chat`, { rungs: [carrier], WebSocket: WebSocket as never, protocols: [] })
  const lines = createQueue<string>()
  socket.onmessage = ({ data }: { readonly data: unknown }) => lines.push(String(data))
  const gone = new Promise<number>((resolve) => {
    socket.onclose = ({ code }: { readonly code: number }) => resolve(code)
  })
  const person: Person = { hears: lines.next, say: (data) => socket.send(data), leave: () => socket.close(), gone }
  people.push(person)
  expect(await person.hears()).toBe('What is your name?')
  return person
}

const join = async (carrier: Carrier, name: string): Promise<Person> => {
  const person = await open(carrier)
  person.say(name)
  expect(await person.hears()).toBe(`${name} has joined`)
  return person
}

describe.each<Carrier>(['plain WebSocket', 'websocket', 'stream', 'poll'])('the chat handler by %s', (carrier) => {
  it('tells everybody what one says, and who joins and leaves', async () => {
    const ada = await join(carrier, 'ada')
    const bob = await join('plain WebSocket', 'bob')
    expect(await ada.hears()).toBe('bob has joined')
    ada.say('Good morning')
    bob.say('Morning, ada: how are you?')
    for (const person of [ada, bob]) {
      const heard = [await person.hears(), await person.hears()].toSorted()
      expect(heard).toEqual(['ada: Good morning', 'bob: Morning, ada: how are you?'])
    }
    ada.leave()
    expect(await bob.hears()).toBe('ada has left')
  })

  it('tells what is meant for one person to that person and to who says it', async () => {
    const [ada, bob] = [await join(carrier, 'ada'), await join(carrier, 'bob')]
    const cyd = await join(carrier, 'cyd')
    expect([await ada.hears(), await ada.hears()]).toEqual(['bob has joined', 'cyd has joined'])
    expect(await bob.hears()).toBe('cyd has joined')
    ada.say('@bob for you alone\nin two lines')
    for (const person of [ada, bob]) expect(await person.hears()).toBe('ada to bob: for you alone\nin two lines')
    ada.say('@dee are you here?')
    expect(await ada.hears()).toBe('dee is not here')
    ada.say('for all')
    // Nothing came to cyd before.
    for (const person of [cyd, bob, ada]) expect(await person.hears()).toBe('ada: for all')
  })

  it('takes a name that is one word and not in use, and asks until it has one', async () => {
    const ada = await join(carrier, 'ada')
    const other = await open(carrier)
    for (const name of ['', 'two words', 'a:b', '@ada', 'a'.repeat(41)]) {
      other.say(name)
      expect(await other.hears()).toBe('A name is one word of up to 40 letters, without : and @')
    }
    other.say(' ada ')
    expect(await other.hears()).toBe('ada is here already: take another name')
    ada.say('who has no name hears nothing')
    expect(await ada.hears()).toBe('ada: who has no name hears nothing')
    other.say('Ünï')
    expect(await other.hears()).toBe('Ünï has joined')
  })

  it('passes HTML on as it was written', async () => {
    const ada = await join(carrier, '<b>ada</b>')
    ada.say('<img src=x onerror=alert(1)> &amp;')
    expect(await ada.hears()).toBe('<b>ada</b>: <img src=x onerror=alert(1)> &amp;')
  })

  it('ends with who sends bytes or too much, and with nobody else', async () => {
    const ada = await join(carrier, 'ada')
    const bob = await join(carrier, 'bob')
    bob.say(Uint8Array.of(1, 2, 3))
    expect(await bob.gone).toBe(1003)
    const cyd = await join(carrier, 'cyd')
    cyd.say('x'.repeat(4_097))
    expect(await cyd.gone).toBe(1009)
    const heard = [await ada.hears(), await ada.hears(), await ada.hears(), await ada.hears()]
    expect(heard).toEqual(['bob has joined', 'bob has left', 'cyd has joined', 'cyd has left'])
    ada.say('still here')
    expect(await ada.hears()).toBe('ada: still here')
  })
})

describe('the chat handler for clients of SockJS', () => {
  const ask = async (path: string, body = ''): Promise<string> => {
    const response = await fetch(`${origin}/chat/000/session/${path}`, {
      method: 'POST',
      body,
      headers: { connection: 'close' },
    })
    return response.text()
  }

  it('is the same chat', async () => {
    const ada = await join('plain WebSocket', 'ada')
    expect(await ask('xhr')).toBe('o\n')
    expect(await ask('xhr')).toBe('a["What is your name?"]\n')
    await ask('xhr_send', '["bob"]')
    expect(await ada.hears()).toBe('bob has joined')
    expect(await ask('xhr')).toBe('a["bob has joined"]\n')
    ada.say('@bob hello')
    expect(await ask('xhr')).toBe('a["ada to bob: hello"]\n')
  })
})
