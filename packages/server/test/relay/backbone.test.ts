import { createHeaders, type Headers } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { type Broker, NODES } from '../../src/broker/broker.js'
import { codeOf, connect } from '../../src/broker/contract/contract-client.js'
import { hoofbeatProfile } from '../../src/broker/relay/profiles/hoofbeat.js'
import { createDestinationSyntax } from '../../src/destination/destination.js'
import { useUpstream } from './upstream-broker.js'

const openUpstream = useUpstream()

/** What one node hears at a topic. */
async function listen(broker: Broker, topic: string) {
  const heard: { text: string; headers: Headers }[] = []
  let missed = 0
  const backbone = broker.backbone ?? expect.unreachable()
  const { settled, close } = backbone.listen(topic, {
    take: (headers, body) => heard.push({ text: new TextDecoder().decode(body), headers }),
    missed: () => missed++,
  })
  await settled
  return { heard, close, texts: () => heard.map(({ text }) => text), missed: () => missed }
}

const tell = async (broker: Broker, topic: string, text: string): Promise<void> =>
  broker.publish({ destination: NODES + topic, headers: createHeaders(), body: new TextEncoder().encode(text) })

describe('the backbone of relays', () => {
  it('lets all nodes hear each other, in order, and those with another secret nothing', async () => {
    const upstream = await openUpstream()
    const [one, two] = [await upstream.relay(), await upstream.relay()]
    const other = await upstream.relay({ cluster: { secret: 'quite another secret' } })
    const ears = [await listen(one, 'all'), await listen(two, 'all'), await listen(other, 'all')]
    const elsewhere = await listen(two, 'node-x')
    for (let i = 0; i < 20; i++) await tell(one, 'all', `${i}`)
    await upstream.quiet()
    const all = Array.from({ length: 20 }, (_, i) => `${i}`)
    expect(ears.map(({ texts }) => texts())).toEqual([all, all, []])
    expect(elsewhere.texts()).toEqual([])
    expect(ears[0]?.heard[0]?.headers.size).toBe(0)
    expect(one.backbone?.nodeId).not.toBe(two.backbone?.nodeId)
    expect(one.backbone?.key('seal')).toEqual(two.backbone?.key('seal'))
    expect(one.backbone?.key('seal')).not.toEqual(one.backbone?.key('names'))
    expect(one.backbone?.key('seal')).not.toEqual(other.backbone?.key('seal'))
  })

  it('is heard again by itself after a loss, and says that something may be missing', async () => {
    const upstream = await openUpstream()
    const [one, two] = [await upstream.relay(), await upstream.relay()]
    const ear = await listen(two, 'all')
    upstream.cut()
    await upstream.clock.pass(20_000)
    await tell(one, 'all', 'again')
    await upstream.quiet()
    expect([ear.texts(), ear.missed()]).toEqual([['again'], 1])
    ear.close()
    await tell(one, 'all', 'nobody')
    await upstream.quiet()
    expect(ear.texts()).toEqual(['again'])
  })

  it('is for no client: neither by a pattern, nor by a name that it may guess', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const ear = await listen(broker, 'all')
    const client = connect(broker)
    await client.subscribe('1', '/topic/**')
    await client.subscribe('2', '/topic/*')
    await tell(broker, 'all', 'secret')
    await upstream.quiet()
    expect([ear.texts(), client.bodies()]).toEqual([['secret'], []])
    const guessed = hoofbeatProfile(createDestinationSyntax()).nodeTopic('guessed')
    const unknown = 'STOMP_ERR_DESTINATION_UNKNOWN'
    expect(await codeOf(() => client.subscribe('3', guessed))).toBe(unknown)
    expect(await codeOf(() => client.send(guessed, 'forged'))).toBe(unknown)
    expect(await codeOf(() => client.commit({ ...sendTo(guessed), command: 'SEND' }))).toBe(unknown)
    expect(await codeOf(async () => broker.publish(sendTo(guessed)))).toBe(unknown)
  })
})

const sendTo = (destination: string) => ({ destination, headers: createHeaders(), body: new Uint8Array() })
