// What is counted: by name, a turn of work that comes again and again. `make` prepares it on a scene; `before` and `act`
// are called for each turn, of which only `act`, and what follows from it within the turn, is counted; `check` tells
// whether all that was due has been written. `units`: of what a turn has so many.
import { BEAT_MS } from './server-scene.mjs'
import { clientChunk, headersIn } from './server-wire.mjs'

const BODY = 'The quick brown fox jumps over the lazy dog. '.repeat(7).slice(0, 300)
const SUBSCRIBERS = 100
const WINDOW = 8
const QUEUED = 64
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i))

const send = (destination, more = '', body = BODY, type = 'text/plain') =>
  `SEND\ndestination:${destination}\ncontent-type:${type}\n${more}content-length:${body.length}\n\n${body}\0`
const subscription = (destination, id, more = '') =>
  `SUBSCRIBE\ndestination:${destination}\nid:${id}\nreceipt:subscribed\n${more}\n\0`

/** Throws unless each wire has had just so many frames and writes since it was last asked. */
function createCheck(wires, { frames, writes }) {
  const seen = new Map(wires.map((wire) => [wire, { frames: wire.frames, writes: wire.writes }]))
  return () => {
    for (const [wire, before] of seen) {
      const had = { frames: wire.frames - before.frames, writes: wire.writes - before.writes }
      if (had.frames !== frames || (writes !== undefined && had.writes !== writes)) {
        throw new Error(`a connection had ${had.frames} frames in ${had.writes} writes: ${wire.last}`)
      }
      before.frames = wire.frames
      before.writes = wire.writes
    }
  }
}

function sending(count, payload, frames) {
  return async (scene) => {
    const [wire] = await scene.connect(1)
    const chunks = times(16, (turn) => clientChunk(times(count, (i) => payload(turn * count + i))))
    let turn = 0
    return {
      wires: [wire],
      act: () => wire.push(chunks[turn++ % chunks.length]),
      check: createCheck([wire], { frames }),
    }
  }
}

function fanOut(window, idOf) {
  return async (scene) => {
    const destination = `/topic/rooms.${idOf(0)}.${idOf(1)}.${window}`
    const [publisher] = await scene.connect(1)
    const wires = await scene.connect(SUBSCRIBERS, (i) => subscription(destination, idOf(i)))
    const chunk = clientChunk(times(window, () => send(destination)))
    return { wires, act: () => publisher.push(chunk), check: createCheck(wires, { frames: window }) }
  }
}

/** Messages of a queue, given to one consumer that acknowledges each; `counted`: which half of the way. */
function queue(counted) {
  return async (scene) => {
    const destination = `/queue/work.${counted}`
    const more = `ack:client-individual\nprefetch-count:${QUEUED}\n`
    const [producer] = await scene.connect(1)
    const [consumer] = await scene.connect(1, () => subscription(destination, 'w', more))
    const sends = clientChunk(times(QUEUED, () => send(destination)))
    const acksOf = (chunk) => clientChunk(headersIn(chunk, 'ack').map((id) => `ACK\nid:${id}\n\n\0`))
    let acks = clientChunk([])
    const isSending = counted === 'delivery'
    return {
      wires: [consumer],
      /** Before messages are given, the last ones are acknowledged; before an ACK, messages are given. */
      before: () => (isSending ? consumer.push(acks) : producer.push(sends)),
      between() {
        if (!isSending) acks = acksOf(consumer.last)
      },
      act: () => (isSending ? producer.push(sends) : consumer.push(acks)),
      check: createCheck([consumer], { frames: QUEUED }),
      after() {
        if (isSending) acks = acksOf(consumer.last)
      },
    }
  }
}

export const CASES = {
  SEND: { unit: 'SEND', units: WINDOW, make: sending(WINDOW, () => send('/topic/nobody'), 0) },
  'SEND with receipt': {
    unit: 'SEND',
    units: WINDOW,
    make: sending(WINDOW, (i) => send('/topic/nobody', `receipt:message-${i}\n`), WINDOW),
  },
  'SEND to a route': {
    unit: 'SEND',
    units: WINDOW,
    make: sending(WINDOW, () => send('/app/notices/hall', '', JSON.stringify({ text: BODY }), 'application/json'), 0),
  },
  'fan-out, equal ids, 8 messages a turn': {
    unit: 'delivery',
    units: SUBSCRIBERS * WINDOW,
    make: fanOut(WINDOW, () => 'sub-0'),
  },
  'fan-out, equal ids, 1 message a turn': { unit: 'delivery', units: SUBSCRIBERS, make: fanOut(1, () => 'sub-0') },
  'fan-out, different ids, 8 messages a turn': {
    unit: 'delivery',
    units: SUBSCRIBERS * WINDOW,
    make: fanOut(WINDOW, (i) => `sub-${i}`),
  },
  'queue, SEND and MESSAGE': { unit: 'message', units: QUEUED, make: queue('delivery') },
  'queue, ACK': { unit: 'ACK', units: QUEUED, make: queue('ack') },
  'heart-beats': {
    unit: 'beat',
    units: SUBSCRIBERS,
    async make(scene) {
      const wires = await scene.connect(SUBSCRIBERS)
      const beat = clientChunk(['\n'])
      const check = createCheck(wires, { frames: 0, writes: 1 })
      return {
        wires,
        before: () => {
          for (const wire of wires) wire.push(beat)
        },
        act: () => scene.clock.advance(BEAT_MS),
        check,
      }
    },
  },
}

/** Does a case `turns` times; `began` and `ended` are called around what is counted. */
export function repeat(job, turns, began, ended) {
  return new Promise((resolve, reject) => {
    let left = turns
    const guarded = (step) => () => {
      try {
        step()
      } catch (error) {
        reject(error)
      }
    }
    // No promise between here and there: those of the server are counted. What the server does when a turn is over is
    // done in the first immediate; two, so that it does not matter whether a chunk was taken at once or in a tick.
    const later = (step) => setImmediate(() => setImmediate(guarded(step)))
    const next = () => {
      if (left-- === 0) return resolve()
      job.before?.()
      later(act)
    }
    const act = () => {
      job.between?.()
      began()
      job.act()
      later(done)
    }
    const done = () => {
      ended()
      job.check()
      job.after?.()
      next()
    }
    guarded(next)()
  })
}
