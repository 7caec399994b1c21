import type { AddressInfo } from 'node:net'
import { connectTestClient } from '@hoofbeat/server/testing'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { runExample } from './example.js'

describe('docs/security.md', () => {
  it('refuses the insiders’ news to others, and every wildcard that would mean them', async () => {
    const app = await runExample('security')
    const answers: string[] = []
    for (const destination of ['/topic/news/public', '/topic/news/internal', '/topic/news/*', '/topic/news/**']) {
      const client = connectTestClient(app)
      await client.connect({ authorization: 's3cret' })
      client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, receipt: 'r' } })
      answers.push((await client.next()).command)
      client.link.close()
    }
    expect(answers).toEqual(['RECEIPT', 'ERROR', 'ERROR', 'ERROR'])
    await app.close()
  })

  it('lets people write their own status, and editors the news', async () => {
    const app = await runExample('rules')
    const attempt = async (login: string, command: 'SEND' | 'SUBSCRIBE', destination: string): Promise<string> => {
      const client = connectTestClient(app)
      await client.connect({ login })
      client.send({ command, headers: { id: '1', destination, receipt: 'r' } })
      const answer = await client.next()
      client.link.close()
      return answer.command
    }
    expect(await attempt('jane@example.org', 'SEND', '/topic/status/jane%40example.org')).toBe('RECEIPT')
    expect(await attempt('jane@example.org', 'SEND', '/topic/status/grace')).toBe('ERROR')
    expect(await attempt('jane', 'SEND', '/topic/news/today')).toBe('ERROR')
    expect(await attempt('grace', 'SEND', '/topic/news/today')).toBe('RECEIPT')
    expect(await attempt('jane', 'SUBSCRIBE', '/topic/news/today')).toBe('RECEIPT')
    expect(await attempt('jane', 'SUBSCRIBE', '/topic/chat/*')).toBe('RECEIPT')
    expect(await attempt('jane', 'SUBSCRIBE', '/topic/news/*')).toBe('ERROR')
    expect(await attempt('jane', 'SUBSCRIBE', '/topic/**')).toBe('ERROR')
    expect(await attempt('grace', 'SUBSCRIBE', '/topic/**')).toBe('RECEIPT')
    await app.close()
  })

  it('connects pages that have fetched a token', async () => {
    const app = await runExample('csrf')
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/csrf-token`, { headers: { connection: 'close' } })
    const { token } = (await response.json()) as { token: string }
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const connect = (header: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/stomp`, { headers: { cookie } })
        socket.on('error', reject)
        socket.on('open', () => socket.send(`CONNECT\naccept-version:1.2\n${header}\n\0`))
        socket.on('message', (data) => {
          resolve(String(data))
          socket.terminate()
        })
      })
    expect(await connect(`x-csrf-token:${token}\n`)).toMatch(/^CONNECTED\n/)
    expect(await connect('')).toMatch(/^ERROR\nmessage:.*\ncode:STOMP_ERR_CSRF\n/)
    await app.close()
  })

  it('limits people, and machines less', async () => {
    const app = await runExample('rate-limits')
    const flood = async (login: string): Promise<string | undefined> => {
      const client = connectTestClient(app)
      await client.connect({ login })
      for (let i = 0; i < 20; i++) client.send({ command: 'SEND', headers: { destination: '/topic/chat/a' } })
      client.send({ command: 'SEND', headers: { destination: '/topic/chat/a', receipt: 'last' } })
      const answer = await client.next()
      client.link.close()
      return answer.headers.get('code') ?? answer.command
    }
    expect(await flood('jane')).toBe('STOMP_ERR_RATE_LIMIT')
    expect(await flood('machine-7')).toBe('RECEIPT')
    await app.close()
  })
})
