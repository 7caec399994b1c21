import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import { join } from 'node:path'

/** How a broker's process is started. All that it keeps is in `folder`, so that it can be started again with its data. */
export interface BrokerStart {
  readonly folder: string
  readonly command: readonly [program: string, ...args: string[]]
  readonly env?: Readonly<Record<string, string>>
  /** Where it takes STOMP over TCP. */
  readonly port: number
}

/** Who asks, and for what virtual host. */
export interface BrokerLogin {
  readonly login: string
  readonly passcode: string
  readonly host: string
}

/** A broker that runs as a child of the test. */
export interface BrokerProcess {
  /** Ends it and all it has started, as a crash does; what it had on disk stays. Harmless when repeated. */
  kill(): Promise<void>
}

/** A machine with much to do takes long to start a broker. */
const PATIENCE_MS = 120_000
const LOOK_MS = 100

/*
 * The shell leads a process group that its broker belongs to. It ends the group when its input closes: so also when the
 * test is killed, nothing that it has started outlives it.
 */
const GUARD = '"$@" </dev/null & read -r _; kill -s KILL -- "-$$"'

/** Starts it; resolves when it answers CONNECT with CONNECTED. Rejects with what it said if it does not come to that. */
export async function startBrokerProcess(start: BrokerStart, login: BrokerLogin): Promise<BrokerProcess> {
  const said = join(start.folder, 'output')
  const output = await open(said, 'a')
  const guard = spawn('sh', ['-c', GUARD, 'sh', ...start.command], {
    detached: true,
    // Where it leaves what it writes when it crashes.
    cwd: start.folder,
    env: { ...process.env, ...start.env },
    stdio: ['pipe', output.fd, output.fd],
  })
  await output.close()
  const ended = once(guard, 'close')
  const kill = async (): Promise<void> => {
    guard.stdin?.destroy()
    await ended
  }
  const giveUpMs = Date.now() + PATIENCE_MS
  while (!(await answers(start.port, login))) {
    if (Date.now() > giveUpMs || guard.exitCode !== null) {
      await kill()
      const words = (await readFile(said, 'utf8')).slice(-4_000)
      throw new Error(`${start.command.join(' ')} does not speak STOMP at port ${start.port}:\n${words}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return { kill }
}

/** True if a broker there accepts this login. */
function answers(port: number, { login, passcode, host }: BrokerLogin): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    let text = ''
    const settle = (does: boolean): void => {
      socket.destroy()
      resolve(does)
    }
    socket.setTimeout(5_000, () => settle(false))
    socket.once('error', () => settle(false)).once('close', () => settle(false))
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (text.includes('\n\n')) settle(text.startsWith('CONNECTED'))
    })
    socket.write(`CONNECT\naccept-version:1.2\nhost:${host}\nlogin:${login}\npasscode:${passcode}\n\n\0`)
  })
}

/** So many ports that nobody listens at; another process may take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}
