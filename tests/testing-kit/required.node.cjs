// Run by `node --test`, on the built package, as an application without ES modules has it.
const assert = require('node:assert/strict')
const { test } = require('node:test')
const { default: hoofbeat } = require('@hoofbeat/server')
const { createTestKit } = require('@hoofbeat/server/testing')
const Fastify = require('fastify')

test('the kit can be required', async () => {
  const app = Fastify()
  await app.register(hoofbeat, { authenticate: ({ login }) => login })
  const kit = await createTestKit(app)
  const ada = await kit.connect({ login: 'ada' })
  assert.equal(app.stomp.users.get('ada').sessions.length, 1)
  await ada.disconnect()
  const bob = await kit.openWebSocket('/stomp')
  await bob.connect({ login: 'bob' })
  await kit.close()
  assert.equal(app.stomp.users.sessionCount, 0)
})
