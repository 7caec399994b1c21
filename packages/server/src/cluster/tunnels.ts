import type { Duplex } from 'node:stream'
import type { Bus, ClusterNodes, NodeMessage } from './cluster.js'
import { Tunnel, type TunnelWord } from './tunnel.js'

/** What tunnels need. */
export interface TunnelsParts {
  readonly bus: Bus
  readonly nodes: ClusterNodes
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/** Streams of bytes between nodes, over the broker: for nodes that cannot reach each other in another way. */
export interface Tunnels {
  /**
   * Opens a stream to another node; rejects when that does not take it within 3 s. It is destroyed when that node has
   * gone, and when messages between the two may have been lost.
   */
  dial(node: string): Promise<Duplex>
  /** Takes the streams that other nodes open. Before this is called they are refused. */
  accept(taker: (stream: Duplex) => void): void
  /** Ends all of them; none is taken or opened after. */
  close(): void
}

/** How long another node may take to take a stream, in ms. */
const DIAL_MS = 3_000
/** Streams of other nodes at once; further ones are refused. */
const MAX_ACCEPTED = 20_000

const KIND = 'tunnel'

/** Makes the tunnels of this node. */
export function createTunnels(parts: TunnelsParts): Tunnels {
  return new TunnelTable(parts)
}

interface Entry {
  readonly node: string
  readonly tunnel: Tunnel
  /** Number of the next word that is said, and of the next that is awaited. */
  said: number
  awaited: number
  /** Told when the other node has taken it; undefined: it has. */
  opened: ((error?: Error) => void) | undefined
}

/** One message, as it was said. */
interface Word {
  readonly id: string
  /** Who said it: the node that dialled. */
  readonly isDialler: boolean
  readonly number: number
  readonly word: TunnelWord | { readonly word: 'open' | 'opened' }
}

class TunnelTable implements Tunnels {
  readonly #parts: TunnelsParts
  /** By who dialled, and its id there. */
  readonly #entries = new Map<string, Entry>()
  readonly #stopWatching: () => void
  #taker: ((stream: Duplex) => void) | undefined
  #count = 0
  #accepted = 0
  #isClosed = false

  constructor(parts: TunnelsParts) {
    this.#parts = parts
    const { bus, nodes } = parts
    bus.take(KIND, (message) => this.#take(message))
    bus.onMissed(() => this.#lose(() => true))
    this.#stopWatching = nodes.onChange(() => {
      if (this.#entries.size > 0) this.#lose(({ node }) => !this.#isThere(node))
    })
  }

  dial(node: string): Promise<Duplex> {
    if (this.#isClosed || !this.#isThere(node)) return Promise.reject(new Error('the node is not there'))
    const id = String(++this.#count)
    return new Promise((resolve, reject) => {
      const entry = this.#open(node, id, true)
      const late = this.#parts.after(DIAL_MS, () => entry.tunnel.destroy(new Error('the node did not answer in time')))
      entry.tunnel.once('error', reject)
      entry.tunnel.once('close', () => {
        late.cancel()
        reject(new Error('the node did not take the connection'))
      })
      entry.opened = () => {
        late.cancel()
        resolve(entry.tunnel)
      }
      this.#say(entry, id, true, { word: 'open' })
    })
  }

  accept(taker: (stream: Duplex) => void): void {
    this.#taker = taker
  }

  close(): void {
    this.#isClosed = true
    this.#stopWatching()
    for (const { tunnel } of [...this.#entries.values()]) tunnel.destroy()
  }

  /** One that is silent cannot be reached over the broker. */
  #isThere(node: string): boolean {
    return this.#parts.nodes.list().some(({ id }) => id === node)
  }

  #open(node: string, id: string, isDialler: boolean): Entry {
    const key = keyOf(isDialler ? this.#parts.bus.nodeId : node, id)
    if (!isDialler) this.#accepted++
    const tunnel = new Tunnel({
      say: (word, body) => this.#say(entry, id, isDialler, word, body),
      closed: () => {
        if (!isDialler) this.#accepted--
        this.#entries.delete(key)
      },
    })
    const entry: Entry = { node, tunnel, said: 0, awaited: 0, opened: undefined }
    this.#entries.set(key, entry)
    return entry
  }

  #say(entry: Entry, id: string, isDialler: boolean, word: Word['word'], body?: Uint8Array): void {
    const head = { id, isDialler, number: entry.said++, ...word }
    const refused = (error: unknown): void => {
      entry.tunnel.lose(new Error('the broker did not take what was sent', { cause: error }))
    }
    try {
      this.#parts.bus.tell(entry.node, KIND, head, body)?.catch(refused)
    } catch (error) {
      refused(error)
    }
  }

  #take({ from, head, body }: NodeMessage): void {
    const word = readWord(head)
    if (word === undefined) return
    const { id, isDialler, number } = word
    const key = keyOf(isDialler ? from : this.#parts.bus.nodeId, id)
    const entry = this.#entries.get(key) ?? (word.word.word === 'open' ? this.#admit(from, id) : undefined)
    if (entry === undefined || entry.node !== from) return
    if (number !== entry.awaited++) {
      entry.tunnel.destroy(new Error('a message of the other node was lost'))
      return
    }
    switch (word.word.word) {
      case 'open':
        return
      case 'opened': {
        entry.opened?.()
        entry.opened = undefined
        return
      }
      default:
        entry.tunnel.receive(word.word, body)
    }
  }

  #admit(from: string, id: string): Entry | undefined {
    const taker = this.#taker
    const entry = this.#open(from, id, false)
    if (taker === undefined || this.#isClosed || this.#accepted > MAX_ACCEPTED) {
      entry.tunnel.destroy()
      return undefined
    }
    this.#say(entry, id, false, { word: 'opened' })
    taker(entry.tunnel)
    return entry
  }

  #lose(isLost: (entry: Entry) => boolean): void {
    for (const entry of [...this.#entries.values()])
      if (isLost(entry)) entry.tunnel.lose(new Error('the connection to the other node was lost'))
  }
}

function keyOf(dialler: string, id: string): string {
  return `${dialler} ${id}`
}

function readWord(head: unknown): Word | undefined {
  if (typeof head !== 'object' || head === null) return undefined
  const { id, isDialler, number, word, bytes }: Readonly<Record<string, unknown>> = { ...head }
  if (typeof id !== 'string' || typeof isDialler !== 'boolean' || typeof number !== 'number') return undefined
  switch (word) {
    case 'open':
    case 'opened':
    case 'data':
    case 'end':
    case 'gone':
      return { id, isDialler, number, word: { word } }
    case 'credit':
      return typeof bytes === 'number' && bytes > 0 ? { id, isDialler, number, word: { word, bytes } } : undefined
    default:
      return undefined
  }
}
