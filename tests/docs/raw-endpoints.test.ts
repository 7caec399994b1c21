import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { runExample } from './example.js'

it('the example of docs/raw-endpoints.md greets, passes on and refuses', async () => {
  const app = await runExample('raw-endpoints')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const open = async (): Promise<{ socket: WebSocket; next: () => Promise<string> }> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
    const next = (): Promise<string> =>
      new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())))
    expect(await next()).toBe('Hello, somebody!')
    return { socket, next }
  }
  const [ada, bob] = [await open(), await open()]
  const heard = bob.next()
  ada.socket.send('Good morning')
  expect(await heard).toBe('somebody: Good morning')
  expect((await app.inject('/people')).json()).toEqual({ count: 2 })

  const closed = new Promise<number>((resolve) => ada.socket.once('close', resolve))
  ada.socket.send(Uint8Array.of(1))
  expect(await closed).toBe(1003)

  const robot = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { 'x-client': 'robot' } })
  robot.on('error', () => {})
  const status = new Promise<number | undefined>((resolve) =>
    robot.once('unexpected-response', (_request, response) => resolve(response.statusCode)),
  )
  expect(await status).toBe(403)
  robot.terminate()
  bob.socket.terminate()
  await app.close()
})
