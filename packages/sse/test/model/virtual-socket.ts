import type { CarrierSocket } from '../../src/client/surroundings.js'
import type { LinkSocket, LinkSocketListener } from '../../src/server/link-socket.js'
import { LINK_PROTOCOL } from '../../src/wire/protocol.js'
import { type Content, framesIn } from './frames.js'
import type { Pipe } from './pipe.js'
import type { Connection, VirtualNetwork, Way } from './virtual-network.js'

/** Who takes sockets at the other end. */
export interface SocketHost {
  /** False: nothing listens. */
  acceptSocket(socket: LinkSocket, protocols: readonly string[], page: string): boolean
}

type UpItem =
  | { readonly open: true }
  | { readonly content: Content }
  | { readonly close: true }
  | { readonly closed: true }
type DownItem =
  | { readonly open: string }
  | { readonly content: Content }
  | { readonly close: { readonly code: number; readonly reason: string } }

/** Bytes that the systems below keep before an end sees that nothing moves. */
const SYSTEM_BYTES = 16_384
const FULL_BYTES = 65_536
/** How long a browser waits for the other side's part of the closing handshake. */
const CLOSING_MS = 10_000

/** Opens a virtual WebSocket; what a page gets as `new WebSocket(url, protocols)`. */
export function openSocket(
  network: VirtualNetwork,
  host: () => SocketHost,
  page: string,
  protocols: readonly string[],
): CarrierSocket {
  return new VirtualSocket(network, host, page, protocols)
}

class VirtualSocket implements CarrierSocket, Connection {
  binaryType = 'blob'
  protocol = ''
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  onclose: ((event: { readonly code?: number; readonly reason?: string }) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  readonly name: string
  readonly page: string
  readonly #network: VirtualNetwork
  readonly #host: () => SocketHost
  readonly #protocols: readonly string[]
  readonly #up: Pipe<UpItem>
  readonly #down: Pipe<DownItem>
  readonly #server: ServerEnd
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting'

  constructor(network: VirtualNetwork, host: () => SocketHost, page: string, protocols: readonly string[]) {
    this.#network = network
    this.#host = host
    this.page = page
    this.#protocols = protocols
    this.name = network.nextName('socket')
    this.#up = network.pipe<UpItem>(`${page}.network`, upSize, (item) => this.#arriveUp(item))
    this.#down = network.pipe<DownItem>(
      `${page}.arrivals`,
      downSize,
      (item) => this.#arriveDown(item),
      () => this.#server.moved(),
    )
    this.#server = new ServerEnd(network, this.name, this.#down, this.#up)
    network.trace(() => `${page} opens ${this.name}`)
    network.ends.add(`${page} ${this.name}`)
    network.add(this)
    if (network.strikes('delay'))
      this.stall(network.chance.pick<Way>(['up', 'down']), network.scheduler.now + network.delayMs)
    const { sockets } = network.terrain
    if (sockets === 'refused' || network.strikes('refuse-sockets')) {
      network.scheduler.after(network.terrain.latencyMs * 2, `${page}.arrivals`, () => this.#end(1006, ''))
    } else if (sockets !== 'swallowed') this.#up.send({ open: true })
  }

  get bufferedAmount(): number {
    return Math.max(0, this.#up.waitingBytes - SYSTEM_BYTES)
  }

  send(data: string | Uint8Array): void {
    if (this.#state === 'connecting') throw new Error('send before open')
    if (this.#state !== 'open') return
    this.#network.trace(() => `${this.name} ^ ${line(data)}`)
    // What was sent before waits too: a connection keeps its order.
    if (this.#network.strikes('delay'))
      this.#up.stall(this.#network.scheduler.now + this.#network.chance.between(20, 3_000))
    if (this.#network.drops(data, 'up')) return
    this.#up.send({ content: typeof data === 'string' ? data : data.slice() })
  }

  close(code = 1005, _reason = ''): void {
    if (code !== 1000 && code !== 1005 && (code < 3000 || code > 4999))
      throw new Error(`a page cannot close with ${code}`)
    this.#network.trace(() => `${this.name} is closed by the page with ${code}`)
    this.#shut()
  }

  #shut(): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    if (this.#state === 'connecting') {
      this.#network.scheduler.after(1, `${this.page}.arrivals`, () => this.#end(1006, ''))
      this.#up.send({ closed: true })
      return
    }
    this.#state = 'closing'
    this.#up.send({ close: true })
    this.#network.scheduler.after(CLOSING_MS, `${this.page}.arrivals`, () => this.#end(1006, ''))
  }

  stall(way: Way, untilMs: number): void {
    if (way !== 'down') this.#up.stall(untilMs)
    if (way !== 'up') this.#down.stall(untilMs)
  }

  reset(tellClient: boolean, tellServer: boolean): void {
    const { scheduler, terrain } = this.#network
    this.#up.cut()
    this.#down.cut()
    this.#network.remove(this)
    if (tellClient) scheduler.after(terrain.latencyMs, `${this.page}.arrivals`, () => this.#end(1006, ''))
    if (tellServer) scheduler.after(terrain.latencyMs, `${this.page}.network`, () => this.#server.end())
  }

  leave(): void {
    this.#shut()
  }

  #arriveUp(item: UpItem): void {
    if ('open' in item) this.#accept()
    else if ('content' in item) this.#server.message(item.content)
    else {
      if ('close' in item) this.#down.send({ close: { code: 1005, reason: '' } })
      this.#server.end()
    }
  }

  #accept(): void {
    const { sockets } = this.#network.terrain
    const isLink = this.#protocols.includes(LINK_PROTOCOL) && sockets !== 'plain'
    this.#down.send({ open: isLink && sockets !== 'stripped' ? LINK_PROTOCOL : '' })
    if (sockets === 'mute-up' || sockets === 'mute-both') this.#up.stall(Number.POSITIVE_INFINITY)
    if (isLink && !this.#host().acceptSocket(this.#server, this.#protocols, this.page)) this.reset(true, true)
  }

  #arriveDown(item: DownItem): void {
    if ('open' in item) {
      if (this.#state !== 'connecting') return
      this.#state = 'open'
      this.protocol = item.open
      const { sockets } = this.#network.terrain
      if (sockets === 'mute-down' || sockets === 'mute-both') this.#down.stall(Number.POSITIVE_INFINITY)
      this.onopen?.({})
    } else if ('close' in item) this.#end(item.close.code, item.close.reason)
    else if (this.#state === 'open') {
      const { content } = item
      this.#network.trace(() => `${this.name} v ${line(content)}`)
      this.onmessage?.({ data: typeof content === 'string' ? content : content.slice().buffer })
    }
  }

  #end(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.#network.trace(() => `${this.name} is closed for the page with ${code}`)
    this.#state = 'closed'
    this.#down.cut()
    if (code === 1006) this.onerror?.({})
    this.onclose?.({ code, reason })
    this.#up.send({ closed: true })
    this.#network.ends.delete(`${this.page} ${this.name}`)
  }
}

/** The server's end of a virtual WebSocket. */
class ServerEnd implements LinkSocket {
  readonly #network: VirtualNetwork
  readonly #name: string
  readonly #down: Pipe<DownItem>
  readonly #up: Pipe<UpItem>
  #listener: LinkSocketListener | undefined
  #isFull = false
  #isClosing = false
  isOver = false

  constructor(network: VirtualNetwork, name: string, down: Pipe<DownItem>, up: Pipe<UpItem>) {
    this.#network = network
    this.#name = name
    this.#down = down
    this.#up = up
  }

  attach(listener: LinkSocketListener): void {
    this.#listener = listener
    this.#network.ends.add(`server ${this.#name}`)
  }

  write(frames: Uint8Array): boolean {
    for (const content of framesIn(frames)) this.#send(content)
    return this.#hasRoom()
  }

  writeText(text: string): boolean {
    this.#send(text)
    return this.#hasRoom()
  }

  setPaused(paused: boolean): void {
    this.#up.setPaused(paused)
  }

  close(code: number, reason: string): void {
    if (this.isOver || this.#isClosing) return
    this.#network.trace(() => `${this.#name} is closed by the server with ${code}`)
    this.#isClosing = true
    this.#up.setPaused(false)
    this.#down.send({ close: { code, reason } })
    this.#network.scheduler.after(CLOSING_MS * 3, 'network', () => this.end())
  }

  destroy(): void {
    if (this.isOver) return
    this.#network.trace(() => `${this.#name} is destroyed by the server`)
    this.#isClosing = true
    this.#down.send({ close: { code: 1006, reason: '' } })
    this.#network.scheduler.after(1, 'network', () => this.end())
  }

  message(content: Content): void {
    if (!this.isOver && !this.#isClosing) this.#listener?.message(content)
  }

  /** Told at most once, and never inside a call of the server's. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    this.#network.ends.delete(`server ${this.#name}`)
    this.#listener?.closed()
  }

  #send(content: Content): void {
    if (this.isOver || this.#isClosing) return
    if (this.#network.drops(content, 'down')) return
    if (typeof content === 'string' && isAttached(content)) this.#network.count('attached by websocket')
    this.#network.trace(() => `${this.#name} < ${line(content)}`)
    this.#down.send({ content })
  }

  #hasRoom(): boolean {
    if (this.isOver || this.#isClosing) return false
    if (this.#down.waitingBytes < FULL_BYTES) return true
    this.#isFull = true
    return false
  }

  /** Bytes have left: maybe there is room again. */
  moved(): void {
    if (!this.#isFull || this.isOver || this.#isClosing || this.#down.waitingBytes >= SYSTEM_BYTES) return
    this.#isFull = false
    this.#listener?.drained()
  }
}

/** The server's answer to `a`. */
function isAttached(text: string): boolean {
  return text.startsWith('\u0001o{') && text.includes('"from"') && !text.includes('"key"')
}

function line(content: Content): string {
  if (typeof content !== 'string') return `${content.byteLength} bytes`
  return JSON.stringify(content.replace(/"key":"[^"]*"/, '"key":…').slice(0, 120))
}

function upSize(item: UpItem): number {
  return 'content' in item ? item.content.length + 6 : 100
}

function downSize(item: DownItem): number {
  return 'content' in item ? item.content.length + 2 : 100
}
