import { embeddedBroker } from '@hoofbeat/server'
import { createFakeClock, createTestKit, ServerRefusal, type TestKit, UpgradeRefused } from '@hoofbeat/server/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { buildChat } from './chat.js'

const as = (login: string) => ({ login, passcode: 'open sesame' })

let kit: TestKit

afterEach(() => kit.close())

describe('a chat, tested from outside with the published kit', () => {
  it('tells everybody in the room what somebody says', async () => {
    kit = await createTestKit(await buildChat())
    const [ada, bob] = [await kit.connect(as('ada')), await kit.connect(as('bob'))]
    const rooms = [await ada.subscribe('/topic/rooms/lobby'), await bob.subscribe('/topic/rooms/lobby')]
    await ada.send('/app/rooms/lobby', { text: 'hello' })
    for (const room of rooms) expect((await room.next()).json()).toEqual({ from: 'ada', text: 'hello' })
    await bob.expectNothing()
  })

  it('answers the sender alone', async () => {
    kit = await createTestKit(await buildChat())
    const [ada, bob] = [await kit.connect(as('ada')), await kit.connect(as('bob'))]
    const answers = await ada.subscribe('/user/queue/answers')
    const others = await bob.subscribe('/user/queue/answers')
    await ada.send('/app/whoami')
    expect((await answers.next()).json()).toEqual({ you: 'ada' })
    await others.expectNothing()
  })

  it('refuses strangers, what a schema forbids, and the room of the staff', async () => {
    kit = await createTestKit(await buildChat())
    await expect(kit.connect({ login: 'eve' })).rejects.toMatchObject({ code: 'STOMP_ERR_NOT_AUTHENTICATED' })
    const bob = await kit.connect(as('bob'))
    await expect(bob.send('/app/rooms/lobby', { text: '' })).rejects.toBeInstanceOf(ServerRefusal)
    expect((await bob.closed()).code).toBe(1002)
    const carl = await kit.connect(as('carl'))
    await expect(carl.subscribe('/topic/rooms/staff')).rejects.toMatchObject({ code: 'STOMP_ERR_FORBIDDEN' })
    const ada = await kit.connect(as('ada'))
    await ada.subscribe('/topic/rooms/staff')
  })

  it('tells who has left, when the last connection is gone', async () => {
    kit = await createTestKit(await buildChat())
    const [ada, phone, laptop] = [
      await kit.connect(as('ada')),
      await kit.connect(as('bob')),
      await kit.connect(as('bob')),
    ]
    const room = await ada.subscribe('/topic/rooms/lobby')
    await phone.disconnect()
    await room.expectNothing()
    laptop.link.cut()
    expect((await room.next()).json()).toEqual({ left: 'bob' })
  })

  it('lets in through its own door whom it knows, and no page of another origin', async () => {
    kit = await createTestKit(await buildChat())
    const ada = await kit.openWebSocket('/stomp', { headers: { authorization: 'Bearer of-ada' } })
    await ada.connect()
    expect(ada.user).toBe('ada')
    const page = kit.openWebSocket('/stomp', { headers: { origin: 'https://elsewhere.example' } })
    await expect(page).rejects.toBeInstanceOf(UpgradeRefused)
    await expect(page).rejects.toMatchObject({ statusCode: 403 })
  })

  it('is waited for in real time where it asks a database', async () => {
    const kept: string[] = []
    const archive = {
      add: (room: string, text: string) =>
        new Promise<void>((resolve) => {
          setTimeout(() => resolve(void kept.push(`${room}: ${text}`)), 5)
        }),
    }
    kit = await createTestKit(await buildChat({}, archive), { patienceMs: 10_000 })
    const ada = await kit.connect(as('ada'))
    await ada.send('/app/rooms/lobby', { text: 'for the record' })
    expect(kept).toEqual(['lobby: for the record'])
  })
})

describe('a chat in virtual time', () => {
  it('notices a client that has gone dark, and tells the others', async () => {
    const clock = createFakeClock()
    kit = await createTestKit(await buildChat({ clock }), { clock })
    const ada = await kit.connect(as('ada'))
    const room = await ada.subscribe('/topic/rooms/lobby')
    const bob = await kit.connect({ ...as('bob'), heartBeat: { sendMs: 10_000, receiveMs: 10_000 } })
    await clock.pass(60_000)
    await room.expectNothing()
    bob.link.vanish()
    await clock.pass(30_000)
    expect((await room.next()).json()).toEqual({ left: 'bob' })
  })

  it('forgets jobs that nobody wanted in time, and gives back those that were not done', async () => {
    const clock = createFakeClock()
    kit = await createTestKit(await buildChat({ clock, broker: embeddedBroker() }), { clock })
    const ada = await kit.connect(as('ada'))
    await ada.send('/queue/jobs', 'old', { expires: String(clock.epochMs() + 60_000) })
    await ada.send('/queue/jobs', 'new')
    await clock.pass(61_000)
    const lazy = await kit.connect(as('lazy'))
    const jobs = await lazy.subscribe('/queue/jobs', { ack: 'client-individual' })
    expect((await jobs.next()).text()).toBe('new')
    lazy.link.cut()
    const again = await ada.subscribe('/queue/jobs', { ack: 'client-individual' })
    const job = await again.next()
    expect([job.text(), job.headers.get('redelivered')]).toEqual(['new', 'true'])
    await job.ack()
    await again.expectNothing()
  })

  it('closes on a reader that is too slow, and on nobody else', async () => {
    const clock = createFakeClock()
    kit = await createTestKit(await buildChat({ clock }), { clock })
    const [slow, ada] = [await kit.connect(as('slow')), await kit.connect(as('ada'))]
    await slow.subscribe('/topic/rooms/lobby')
    const room = await ada.subscribe('/topic/rooms/lobby')
    slow.link.stall()
    await ada.send('/app/rooms/lobby', { text: 'hello' })
    await clock.pass(11_000)
    expect((await room.take(2)).map((message) => message.json())).toEqual([
      { from: 'ada', text: 'hello' },
      { left: 'slow' },
    ])
  })
})
