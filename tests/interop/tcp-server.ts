import type { HoofbeatOptions } from '@hoofbeat/server'
import type { FastifyInstance } from 'fastify'
import { type InteropServer, startServer } from './server.js'

/** A server for native clients. */
export interface TcpInteropServer extends InteropServer {
  /** Where it speaks STOMP without HTTP. */
  readonly tcpPort: number
}

/** Starts it on free ports: topics, queues and wildcards are open to all; heart-beats are as fast as tests can wait for. */
export async function startTcpServer(prepare?: (app: FastifyInstance) => void): Promise<TcpInteropServer> {
  const options: Partial<HoofbeatOptions> = {
    tcp: { port: 0 },
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    heartBeat: { sendMs: 500, receiveMs: 1000 },
  }
  const server = await startServer(options, prepare)
  const [address] = server.app.stomp.tcpAddresses
  if (address === undefined) throw new Error('nothing listens')
  return { ...server, tcpPort: address.port }
}
