// A server that is not of Node, started by a child of the benchmark. Needs Linux: what it uses is in /proc.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Processor time in /proc is counted in hundredths of a second on every Linux that Node supports. */
const MS_PER_TICK = 10
const PAGE_BYTES = 4_096

/*
 * $0 is the folder. The shell lives as long as its input is open: also when this process is killed, what was started
 * ends with it, and its folder goes. The session of its own tells who belongs to it.
 */
const PROGRAM = 'echo $$; exec "$@" </dev/null >"$0/output" 2>&1'
const GUARD = `setsid sh -c '${PROGRAM}' "$0" "$@" & read -r _; kill -s KILL -- "-$!" || kill -s KILL "$!"; wait; rm -rf -- "$0"`

/** A folder for the data of a server; `startForeign` removes it in the end. */
export function makeFolder(name) {
  return mkdtemp(join(tmpdir(), `hoofbeat-bench-${name}-`))
}

/** Removes a folder when this process is gone, however it ends. */
export function removeWhenGone(folder) {
  spawn('sh', ['-c', 'read -r _; rm -rf -- "$0"', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  }).unref()
}

/** Starts a program that has its data in `folder`. It ends, with all that it has started, when this process does. */
export async function startForeign(folder, command, { env = {} } = {}) {
  const guard = spawn('sh', ['-c', GUARD, folder, ...command], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const [first] = await once(guard.stdout, 'data')
  const session = Number(first)
  return {
    /** Waits until a port is open; rejects with what the program has said if it ends before, or takes too long. */
    async untilListening(port, withinMs = 120_000) {
      const endMs = performance.now() + withinMs
      while (!(await isOpen(port))) {
        if (performance.now() < endMs && (await processesOf(session)).length > 0) await wait(100)
        else
          throw new Error(
            `${command[0]} does not listen: ${readFileSync(join(folder, 'output'), 'utf8').slice(-2_000)}`,
          )
      }
    },
    /** As `usage` of measure/child.mjs, summed over all processes of the program. */
    async usage() {
      const processes = await processesOf(session)
      const sum = (key) => processes.reduce((total, one) => total + one[key], 0)
      return { cpuMs: sum('cpuMs'), rssBytes: sum('rssBytes') }
    },
  }
}

async function processesOf(session) {
  const found = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    // It may be gone by now.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // The name, in brackets, may hold spaces; after it: state, parent, group, session, ...
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (Number(fields[3]) !== session) continue
    const [user, system, rssPages] = [fields[11], fields[12], fields[21]].map(Number)
    found.push({ cpuMs: (user + system) * MS_PER_TICK, rssBytes: rssPages * PAGE_BYTES })
  }
  return found
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const tell = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('connect', () => tell(true)).on('error', () => tell(false))
  })
}

/** Ports that are free now, for a program that cannot choose one and say which. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Where a program is, by PATH and in `folders`; undefined if it is not there. */
export function findProgram(name, folders = []) {
  return [...folders, ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
