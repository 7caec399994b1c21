import type { DoorName } from '../../src/server/exchange.js'
import type { Pipe } from './pipe.js'
import { type ArrivedRequest, type ReplyWay, VirtualExchange } from './virtual-exchange.js'
import type { Connection, VirtualNetwork, Way } from './virtual-network.js'
import { VirtualReply } from './virtual-reply.js'

/** Who answers requests at the other end. */
export interface RequestHost {
  /** False: nothing listens, and a gateway says so. */
  serve(exchange: VirtualExchange): boolean
}

type UpItem = { readonly request: true; readonly bytes: number } | { readonly gone: true }
type DownItem =
  | { readonly status: number; readonly type: string }
  | { readonly bytes: Uint8Array }
  | { readonly end: true }

const FULL_BYTES = 65_536
const ROOM_BYTES = 16_384
/** How long what nobody answers stays open below the page. */
const SYSTEM_MS = 130_000

/** A request as the page makes it. */
export interface Asked {
  readonly door: DoorName
  readonly link: string | undefined
  readonly body: string
  /** Sent with `keepalive`. */
  readonly outlivesPage: boolean
}

/** One request of a page, with all that a network makes of it. */
export class VirtualRequest implements Connection {
  readonly name: string
  readonly page: string
  readonly #network: VirtualNetwork
  readonly #host: () => RequestHost
  readonly #asked: Asked
  readonly #up: Pipe<UpItem>
  readonly #down: Pipe<DownItem>
  readonly #reply: VirtualReply
  #resolve: (response: Response) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #hasHead = false
  #isDone = false
  #exchange: VirtualExchange | undefined
  #isFull = false
  #late: (() => void) | undefined

  constructor(network: VirtualNetwork, host: () => RequestHost, page: string, asked: Asked) {
    this.#network = network
    this.#host = host
    this.page = page
    this.#asked = asked
    this.name = network.nextName(asked.door)
    this.#up = network.pipe<UpItem>(
      `${page}.network`,
      (item) => ('bytes' in item ? item.bytes : 0),
      (item) => this.#arriveUp(item),
    )
    this.#down = network.pipe<DownItem>(
      `${page}.arrivals`,
      (item) => ('bytes' in item ? item.bytes.byteLength : 20),
      (item) => this.#arriveDown(item),
      () => this.#moved(),
    )
    this.#reply = new VirtualReply(() => this.#abandon(new Error('cancelled')))
  }

  start(
    resolve: (response: Response) => void,
    reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ): void {
    this.#resolve = resolve
    this.#reject = reject
    const network = this.#network
    network.trace(() => `${this.page} ${this.name} > ${masked(this.#asked.body)}`)
    network.ends.add(`${this.page} ${this.name}`)
    if (signal?.aborted) return this.#abandon(signal.reason)
    signal?.addEventListener('abort', () => this.#abandon(signal.reason))
    network.add(this)
    const bytes = Buffer.byteLength(this.#asked.body) + 400
    if (network.offlineUntilMs !== undefined && network.chance.is(0.6)) return this.#breakSoon('is offline')
    if (network.strikes('lose-requests')) return this.#vanish('is lost on the way')
    if (bytes > network.terrain.maxBodyBytes) return this.#answerItself(413)
    if (network.strikes('pages') && network.chance.is(0.5)) return this.#answerItself()
    if (network.strikes('delay')) this.#up.stall(network.scheduler.now + network.delayMs)
    this.#up.send({ request: true, bytes })
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
    if (tellClient)
      scheduler.after(terrain.latencyMs, `${this.page}.arrivals`, () => this.#fail(new TypeError('reset')))
    if (tellServer) scheduler.after(terrain.latencyMs, `${this.page}.network`, () => this.#over())
  }

  leave(): void {
    if (!this.#asked.outlivesPage) this.#abandon(new Error('the page has gone'))
  }

  #arriveUp(item: UpItem): void {
    if ('gone' in item) {
      this.#over()
      return
    }
    const network = this.#network
    const isRepeated = network.strikes('repeat-requests')
    const passesSecond = isRepeated && network.chance.is(0.4)
    const losesReply = network.strikes('lose-replies')
    const replaces = !losesReply && network.strikes('pages')
    if (losesReply) this.#vanish('loses its reply')
    else if (replaces) this.#answerItself()
    if (network.strikes('delay')) this.#down.stall(network.scheduler.now + network.delayMs)
    const isHeard = !losesReply && !replaces
    this.#serve(isHeard && !passesSecond)
    if (!isRepeated) return
    network.scheduler.after(network.chance.between(10, network.chance.is(0.3) ? 30_000 : 300), 'network', () => {
      network.trace(() => `${this.name} is repeated${passesSecond ? ', and its second reply handed on' : ''}`)
      this.#serve(isHeard && passesSecond)
    })
  }

  /** Has the server act on the request; it answers this page, or nobody. */
  #serve(isHeard: boolean): void {
    const { chance, scheduler } = this.#network
    const slowMs = chance.is(0.2) ? chance.between(1, 300) : 0
    const request: ArrivedRequest = {
      ...this.#asked,
      page: this.page,
      form: chance.is(0.5) ? 'chunk' : 'event',
      wait: () =>
        slowMs === 0
          ? Promise.resolve()
          : new Promise((resolve) => scheduler.after(slowMs, `${this.page}.network`, resolve)),
    }
    const way = isHeard ? this.#way() : this.#nowhere(() => exchange)
    const exchange: VirtualExchange = new VirtualExchange(request, way)
    if (isHeard) this.#exchange = exchange
    if (!this.#host().serve(exchange) && isHeard) this.#answerItself(502)
  }

  /** The way back to the page. */
  #way(): ReplyWay {
    const network = this.#network
    let heldBytes = 0
    let held: Uint8Array[] = []
    let bufferBytes = 0
    const pass = (): void => {
      for (const bytes of held) for (const part of this.#cutUp(bytes)) this.#down.send({ bytes: part })
      held = []
      heldBytes = 0
    }
    return {
      head: (status, type, isStream) => {
        network.ends.add(`server ${this.name}`)
        network.trace(() => `${this.name} < ${status}${isStream ? ' stream' : ''}`)
        if (this.#asked.door === 'down' && status === 200) network.count(`attached by ${isStream ? 'stream' : 'poll'}`)
        if (isStream) bufferBytes = network.strikes('clump') ? 4_096 : network.terrain.streamBufferBytes
        this.#down.send({ status, type })
        return true
      },
      chunk: (bytes) => {
        const text = Buffer.from(bytes).toString()
        // Whole data events only: those that come alone in a write.
        if (text.startsWith('data:') && network.drops(bytes, 'down')) return true
        network.trace(() => `${this.name} < ${masked(text)}`)
        held.push(Uint8Array.from(bytes))
        heldBytes += bytes.byteLength
        if (heldBytes >= bufferBytes) pass()
        if (this.#down.waitingBytes + heldBytes < FULL_BYTES) return true
        this.#isFull = true
        return false
      },
      end: () => {
        pass()
        this.#down.send({ end: true })
        network.scheduler.after(network.terrain.latencyMs, 'network', () => this.#over())
      },
      destroy: () => {
        network.trace(() => `${this.name} is destroyed by the server`)
        network.scheduler.after(1, 'network', () => this.reset(true, true))
      },
    }
  }

  /** A way back that leads to a proxy which lets it end. */
  #nowhere(exchange: () => VirtualExchange): ReplyWay {
    const { scheduler, chance } = this.#network
    const endSoon = (delayMs: number): void => {
      scheduler.after(delayMs, 'network', () => exchange().over())
    }
    return {
      head: (_status, _type, isStream) => {
        if (isStream) endSoon(chance.between(1, 20_000))
        return true
      },
      chunk: () => true,
      end: () => endSoon(1),
      destroy: () => endSoon(1),
    }
  }

  /** The pieces in which bytes happen to travel. */
  #cutUp(bytes: Uint8Array): Uint8Array[] {
    const { chance } = this.#network
    if (bytes.byteLength < 2 || chance.is(0.7)) return [bytes]
    const at = chance.between(1, bytes.byteLength - 1)
    return [bytes.subarray(0, at), ...this.#cutUp(bytes.subarray(at))]
  }

  #arriveDown(item: DownItem): void {
    if (this.#isDone) return
    const { hasStreamingFetch } = this.#network.terrain
    if ('status' in item) {
      const respond = (): void => {
        this.#hasHead = true
        this.#resolve(this.#reply.response(item.status, item.type, hasStreamingFetch))
      }
      if (hasStreamingFetch) respond()
      else this.#late = respond
    } else if ('bytes' in item) this.#reply.chunk(item.bytes)
    else {
      this.#reply.end()
      this.#late?.()
      this.#network.trace(() => `${this.name} has ended`)
      this.#done()
    }
  }

  #moved(): void {
    if (!this.#isFull || this.#down.waitingBytes >= ROOM_BYTES) return
    this.#isFull = false
    this.#exchange?.drained()
  }

  /** The server sees the end of the connection. */
  #over(): void {
    this.#network.ends.delete(`server ${this.name}`)
    this.#exchange?.over()
  }

  /** The page gives it up. */
  #abandon(reason: unknown): void {
    if (this.#isDone) return
    this.#network.trace(() => `${this.page} gives up ${this.name}`)
    this.#fail(reason)
    this.#down.cut()
    this.#up.send({ gone: true })
  }

  #fail(error: unknown): void {
    if (this.#isDone) return
    this.#network.trace(() => `${this.name} fails`)
    this.#reply.fail(error)
    if (!this.#hasHead) this.#reject(error)
    this.#done()
  }

  #done(): void {
    this.#isDone = true
    this.#network.ends.delete(`${this.page} ${this.name}`)
    this.#network.remove(this)
  }

  #breakSoon(why: string): void {
    this.#network.trace(() => `${this.name} ${why}`)
    this.#network.scheduler.after(this.#network.chance.between(1, 100), `${this.page}.arrivals`, () =>
      this.#fail(new TypeError('failed to fetch')),
    )
  }

  /** Nothing comes back: an error at once, or silence. */
  #vanish(why: string): void {
    if (this.#network.chance.is(0.5)) return this.#breakSoon(why)
    this.#network.trace(() => `${this.name} ${why}, and nobody is told`)
    this.#network.scheduler.after(SYSTEM_MS, `${this.page}.arrivals`, () => this.#fail(new TypeError('timed out')))
  }

  /** A proxy answers in place of the server. */
  #answerItself(status?: number): void {
    const network = this.#network
    const { chance } = network
    const said = status ?? network.pageStatus()
    this.#network.trace(() => `${this.name} is answered ${said} by a proxy`)
    const page = chance.pick([
      '<html>Gateway</html>',
      '{"error":"bad gateway"}',
      '',
      'data: hello\n\n',
      'null',
      '[]',
      '{"v":"1"}',
    ])
    const type = page.startsWith('data') ? 'text/event-stream' : page.startsWith('<') ? 'text/html' : 'application/json'
    this.#down.send({ status: said, type })
    this.#down.send({ bytes: Buffer.from(page) })
    this.#down.send({ end: true })
  }
}

/** Keys are of chance, and of no interest to the reader of a trace. */
function masked(text: string): string {
  return text
    .replace(/"key":"[^"]*"/g, '"key":…')
    .slice(0, 160)
    .replaceAll('\n', '⏎')
}
