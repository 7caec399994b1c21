import { createHeaders } from '@hoofbeat/codec'
import { describe, expect, it } from 'vitest'
import type { Broker, Publication } from '../broker/broker.js'
import { createDestinationSyntax } from '../destination/destination.js'
import type { StompEvent } from '../observe/events.js'
import { innerUserDestination } from '../users/user-destination.js'
import { createPublications } from './publications.js'
import { createReplyQueues } from './reply-queues.js'

/** The door to a broker that only notes where what is published goes. */
function setUp() {
  const published: string[] = []
  const events: StompEvent[] = []
  const broker: Pick<Broker, 'publish'> = {
    publish: ({ destination }: Publication) => void published.push(destination),
  }
  const replyQueues = createReplyQueues(4)
  const publications = createPublications({
    broker,
    syntax: createDestinationSyntax(),
    applicationPrefix: '/app',
    replyQueues,
    sessionIds: (name) => (name === 'ada' ? ['1', '2'] : []),
    hasSession: (id) => id === '1' || id === '2',
    observe: (event) => events.push(event),
  })
  const ada = { user: { name: 'ada' }, sessionId: '1' }
  const reply = (destination: string, caller = ada) =>
    publications.publishAll(
      [{ destination, audience: 'reply', headers: createHeaders([]), body: new Uint8Array() }],
      caller,
    )
  return { published, events, replyQueues, publications, reply }
}

describe('a reply', () => {
  it('goes to a reply queue that is there, or to the own session of its caller', () => {
    const { published, replyQueues, publications, reply } = setUp()
    const queue = replyQueues.open('9').address('/temp-queue/mine')
    for (const replyTo of [queue, '/user/queue/answers', '/user/bob/queue/x']) {
      publications.checkReplyTo(replyTo)
      reply(replyTo)
    }
    expect(published).toEqual([
      replyQueues.find(queue),
      innerUserDestination('1', '/queue/answers'),
      innerUserDestination('1', '/bob/queue/x'),
    ])
  })

  it.each([
    undefined,
    '',
    '/topic/x',
    '/queue/x',
    '/app/x',
    '/user',
    '/user/**',
    '/user/queue/*',
    '/user//x',
    '/userx/queue',
    '/reply-queue',
    '/reply-queue/guess',
    '/reply-queue/*',
    '/temp-queue/mine',
    '\0user/2/queue/x',
  ])('is refused before it is made where the frame names %j', (replyTo) => {
    const { published, publications, reply } = setUp()
    expect(() => publications.checkReplyTo(replyTo)).toThrow(
      expect.objectContaining({ code: 'STOMP_ERR_HEADER_INVALID', cure: expect.stringContaining('/temp-queue/x') }),
    )
    // And it is published nowhere, should nobody have asked.
    try {
      reply(replyTo ?? '')
    } catch (error) {
      expect(error).toMatchObject({ code: 'STOMP_ERR_HEADER_INVALID' })
    }
    expect(published).toEqual([])
  })

  it('is dropped where whoever asked has gone meanwhile', () => {
    const { published, events, replyQueues, publications, reply } = setUp()
    const queues = replyQueues.open('9')
    const queue = queues.address('/temp-queue/mine')
    publications.checkReplyTo(queue)
    queues.end()
    reply(queue)
    reply('/user/queue/x', { user: { name: 'ada' }, sessionId: '3' })
    expect(published).toEqual([])
    expect(events).toEqual([{ type: 'reply-dropped', destination: '/reply-queue' }])
  })
})
