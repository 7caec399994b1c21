import {
  createHeaders,
  encode,
  type Frame,
  type FrameInit,
  type HeartBeat,
  VERSIONS,
  type Version,
} from '@hoofbeat/codec'
import type { Clock } from '../clock/clock.js'
import type { Carrier, CarrierReader, ClosedWith } from './carrier.js'
import type { Expectation } from './expectation.js'
import type { FakeClock } from './fake-clock.js'
import { createInbox, type Inbox } from './inbox.js'
import { createPatience, everyChance } from './patience.js'
import type { ServerRefusal } from './server-refusal.js'
import type { ConnectOptions, TestClient } from './test-client.js'
import { startBeating } from './test-heart-beat.js'
import { openTestLink, type TestLink, type TestLinkEnd } from './test-link.js'
import {
  createTestSubscription,
  type SubscribeOptions,
  type SubscriptionClient,
  type TestSubscription,
} from './test-subscription.js'

/** What a client is made with. */
export interface ClientParts {
  readonly openCarrier: (reader: CarrierReader) => Carrier
  /** The clock that the test moves, if any. */
  readonly fakeClock: FakeClock | undefined
  readonly clock: Clock
  readonly patienceMs: number
}

/** Makes a client whose connection is open. */
export function createTestClient(parts: ClientParts): TestClient {
  return new KitClient(parts)
}

class KitClient implements TestClient, SubscriptionClient {
  readonly link: TestLink
  user: string | undefined
  sessionId: string | undefined
  isClosedByTest = false
  readonly #parts: ClientParts
  readonly #inbox: Inbox
  readonly #end: TestLinkEnd
  #lastSubscription = 0
  #lastReceipt = 0
  #heartBeat: HeartBeat = NO_HEART_BEAT
  #stopBeating: () => void = () => {}

  constructor(parts: ClientParts) {
    this.#parts = parts
    const { fakeClock } = parts
    const inbox = createInbox({
      patience: createPatience(parts.patienceMs, () => fakeClock?.isPassing === true),
      connected: (frame) => this.#connected(frame),
      hint: () => hint(parts),
    })
    this.#inbox = inbox
    this.#end = openTestLink({
      reader: {
        bytes: (data) => inbox.bytes(data),
        heartBeat: () => inbox.heartBeat(),
        closed: (ending) => {
          this.#stopBeating()
          inbox.closed(ending)
        },
      },
      clock: fakeClock,
      openCarrier: parts.openCarrier,
    })
    this.link = this.#end.link
  }

  get version(): Version {
    return this.#inbox.version
  }

  get heartBeats(): number {
    return this.#inbox.heartBeats
  }

  get unread(): readonly Frame[] {
    return this.#inbox.unread
  }

  connect(options: ConnectOptions = {}): Promise<Frame> {
    const { login, passcode, versions = VERSIONS, heartBeat = NO_HEART_BEAT } = options
    this.#heartBeat = heartBeat
    const headers: Record<string, string> = {
      'accept-version': versions.join(','),
      host: 'localhost',
      'heart-beat': `${heartBeat.sendMs},${heartBeat.receiveMs}`,
      ...(login !== undefined && { login }),
      ...(passcode !== undefined && { passcode }),
      ...options.headers,
    }
    this.sendFrame({ command: 'CONNECT', headers })
    return this.expect('CONNECTED', ({ command }) => command === 'CONNECTED')
  }

  subscribe(destination: string, options: SubscribeOptions = {}): Promise<TestSubscription> {
    const { id = `sub-${++this.#lastSubscription}`, ack } = options
    const headers = { id, destination, ...(ack !== undefined && { ack }), ...options.headers }
    return this.request({ command: 'SUBSCRIBE', headers }).map(() => createTestSubscription(id, destination, this))
  }

  send(destination: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    if (body === undefined) return this.request({ command: 'SEND', headers: { destination, ...headers } })
    if (typeof body === 'string' || body instanceof Uint8Array) {
      return this.request({ command: 'SEND', headers: { destination, ...headers }, body })
    }
    const asJson = { destination, 'content-type': 'application/json', ...headers }
    return this.request({ command: 'SEND', headers: asJson, body: JSON.stringify(body) })
  }

  request(frame: FrameInit): Expectation<void> {
    const given = createHeaders(frame.headers)
    const receipt = given.get('receipt') ?? `receipt-${++this.#lastReceipt}`
    this.sendFrame(given.has('receipt') ? frame : { ...frame, headers: [...given, ['receipt', receipt]] })
    const destination = given.get('destination')
    const answers = ({ headers }: Frame): boolean => headers.get('receipt-id') === receipt
    return this.#inbox
      .expect({
        what: `the RECEIPT of ${frame.command}${destination === undefined ? '' : ` to ${destination}`}`,
        fits: (answer) => answer.command === 'RECEIPT' && answers(answer),
        isRefusal: (answer) => answer.command === 'MESSAGE' && answers(answer),
      })
      .map(() => undefined)
  }

  next(): Promise<Frame> {
    return this.expect('a frame', () => true)
  }

  receipt(id: string): Promise<Frame> {
    return this.expect(
      `the RECEIPT '${id}'`,
      ({ command, headers }) => command === 'RECEIPT' && headers.get('receipt-id') === id,
    )
  }

  error(): Promise<ServerRefusal> {
    return this.#inbox.error()
  }

  closed(): Promise<ClosedWith> {
    return this.#inbox.ending()
  }

  expectNothing(withinMs = 0): Promise<void> {
    return this.#inbox.expectNone(() => true, withinMs)
  }

  sendFrame(frame: FrameInit): void {
    this.sendRaw(encode(frame, this.version))
  }

  sendRaw(data: Uint8Array | string): void {
    this.#end.send(data)
  }

  async disconnect(): Promise<void> {
    await this.request({ command: 'DISCONNECT' })
    await this.close()
  }

  async close(): Promise<void> {
    this.isClosedByTest = true
    this.#inbox.closeByTest()
    this.#stopBeating()
    this.#end.close()
    await everyChance()
  }

  // For its subscriptions.

  expect(what: string, fits: (frame: Frame) => boolean): Expectation<Frame> {
    return this.#inbox.expect({ what, fits })
  }

  expectNone(fits: (frame: Frame) => boolean, withinMs: number): Promise<void> {
    return this.#inbox.expectNone(fits, withinMs)
  }

  has(fits: (frame: Frame) => boolean): boolean {
    return this.#inbox.has(fits)
  }

  #connected(frame: Frame): void {
    this.user = frame.headers.get('user-name')
    this.sessionId = frame.headers.get('session')
    this.#stopBeating = startBeating(this.#heartBeat, frame, this.#parts.clock, () => this.#end.sendHeartBeat())
  }
}

const NO_HEART_BEAT: HeartBeat = { sendMs: 0, receiveMs: 0 }

/** What may help where nothing comes. */
function hint({ fakeClock, patienceMs }: ClientParts): string {
  const time = fakeClock && ` Virtual time stands at ${fakeClock.now()} ms; clock.pass(ms) moves it.`
  const patience =
    ' If something outside of the process is waited for (a database, a network), give the kit patienceMs.'
  return `${time ?? ''}${patienceMs === 0 ? patience : ''}`
}
