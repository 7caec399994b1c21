import { createDownTurn } from '../down-message.js'
import type { Admitted } from '../exchange.js'
import type { Link, LinkListener } from '../link.js'
import { createLinks } from '../link-table.js'
import type { LinkLimits, Links, LinkTimes, SocketRequest } from '../links.js'
import type { Peers } from '../peers.js'
import type { FakeRequest } from './fake-exchange.js'
import { FakeExchange } from './fake-exchange.js'
import type { FakeLinkClock } from './fake-link-clock.js'
import { createFakeLinkClock, settled } from './fake-link-clock.js'
import { FakeSocket } from './fake-socket.js'

/** What the application saw of one link. */
export class SeenLink implements LinkListener {
  readonly link: Link<string>
  readonly messages: (string | Uint8Array)[] = []
  drains = 0
  readonly ends: { readonly code: number; readonly reason: string }[] = []
  onMessage: (data: string | Uint8Array) => void = () => {}

  constructor(link: Link<string>) {
    this.link = link
  }

  message(data: string | Uint8Array): void {
    if (this.ends.length > 0) throw new Error('told a message behind the end')
    this.messages.push(data)
    this.onMessage(data)
  }

  drained(): void {
    if (this.ends.length > 0) throw new Error('told of room behind the end')
    this.drains++
  }

  closed(code: number, reason: string): void {
    this.ends.push({ code, reason })
  }

  write(...messages: (string | Uint8Array)[]): boolean {
    return this.link.write(createDownTurn(messages))
  }
}

/** A link as its client knows it. */
export interface Keys {
  readonly link: string
  readonly key: string
}

/** A table of links on a fake clock, with an application that writes down what it sees. */
export class LinkHouse {
  readonly clock: FakeLinkClock = createFakeLinkClock()
  readonly seen: SeenLink[] = []
  readonly links: Links<string>
  accepting: (link: Link<string>) => void = () => {}

  constructor(limits: Partial<LinkLimits> = {}, times: Partial<LinkTimes> = {}, peers?: Peers<string>) {
    this.links = createLinks<string>({
      clock: this.clock,
      limits,
      times,
      peers,
      selectProtocol: (offered) => {
        if (offered.includes('fails')) throw new Error('of the application')
        return offered.find((name) => name.endsWith('.stomp'))
      },
      accept: (link) => {
        const seen = new SeenLink(link)
        this.seen.push(seen)
        link.attach(seen)
        this.accepting(link)
      },
    })
  }

  /** The first link that the application saw. */
  get first(): SeenLink {
    const [first] = this.seen
    if (first === undefined) throw new Error('no link was accepted')
    return first
  }

  /** Serves a request as far as it goes without time. */
  async ask(request: FakeRequest): Promise<FakeExchange> {
    const exchange = new FakeExchange(request)
    void this.links.serve(exchange)
    await settled()
    return exchange
  }

  async open(more: Partial<FakeRequest> = {}): Promise<Keys> {
    const { json } = await this.ask({ door: 'open', body: { v: 1, protocols: ['v12.stomp'] }, ...more })
    const { link, key } = json ?? {}
    if (typeof link !== 'string' || typeof key !== 'string') throw new Error(`not opened: ${JSON.stringify(json)}`)
    return { link, key }
  }

  up(keys: Keys, body: object, more: Partial<FakeRequest> = {}): Promise<FakeExchange> {
    const all = { v: 1, key: keys.key, seq: 1, ack: 0, items: [], ...body }
    return this.ask({ door: 'up', link: keys.link, body: all, ...more })
  }

  down(keys: Keys, body: object, more: Partial<FakeRequest> = {}): Promise<FakeExchange> {
    const all = { v: 1, key: keys.key, attach: 1, ack: 0, ...body }
    return this.ask({ door: 'down', link: keys.link, body: all, ...more })
  }

  /** A WebSocket in front of the table. */
  socket(request: Partial<SocketRequest<string>> = {}): FakeSocket {
    const socket = new FakeSocket()
    const admitted: Admitted<string> = { admission: 'anyone', subject: undefined }
    this.links.acceptSocket(socket, {
      origin: undefined,
      remoteAddress: '192.0.2.1',
      protocols: [],
      admitted,
      ...request,
    })
    return socket
  }

  /** A WebSocket whose fresh link was taken. */
  takenSocket(request: Partial<SocketRequest<string>> = {}): FakeSocket {
    const socket = this.socket(request)
    socket.say('s', { seq: 1 })
    return socket
  }
}

/** The events of a stream or poll: name and data, comments left out. */
export function eventsOf(text: string): { readonly event: string; readonly data: unknown }[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const lines = block.split('\n')
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      return { event: field('event') ?? 'message', data: JSON.parse(field('data') ?? 'null') }
    })
}

/** Keys out of a greeting. */
export function keysOf(socket: FakeSocket): Keys {
  const [greeting] = socket.controls('o')
  if (typeof greeting?.link !== 'string' || typeof greeting.key !== 'string') throw new Error('greeted without a link')
  return { link: greeting.link, key: greeting.key }
}
