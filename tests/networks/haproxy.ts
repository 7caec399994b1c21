import { writeFile } from 'node:fs/promises'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { type Daemon, startDaemon } from './daemon.js'
import type { FaultLog } from './network.js'

/** What of haproxy differs from network to network. */
export interface HaproxyOptions {
  readonly program: string
  readonly targetPort: number
  /** Directives of its defaults, the mode among them. */
  readonly defaults: readonly string[]
  /** Every connection is cut when it is so old, whatever goes on on it. @default never */
  readonly cutMs?: number
}

/** What a site needs for links: event streams and polls are silent for 25 s, WebSockets maybe for longer. */
export const FOR_LINKS = [
  'mode http',
  'timeout connect 5s',
  'timeout client 60s',
  'timeout server 60s',
  'timeout tunnel 1h',
] as const

/** Knows nothing of HTTP: whatever is cut is cut in the midst of it. */
export const CONNECTIONS_ONLY = ['mode tcp', 'timeout connect 5s', 'timeout client 60s', 'timeout server 60s'] as const

const SWEEP_MS = 100

/** Starts one; every cut that it logs is noted. */
export async function startHaproxy(options: HaproxyOptions, log: FaultLog): Promise<Daemon> {
  const { cutMs } = options
  const daemon = await startDaemon({
    program: options.program,
    async prepare(port, folder) {
      const path = join(folder, 'haproxy.cfg')
      await writeFile(path, configuration(port, folder, options))
      return ['-db', '-f', path]
    },
    printed(line) {
      // Termination state K: a session that was shut down while it was in use.
      const [, state, ageMs] = /^(K.) (\d+)$/.exec(line) ?? []
      if (state !== undefined) log.note(`connection cut after ${ageMs} ms, ${state}`)
    },
  })
  if (cutMs === undefined) return daemon
  const stopSweeping = sweep(join(daemon.folder, 'admin'), cutMs)
  return {
    ...daemon,
    stop() {
      stopSweeping()
      return daemon.stop()
    },
  }
}

const configuration = (port: number, folder: string, { targetPort, defaults }: HaproxyOptions): string => `global
  log stdout format raw local0
  stats socket ${folder}/admin level admin
defaults
  log global
  log-format "%ts %Tt"
  ${defaults.join('\n  ')}
listen everything
  bind 127.0.0.1:${port}
  server target 127.0.0.1:${targetPort}
`

/** haproxy itself has limits for silence only: what is too old is shut down by its operator. */
function sweep(admin: string, cutMs: number): () => void {
  const firstSeenMs = new Map<string, number>()
  const cutOld = async (): Promise<void> => {
    const listed = await ask(admin, 'show sess')
    const present = new Set<string>()
    for (const [, id = ''] of listed.matchAll(/^(0x[0-9a-f]+): proto=tcpv4 .*fe=everything/gm)) {
      present.add(id)
      if (!firstSeenMs.has(id)) firstSeenMs.set(id, Date.now())
    }
    for (const [id, seenMs] of firstSeenMs) {
      if (!present.has(id)) firstSeenMs.delete(id)
      else if (Date.now() - seenMs >= cutMs) {
        firstSeenMs.delete(id)
        await ask(admin, `shutdown session ${id}`)
      }
    }
  }
  let isOver = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const next = (): void => {
    if (isOver) return
    timer = setTimeout(() => {
      // It may be ending.
      cutOld()
        .catch(() => {})
        .then(next)
    }, SWEEP_MS)
  }
  next()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

function ask(admin: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial(admin)
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
    socket.write(`${command}\n`)
  })
}
