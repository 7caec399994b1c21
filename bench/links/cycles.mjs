// node bench/links/cycles.mjs [<cycles>]      after `npm run build`
//
// Does a server keep anything of what is over? One link is attached again and again, by each of its carriers, and links are
// opened and left alone until the server forgets them: 10,000 times each. The heap is looked at behind collections, and
// behind a quarter as many that are not counted, in which code is loaded and compiled. Fails if the heap grows by more
// than a few bytes for each. Takes two minutes.
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { startChild } from '../measure/child.mjs'
import { table } from '../measure/table.mjs'

const count = Number(process.argv[2] ?? 10_000)
/** An object that stays takes more, and what belongs to an attach or a link is hundreds. */
const MOST_BYTES_EACH = 48
/** Longer than the server waits for who has opened a link, and than its timers may be late. */
const FORGOTTEN_MS = 3_000
const OPENS_UNDER_WAY = 20

const server = await startChild(new URL('server.mjs', import.meta.url))
const { port, path } = server.ready
const agent = new Agent({ keepAlive: true })
const address = { host: '127.0.0.1', port, agent }

/** Resolves with the response and the first that it says. */
function post(door, body) {
  return new Promise((resolve, reject) => {
    const asked = request({ ...address, method: 'POST', path: `${path}${door}` }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${door} was refused with ${response.statusCode}`))
      response.once('data', (bytes) => resolve(bytes.toString()))
      response.on('error', reject).resume()
    })
    asked.on('error', reject).end(JSON.stringify({ v: 1, ...body }))
  })
}

const open = async () => JSON.parse(await post('/open', { protocols: ['v12.stomp'] }))

let attach = 0
const expectAttached = (said) => {
  if (!said.includes(`"attach":${attach}`)) throw new Error(`not attached as ${attach}: ${said}`)
}

/** Each of them attaches the link once more; the attach before ends. */
const CARRIERS = {
  async stream({ link, key }) {
    expectAttached(await post(`/${link}/down`, { key, attach: ++attach, ack: 0 }))
  },

  async poll({ link, key }) {
    expectAttached(await post(`/${link}/down`, { key, attach: ++attach, ack: 0, hold: 1 }))
  },

  websocket({ link, key }) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ['v1.link.hoofbeat', 'v12.stomp'])
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('message', () => {
        socket.send(`\u0001a${JSON.stringify({ v: 1, link, key, attach: ++attach, ack: 0 })}`)
        socket.once('message', (said) => {
          try {
            expectAttached(said.toString())
            resolve()
          } catch (error) {
            reject(error)
          }
        })
      })
    })
  },
}

async function heapBytes() {
  const { heapBytes, externalBytes } = await server.ask('usage', { gc: true })
  return heapBytes + externalBytes
}

async function measured(name, work) {
  await work(Math.ceil(count / 4))
  const before = await heapBytes()
  const { cpuMs } = await server.ask('usage')
  await work(count)
  const spentMs = (await server.ask('usage')).cpuMs - cpuMs
  const after = await heapBytes()
  return [name, before / 1_024, after / 1_024, (after - before) / count, (1_000 * spentMs) / count]
}

const rows = []
try {
  const link = await open()
  for (const [name, attachOnce] of Object.entries(CARRIERS)) {
    const cycles = async (times) => {
      for (let i = 0; i < times; i++) await attachOnce(link)
      // The last of them is done on both sides.
      await wait(100)
    }
    rows.push(await measured(`attached by ${name}`, cycles))
  }
  const opens = async (times) => {
    let left = times
    const opener = async () => {
      while (left-- > 0) await open()
    }
    await Promise.all(Array.from({ length: OPENS_UNDER_WAY }, opener))
    await wait(FORGOTTEN_MS)
  }
  rows.push(await measured('opened and left alone', opens))
} finally {
  agent.destroy()
  await server.stop()
}

console.log(table([`${count} times`, 'KiB before', 'KiB after', 'bytes kept of each', 'server CPU µs of each'], rows))
const grown = rows.filter(([, , , bytesEach]) => bytesEach > MOST_BYTES_EACH)
if (grown.length > 0) {
  console.error(`something is kept: ${grown.map(([name]) => name).join(', ')}`)
  process.exitCode = 1
}
