import { codeOf, connect, counted } from './contract-client.js'
import type { ContractParts } from './contract-parts.js'

/** Messages whose time is over. */
export function expiryContract({ describe, expect, triesWith }: ContractParts): void {
  const individual = { ack: 'client-individual' }

  describe('time', () => {
    for (const header of ['expires', 'expiration']) {
      triesWith('queues', `is over for a message whose ${header} has come: nobody is given it`, async (under) => {
        const { broker, quiet } = under
        const [alice, bob] = [connect(broker), connect(broker)]
        const at = (ms: number) => ({ [header]: `${header === 'expires' ? under.epochMs() + ms : ms}` })
        await alice.send('/queue/a', 'short', at(1_000))
        await alice.send('/queue/a', 'for ever', { [header]: '0' })
        await alice.send('/queue/a', 'long', at(60_000))
        await alice.send('/topic/a', 'over', header === 'expires' ? { expires: '1' } : {})
        await quiet()
        await under.pass(2_000)
        await bob.subscribe('1', '/queue/a')
        await quiet()
        expect(bob.bodies()).toEqual(['for ever', 'long'])
      })
    }

    triesWith('queues', 'takes messages out though nobody asks for them', async (under) => {
      const { admin } = under.broker
      const alice = connect(under.broker)
      for (const body of counted(4)) await alice.send('/queue/a', body, { expiration: '1000' })
      await under.quiet()
      await under.pass(2_000)
      expect(admin?.destinations() ?? []).toEqual([])
    })

    triesWith('queues', 'does not end for a message that a consumer has, until it comes back', async (under) => {
      const { broker, quiet } = under
      const alice = connect(broker)
      await alice.subscribe('1', '/queue/a', individual)
      await alice.send('/queue/a', 'acked', { expiration: '1000' })
      await alice.send('/queue/a', 'returned', { expiration: '1000' })
      await quiet()
      await under.pass(2_000)
      expect(await codeOf(() => alice.ack('acked'))).toEqual(undefined)
      await alice.nack('returned')
      await quiet()
      expect(alice.bodies()).toEqual(['acked', 'returned'])
      expect(broker.admin?.keptBytes ?? 0).toEqual(0)
    })

    triesWith('queues', 'that cannot be read is refused', async ({ broker }) => {
      const alice = connect(broker)
      for (const headers of [{ expires: 'soon' }, { expiration: '-1' }, { expiration: '1.5' }]) {
        expect(await codeOf(() => alice.send('/queue/a', 'hi', headers))).toEqual('STOMP_ERR_HEADER_INVALID')
      }
    })
  })
}
