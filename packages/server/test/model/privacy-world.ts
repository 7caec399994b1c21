import { EventEmitter, on } from 'node:events'
import { encode, type Frame, type HeadersInit } from '@hoofbeat/codec'
import Fastify, { type FastifyInstance } from 'fastify'
import { INNER } from '../../src/broker/broker.js'
import type { Separator } from '../../src/destination/destination.js'
import hoofbeat, { embeddedBroker } from '../../src/index.js'
import { connectTestClient, type StompTestClient } from '../../src/testing/stomp-client.js'
import { encodeUserName, innerUserDestination } from '../../src/users/user-destination.js'
import { turn } from '../plugin-application.js'

/** How a secret comes to its owner. */
export const WAYS = [
  'sendToUser',
  'sendToUser of one session',
  'SEND to a user',
  'a route for its sender',
  'a route for all sessions of its sender',
  'a route that replies',
  'the stream of a subscription route',
  'an error handler',
  'a soft refusal',
  'a temporary queue',
  'a reply',
] as const
export type Way = (typeof WAYS)[number]

/** What somebody tries. In all texts `{name0}` and the like stand for what is known of the owner 0 or 1: see `known`. */
export interface Attack {
  readonly name: string | undefined
  readonly version: '1.0' | '1.1' | '1.2'
  /** Destinations and further headers of SUBSCRIBEs, in one session. */
  readonly subscribes: readonly { readonly destination: string; readonly headers: Readonly<Record<string, string>> }[]
}

interface Session {
  readonly client: StompTestClient
  readonly name: string | undefined
  id: string
  readonly received: Frame[]
}

/** The whole plugin, as open as rules can make it; two owners of secrets, a helper, and whoever attacks. */
export class PrivacyWorld {
  readonly #app: FastifyInstance = Fastify()
  readonly #names: (string | undefined)[] = []
  readonly #source = new EventEmitter()
  readonly #owners: Session[] = []
  readonly #others: Session[] = []
  readonly #replies: string[] = []
  /** Whose each secret is, by its text. */
  readonly #secrets = new Map<string, readonly Session[]>()

  async open(separator: Separator, names: readonly [string, string]): Promise<void> {
    const app = this.#app
    await app.register(hoofbeat, {
      allow: { send: ['/**'], subscribe: ['/**'] },
      authenticate: ({ login }) => this.#names[Number(login)],
      broker: embeddedBroker({ topics: ['/topic', '/x'], history: [{ topics: '/topic/**' }, { topics: '/x/**' }] }),
      refusals: 'soft',
      drainMs: 0,
      separator,
    })
    app.stomp.message('/own', { sendToUser: { destination: '/queue/x', session: 'sender' } }, ({ body }) => body)
    app.stomp.message('/all', { sendToUser: '/queue/x' }, ({ body }) => body)
    app.stomp.message('/reply', { replyTo: true }, ({ body }) => body)
    app.stomp.message('/soft', ({ body }) => {
      throw Object.assign(new Error(String(body)), { statusCode: 400 })
    })
    app.stomp.subscription('/mine', ({ sessionId, signal }) => on(this.#source, sessionId, { signal }))
    await app.register(async (inner) => {
      inner.stomp.setErrorHandler((error) => error.message)
      inner.stomp.message('/told', ({ body }) => {
        throw new Error(String(body))
      })
    })
    await app.ready()
    for (const name of names) this.#owners.push(await this.#connect(name))
    const helper = await this.#connect('helper')
    this.#others.push(helper)
    await helper.client.subscribe('asked', '/user/queue/asked')
    for (const { client } of this.#owners) {
      for (const [i, destination] of [
        '/user/queue/x',
        '/user/topic/x',
        '/user/queue/errors',
        '/temp-queue/mine',
        '/app/mine',
      ].entries()) {
        await client.subscribe(`${i}`, destination)
      }
      const headers = { destination: '/user/helper/queue/asked', 'reply-to': '/temp-queue/mine' }
      client.send({ command: 'SEND', headers })
      this.#replies.push((await helper.client.next()).headers.get('reply-to') ?? '')
    }
  }

  /** Sends one to an owner. */
  async tell(way: Way, which: 0 | 1): Promise<void> {
    const { stomp } = this.#app
    const owner = this.#owners[which]
    const helper = this.#others[0]
    if (owner === undefined || helper === undefined) throw new Error('The world is not open')
    const { name = '', id } = owner
    const secret = `secret ${this.#secrets.size}`
    const isForAll =
      way === 'sendToUser' || way === 'SEND to a user' || way === 'a route for all sessions of its sender'
    // Whoever has the name is the same user; an attack may have been made in that name.
    this.#secrets.set(secret, isForAll ? this.#sessions.filter((session) => session.name === name) : [owner])
    const send = (from: Session, destination: string, more: Readonly<Record<string, string>> = {}): void =>
      from.client.send({
        command: 'SEND',
        headers: { destination, 'content-type': 'text/plain', ...more },
        body: secret,
      })
    switch (way) {
      case 'sendToUser':
        await stomp.sendToUser(name, '/queue/x', secret)
        break
      case 'sendToUser of one session':
        await stomp.sendToUser({ session: id }, '/topic/x', secret)
        break
      case 'SEND to a user':
        send(helper, `/user/${encodeUserName(name)}/queue/x`)
        break
      case 'a route for its sender':
        send(owner, '/app/own')
        break
      case 'a route for all sessions of its sender':
        send(owner, '/app/all')
        break
      case 'a route that replies':
        send(owner, '/app/reply', { 'reply-to': which === 0 ? '/temp-queue/mine' : '/user/queue/x' })
        break
      case 'the stream of a subscription route':
        this.#source.emit(id, secret)
        break
      case 'an error handler':
        send(owner, '/app/told')
        break
      case 'a soft refusal':
        send(owner, '/app/soft')
        break
      case 'a temporary queue':
        send(owner, '/temp-queue/mine')
        break
      case 'a reply':
        send(helper, this.#replies[which] ?? '')
        break
      default:
        way satisfies never
    }
    await turn()
  }

  async attack({ name, version, subscribes }: Attack): Promise<void> {
    // Not every version can write every name: then there is no session to attack from.
    const session = await this.#connect(name === undefined ? undefined : this.known(name), version).catch(
      () => undefined,
    )
    if (session === undefined) return
    this.#others.push(session)
    for (const [i, { destination, headers }] of subscribes.entries()) {
      const flat: [string, string][] = Object.entries(headers).map(([key, value]) => [key, this.known(value)])
      this.#write(session, [['id', `${i}`], ['destination', this.known(destination)], ...flat])
      await turn()
    }
  }

  /** With all that is known of the owners in its place: more than anybody outside could know. */
  known(template: string): string {
    return template.replace(/\{(\w+)([01])\}/g, (_, what: string, index: string) => {
      const which = Number(index)
      const { name = '', id = '' } = this.#owners[which] ?? {}
      switch (what) {
        case 'name':
          return name
        case 'encoded':
          return encodeUserName(name)
        case 'uri':
          return encodeURIComponent(name)
        case 'session':
          return id
        case 'reply':
          return this.#replies[which] ?? ''
        case 'inner':
          return innerUserDestination(id, '/queue/x')
        default:
          return `${INNER}temp/${id}/mine`
      }
    })
  }

  /** Who has received what was not for them, and who has missed what was; empty: all is well. */
  async close(): Promise<readonly string[]> {
    const faults: string[] = []
    for (const session of this.#sessions) session.received.push(...(await session.client.rest()))
    for (const [secret, owners] of this.#secrets) {
      const has = ({ received }: Session): boolean =>
        received.some(({ text, headers }) => `${text} ${headers.flat.join(' ')}`.match(/secret \d+/g)?.includes(secret))
      for (const session of this.#sessions) {
        if (has(session) && !owners.includes(session)) faults.push(`'${session.name}' has received '${secret}'`)
      }
      for (const owner of this.#owners) {
        if (owners.includes(owner) && !has(owner)) faults.push(`'${owner.name}' has missed '${secret}'`)
      }
    }
    for (const { client } of this.#sessions) client.link.close()
    await this.#app.close()
    return faults
  }

  get #sessions(): readonly Session[] {
    return [...this.#owners, ...this.#others]
  }

  async #connect(name: string | undefined, version = '1.2'): Promise<Session> {
    const client = connectTestClient(this.#app)
    const login = this.#names.push(name) - 1
    const session: Session = { client, name, id: '', received: [] }
    const connected = await client.connect({ 'accept-version': version, login: `${login}`, 'client-id': 'c' })
    session.id = connected.headers.get('session') ?? ''
    return session
  }

  /** What no encoder writes is sent as it is. */
  #write({ client }: Session, headers: HeadersInit & readonly [string, string][]): void {
    try {
      client.sendRaw(encode({ command: 'SUBSCRIBE', headers }, client.version))
    } catch {
      client.sendRaw(`SUBSCRIBE\n${headers.map(([key, value]) => `${key}:${value}\n`).join('')}\n\0`)
    }
  }
}
