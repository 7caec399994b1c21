import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import { listenTo, nodeProgram } from './node-process.js'
import { LinkClosed, openLink } from './stomp-link.js'

const unshare = requireComponent('small disk')

/** In a mount namespace of its own: a disk of that size, and on it one server after the other, for each line of input. */
const script =
  'mount -t tmpfs -o size="$1" tmpfs "$2" && while read -r line; do "$3" "$4" "$2/store" </dev/null; echo "{\\"state\\":\\"ended\\"}"; done'

/** A small disk with a server on it. */
interface SmallDisk {
  /** Starts the server; resolves with its port. */
  start(): Promise<number>
  /** Kills the server, and resolves when it is gone; the disk stays. */
  kill(): Promise<void>
  /** Ends everything. */
  end(): Promise<void>
}

function mountSmallDisk(directory: string, size: string): SmallDisk {
  const args = ['--mount', '--map-root-user', 'sh', '-c', script, 'sh', size, directory, process.execPath, nodeProgram]
  const child: ChildProcess = spawn(unshare.path, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  let server: { readonly pid: number; readonly ended: Promise<void> } | undefined
  const kill = async () => {
    if (server !== undefined) process.kill(server.pid, 'SIGKILL')
    await server?.ended
    server = undefined
  }
  return {
    async start() {
      const { listening, ended } = listenTo(child)
      child.stdin?.write('\n')
      const { pid, port } = await listening
      server = { pid, ended }
      return port
    },
    kill,
    async end() {
      await kill()
      child.stdin?.end()
      await closed
    },
  }
}

/** Sends persistent messages one after the other until one is refused; returns how many were receipted, and the code. */
async function fillUp(
  port: number,
  length: number,
  first: number,
): Promise<{ receipted: number; code: string | undefined }> {
  const link = await openLink(port, 'producer')
  for (let number = first; ; number += 1) {
    const headers = { destination: '/queue/a', persistent: 'true', number: String(number) }
    try {
      await link.request({ command: 'SEND', headers, body: `${number} `.repeat(length).slice(0, length) })
    } catch (error) {
      return { receipted: number - first, code: error instanceof LinkClosed ? error.code : String(error) }
    }
  }
}

/** Takes the first `count` messages and acknowledges them with receipts; returns their numbers. */
async function takeOut(port: number, count: number): Promise<readonly number[]> {
  const link = await openLink(port, 'consumer')
  const numbers: number[] = []
  let receipts = 0
  const enough = new Promise<void>((resolve) => {
    link.onMessage = ({ headers }) => {
      if (numbers.length === count) return
      numbers.push(Number(headers.get('number')))
      link.send({ command: 'ACK', headers: { id: headers.get('ack') ?? '' } }, () => {
        receipts += 1
        if (receipts === count) resolve()
      })
    }
  })
  const headers = { id: 'all', destination: '/queue/a', ack: 'client-individual', 'prefetch-count': '1' }
  await link.request({ command: 'SUBSCRIBE', headers })
  await link.orClosed(enough)
  await link.leave()
  return numbers
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

describe.skipIf(!unshare.available)(unshare.title('a disk that is full'), { timeout: 120_000 }, () => {
  let directory: string
  let disk: SmallDisk | undefined

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hoofbeat-full-'))
  })

  afterEach(async () => {
    await disk?.end()
    await rm(directory, { recursive: true, force: true })
  })

  for (const [size, length] of [
    ['1m', 300],
    ['1m', 8000],
    ['2m', 60_000],
  ] as const) {
    it(`of ${size} refuses messages of ${length} bytes, loses none, and takes more once some were consumed`, async () => {
      disk = mountSmallDisk(directory, size)
      let port = await disk.start()
      const filled = await fillUp(port, length, 1)
      expect(filled.code).toBe('STOMP_ERR_STORE_FULL')
      expect(filled.receipted).toBeGreaterThan(5)
      // It is not the session that was refused.
      const again = await fillUp(port, length, filled.receipted + 1)
      expect(again.code).toBe('STOMP_ERR_STORE_FULL')
      const total = filled.receipted + again.receipted

      await disk.kill()
      port = await disk.start()
      const third = Math.ceil(total / 3)
      expect(await takeOut(port, third)).toEqual(upTo(total).slice(0, third))
      const more = await fillUp(port, length, total + 1)
      expect(more.code).toBe('STOMP_ERR_STORE_FULL')
      expect(more.receipted).toBeGreaterThan(third / 2)

      await disk.kill()
      port = await disk.start()
      const rest = total + more.receipted - third
      expect(await takeOut(port, rest)).toEqual(upTo(total + more.receipted).slice(third))
    })
  }
})
