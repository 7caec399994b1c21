import type { AddressInfo } from 'node:net'
import { STOMP_ERRORS } from '@hoofbeat/server'
import { connectTestClient } from '@hoofbeat/server/testing'
import { describe, expect, it } from 'vitest'
import { compileExamples, examples, readDocument, runExample } from './example.js'

describe('the examples of the documents', () => {
  it('are there', () => {
    expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(['first', 'server']))
  })

  it('compile as they stand', async () => {
    expect(await compileExamples()).toEqual([])
  }, 60_000)
})

describe('the first example', () => {
  it('greets a room', async () => {
    const app = await runExample('first')
    expect((app.server.address() as AddressInfo).port).toBeGreaterThan(0)
    const client = connectTestClient(app)
    await client.connect({ login: 'ada' })
    await client.subscribe('s', '/topic/greetings/lobby')
    client.send({ command: 'SEND', headers: { destination: '/app/hello/lobby' }, body: '{"name":"Ada"}' })
    expect(JSON.parse((await client.next()).text)).toEqual({ content: 'Hello, Ada!' })
    client.link.close()
    await app.close()
  })
})

describe('the example of the server', () => {
  it('shouts, tells the time, and announces', async () => {
    const app = await runExample('server')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('s', '/topic/chat/lobby')
    client.send({
      command: 'SEND',
      headers: { destination: '/app/shout/lobby', 'content-type': 'text/plain' },
      body: 'hey',
    })
    expect(JSON.parse((await client.next()).text)).toEqual({ from: 'somebody', text: 'HEY' })
    await client.subscribe('now', '/app/now')
    expect(Date.parse(JSON.parse((await client.next()).text).now)).toBeGreaterThan(0)
    expect((await app.inject('/announce')).json()).toEqual({ published: true })
    expect(JSON.parse((await client.next()).text).text).toBe('Doors close at ten.')
    client.link.close()
    await app.close()
  })
})

describe('docs/errors.md', () => {
  it('lists every code with the text and the cure of the table in the code', async () => {
    const text = await readDocument('docs/errors.md')
    for (const [code, { message, cure }] of Object.entries(STOMP_ERRORS)) {
      expect(text).toContain(`| \`${code}\` | ${message} | ${cure} |`)
    }
  })
})
