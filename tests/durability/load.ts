import type { Frame } from '@hoofbeat/codec'
import type { Random } from './random.js'
import { openLink, type StompLink } from './stomp-link.js'
import { type Copy, type Given, MARKER, type Place, type Sent, type Taker, type Witness } from './witness.js'

/** The queues that producers send to; what comes to the third is moved on to `moved`. */
export const queues = ['/queue/a', '/queue/b', '/queue/c'] as const
export const moved = '/queue/moved'
export const histories = ['/topic/history/one', '/topic/history/two'] as const
const plainTopic = '/topic/plain/x'

/** SUBSCRIBE of the durable subscription, which gets all topics. */
export const durableHeaders: Readonly<Record<string, string>> = {
  ...{ id: 'till', destination: '/topic/**', durable: 'true', 'client-id': 'four', ack: 'client-individual' },
}
const durable: Place = { name: 'the durable subscription', kind: 'durable' }

/** Everything that lies somewhere. */
export const places: { readonly queue: (name: string) => Place; readonly durable: Place } = {
  queue: (name) => ({ name, kind: 'queue' }),
  durable,
}

/** The history of a topic. */
export const historyOf = (topic: string): Place => ({ name: `the history of ${topic}`, kind: 'history' })

/** Where a message lies that is sent to a destination. */
function placesOf(destination: string): Place[] {
  if (destination.startsWith('/queue/')) return [places.queue(destination)]
  return destination === plainTopic ? [durable] : [durable, historyOf(destination)]
}

/** What every worker of a load has. */
export interface Work {
  readonly witness: Witness
  readonly random: Random
  /** Counts one RECEIPT. */
  readonly receipt: () => void
}

/** Reads what matters out of a MESSAGE. */
export function readGiven({ headers, text }: Frame): Given {
  return {
    key: headers.has('marker') ? MARKER : (headers.get('key') ?? ''),
    body: text,
    isRedelivered: headers.get('redelivered') === 'true',
    isAfterGap: headers.get('history-gap') === 'true',
  }
}

/** The headers of a SEND. */
export function headersOf({ key, isPersistent }: Sent, destination: string): Record<string, string> {
  return { destination, key, ...(isPersistent ? { persistent: 'true' } : {}) }
}

/** Sessions of producers and consumers, all connected. */
export interface Load {
  readonly links: readonly StompLink[]
  /** Lets them work, until the server is gone. */
  begin(work: Work): void
}

type Worker = (link: StompLink, work: Work) => void

/** Connects producers and consumers to a server. */
export async function openLoad(port: number, random: Random): Promise<Load> {
  const consumer =
    (name: string, place: Place): Worker =>
    (link, work) =>
      consume(link, name, place, work)
  // Consumers first: what they subscribe to is there from the beginning.
  const workers: [login: string, worker: Worker][] = [
    ['one', consumer('one', places.queue(queues[0]))],
    ['two', consumer('two', places.queue(queues[0]))],
    ['onward', consumer('onward', places.queue(moved))],
    ['cumulative', (link, work) => consumeAll(link, places.queue(queues[1]), work)],
    ['mover', (link, work) => move(link, places.queue(queues[2]), work)],
  ]
  if (random.chance(0.6)) workers.push(['till', consumer('till', durable)])
  for (const topic of histories) workers.push(['watcher', (link, work) => watch(link, topic, work)])
  for (const name of ['p', 'q', 'r']) workers.push([name, (link, work) => produce(link, name, work)])
  const links = await Promise.all(workers.map(([login]) => openLink(port, login)))
  return {
    links,
    begin(work) {
      for (const [index, link] of links.entries()) workers[index]?.[1](link, work)
    },
  }
}

const MOST_UNRECEIPTED = 40

/** Sends as fast as receipts come. */
function produce(link: StompLink, name: string, work: Work): void {
  const { witness, random } = work
  let open = 0
  const receipted = (sents: readonly Sent[]) => () => {
    for (const sent of sents) witness.receipted(sent)
    open -= 1
    work.receipt()
    fill()
  }
  const message = (destination: string, isPersistent: boolean): Sent => {
    // A few are longer than a page of the store, and than many.
    const length = random.chance(0.03) ? random.below(40_000) : random.below(1500)
    return witness.send(name, length, isPersistent, placesOf(destination))
  }
  const sendOne = (destination: string, isPersistent: boolean) => {
    const sent = message(destination, isPersistent)
    link.send({ command: 'SEND', headers: headersOf(sent, destination), body: sent.body }, receipted([sent]))
  }
  const sendPair = () => {
    const transaction = `${name}-${random.below(1_000_000_000)}`
    const targets = [random.pick(queues), random.chance(0.3) ? random.pick(histories) : random.pick(queues)]
    const sents = targets.map((destination) => message(destination, true))
    link.send({ command: 'BEGIN', headers: { transaction } })
    for (const [index, sent] of sents.entries()) {
      const headers = { ...headersOf(sent, targets[index] ?? ''), transaction }
      link.send({ command: 'SEND', headers, body: sent.body })
    }
    witness.commits({ adds: sents.flatMap(({ copies }) => copies), removes: [] })
    link.send({ command: 'COMMIT', headers: { transaction } }, receipted(sents))
  }
  const fill = () => {
    while (open < MOST_UNRECEIPTED) {
      open += 1
      const choice = random.next()
      if (choice < 0.5) sendOne(random.pick(queues), true)
      else if (choice < 0.55) sendOne(random.pick(queues), false)
      else if (choice < 0.7) sendPair()
      else if (choice < 0.8) sendOne(plainTopic, true)
      else if (choice < 0.9) sendOne(random.pick(histories), true)
      else sendOne(random.pick(histories), false)
    }
  }
  fill()
}

const MOST_HELD = 8

/** `client-individual`: acknowledges most, gives back some, and holds a few without an answer. */
function consume(link: StompLink, name: string, place: Place, work: Work): void {
  const { witness, random } = work
  const taker: Taker = { name, last: new Map() }
  const held: { readonly copy: Copy; readonly ack: string }[] = []
  const giveBack = (copy: Copy, ack: string) => {
    witness.released([copy])
    link.send({ command: 'NACK', headers: { id: ack } }, work.receipt)
  }
  link.onMessage = (frame) => {
    const copy = witness.given(place, readGiven(frame), taker)
    const ack = frame.headers.get('ack') ?? ''
    if (copy === undefined) return
    const choice = random.next()
    if (choice < 0.08) giveBack(copy, ack)
    else if (choice < 0.15) {
      held.push({ copy, ack })
      const oldest = held.length > MOST_HELD ? held.shift() : undefined
      if (oldest !== undefined) giveBack(oldest.copy, oldest.ack)
    } else {
      witness.acking([copy])
      link.send({ command: 'ACK', headers: { id: ack } }, () => {
        witness.acked([copy])
        work.receipt()
      })
    }
  }
  const own = { id: name, destination: place.name, ack: 'client-individual' }
  const headers = place === durable ? durableHeaders : own
  link.send({ command: 'SUBSCRIBE', headers: { ...headers, 'prefetch-count': '20' } }, work.receipt)
}

/** `client`: answers several with one frame. */
function consumeAll(link: StompLink, place: Place, work: Work): void {
  const { witness, random } = work
  const taker: Taker = { name: 'cumulative', last: new Map() }
  let open: Copy[] = []
  link.onMessage = (frame) => {
    const copy = witness.given(place, readGiven(frame), taker)
    if (copy !== undefined) open.push(copy)
    const choice = open.length > 15 ? 0 : random.next()
    if (choice > 0.3) return
    const id = frame.headers.get('ack') ?? ''
    const answered = open
    open = []
    if (choice > 0.27) {
      witness.released(answered)
      link.send({ command: 'NACK', headers: { id } }, work.receipt)
      return
    }
    witness.acking(answered)
    link.send({ command: 'ACK', headers: { id } }, () => {
      witness.acked(answered)
      work.receipt()
    })
  }
  const headers = { id: 'cumulative', destination: place.name, ack: 'client', 'prefetch-count': '20' }
  link.send({ command: 'SUBSCRIBE', headers }, work.receipt)
}

/** Takes from one queue and puts into another, in one transaction. */
function move(link: StompLink, place: Place, work: Work): void {
  const { witness } = work
  const taker: Taker = { name: 'mover', last: new Map() }
  link.onMessage = (frame) => {
    const copy = witness.given(place, readGiven(frame), taker)
    if (copy === undefined) return
    const sent = witness.send('mover', 100, true, [places.queue(moved)])
    const transaction = sent.key
    witness.commits({ adds: sent.copies, removes: [copy] })
    link.send({ command: 'BEGIN', headers: { transaction } })
    link.send({ command: 'ACK', headers: { id: frame.headers.get('ack') ?? '', transaction } })
    link.send({ command: 'SEND', headers: { ...headersOf(sent, moved), transaction }, body: sent.body })
    link.send({ command: 'COMMIT', headers: { transaction } }, () => {
      witness.receipted(sent)
      witness.acked([copy])
      work.receipt()
    })
  }
  const headers = { id: 'mover', destination: place.name, ack: 'client-individual', 'prefetch-count': '20' }
  link.send({ command: 'SUBSCRIBE', headers }, work.receipt)
}

/** Sees what is published to a topic with a history. */
function watch(link: StompLink, topic: string, work: Work): void {
  const taker: Taker = { name: 'watcher', last: new Map() }
  const place = historyOf(topic)
  link.onMessage = (frame) => work.witness.given(place, readGiven(frame), taker)
  link.send({ command: 'SUBSCRIBE', headers: { id: 'watcher', destination: topic } }, work.receipt)
}
