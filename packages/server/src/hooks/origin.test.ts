import Fastify, { type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { type AllowedOrigins, isOriginAllowed } from './origin.js'

/** Asks the rule about one request, as a Fastify application sees it. */
async function ask(
  headers: Readonly<Record<string, string>>,
  allowed: AllowedOrigins = [],
  options: FastifyServerOptions = {},
): Promise<boolean> {
  const app = Fastify(options)
  app.get('/', async (request) => ({ isAllowed: await isOriginAllowed(request, allowed) }))
  const response = await app.inject({ method: 'GET', url: '/', headers: { host: 'chat.example.org', ...headers } })
  await app.close()
  expect(response.statusCode).toBe(200)
  return response.json<{ isAllowed: boolean }>().isAllowed
}

describe('the origin rule', () => {
  it('passes a request without Origin: no page has sent it', async () => {
    expect(await ask({})).toBe(true)
  })

  it.each([
    ['the same host', 'http://chat.example.org', 'chat.example.org'],
    ['the same host behind TLS that a proxy ends', 'https://chat.example.org', 'chat.example.org'],
    ['the same host in other letters', 'http://chat.example.org', 'CHAT.example.ORG'],
    ['the same host and port', 'http://localhost:3000', 'localhost:3000'],
    ['the default port, named by the host', 'http://chat.example.org', 'chat.example.org:80'],
    ['the default port of TLS, named by the host', 'https://chat.example.org', 'chat.example.org:443'],
    ['the same IPv6 address', 'http://[::1]:3000', '[::1]:3000'],
  ])('passes a page of %s', async (_, origin, host) => {
    expect(await ask({ origin, host })).toBe(true)
  })

  it.each([
    ['another host', 'http://evil.example', 'chat.example.org'],
    ['a host that only begins like ours', 'http://chat.example.org.evil.example', 'chat.example.org'],
    ['a host that only ends like ours', 'http://evilchat.example.org', 'chat.example.org'],
    ['another port', 'http://localhost:4000', 'localhost:3000'],
    ['another port than the default', 'http://chat.example.org:8080', 'chat.example.org'],
    ['no origin one could name', 'null', 'chat.example.org'],
    ['an Origin that is no URL', 'http://', 'chat.example.org'],
    ['a scheme without hosts', 'file://', 'chat.example.org'],
    ['a scheme that is not of the web', 'app://chat.example.org', 'chat.example.org'],
    ['two origins at once', 'http://chat.example.org, http://evil.example', 'chat.example.org'],
  ])('refuses a page of %s', async (_, origin, host) => {
    expect(await ask({ origin, host })).toBe(false)
  })

  it('passes listed origins, and only as they are written', async () => {
    const listed = ['https://shop.example.org', 'null']
    expect(await ask({ origin: 'https://shop.example.org' }, listed)).toBe(true)
    expect(await ask({ origin: 'null' }, listed)).toBe(true)
    expect(await ask({ origin: 'http://shop.example.org' }, listed)).toBe(false)
    expect(await ask({ origin: 'https://shop.example.org:8443' }, listed)).toBe(false)
    expect(await ask({ origin: 'http://chat.example.org' }, listed)).toBe(true)
  })

  it('passes any page where all are allowed', async () => {
    expect(await ask({ origin: 'http://evil.example' }, '*')).toBe(true)
    expect(await ask({ origin: 'null' }, '*')).toBe(true)
  })

  it('lets the function of the application decide alone, at once or later, about the same origin too', async () => {
    const seen: string[] = []
    const decide = (origin: string, request: FastifyRequest): boolean => {
      seen.push(`${origin} at ${request.url}`)
      return origin === 'http://friend.example'
    }
    expect(await ask({ origin: 'http://friend.example' }, decide)).toBe(true)
    expect(await ask({ origin: 'http://evil.example' }, async (...args) => decide(...args))).toBe(false)
    expect(await ask({ origin: 'http://chat.example.org' }, () => false)).toBe(false)
    expect(seen).toEqual(['http://friend.example at /', 'http://evil.example at /'])
  })

  it('goes by the host that the page saw, where a proxy is trusted to tell it', async () => {
    const headers = {
      origin: 'https://chat.example.org',
      host: '10.0.0.7:3000',
      'x-forwarded-host': 'chat.example.org',
    }
    expect(await ask(headers)).toBe(false)
    expect(await ask(headers, [], { trustProxy: true })).toBe(true)
    expect(await ask({ ...headers, origin: 'https://evil.example' }, [], { trustProxy: true })).toBe(false)
  })
})
