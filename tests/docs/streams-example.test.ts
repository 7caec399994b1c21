import { connectTestClient } from '@hoofbeat/server/testing'
import { expect, it } from 'vitest'
import { runExample } from './example.js'

it('the example of streams publishes for all, and answers a subscription, until its session or UNSUBSCRIBE', async () => {
  const app = await runExample('streams')
  const client = connectTestClient(app)
  await client.connect()
  await client.subscribe('all', '/topic/countdown')
  client.send({ command: 'SEND', headers: { destination: '/app/countdown/3', receipt: 'begun' } })
  expect((await client.next()).headers.get('receipt-id')).toBe('begun')
  expect((await client.next()).text).toBe('{"n":3}')

  await client.subscribe('clock', '/app/clock')
  const tick = await client.next()
  expect(tick.headers.get('subscription')).toBe('clock')
  expect(JSON.parse(tick.text)).toEqual({ now: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) })
  client.send({ command: 'UNSUBSCRIBE', headers: { id: 'clock', receipt: 'ended' } })
  expect((await client.next()).headers.get('receipt-id')).toBe('ended')
  client.link.close()
  await app.close()
})
