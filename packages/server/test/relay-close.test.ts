import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import hoofbeat from '../src/index.js'
import { createTestKit } from '../src/testing/index.js'
import { openUpstream } from './relay/upstream-broker.js'

/** What befalls the connections to the broker, and when. */
type Fault = 'cut' | 'away' | 'there' | 'mute'

/** How long a close may take by the clock: what is under way has its limits. */
const BOUND_MS = 90_000

describe('an application that closes while its broker is lost', () => {
  it('is closed in time, with nothing that fails unseen, whenever that happens', async () => {
    const unseen: unknown[] = []
    const note = (error: unknown): void => void unseen.push(error)
    process.on('unhandledRejection', note)
    const fault = fc.constantFrom<Fault>('cut', 'away', 'there', 'mute')
    const faults = fc.array(fc.record({ atMs: fc.nat(4_000), turns: fc.nat(30), fault }), { maxLength: 6 })
    await fc
      .assert(
        fc.asyncProperty(faults, fc.nat(3_000), fc.constantFrom(0, 500), async (all, closeMs, drainMs) => {
          const upstream = await openUpstream()
          const { clock } = upstream
          const open = async (): Promise<FastifyInstance> => {
            const app = Fastify({ logger: false })
            await app.register(hoofbeat, {
              clock,
              drainMs,
              authenticate: ({ login }) => login,
              broker: () => upstream.relay(),
              allow: { send: ['/**'], subscribe: ['/**'] },
            })
            app.stomp.message('/all', { sendToUser: '/queue/x' }, async ({ body }) => body)
            return app
          }
          const app = await open()
          const kit = await createTestKit(app, { clock })
          const ends = [...upstream.open]
          const other = await open()
          const otherKit = await createTestKit(other, { clock })
          await clock.pass(500)
          const clients = [await kit.connect({ login: 'ada' }), await kit.connect({ login: 'bob' })]
          const far = await otherKit.connect({ login: 'ada' })
          for (const client of [...clients, far]) {
            await client.subscribe('/topic/a')
            await client.subscribe('/user/queue/x')
          }
          await clients[0]?.subscribe('/queue/a', { ack: 'client-individual' })
          for (const { atMs, turns, fault: what } of all) {
            clock.after(atMs, () => {
              const run = (left: number): void => {
                if (left > 0) return void setImmediate(run, left - 1)
                if (what === 'cut') for (const end of ends) end.cut()
                if (what === 'away') upstream.isThere = false
                if (what === 'there') upstream.isThere = true
                if (what === 'mute') for (const end of upstream.open) if (ends.includes(end)) end.isMute = true
              }
              run(turns)
            })
          }
          for (let i = 0; i < 20; i++) {
            clock.after(i * 200, () => {
              try {
                for (const client of clients) {
                  const headers = { destination: i % 2 ? '/topic/a' : '/queue/a', receipt: `r${i}` }
                  client.sendFrame({ command: 'SEND', headers, body: 'x' })
                  client.sendFrame({ command: 'SEND', headers: { destination: '/app/all' }, body: 'y' })
                  client.sendFrame({ command: 'SUBSCRIBE', headers: { destination: `/topic/${i}`, id: `t${i}` } })
                  client.sendFrame({ command: 'UNSUBSCRIBE', headers: { id: `t${i - 1}` } })
                }
              } catch {
                // It is closed.
              }
              app.stomp.sendToUser('ada', '/queue/x', 'z').catch(() => {})
              app.stomp.publish('/topic/a', 'z')?.catch(() => {})
              app.stomp.disconnect({ user: 'nobody' }).catch(() => {})
            })
          }
          let closed: unknown
          clock.after(closeMs, () => {
            app.close().then(
              () => {
                closed = 'closed'
              },
              (error: unknown) => {
                closed = error
              },
            )
          })
          await clock.pass(closeMs + BOUND_MS)
          expect(closed).toBe('closed')
          upstream.isThere = true
          const ending = Promise.all([kit.close(), otherKit.close(), upstream.end()])
          await clock.pass(60_000)
          await ending
          await new Promise(setImmediate)
          expect(unseen).toEqual([])
        }),
        { numRuns: 12, interruptAfterTimeLimit: 120_000 },
      )
      .finally(() => process.off('unhandledRejection', note))
  }, 200_000)
})
