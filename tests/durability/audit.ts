import { durableHeaders, histories, historyOf, moved, places, queues, readGiven } from './load.js'
import { openLink, type StompLink } from './stomp-link.js'
import { type Given, MARKER, type Place, type Witness } from './witness.js'

/** More than is ever there. */
const ALL = '100000000'

/**
 * Looks at everything that the server has after a restart, and tells the witness. With `isDrained` it is acknowledged, with
 * receipts; else it goes back to where it was.
 */
export async function audit(port: number, witness: Witness, isDrained: boolean): Promise<void> {
  for (const topic of histories) {
    const headers = { id: 'audit', destination: topic, replay: ALL }
    const link = await openLink(port, 'auditor')
    const { found } = await readAll(link, headers, topic)
    const place = historyOf(topic)
    witness.found(place, found)
    const [marker] = found.slice(-1)
    if (!marker?.isAfterGap && found.length > 1)
      witness.breach(`the first message after a kill tells no gap at ${topic}`)
    await link.leave()
  }
  for (const queue of [...queues, moved]) {
    const headers = { id: 'audit', destination: queue, ack: 'client-individual', 'prefetch-count': '10000' }
    await look(await openLink(port, 'auditor'), headers, queue, places.queue(queue), witness, isDrained)
  }
  const link = await openLink(port, 'till')
  const headers = { ...durableHeaders, 'prefetch-count': '10000' }
  await look(link, headers, '/topic/marker', places.durable, witness, isDrained)
  witness.settle()
}

async function look(
  link: StompLink,
  headers: Readonly<Record<string, string>>,
  markAt: string,
  place: Place,
  witness: Witness,
  isDrained: boolean,
): Promise<void> {
  const { found, acks } = await readAll(link, headers, markAt)
  witness.found(place, found)
  const copies = witness.waiting(place)
  for (const [index, ack] of acks.entries()) {
    const isMarker = found[index]?.key === MARKER
    if (!isDrained && !isMarker) continue
    link.send({ command: 'ACK', headers: { id: ack } })
  }
  await link.leave()
  if (isDrained) witness.acked(copies)
}

let marks = 0

/** Subscribes, and reads up to a message of its own, which comes behind all that was there. */
async function readAll(
  link: StompLink,
  headers: Readonly<Record<string, string>>,
  markAt: string,
): Promise<{ readonly found: readonly Given[]; readonly acks: readonly string[] }> {
  const found: Given[] = []
  const acks: string[] = []
  marks += 1
  const mark = String(marks)
  const complete = new Promise<void>((resolve) => {
    link.onMessage = (frame) => {
      found.push(readGiven(frame))
      acks.push(frame.headers.get('ack') ?? '')
      if (frame.headers.get('marker') === mark) resolve()
    }
  })
  await link.request({ command: 'SUBSCRIBE', headers })
  await link.request({ command: 'SEND', headers: { destination: markAt, marker: mark } })
  await link.orClosed(complete)
  return { found, acks }
}
