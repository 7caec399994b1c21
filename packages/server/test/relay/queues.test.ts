import { describe, expect, it } from 'vitest'
import { answerOf, codeOf, connect, counted, sendOf } from '../../src/broker/contract/contract-client.js'
import type { ProfileMaker } from '../../src/broker/relay/profile.js'
import { hoofbeatProfile } from '../../src/broker/relay/profiles/hoofbeat.js'
import { useUpstream } from './upstream-broker.js'

const openUpstream = useUpstream()
const individual = { ack: 'client-individual' }

/** What the broker itself says of a queue. */
const report = ({ app }: Awaited<ReturnType<typeof openUpstream>>, queue: string) => {
  const found = app.stomp.admin?.destinations().find(({ destination }) => destination === queue)
  return found && { depth: found.depth, inFlight: found.inFlight }
}

describe('queues over a relay', () => {
  it('give what was not acknowledged again after a loss, marked; an answer to the former delivery is no promise', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/queue/a', individual)
    for (const body of counted(2)) await bob.send('/queue/a', body, { receipt: 'r' })
    await upstream.quiet()
    const [former, ignored] = [answerOf(alice, '0'), answerOf(alice, '1')]
    upstream.cut()
    await upstream.quiet()
    const { command, reference } = former.command === 'SEND' ? expect.unreachable() : former
    const receipted = { command, reference, isReceipted: true }
    expect(await codeOf(async () => alice.channel.handle(receipted))).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    expect(await codeOf(async () => alice.channel.handle(ignored))).toBe(undefined)
    await upstream.clock.pass(20_000)
    expect(alice.bodies()).toEqual(['0', '1', '0', '1'])
    expect(alice.deliveries.map(({ redelivered }) => redelivered === true)).toEqual([false, false, true, true])
    expect(alice.messages[0]?.id).toBe(alice.messages[2]?.id)
    for (const body of counted(2)) await alice.ack(body)
    await upstream.quiet()
    expect(report(upstream, '/queue/a')).toEqual({ depth: 0, inFlight: 0 })
  })

  it('acknowledge all up to one with ack:client, also of what came before and after a loss', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/queue/a', { ack: 'client' })
    for (const body of counted(5)) await bob.send('/queue/a', body, { receipt: 'r' })
    await upstream.quiet()
    await alice.ack('2')
    await upstream.quiet()
    expect(report(upstream, '/queue/a')).toEqual({ depth: 0, inFlight: 2 })
    upstream.cut()
    await upstream.clock.pass(20_000)
    expect(alice.bodies()).toEqual(['0', '1', '2', '3', '4', '3', '4'])
    await alice.ack('4')
    await upstream.quiet()
    expect(report(upstream, '/queue/a')).toEqual({ depth: 0, inFlight: 0 })
  })

  it('remember no answer that is owed to a connection before the last one', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const alice = connect(broker)
    await alice.subscribe('1', '/queue/a', individual)
    await alice.send('/queue/a', 'hi', { receipt: 'r' })
    await upstream.quiet()
    const first = answerOf(alice, 'hi')
    for (let i = 0; i < 2; i++) {
      upstream.cut()
      await upstream.clock.pass(20_000)
    }
    if (first.command === 'SEND') return expect.unreachable()
    expect(await codeOf(async () => alice.channel.handle(first))).toBe('STOMP_ERR_ACK_UNKNOWN')
    expect(await codeOf(() => alice.ack('hi'))).toBe(undefined)
  })

  it('hold up nobody else on the same leg for a client that reads nothing', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ pool: 1, prefetch: 5 })
    const [slow, quick, sender] = [connect(broker), connect(broker), connect(broker)]
    slow.onDelivery = () => 'full'
    await slow.subscribe('1', '/queue/slow')
    await quick.subscribe('1', '/queue/quick')
    for (const body of counted(300)) {
      await sender.send('/queue/slow', body, { receipt: 'r' })
      await sender.send('/queue/quick', body, { receipt: 'r' })
    }
    await upstream.quiet()
    expect(slow.bodies()).toEqual(['0'])
    expect(quick.bodies()).toEqual(counted(300))
    expect(report(upstream, '/queue/slow')).toEqual({ depth: 294, inFlight: 5 })
    slow.onDelivery = () => 'taken'
    slow.channel.ready()
    // One round to the broker for each five.
    for (let i = 0; i < 10; i++) await upstream.quiet()
    expect(slow.bodies()).toEqual(counted(300))
  })

  it('take back with UNSUBSCRIBE, and with the end of the session, what waits in the node too', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    for (const end of ['unsubscribe', 'detach'] as const) {
      const [alice, bob] = [connect(broker), connect(broker)]
      const queue = `/queue/${end}`
      await alice.subscribe('1', queue, individual)
      alice.onDelivery = () => 'full'
      for (const body of counted(4)) await bob.send(queue, body, { receipt: 'r' })
      await upstream.quiet()
      expect(alice.bodies()).toEqual(['0'])
      if (end === 'detach') alice.channel.detach()
      else await alice.unsubscribe('1')
      await bob.subscribe('1', queue)
      await upstream.quiet()
      expect(bob.bodies()).toEqual(counted(4))
    }
  })

  it('give nothing before the RECEIPT of what has caused it: SUBSCRIBE, ACK, NACK or SEND', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    for (const body of counted(2)) await bob.send('/queue/a', body, { receipt: 'r' })
    const seen: string[] = []
    alice.onDelivery = () => {
      seen.push(alice.bodies().at(-1) ?? '')
      return 'taken'
    }
    const subscribed = alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '1' })
    subscribed.then(() => seen.push('subscribed'))
    await upstream.quiet()
    for (const command of ['NACK', 'ACK'] as const) {
      const last = answerOf(alice, alice.bodies().at(-1) ?? '', command)
      if (last.command !== 'SEND') alice.channel.handle({ ...last, isReceipted: true })?.then(() => seen.push(command))
      await upstream.quiet()
    }
    expect(seen).toEqual(['subscribed', '0', 'NACK', '0', 'ACK', '1'])
    await alice.ack('1')
    alice.send('/queue/a', 'mine', { receipt: 'r' }).then(() => seen.push('sent'))
    await upstream.quiet()
    expect(seen.slice(-2)).toEqual(['sent', 'mine'])
  })

  it('keep what a client does not take for it, until it is ready', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const alice = connect(broker)
    alice.onDelivery = () => 'dropped'
    await alice.subscribe('1', '/queue/a', individual)
    await alice.send('/queue/a', 'hi', { receipt: 'r' })
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['hi'])
    alice.onDelivery = () => 'taken'
    alice.channel.ready()
    await alice.ack('hi')
    await upstream.quiet()
    expect(alice.bodies()).toEqual(['hi', 'hi'])
    expect(report(upstream, '/queue/a')).toEqual({ depth: 0, inFlight: 0 })
  })

  it('mark what was sent again after a lost RECEIPT: it may stand there twice', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    for (const end of upstream.open) end.isMute = true
    const settled = alice.send('/queue/a', 'hi', { receipt: 'r' })
    await upstream.quiet()
    upstream.cut()
    await upstream.clock.pass(20_000)
    await settled
    await bob.subscribe('1', '/queue/a')
    await upstream.quiet()
    expect(bob.bodies()).toEqual(['hi', 'hi'])
    expect(bob.deliveries.map(({ redelivered }) => redelivered === true)).toEqual([false, true])
    expect(bob.messages[0]?.id).toBe(bob.messages[1]?.id)
  })

  it('keep the order of each publisher, and lose nothing, through losses under load', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const consumer = connect(await upstream.relay())
    await consumer.subscribe('1', '/queue/a')
    const publishers = [connect(broker), connect(broker), connect(broker)]
    const settled: Promise<void>[] = []
    for (let i = 0; i < 200; i++) {
      for (const [p, publisher] of publishers.entries())
        settled.push(publisher.send('/queue/a', `${p} ${i}`, { receipt: 'r' }))
      if (i % 40 === 20) {
        await new Promise((resolve) => setImmediate(resolve))
        upstream.cut()
        await upstream.clock.pass(150)
      }
    }
    await upstream.clock.pass(40_000)
    await Promise.all(settled)
    for (const p of publishers.keys()) {
      const own = consumer.bodies().filter((body) => body.startsWith(`${p} `))
      const firsts = [...new Set(own)]
      expect(firsts).toEqual(counted(200).map((i) => `${p} ${i}`))
    }
  })
})

describe('a transaction over a relay', () => {
  it('waits with its receipt while the broker is away, and then happens', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    upstream.isThere = false
    upstream.cut()
    await upstream.quiet()
    const settled = alice.commit(sendOf('/queue/a', 'a'), sendOf('/queue/b', 'b'))
    await upstream.clock.pass(2_000)
    upstream.isThere = true
    await upstream.clock.pass(20_000)
    await settled
    await bob.subscribe('1', '/queue/a')
    await bob.subscribe('2', '/queue/b')
    await upstream.quiet()
    expect(bob.bodies()).toEqual(['a', 'b'])
  })

  it('that was written and not answered when the connection broke is refused, and not sent again', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    for (const end of upstream.open) end.isMute = true
    const code = codeOf(() => alice.commit(sendOf('/queue/a', 'a'), sendOf('/queue/b', 'b')))
    await upstream.quiet()
    upstream.cut()
    await upstream.clock.pass(20_000)
    expect(await code).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    await bob.subscribe('1', '/queue/a')
    await upstream.quiet()
    expect(bob.bodies()).toEqual(['a'])
  })

  it('that acknowledges what came by a lost connection is refused, with nothing done', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/queue/a', individual)
    await bob.send('/queue/a', 'hi', { receipt: 'r' })
    await upstream.quiet()
    const former = answerOf(alice, 'hi')
    upstream.cut()
    await upstream.clock.pass(20_000)
    expect(await codeOf(() => alice.commit(former, sendOf('/queue/b', 'done')))).toBe('STOMP_ERR_BROKER_UNAVAILABLE')
    await bob.subscribe('1', '/queue/b')
    await upstream.quiet()
    expect(bob.bodies()).toEqual([])
    await alice.commit(answerOf(alice, 'hi'), sendOf('/queue/b', 'done'))
    await upstream.quiet()
    expect(bob.bodies()).toEqual(['done'])
  })

  it('reaches the destinations of users in this process only when the broker has taken its part', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay()
    const [alice, bob] = [connect(broker), connect(broker)]
    await bob.subscribe('1', '\u0000user/bob/queue/news')
    for (const end of upstream.open) end.isMute = true
    const settled = alice.commit(
      sendOf('/queue/a', 'a'),
      sendOf('\u0000user/bob/queue/news', 'n'),
      sendOf('/queue/b', 'b'),
    )
    settled.catch(() => {})
    await upstream.quiet()
    expect(bob.bodies()).toEqual([])
    upstream.cut()
    await upstream.clock.pass(20_000)
    await expect(settled).rejects.toMatchObject({ code: 'STOMP_ERR_BROKER_UNAVAILABLE' })
    expect(bob.bodies()).toEqual([])
    await alice.commit(sendOf('/queue/a', 'a'), sendOf('\u0000user/bob/queue/news', 'n'))
    expect(bob.bodies()).toEqual(['n'])
  })
})

describe('a session that keeps a message unanswered', () => {
  const profile: ProfileMaker = (syntax) => ({ ...hoofbeatProfile(syntax), answersWithinMs: 60_000 })

  it('is ended before the broker would end the connection of all, and the message goes to another', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ profile, pool: 1 })
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/queue/a', { ...individual, 'prefetch-count': '1' })
    await bob.send('/queue/a', 'first', { receipt: 'r' })
    await bob.send('/queue/a', 'second', { receipt: 'r' })
    await upstream.clock.pass(50_000)
    await alice.ack('first')
    // The second came with its answer: it has a minute of its own.
    await upstream.clock.pass(50_000)
    expect([alice.bodies(), alice.refusals]).toEqual([['first', 'second'], []])
    await upstream.clock.pass(12_000)
    expect(alice.refusals).toEqual(['STOMP_ERR_SLOW_READER'])
    await bob.subscribe('1', '/queue/a', individual)
    alice.channel.detach()
    await upstream.quiet()
    expect([bob.bodies(), bob.refusals]).toEqual([['second'], []])
  })

  it('is left alone while it answers', async () => {
    const upstream = await openUpstream()
    const broker = await upstream.relay({ profile, pool: 1 })
    const [alice, bob] = [connect(broker), connect(broker)]
    await alice.subscribe('1', '/queue/a', individual)
    for (const body of counted(20)) {
      await bob.send('/queue/a', body, { receipt: 'r' })
      await upstream.clock.pass(40_000)
      await alice.ack(body)
    }
    await upstream.clock.pass(600_000)
    expect([alice.bodies(), alice.refusals]).toEqual([counted(20), []])
  })
})
