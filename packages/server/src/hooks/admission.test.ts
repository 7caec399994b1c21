import Fastify from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { type AdmissionOptions, createAdmission } from './admission.js'

const apps: ReturnType<typeof Fastify>[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

/** What a door answers: the identity, or the error as Fastify shows it. */
async function knock(options: AdmissionOptions, { isClosing = false, origin = 'http://chat.example.org' } = {}) {
  const logged: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => logged.push(line) } } })
  apps.push(app)
  const { admit } = createAdmission(
    options,
    () => isClosing,
    () => 1_000_000,
  )
  app.get('/', async (request) => ({ identity: (await admit(request)) ?? null }))
  const response = await app.inject({ url: '/', headers: { host: 'chat.example.org', origin } })
  return {
    statusCode: response.statusCode,
    body: response.json<Record<string, unknown>>(),
    text: response.body,
    logged,
  }
}

describe('admission', () => {
  it('lets an unknown peer of the same origin in, without an identity', async () => {
    expect(await knock({})).toMatchObject({ statusCode: 200, body: { identity: null }, logged: [] })
  })

  it('gives what identify has found', async () => {
    expect((await knock({ identify: () => 'alice' })).body).toEqual({ identity: 'alice' })
    expect((await knock({ identify: async () => ({ name: 'bob' }) })).body).toEqual({ identity: { name: 'bob' } })
  })

  it('refuses another origin with 403 and does not ask who it is', async () => {
    const asked: string[] = []
    const identify = (request: { readonly url: string }): string => {
      asked.push(request.url)
      return 'alice'
    }
    const answer = await knock({ identify }, { origin: 'http://evil.example' })
    expect(answer).toMatchObject({ statusCode: 403, body: { code: 'STOMP_ERR_ORIGIN_REFUSED' } })
    expect(asked).toEqual([])
  })

  it('lets listed origins in', async () => {
    const options = { allowedOrigins: ['http://friend.example'] }
    expect((await knock(options, { origin: 'http://friend.example' })).statusCode).toBe(200)
  })

  it('refuses everybody with 503 while the server is closing, before anything is asked', async () => {
    const asked: string[] = []
    const identify = (request: { readonly url: string }): string => {
      asked.push(request.url)
      return 'alice'
    }
    const answer = await knock({ identify }, { isClosing: true })
    expect(answer).toMatchObject({ statusCode: 503, body: { code: 'STOMP_ERR_CLOSING' } })
    expect(asked).toEqual([])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('password=secret in db')
      },
    ],
    ['rejects', () => Promise.reject(new Error('password=secret in db'))],
    [
      'fails with a status of its own of 500',
      () => {
        throw Object.assign(new Error('password=secret in db'), { statusCode: 500 })
      },
    ],
    ['rejects with no error at all', () => Promise.reject('password=secret in db')],
  ])('answers 401 and hides the reason where identify %s; the log has it', async (_, identify) => {
    const answer = await knock({ identify })
    expect(answer).toMatchObject({ statusCode: 401, body: { code: 'STOMP_ERR_NOT_AUTHENTICATED' } })
    expect(answer.text).not.toContain('secret')
    expect(answer.logged.join('')).toContain('password=secret in db')
  })

  it('keeps an error of identify that is meant for the peer: status 400 to 499 and text', async () => {
    const identify = (): never => {
      throw Object.assign(new Error('pay first'), { statusCode: 402 })
    }
    expect(await knock({ identify })).toMatchObject({ statusCode: 402, body: { message: 'pay first' } })
  })

  it('refuses with 403, and hides the reason, where the function for origins fails', async () => {
    const options = { allowedOrigins: () => Promise.reject(new Error('password=secret in db')) }
    const answer = await knock(options, { origin: 'http://friend.example' })
    expect(answer).toMatchObject({ statusCode: 403, body: { code: 'STOMP_ERR_ORIGIN_REFUSED' } })
    expect(answer.text).not.toContain('secret')
    expect(answer.logged.join('')).toContain('password=secret in db')
  })

  it('tells the cure with each refusal', async () => {
    const { body } = await knock({}, { origin: 'http://evil.example' })
    expect(body.message).toContain('Serve the page from the same origin')
  })
})

describe('what the application asks at a path of its own', () => {
  it('lets nobody in once the application is closing, which may begin while it is asked', async () => {
    let isClosing = false
    const { allow } = createAdmission(
      {},
      () => isClosing,
      () => 0,
    )
    const app = Fastify()
    apps.push(app)
    app.get('/', (request) =>
      allow(request, async () => {
        isClosing = true
      }),
    )
    const response = await app.inject('/')
    expect([response.statusCode, response.json().code]).toEqual([503, 'STOMP_ERR_CLOSING'])
  })
})
