import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach } from 'vitest'
import type { Broker } from '../../src/broker/broker.js'
import type { Dial } from '../../src/broker/relay/dialer.js'
import { openRelay } from '../../src/broker/relay/relay-broker.js'
import { type RelayBrokerOptions, resolveRelaySettings } from '../../src/broker/relay/relay-options.js'
import type { Connection, ConnectionListener, Peer } from '../../src/connection/connection.js'
import { ACCEPT, type Endpoint } from '../../src/endpoints/endpoint.js'
import hoofbeat, { type HoofbeatOptions, StompError } from '../../src/index.js'
import type { Turn } from '../../src/message/turn.js'
import type { StompEvent } from '../../src/observe/events.js'
import { createBrokerParts } from '../../src/testing/broker-parts.js'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.js'
import { type LinkedEnd, linkConnection } from '../../src/testing/linked-connection.js'
import { everyChance } from '../../src/testing/patience.js'

/** A broker for relays: another application with the plugin, within this process. */
export interface Upstream {
  readonly app: FastifyInstance
  readonly clock: FakeClock
  readonly dial: Dial
  /** Connections that are open, in the order in which they were dialled: of a relay, `shared` first, then `pool-1`. */
  readonly open: readonly DialledEnd[]
  /** What was logged, a line each. */
  readonly log: readonly string[]
  /** Breaks all connections. */
  cut(): void
  /** False: every attempt to connect fails. */
  isThere: boolean
  /** A relay to it, with a profile: it does not wait. */
  relay(options?: Partial<RelayBrokerOptions>, observe?: (event: StompEvent) => void): Promise<Broker>
  /** Resolves when everything that can happen now has happened. */
  quiet(): Promise<void>
}

/** Ends all that was opened after each test of the file; call it once, at its top. */
export function useUpstream(): (
  options?: HoofbeatOptions,
  prepare?: (app: FastifyInstance) => void,
) => Promise<Upstream> {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  return async (options = {}, prepare = () => {}) => {
    const upstream = await openUpstream(options, prepare)
    ends.push(() => upstream.end())
    return upstream
  }
}

let relays = 0

/** Opens one; `end` closes its relays too. */
export async function openUpstream(
  options: HoofbeatOptions = {},
  prepare: (app: FastifyInstance) => void = () => {},
): Promise<Upstream & { end(): Promise<void> }> {
  const clock = createFakeClock()
  const log: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => log.push(line) } } })
  await app.register(hoofbeat, {
    clock,
    drainMs: 0,
    allow: { send: ['/**'], subscribe: ['/**'] },
    authenticate({ login, passcode }) {
      if (passcode === 'wrong') throw new StompError('STOMP_ERR_NOT_AUTHENTICATED')
      return login ?? 'nobody'
    },
    ...options,
  })
  prepare(app)
  await app.ready()
  const accept = app.getDecorator<Endpoint['accept']>(ACCEPT)
  const dialled = new Set<DialledEnd>()
  const brokers: Broker[] = []
  const upstream: Upstream & { end(): Promise<void> } = {
    ...{ app, clock, log, isThere: true },
    get open() {
      return [...dialled]
    },
    dial(_address, listener) {
      let isCancelled = false
      queueMicrotask(() => {
        if (isCancelled) return
        if (!upstream.isThere) return listener.failed('nobody is there')
        const end = new DialledEnd(() => dialled.delete(end))
        dialled.add(end)
        accept(end.link.connection)
        listener.connected(end)
      })
      return {
        cancel: () => {
          isCancelled = true
        },
      }
    },
    cut() {
      for (const end of [...dialled]) end.cut()
    },
    async relay(relayOptions = {}, observe = () => {}) {
      const settings = resolveRelaySettings({
        hosts: ['stomp://system:secret@broker:61613'],
        profile: 'hoofbeat',
        pool: 2,
        ...relayOptions,
      })
      const prefix = `r${++relays}-`
      const own = createBrokerParts(clock)
      const parts = { ...own, observe, nextMessageId: () => prefix + own.nextMessageId() }
      const broker = await openRelay(settings, parts, upstream.dial)
      brokers.push(broker)
      await everyChance()
      return broker
    },
    quiet: everyChance,
    async end() {
      const closing = Promise.all(brokers.map((broker) => broker.close()))
      for (let i = 0; i < 3; i++) {
        await everyChance()
        clock.advance(10_000)
      }
      await closing
      const ended = app.close()
      for (let i = 0; i < 3; i++) {
        await everyChance()
        clock.advance(10_000)
      }
      await ended
    },
  }
  return upstream
}

/** The relay's end of a connection to the broker. */
export class DialledEnd implements Connection {
  readonly peer: Peer
  readonly link: LinkedEnd
  /** True: what the broker writes is lost on the way. */
  isMute = false
  readonly #gone: () => void
  #listener: ConnectionListener | undefined
  #waiting: Uint8Array[] = []
  #isPaused = false
  #isOver = false

  constructor(gone: () => void) {
    this.#gone = gone
    this.link = linkConnection({
      bytes: (data) => {
        if (this.isMute) return
        // The decoder keeps what it is given.
        this.#waiting.push(data.slice())
        queueMicrotask(() => this.#flow())
      },
      closed: (code, reason) => queueMicrotask(() => this.#end(code, reason)),
    })
    this.peer = this.link.connection.peer
  }

  attach(listener: ConnectionListener): void {
    this.#listener = listener
  }

  write(turn: Turn): boolean {
    if (this.#isOver) return false
    this.link.send(turn.bytes('stream').slice())
    return true
  }

  setPaused(paused: boolean): void {
    this.#isPaused = paused
    if (!paused) queueMicrotask(() => this.#flow())
  }

  close(code: number, reason: string): void {
    this.link.close(code, reason)
  }

  /** As a network that breaks: what is on its way is lost. */
  cut(): void {
    this.#waiting = []
    this.#end(1006, 'cut')
    this.link.close(1006, 'cut')
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return
    this.#flow()
    this.#isOver = true
    this.#gone()
    this.#listener?.closed(code, reason)
  }

  #flow(): void {
    while (!this.#isPaused && !this.#isOver) {
      const data = this.#waiting.shift()
      if (data === undefined) return
      this.#listener?.message(data, false)
    }
  }
}
