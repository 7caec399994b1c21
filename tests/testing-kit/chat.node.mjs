// Run by `node --test`, on the built package: an application, its routes, hooks, users, time and faults.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import hoofbeat from '@hoofbeat/server'
import { createFakeClock, createTestKit, ServerRefusal } from '@hoofbeat/server/testing'
import Fastify from 'fastify'

let kit

afterEach(() => kit.close())

async function open(options = {}, kitOptions = {}) {
  const app = Fastify()
  await app.register(hoofbeat, {
    authenticate: ({ login }) => login,
    allow: { subscribe: ['/topic/rooms/*'] },
    ...options,
  })
  app.stomp.message('/rooms/:room', { sendTo: '/topic/rooms/:room' }, async ({ user, body }) => ({
    from: user?.name,
    text: body.text,
  }))
  app.stomp.addHook('onDisconnected', async ({ user }) => {
    await app.stomp.publish('/topic/rooms/lobby', { left: user?.name })
  })
  kit = await createTestKit(app, kitOptions)
  return app
}

test('a message goes to its room', async () => {
  const app = await open()
  const ada = await kit.connect({ login: 'ada' })
  const room = await ada.subscribe('/topic/rooms/lobby')
  await ada.send('/app/rooms/lobby', { text: 'hello' })
  assert.deepEqual((await room.next()).json(), { from: 'ada', text: 'hello' })
  assert.equal(app.stomp.users.get('ada').sessions[0].id, ada.sessionId)
  await ada.expectNothing()
})

test('what is not allowed is refused with its code', async () => {
  await open()
  const ada = await kit.connect({ login: 'ada' })
  await assert.rejects(ada.subscribe('/topic/secret'), (error) => {
    assert.ok(error instanceof ServerRefusal)
    assert.equal(error.code, 'STOMP_ERR_FORBIDDEN')
    return true
  })
})

test('who has gone dark is missed in virtual time', async () => {
  const clock = createFakeClock()
  await open({ clock }, { clock })
  const ada = await kit.connect({ login: 'ada' })
  const room = await ada.subscribe('/topic/rooms/lobby')
  const bob = await kit.connect({ login: 'bob', heartBeat: { sendMs: 10_000, receiveMs: 10_000 } })
  bob.link.vanish()
  await clock.pass(30_000)
  assert.deepEqual((await room.next()).json(), { left: 'bob' })
})

test('the real door, without a port', async () => {
  await open({ identify: ({ headers }) => headers.cookie })
  const ada = await kit.openWebSocket('/stomp', { headers: { cookie: 'ada' } })
  await ada.connect({ login: 'ada' })
  assert.equal(ada.user, 'ada')
})
