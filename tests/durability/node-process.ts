import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The program that is started and killed: a server with a durable store. */
export const nodeProgram: string = fileURLToPath(new URL('node.mjs', import.meta.url))

/** A server that listens. */
export interface Listening {
  readonly port: number
  /** Of the server itself, which may run below another program. */
  readonly pid: number
}

/** A server in a process of its own. */
export interface NodeProcess {
  /** Resolves with its process id just before it opens the store. */
  readonly opening: Promise<number>
  /** Resolves when it listens; rejects with what it said if it ends before. */
  readonly listening: Promise<Listening>
  /** Resolves when all processes that were started have ended. */
  readonly ended: Promise<void>
  /** Ends the server at once, as a loss of power ends it, and resolves when it is gone. */
  kill(): Promise<void>
}

/** Starts a server on the store in `directory`; `above` is a command that runs it, with its arguments. */
export function startNode(directory: string, above: readonly string[] = []): NodeProcess {
  const [program = process.execPath, ...args] = [...above, process.execPath, nodeProgram, directory]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const { opening, listening } = listenTo(child)
  const ended = once(child, 'close').then(() => undefined)
  return {
    opening,
    listening,
    ended,
    async kill() {
      const pid = await opening.catch(() => undefined)
      if (pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(pid, 'SIGKILL')
      await ended
    },
  }
}

/**
 * Reads the two lines of the next server that writes to the child's output. A child that outlives its servers writes a line
 * with the state `ended` behind each.
 */
export function listenTo(
  child: ChildProcess,
): Pick<NodeProcess, 'opening' | 'listening'> & { readonly ended: Promise<void> } {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the output of the child is not piped')
  let said = ''
  const keep = (chunk: Buffer) => {
    said += String(chunk)
  }
  stderr.on('data', keep)
  const lines = createInterface({ input: stdout })
  const heard = new EventEmitter()
  lines.on('line', (text) => heard.emit(readLine(text)?.state ?? '', readLine(text)))
  child.once('close', () => heard.emit('ended'))
  const ended = once(heard, 'ended').then(() => lines.close())
  const line = (state: string): Promise<Line> => {
    const told = new Promise<Line>((resolve) => heard.once(state, resolve))
    const over = ended.then((): never => {
      throw new Error(`the server ended before it was ${state}: ${said}`)
    })
    const either = Promise.race([told, over])
    // Whoever kills it before asks for neither.
    either.catch(() => {})
    return either
  }
  const opening = line('opening').then(({ pid }) => pid)
  const listening = line('listening').then(({ pid, port = 0 }) => ({ pid, port }))
  opening.catch(() => {})
  listening.catch(() => {})
  return { opening, listening, ended }
}

interface Line {
  readonly state: string
  readonly pid: number
  readonly port?: number
}

function readLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}
