import type { StoreContents } from '@hoofbeat/server'
import { histories } from './load.js'
import { type OwnFrame, openLink, type StompLink } from './stomp-link.js'

/** A message at its place in the store. */
export interface Placed {
  readonly shelf: string
  readonly key: string
  readonly body: string
}

/** What is receipted as one: it happens together or not at all. */
export interface Act {
  readonly receipt: string
  readonly adds: readonly Placed[]
  readonly removes: readonly Placed[]
}

/** Does all that is to be kept, once one at a time and once pipelined, and returns it when everything is receipted. */
export async function actOn(port: number): Promise<readonly Act[]> {
  const acts = new Actor(await openLink(port, 'till'))
  const one = (length: number): Promise<void> => acts.send([['/queue/a', length]])
  await acts.subscribeDurable()
  for (const length of [10, 700, 3000, 4096, 9000, 30_000]) await one(length)
  for (const length of [20, 5000])
    await acts.send([
      ['/queue/a', length],
      ['/queue/b', length],
    ])
  await acts.send([[histories[0], 100]])
  await acts.takeFrom('/queue/a')
  for (let count = 0; count < 3; count += 1) await acts.answer([])
  await acts.answer([['/queue/b', 300]])

  let pipelined: Promise<void>[] = []
  for (let count = 1; count <= 60; count += 1) {
    if (count % 7 === 0)
      pipelined.push(
        acts.send([
          ['/queue/c', 50 * count],
          ['/queue/b', count],
        ]),
      )
    else if (count % 11 === 0) pipelined.push(acts.send([[histories[1], count]]))
    else if (count % 13 === 0) pipelined.push(acts.answer([]))
    else pipelined.push(acts.send([['/queue/c', 20 * count]]))
    if (count % 6 !== 0) continue
    await Promise.all(pipelined)
    pipelined = []
  }
  acts.link.destroy()
  return acts.acts
}

class Actor {
  readonly link: StompLink
  readonly acts: Act[] = []
  readonly #given: { readonly placed: Placed; readonly ack: string }[] = []
  readonly #placed = new Map<string, Placed>()
  #count = 0

  constructor(link: StompLink) {
    this.link = link
  }

  async subscribeDurable(): Promise<void> {
    const headers = {
      id: 'all',
      destination: '/topic/**',
      durable: 'true',
      'client-id': 'four',
      ack: 'client-individual',
    }
    await this.link.request({ command: 'SUBSCRIBE', headers: { ...headers, 'prefetch-count': '1' } })
  }

  /** Subscribes, and waits for the first messages. */
  async takeFrom(destination: string): Promise<void> {
    const enough = new Promise<void>((resolve) => {
      this.link.onMessage = ({ headers }) => {
        const placed = this.#placed.get(headers.get('key') ?? '')
        if (placed?.shelf !== destination) return
        this.#given.push({ placed, ack: headers.get('ack') ?? '' })
        if (this.#given.length === 8) resolve()
      }
    })
    const headers = { id: 'taker', destination, ack: 'client-individual', 'prefetch-count': '8' }
    await this.link.request({ command: 'SUBSCRIBE', headers })
    await enough
  }

  /** One SEND, or several in a transaction. */
  send(targets: readonly (readonly [destination: string, length: number])[]): Promise<void> {
    return this.#act(targets, undefined)
  }

  /** Acknowledges what was given first; with SENDs, in one transaction with them. */
  answer(targets: readonly (readonly [destination: string, length: number])[]): Promise<void> {
    return this.#act(targets, this.#given.shift())
  }

  async #act(
    targets: readonly (readonly [destination: string, length: number])[],
    answered: { readonly placed: Placed; readonly ack: string } | undefined,
  ): Promise<void> {
    this.#count += 1
    const count = this.#count
    const isOne = targets.length + (answered === undefined ? 0 : 1) === 1
    const inTransaction = { transaction: `t-${count}` }
    const own = isOne ? {} : inTransaction
    const adds: Placed[] = []
    const frames: OwnFrame[] = []
    for (const [index, [destination, length]] of targets.entries()) {
      const key = `key-${String(count).padStart(4, '0')}-${index}-`
      const body = `${key}${'.'.repeat(length)}`
      const shelves = destination.startsWith('/topic/') ? [`history:${destination}`, 'durable:'] : [destination]
      for (const shelf of shelves) adds.push({ shelf, key, body })
      const [shelf = ''] = shelves
      this.#placed.set(key, { shelf, key, body })
      frames.push({ command: 'SEND', headers: { destination, key, persistent: 'true', ...own }, body })
    }
    if (answered !== undefined) frames.push({ command: 'ACK', headers: { id: answered.ack, ...own } })
    const removes = answered === undefined ? [] : [answered.placed]
    const receipt = await (isOne ? this.#requestAll(frames) : this.#commit(frames, inTransaction))
    this.acts.push({ receipt, adds, removes })
  }

  async #requestAll(frames: readonly OwnFrame[]): Promise<string> {
    const [receipt = ''] = await Promise.all(frames.map((frame) => this.link.request(frame)))
    return receipt
  }

  #commit(frames: readonly OwnFrame[], headers: Readonly<Record<string, string>>): Promise<string> {
    this.link.send({ command: 'BEGIN', headers })
    for (const frame of frames) this.link.send(frame)
    return this.link.request({ command: 'COMMIT', headers })
  }
}

/** What is wrong with a store's contents when these acts were receipted, and the others on their way. */
export function faultsIn(contents: StoreContents, acts: readonly Act[], isReceipted: (act: Act) => boolean): string[] {
  const faults: string[] = []
  const decoder = new TextDecoder()
  const present = new Map<string, string>()
  for (const { shelf, message } of contents.entries) {
    const name = shelf.startsWith('durable:') ? 'durable:' : shelf
    present.set(`${name} ${message.headers.get('key')}`, decoder.decode(message.body))
  }
  const isThere = ({ shelf, key }: Placed): boolean => present.has(`${shelf} ${key}`)
  const known = new Map(acts.flatMap(({ adds }) => adds).map((placed) => [`${placed.shelf} ${placed.key}`, placed]))
  for (const [name, body] of present) {
    if (known.get(name)?.body !== body) faults.push(`${name} is not what was sent`)
  }
  const removed = new Set(acts.flatMap(({ removes }) => removes).map(({ key }) => key))
  const receipted = new Set(acts.filter(isReceipted).flatMap(({ adds }) => adds.map(({ key }) => key)))
  for (const act of acts) {
    // What is to be removed must have been there before.
    if (!isReceipted(act) && act.removes.some(({ key }) => !receipted.has(key))) continue
    const adds = act.adds.filter(({ key }) => !removed.has(key)).map(isThere)
    const happened = [...adds, ...act.removes.map((placed) => !isThere(placed))]
    const [name = 'an ACK'] = act.adds.map(({ key }) => key)
    if (!happened.includes(false)) continue
    if (isReceipted(act)) faults.push(`${name} was receipted, and is not kept`)
    else if (happened.includes(true)) faults.push(`${name} is kept in part`)
  }
  return faults
}
