import type { NodeClient, NodeMessage } from './node-client.js'
import { BYTES, MANY, ODD, type Outcome, type Outcomes, type Scenario, type StompVersion, TEXT } from './scenario.js'

/** Opens a session of the user `clients`. */
export type OpenClient = (
  headers?: Readonly<Record<string, string>>,
  options?: { beats: boolean },
) => Promise<NodeClient>

/** Drives a client library for Node through scenarios; the same as the scripts in `clients/` do in their languages. */
export async function runNodeScenarios(
  open: OpenClient,
  version: StompVersion,
  scenarios: readonly Scenario[],
): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>()
  for (const scenario of scenarios) {
    try {
      outcomes.set(scenario, { result: await inTime(runs[scenario](open, version)) })
    } catch (error) {
      outcomes.set(scenario, { error: String(error) })
    }
  }
  return outcomes
}

/** How long one scenario may take, in ms. */
const PATIENCE_MS = 30_000

async function inTime(run: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${PATIENCE_MS} ms`)), PATIENCE_MS)
  })
  return Promise.race([run, late]).finally(() => clearTimeout(timer))
}

const runs: Readonly<Record<Scenario, (open: OpenClient, version: StompVersion) => Promise<unknown>>> = {
  async connect(open) {
    const client = await open()
    const { version, server, 'heart-beat': heartBeat = null, 'user-name': user } = client.connected
    return { version, server, heartBeat, user, disconnected: await client.close() }
  },

  async topic(open, version) {
    const client = await open()
    const receipts = [await client.subscribe('/topic/plain', 'plain'), await client.subscribe('/topic/wild/*', 'wild')]
    const headers = { odd: ODD[version], grüße: '世界', 'content-type': 'text/plain' }
    receipts.push(await client.send('/topic/plain', TEXT, headers), await client.send('/topic/wild/one', ''))
    const [plain, wild] = [await client.message(), await client.message()]
    await client.close()
    return {
      receipts,
      body: plain.body.toString(),
      odd: plain.headers.odd,
      greeting: plain.headers.grüße,
      contentType: plain.headers['content-type'],
      wild: [wild.headers.destination, wild.body.toString()],
    }
  },

  async binary(open) {
    const client = await open()
    await client.subscribe('/topic/binary', 'binary')
    await client.send('/topic/binary', BYTES)
    const { body } = await client.message()
    await client.close()
    return body.toString('hex')
  },

  async kept(open) {
    const client = await open()
    await client.send('/queue/kept', 'first')
    await client.send('/queue/kept', 'second')
    await client.subscribe('/queue/kept', 'kept')
    const messages = await take(client, 2)
    await client.close()
    return messages.map(({ body }) => body.toString())
  },

  async individual(open, version) {
    const client = await open()
    await client.subscribe('/queue/individual', 'individual', { ack: 'client-individual' })
    for (const body of ['1', '2', '3']) await client.send('/queue/individual', body)
    const given = await take(client, 3)
    await given[1]?.answer('ack', 'acked')
    let again: unknown = null
    if (version !== '1.0') {
      await given[0]?.answer('nack', 'nacked')
      again = seen(await client.message())
    }
    await client.close()
    const other = await open()
    await other.subscribe('/queue/individual', 'individual')
    await other.send('/queue/individual', '4')
    const left = await take(other, 3)
    await other.close()
    return { given: given.map(seen), again, left: left.map(seen) }
  },

  async cumulative(open) {
    const client = await open()
    await client.subscribe('/queue/cumulative', 'cumulative', { ack: 'client' })
    for (const body of ['1', '2', '3']) await client.send('/queue/cumulative', body)
    const given = await take(client, 3)
    await given[1]?.answer('ack', 'acked')
    await client.close()
    const other = await open()
    await other.subscribe('/queue/cumulative', 'cumulative')
    await other.send('/queue/cumulative', '4')
    const left = await take(other, 2)
    await other.close()
    return { given: given.map(seen), left: left.map(seen) }
  },

  async transactions(open) {
    const client = await open()
    await client.subscribe('/queue/out', 'out')
    client.begin('t1')
    client.post('/queue/out', 'aborted', { transaction: 't1' })
    const receipts = [await client.abort('t1', 'aborted')]
    client.begin('t2')
    client.post('/queue/out', 'one', { transaction: 't2' })
    client.post('/queue/out', 'two', { transaction: 't2' })
    receipts.push(await client.commit('t2', 'committed'))
    const committed = await take(client, 2)

    await client.subscribe('/queue/in', 'in', { ack: 'client-individual' })
    await client.send('/queue/in', 'work')
    client.begin('t3')
    await (await client.message()).answer('ack', 'taken in', 't3')
    await client.abort('t3', 'aborted')
    await client.close()

    const second = await open()
    await second.subscribe('/queue/in', 'in', { ack: 'client-individual' })
    const work = await second.message()
    second.begin('t4')
    await work.answer('ack', 'taken in', 't4')
    await second.commit('t4', 'committed')
    await second.close()

    const third = await open()
    await third.subscribe('/queue/in', 'in')
    await third.send('/queue/in', 'next')
    const after = await third.message()
    await third.close()
    return {
      receipts,
      committed: committed.map(({ body }) => body.toString()),
      afterAbort: seen(work),
      afterCommit: seen(after),
    }
  },

  async many(open) {
    const client = await open()
    const bodies: Record<string, number[]> = {}
    for (const destination of ['/queue/many', '/topic/many']) {
      await client.subscribe(destination, destination)
      for (let i = 1; i <= MANY; i++) client.post(destination, `${i}`)
      bodies[destination] = (await take(client, MANY)).map(({ body }) => Number(body.toString()))
    }
    await client.close()
    return bodies
  },

  async reply(open) {
    const [asking, answering] = [await open(), await open()]
    await answering.subscribe('/queue/service', 'service')
    await asking.subscribe('/temp-queue/answers', 'answers')
    const headers = { 'reply-to': '/temp-queue/answers', 'correlation-id': 'c-1' }
    await asking.send('/queue/service', 'question', headers)
    const question = await answering.message()
    const { 'reply-to': address = '', 'correlation-id': correlation = '' } = question.headers
    await answering.send(address, `${question.body}: answer`, { 'correlation-id': correlation })
    const answer = await asking.message()
    await asking.close()
    await answering.close()
    return {
      isPrivate: address !== '/temp-queue/answers',
      body: answer.body.toString(),
      correlation: answer.headers['correlation-id'],
      destination: answer.headers.destination,
    }
  },

  async durable(open) {
    const name = { 'client-id': 'node' }
    const client = await open(name)
    await client.subscribe('/topic/durable', 'news', { durable: 'true' })
    await client.close()
    const other = await open()
    await other.send('/topic/durable', 'missed')
    await other.close()
    const again = await open(name)
    await again.subscribe('/topic/durable', 'news', { durable: 'true' })
    const { body } = await again.message()
    await again.unsubscribe('news', 'ended')
    await again.close()
    return body.toString()
  },

  async error(open) {
    const client = await open()
    client.post('/nowhere', 'x', { receipt: 'refused' })
    const { headers, body, closed } = await client.refusal()
    const { code, message, 'receipt-id': receipt } = headers
    return { code, message, receipt, hasCure: body !== '', closed }
  },

  async heartBeats(open) {
    const client = await open({}, { beats: true })
    for (let i = 0; i < 7; i++) await client.beat()
    // By now the server would have judged a silent client.
    const receipt = await client.send('/topic/plain', 'still here')
    await client.close()
    return receipt
  },
}

async function take(client: NodeClient, count: number): Promise<NodeMessage[]> {
  const messages: NodeMessage[] = []
  while (messages.length < count) messages.push(await client.message())
  return messages
}

/** What the tests compare of a message that may come again. */
const seen = ({ headers, body }: NodeMessage): unknown => [
  body.toString(),
  headers.redelivered ?? null,
  headers['delivery-count'] ?? null,
]
