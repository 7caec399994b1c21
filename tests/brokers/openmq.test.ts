import type { Frame, FrameInit } from '@hoofbeat/codec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brokerContract } from '../../packages/server/src/broker/broker.contract.js'
import { codeOf, connect, sendOf } from '../../packages/server/src/broker/contract/contract-client.js'
import { openmqProfile } from '../../packages/server/src/broker/relay/profiles/openmq.js'
import { profileOfServer } from '../../packages/server/src/broker/relay/profiles/profiles.js'
import { type Otherwise, runnerBut } from '../../packages/server/test/relay/otherwise.js'
import { openTcpClient, type TcpClient } from '../../packages/server/test/tcp-client.js'
import { requireComponent } from '../components.js'
import { acrossNodes } from './across-nodes.js'
import { startOpenmq } from './openmq-broker.js'
import { RELAYED } from './otherwise.js'
import type { RealBroker } from './real-broker.js'
import { openRelayUnderTest } from './relay-under-test.js'

const openmq = requireComponent('Open MQ')
const jdk = requireComponent('JDK')

const NO_QUEUES = 'queues of Open MQ cannot be subscribed to'

/** What is left to the broker, and why. */
const OTHERWISE: Otherwise = {
  ...RELAYED,
  "knows the server's own headers of a message": NO_QUEUES,
  'on a queue holds nobody up, and leaves what it does not match': NO_QUEUES,
  'shares a queue with others: each message to one, and in order': NO_QUEUES,
  'finds what comes back': NO_QUEUES,
}

let real: RealBroker

/** A client of the bridge itself. */
async function openBridgeClient(): Promise<TcpClient> {
  const client = await openTcpClient(real.port)
  await client.connect({ login: real.login, passcode: real.passcode })
  return client
}

/** Sends, and gives what is answered. */
async function ask(client: TcpClient, ...frames: readonly FrameInit[]): Promise<Frame> {
  for (const frame of frames) client.send(frame)
  return client.next()
}

describe.skipIf(!openmq.available || !jdk.available)(
  openmq.title(jdk.title('a relay to Open MQ, as a broker,')),
  () => {
    beforeAll(async () => {
      real = await startOpenmq(openmq, jdk)
    }, 240_000)
    afterAll(() => real?.stop())

    brokerContract(runnerBut(OTHERWISE), {
      open: () => openRelayUnderTest(real, openmqProfile),
      unknownDestination: '/elsewhere/a',
    })
    acrossNodes(() => real, openmqProfile)

    describe('beyond topics', () => {
      it('refuses to subscribe to queues, durably, or to send several messages together', async () => {
        const under = await openRelayUnderTest(real, openmqProfile)
        const alice = connect(under.broker, { userName: 'alice', clientId: 'a' })
        expect(await codeOf(() => alice.subscribe('1', '/queue/a'))).toBe('STOMP_ERR_UNSUPPORTED')
        expect(await codeOf(() => alice.subscribe('1', '/topic/a', { durable: 'true' }))).toBe('STOMP_ERR_UNSUPPORTED')
        await alice.subscribe('1', '/topic/a')
        const [one, other] = [sendOf('/topic/a', 'one'), sendOf('/topic/a', 'other')]
        expect(await codeOf(() => alice.commit(one, other))).toBe('STOMP_ERR_UNSUPPORTED')
        await alice.commit(one)
        await under.quiet()
        expect(alice.bodies()).toEqual(['one'])
        expect(alice.refusals).toEqual([])
        await under.close()
      })

      it('sends to queues, for readers of the broker itself, and shows what others send', async () => {
        const under = await openRelayUnderTest(real, openmqProfile, 'beyond')
        const alice = connect(under.broker)
        const other = await openBridgeClient()
        other.send({ command: 'SUBSCRIBE', headers: { id: '1', destination: '/queue/beyond.to$002Edo' } })
        await alice.send('/queue/to.do', 'work', { colour: 'red', 'content-type': 'text/plain', receipt: 'r' })
        const { headers, text } = await other.next()
        expect([text, headers.get('colour'), headers.get('hoofbeat_headers')]).toEqual([
          'work',
          'red',
          'colour=red&content-type=text/plain',
        ])
        await alice.subscribe('1', '/topic/*')
        other.send({
          command: 'SEND',
          headers: { destination: '/topic/beyond.done', colour: 'blue', type: 't' },
          body: 'it',
        })
        await under.quiet()
        expect(alice.delivered.map(({ destination, body }) => [destination, body])).toEqual([['/topic/done', 'it']])
        expect(Object.fromEntries(alice.messages[0]?.headers ?? [])).toMatchObject({ colour: 'blue', type: 't' })
        other.socket.end()
        await under.close()
      })

      it('goes on when the broker has come back, and says that something may be missing', async () => {
        const under = await openRelayUnderTest(real, openmqProfile)
        const alice = connect(under.broker)
        await alice.subscribe('1', '/topic/a')
        await real.kill()
        const sent = alice.send('/topic/a', 'waited', { receipt: 'r' })
        await real.restart()
        await sent
        await expect.poll(() => alice.bodies(), { timeout: 15_000 }).toEqual(['waited'])
        expect(alice.deliveries[0]?.isAfterGap).toBe(true)
        await under.close()
      }, 60_000)
    })

    // When one of these fails, the profile may offer more.
    describe('as its bridge is', () => {
      it('is known by what it calls itself', async () => {
        const client = await openTcpClient(real.port)
        const { headers } = await client.connect({
          login: real.login,
          passcode: real.passcode,
          'heart-beat': '100,100',
        })
        expect([headers.get('version'), headers.get('heart-beat')]).toEqual(['1.2', '0,0'])
        expect(profileOfServer(headers.get('server'))).toBe(openmqProfile)
        client.socket.end()
      })

      it('gives all of a queue at once, and answers the ACK of one message by an ERROR', async () => {
        const client = await openBridgeClient()
        const destination = '/queue/bridge'
        for (let i = 0; i < 300; i++) client.send({ command: 'SEND', headers: { destination }, body: `${i}` })
        client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination, ack: 'client-individual' } })
        const acks: string[] = []
        while (acks.length < 300) acks.push((await client.next()).headers.get('ack') ?? '')
        const answer = await ask(client, { command: 'ACK', headers: { id: acks[7] ?? '', receipt: 'a' } })
        expect([answer.command, answer.headers.get('message')]).toEqual([
          'ERROR',
          expect.stringMatching(/^ACK: .* not found/),
        ])
        const refusal = await ask(client, { command: 'NACK', headers: { id: acks[8] ?? '', receipt: 'n' } })
        expect([refusal.command, refusal.headers.get('message')]).toEqual(['ERROR', expect.stringMatching(/NACK/)])
        await client.over
      })

      it('commits what is left of a transaction in which a SEND has failed', async () => {
        const client = await openBridgeClient()
        const destination = '/topic/bridge'
        client.send({ command: 'SUBSCRIBE', headers: { id: '1', destination } })
        const headers = { destination, transaction: 't' }
        const answers = [
          await ask(
            client,
            { command: 'BEGIN', headers: { transaction: 't' } },
            { command: 'SEND', headers: { ...headers, priority: 'none' }, body: 'bad' },
            { command: 'SEND', headers, body: 'good' },
            { command: 'COMMIT', headers: { transaction: 't', receipt: 'c' } },
          ),
          await client.next(),
          await client.next(),
        ]
        const told = answers.map(({ command, text }) => (command === 'MESSAGE' ? text : command))
        expect(told.sort()).toEqual(['ERROR', 'RECEIPT', 'good'])
        client.socket.end()
      })
    })
  },
)
