import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** A screen that nobody sees. */
export interface Screen {
  /** As programs find it in `DISPLAY`. */
  readonly name: string
  stop(): Promise<void>
}

/** Starts one; the server takes a number that is free, and tells it. */
export async function startScreen(program: string): Promise<Screen> {
  const child = spawn(program, ['-displayfd', '3', '-nolisten', 'tcp', '-screen', '0', '1024x768x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'close')
  const number = (child.stdio[3] as Readable).setEncoding('utf8')
  const [said] = await Promise.race([once(number, 'data'), ended])
  if (typeof said !== 'string') throw new Error(`${program} did not start`)
  return {
    name: `:${said.trim()}`,
    async stop() {
      process.off('exit', kill)
      child.kill('SIGTERM')
      await ended
    },
  }
}
