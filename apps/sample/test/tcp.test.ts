import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, expect, it } from 'vitest'
import { buildApp } from '../src/app.js'

let app: FastifyInstance

afterEach(() => app.close())

it('greets over TCP', async () => {
  app = await buildApp({ greetingDelayMs: 0, drainMs: 0, tcp: { port: 0, host: '127.0.0.1', optional: true } })
  await app.ready()
  const [address] = app.stomp.tcpAddresses
  const socket = createConnection({ port: address?.port ?? 0, host: '127.0.0.1' })
  const frames = [
    'CONNECT\naccept-version:1.2\nhost:x\nlogin:Ada\n\n\0',
    'SUBSCRIBE\nid:1\ndestination:/topic/greetings\n\n\0',
    'SEND\ndestination:/app/hello\n\n{"name":"Ada"}\0',
  ]
  socket.write(frames.join(''))
  let text = ''
  for await (const chunk of socket) {
    text += chunk
    if (text.includes('{"content":"Hello, Ada!"}')) break
  }
  expect(text).toMatch(/^CONNECTED\n.*\nuser-name:Ada\n.*\0MESSAGE\n.*\n\n\{"content":"Hello, Ada!"}\0/s)
})

it('has no TCP port unless it is given one', async () => {
  app = await buildApp()
  await app.ready()
  expect(app.stomp.tcpAddresses).toEqual([])
})

it('goes on without a TCP port that is taken', async () => {
  const stranger = createServer()
  stranger.listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const { port } = stranger.address() as AddressInfo
  app = await buildApp({ tcp: { port, host: '127.0.0.1', optional: true } })
  expect((await app.inject('/health')).statusCode).toBe(200)
  expect(app.stomp.tcpAddresses).toEqual([])
  stranger.close()
})
