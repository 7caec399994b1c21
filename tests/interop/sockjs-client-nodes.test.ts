import { embeddedBroker } from '@hoofbeat/server'
import { createFakeClock } from '@hoofbeat/server/testing'
import SockJS from 'sockjs-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestBackbone } from '../../packages/server/src/testing/test-backbone.js'
import { type InteropServer, startServer } from './server.js'
import { exchange } from './sockjs/exchange.js'
import { faultOf, texts } from './sockjs/numbered-text.js'
import { numbers } from './sockjs/numbers.js'
import { type RoundRobin, startRoundRobin } from './sockjs/round-robin.js'

const COUNT = Number(process.env.HOOFBEAT_SOCKJS_MESSAGES ?? 500)
const NODES = 3

describe.each(['HTTP', 'the broker alone'])(
  'sockjs-client before three nodes that reach each other by %s',
  {
    timeout: 60_000,
  },
  (way) => {
    const servers: InteropServer[] = []
    const doors: RoundRobin[] = []
    let balancer: RoundRobin

    beforeAll(async () => {
      vi.stubGlobal('SockJS', SockJS)
      const hub = createTestBackbone(createFakeClock())
      for (let index = 0; index < NODES; index++) {
        // It tells its address before it listens: the address is that of a door that stands open already.
        const ports: number[] = []
        const door = await startRoundRobin(ports)
        doors.push(door)
        const node = hub.join(`node-${index}`, way === 'HTTP' ? { url: new URL(door.origin) } : {})
        const server = await startServer(
          { endpoints: [], broker: async (parts) => node.around(await embeddedBroker()(parts)) },
          (app) => {
            app.stomp.endpoint('/numbers', { ...numbers, sockjs: true })
          },
          { forceCloseConnections: true },
        )
        ports.push(server.port)
        servers.push(server)
      }
      balancer = await startRoundRobin(servers.map(({ port }) => port))
    })
    afterAll(async () => {
      await balancer.close()
      await Promise.all([...servers, ...doors].map((each) => each.close()))
      vi.unstubAllGlobals()
    })

    it.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
      `carries ${COUNT} messages each way over %s, in order, each once, whatever node gets each request`,
      async (transport) => {
        const result = await exchange({ url: `${balancer.origin}/numbers`, transports: [transport], up: texts(COUNT) })
        expect([result.transport, result.close, result.verdict]).toEqual([transport, [4000, 'bye'], 'good'])
        expect(faultOf(result.received, COUNT)).toBeUndefined()
        if (transport === 'websocket') return
        expect(balancer.counts.filter((count) => count > 0).length).toBe(NODES)
        expect(doors.some(({ counts }) => counts.length > 0)).toBe(way === 'HTTP')
      },
    )
  },
)
