import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrokerLogin, type BrokerStart, freePorts, startBrokerProcess } from './broker-process.js'

/** A broker made by others, started for a test, with data of its own. */
export interface RealBroker extends BrokerLogin {
  /** STOMP over TCP at 127.0.0.1. */
  readonly port: number
  /** Its configuration, its data, and what it has said in `output`. */
  readonly folder: string
  /** Ends it as a crash does: what it had on disk stays, the port is free. */
  kill(): Promise<void>
  /** After `kill`: the same broker again, at the same port, with the data of before. */
  restart(): Promise<void>
  /** Ends it for good. */
  stop(): Promise<void>
}

/** What differs from broker to broker. */
export interface BrokerRecipe extends BrokerLogin {
  readonly name: string
  /** How many ports it needs; the first is that of STOMP. */
  readonly ports: number
  /** Writes its configuration into the folder, and tells how it is started. */
  prepare(folder: string, ports: readonly number[]): Promise<Pick<BrokerStart, 'command' | 'env'>>
}

/** Another process may take a port between the look and the start. */
const ATTEMPTS = 3

/** Starts a broker; resolves when it takes connections. */
export async function startRealBroker(recipe: BrokerRecipe): Promise<RealBroker> {
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), `hoofbeat-${recipe.name}-`))
    try {
      return await begin(recipe, folder)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      if (attempt === ATTEMPTS) throw error
    }
  }
}

async function begin(recipe: BrokerRecipe, folder: string): Promise<RealBroker> {
  const { login, passcode, host } = recipe
  const ports = await freePorts(recipe.ports)
  const [port = 0] = ports
  const start: BrokerStart = { folder, port, ...(await recipe.prepare(folder, ports)) }
  let running = await startBrokerProcess(start, recipe)
  return {
    ...{ login, passcode, host, port, folder },
    kill: () => running.kill(),
    async restart() {
      await running.kill()
      running = await startBrokerProcess(start, recipe)
    },
    async stop() {
      await running.kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
