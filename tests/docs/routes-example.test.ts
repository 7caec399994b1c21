import { connectTestClient } from '@hoofbeat/server/testing'
import { decode } from '@msgpack/msgpack'
import { describe, expect, it } from 'vitest'
import { runExample } from './example.js'

describe('the examples of message routes', () => {
  it('check by schema and answer in its terms', async () => {
    const app = await runExample('schemas')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('s', '/topic/orders/17')
    const headers = { destination: '/app/orders/17', 'x-currency': 'EUR' }
    client.send({ command: 'SEND', headers, body: '{"amount":5}' })
    expect((await client.next()).text).toBe('{"id":17,"total":"5 EUR"}')
    client.send({ command: 'SEND', headers: { ...headers, 'x-currency': '?' }, body: '{"amount":5}' })
    expect((await client.next()).headers.get('code')).toBe('STOMP_ERR_HEADERS_INVALID')
    client.link.close()
    await app.close()
  })

  it('answer at the temporary queue of the sender', async () => {
    const app = await runExample('replies')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('s', '/temp-queue/answers')
    client.send({
      command: 'SEND',
      headers: { destination: '/app/price/tea', 'reply-to': '/temp-queue/answers', 'correlation-id': '17' },
    })
    const { text, headers } = await client.next()
    expect(text).toBe('{"price":3}')
    expect([headers.get('correlation-id'), headers.get('x-currency')]).toEqual(['17', 'EUR'])
    client.link.close()
    await app.close()
  })

  it('find the account of the sender in a hook, and refuse who has none', async () => {
    const app = await runExample('hooks')
    const [ada, bob] = [connectTestClient(app), connectTestClient(app)]
    await ada.connect({ login: 'ada' })
    await ada.subscribe('s', '/user/queue/credit')
    ada.send({ command: 'SEND', headers: { destination: '/app/buy' } })
    expect((await ada.next()).text).toBe('{"credit":9}')
    await bob.connect({ login: 'bob' })
    bob.send({ command: 'SEND', headers: { destination: '/app/buy' } })
    expect((await bob.next()).headers.get('message')).toBe('You have no account')
    ada.link.close()
    await app.close()
  })

  it('answer in MessagePack', async () => {
    const app = await runExample('codecs')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('s', '/topic/measures')
    client.send({ command: 'SEND', headers: { destination: '/app/measure' }, body: '[1,2]' })
    const { body, headers } = await client.next()
    expect(headers.get('content-type')).toBe('application/msgpack')
    expect(decode(body)).toMatchObject({ value: [1, 2] })
    client.link.close()
    await app.close()
  })
})
