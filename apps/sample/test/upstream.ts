import hoofbeat from '@hoofbeat/server'
import Fastify from 'fastify'
import { type LossyProxy, openProxy } from './proxy.js'

/** A broker elsewhere: a server of our own, behind something that can be cut. */
export interface Upstream {
  readonly proxy: LossyProxy
  /** Past the proxy. */
  readonly port: number
  readonly close: () => Promise<void>
}

export const openUpstream = async (): Promise<Upstream> => {
  const server = Fastify()
  await server.register(hoofbeat, {
    endpoints: [],
    tcp: { port: 0, host: '127.0.0.1' },
    allow: { send: ['/topic/**', '/queue/**'], subscribe: ['/topic/**', '/queue/**'] },
    drainMs: 0,
  })
  await server.ready()
  const port = server.stomp.tcpAddresses[0]?.port ?? 0
  const proxy = await openProxy(port)
  return {
    proxy,
    port,
    async close() {
      await proxy.close()
      await server.close()
    },
  }
}

/** What a node needs to reach it. */
export const relayTo = (port: number): { readonly hosts: readonly string[] } => ({
  hosts: [`stomp://app:known-to-nodes@127.0.0.1:${port}`],
})
