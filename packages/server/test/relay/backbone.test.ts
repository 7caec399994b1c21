import { createHeaders, type Frame, type Headers } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import { type Broker, NODES } from '../../src/broker/broker.js'
import { codeOf, connect } from '../../src/broker/contract/contract-client.js'
import { createBackbone } from '../../src/broker/relay/backbone.js'
import { createClusterKeys } from '../../src/broker/relay/cluster-keys.js'
import { hoofbeatProfile } from '../../src/broker/relay/profiles/hoofbeat.js'
import { rabbitmqProfile } from '../../src/broker/relay/profiles/rabbitmq.js'
import { createDestinationSyntax } from '../../src/destination/destination.js'
import { everyChance } from '../../src/testing/patience.js'
import { openUp } from './leg-scene.js'
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

  it('is one of all relays with the same login without a secret, and of one alone without a passcode', async () => {
    const upstream = await openUpstream()
    const hosts = ['stomp://system:secret@broker:61613', 'stomp://shop:secret@broker:61613', 'stomp://broker:61613']
    const [one, two, shop, alone] = await Promise.all(
      [hosts[0], ...hosts].map((host) => upstream.relay({ hosts: [host ?? ''] })),
    )
    const keyOf = (broker: Broker | undefined) => broker?.backbone?.key('seal')
    expect(keyOf(one)).toEqual(keyOf(two))
    expect(keyOf(one)).not.toEqual(keyOf(shop))
    expect([one, shop, alone].map((broker) => broker?.backbone?.isAlone)).toEqual([false, false, true])
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

/** A node whose broker keeps what comes while the connection is lost, for a minute. */
async function openKept({ nodeId = 'n1', secret = 'a secret of the cluster', isKept = true } = {}) {
  const scene = await openUp()
  const { broker, clock, leg } = scene
  const backbone = createBackbone({
    ...{ nodeId, url: undefined, listening: leg, publishing: leg },
    keys: createClusterKeys(secret, { login: undefined, passcode: undefined, virtualHost: '/' }),
    profile: rabbitmqProfile(createDestinationSyntax()),
  })
  const heard: string[] = []
  const { settled, close } = backbone.listen(
    'all',
    {
      take: (_headers, body) => heard.push(new TextDecoder().decode(body)),
      missed: () => heard.push('missed'),
    },
    isKept,
  )
  await everyChance()
  await settled
  const framesOf = (command: string): readonly Frame[] =>
    broker.ends.flatMap(({ frames }) => frames).filter((frame) => frame.command === command)
  const subscribe = (): Frame => framesOf('SUBSCRIBE').at(-1) ?? expect.unreachable()
  return {
    ...{ scene, backbone, heard, close, framesOf, subscribe },
    async deliver(text: string, ack: string) {
      const id = subscribe().headers.get('id') ?? ''
      broker.end.send('MESSAGE', { subscription: id, 'message-id': ack, ack, destination: '/topic/x' }, text)
      await everyChance()
    },
    /** Loses the connection for so long, as the node sees it. */
    async lose(lostMs: number) {
      broker.outcome = () => 'refused'
      broker.end.cut()
      await clock.pass(lostMs)
      broker.outcome = () => 'connected'
      // Until it is tried again, at the latest.
      await clock.pass(12_000)
    },
  }
}

describe('the backbone at a broker that keeps what comes meanwhile', () => {
  it('acknowledges what it has taken, each by the connection that it came by, and what comes again too', async () => {
    const { deliver, lose, heard, framesOf, scene } = await openKept()
    await deliver('one', 'a1')
    await deliver('two', 'a2')
    await lose(100)
    await deliver('two', 'b1')
    expect(heard).toEqual(['one', 'two', 'two'])
    expect(framesOf('ACK').map(({ headers }) => headers.get('id'))).toEqual(['a1', 'a2', 'b1'])
    expect(scene.broker.end.words.filter((word) => word.startsWith('ACK'))).toEqual(['ACK b1'])
  })

  it('says nothing of a loss that the queue has outlasted, and that something may be missing of a longer one', async () => {
    const { lose, heard } = await openKept()
    await lose(30_000)
    expect(heard).toEqual([])
    await lose(60_000)
    expect(heard).toEqual(['missed'])
    await lose(1_000)
    expect(heard).toEqual(['missed'])
  })

  it('takes the queue back by its name, which nobody can tell, and has it deleted in the end', async () => {
    const { subscribe, lose, close, framesOf, deliver, heard } = await openKept()
    const queueOf = ({ headers }: Frame): string | undefined => headers.get('x-queue-name')
    const first = queueOf(subscribe())
    expect(first).toMatch(/^hoofbeat-nodes-[0-9a-f]{40}$/)
    await lose(100)
    expect(queueOf(subscribe())).toBe(first)
    const others = [await openKept({ nodeId: 'n2' }), await openKept({ secret: 'a secret of another cluster' })]
    others[0]?.backbone.listen('all', { take: () => {}, missed: () => {} }, true)
    others[0]?.backbone.listen('node-n2', { take: () => {}, missed: () => {} }, true)
    await everyChance()
    const names = others.flatMap((other) => other.framesOf('SUBSCRIBE').map(queueOf))
    expect(new Set([first, ...names]).size).toBe(5)
    close()
    await deliver('late', 'a1')
    expect(framesOf('UNSUBSCRIBE').map((frame) => [queueOf(frame), frame.headers.get('durable')])).toEqual([
      [first, 'true'],
    ])
    expect([heard, framesOf('ACK')]).toEqual([[], []])
    others[0]?.backbone.close()
    await everyChance()
    expect(others[0]?.framesOf('UNSUBSCRIBE').map(queueOf)).toEqual(others[0]?.framesOf('SUBSCRIBE').map(queueOf))
  })

  it('keeps nothing that is told anew: it is not acknowledged, and missed after the shortest loss', async () => {
    const { deliver, lose, heard, framesOf, subscribe } = await openKept({ isKept: false })
    expect(subscribe().headers.get('x-queue-name')).toBeUndefined()
    await deliver('one', 'a1')
    await lose(100)
    expect([heard, framesOf('ACK')]).toEqual([['one', 'missed'], []])
  })

  it('asks the broker to have on disk what its sender wants to last', async () => {
    const { backbone, framesOf } = await openKept()
    const publication = { destination: `${NODES}all`, body: new Uint8Array([1]) }
    backbone.publish({ ...publication, headers: createHeaders() })
    backbone.publish({ ...publication, headers: createHeaders({ persistent: 'true' }) })
    await everyChance()
    expect(framesOf('SEND').map(({ headers }) => headers.get('persistent'))).toEqual([undefined, 'true'])
  })
})

const sendTo = (destination: string) => ({ destination, headers: createHeaders(), body: new Uint8Array() })
