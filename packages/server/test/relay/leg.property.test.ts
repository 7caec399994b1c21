import type { Frame, FrameInit } from '@hoofbeat/codec'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LegSubscription } from '../../src/broker/relay/leg.js'
import { everyChance, someTurns } from '../../src/testing/patience.js'
import { type Fate, fateOf, openLeg, REPEATED, send } from './leg-scene.js'
import { type BrokerEnd, ScriptedBroker } from './scripted-broker.js'

const RUNS = 40

const LIMITS = { maxWaitingFrames: 8, maxWaitingBytes: 4_000, maxUnanswered: 3 }
const REPEAT_ROOM = LIMITS.maxUnanswered

type Kind = 'receipted' | 'plain' | 'transaction' | 'poison' | 'plain poison'

type Step =
  | { readonly type: 'send'; readonly kind: Kind; readonly count: number; readonly bytes: number }
  | { readonly type: 'answer'; readonly isReceipted: boolean }
  | { readonly type: 'subscribe' }
  | { readonly type: 'unsubscribe'; readonly which: number }
  | { readonly type: 'cut' | 'stall' | 'resume' | 'hold' | 'release' | 'error' | 'turns' }
  | { readonly type: 'dials'; readonly outcome: 'connected' | 'refused' | 'silent' }
  | { readonly type: 'pass'; readonly ms: number }

const just = (type: 'cut' | 'stall' | 'resume' | 'hold' | 'release' | 'error' | 'turns'): fc.Arbitrary<Step> =>
  fc.constant({ type })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('send' as const),
      kind: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom<Kind>('receipted', 'receipted', 'plain', 'transaction') },
        { weight: 1, arbitrary: fc.constantFrom<Kind>('poison', 'plain poison') },
      ),
      count: fc.integer({ min: 1, max: 5 }),
      bytes: fc.constantFrom(0, 100, 1_500),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('answer' as const), isReceipted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: 'subscribe' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('unsubscribe' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: just('cut') },
  { weight: 1, arbitrary: just('stall') },
  { weight: 1, arbitrary: just('resume') },
  { weight: 2, arbitrary: just('hold') },
  { weight: 2, arbitrary: just('release') },
  { weight: 1, arbitrary: just('error') },
  { weight: 4, arbitrary: just('turns') },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('dials' as const),
      outcome: fc.constantFrom('connected', 'refused', 'silent'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(100, 1_000, 20_000) }) },
)

interface Sent {
  readonly number: number
  readonly kind: Kind
  readonly fate: Fate
}

interface Held {
  readonly subscription: LegSubscription
  readonly fate: Fate
  /** By which connection it is to be restored at the latest: the first that came after it. */
  readonly from: number
}

/** A broker that takes note of all that it puts into effect. */
function keepBooks(broker: ScriptedBroker, namesGuilty: boolean) {
  /** Numbers of the messages, in the order in which they took effect. */
  const applied: { readonly number: number; readonly isMarked: boolean; readonly end: BrokerEnd }[] = []
  const answered = new Set<number>()
  const refusals = new Map<number, number>()
  const subscribed = new Map<BrokerEnd, Set<string>>()
  const transactions = new Map<string, Frame[]>()
  /** RECEIPTs that are kept back. */
  const held: { readonly frame: Frame; readonly end: BrokerEnd; readonly number: number | undefined }[] = []
  /** What a broker must never see. */
  const faults: string[] = []
  let unnamed = false
  let isHolding = false
  /** Checks what must be there before the first message of a connection. */
  let beforeMessage: (end: BrokerEnd, ids: ReadonlySet<string>) => void = () => {}
  const receipt = (frame: Frame, end: BrokerEnd, number?: number): void => {
    if (end.isCut || !frame.headers.has('receipt')) return
    if (isHolding) return void held.push({ frame, end, number })
    if (number !== undefined) answered.add(number)
    end.receipt(frame)
  }
  const apply = (frame: Frame, end: BrokerEnd): void => {
    const number = Number(frame.headers.get('number'))
    applied.push({ number, isMarked: frame.headers.has('hoofbeat_repeated'), end })
  }
  broker.react = (frame, end) => {
    const ids = subscribed.get(end) ?? new Set()
    subscribed.set(end, ids)
    const { command, headers } = frame
    const number = Number(headers.get('number'))
    switch (command) {
      case 'CONNECT':
        return undefined
      case 'SUBSCRIBE':
        ids.add(headers.get('id') ?? '')
        break
      case 'UNSUBSCRIBE':
        ids.delete(headers.get('id') ?? '')
        break
      case 'ACK':
        if (broker.ends[Number(headers.get('id')) - 1] !== end) faults.push('an ACK by another connection')
        break
      case 'BEGIN':
        transactions.set(headers.get('transaction') ?? '', [])
        break
      case 'COMMIT': {
        beforeMessage(end, ids)
        for (const part of transactions.get(headers.get('transaction') ?? '') ?? []) apply(part, end)
        receipt(frame, end, number)
        return 'handled'
      }
      case 'SEND': {
        beforeMessage(end, ids)
        const transaction = headers.get('transaction')
        if (transaction !== undefined) {
          transactions.get(transaction)?.push(frame)
          return 'handled'
        }
        if (headers.get('destination') === '/poison') {
          refusals.set(number, (refusals.get(number) ?? 0) + 1)
          unnamed ||= !namesGuilty || !frame.headers.has('receipt')
          end.error('no such destination', namesGuilty ? frame : undefined)
          return 'handled'
        }
        apply(frame, end)
        receipt(frame, end, number)
        return 'handled'
      }
    }
    receipt(frame, end)
    return 'handled'
  }
  return {
    faults,
    applied,
    answered,
    refusals,
    /** Whether there was an ERROR that did not say what it answered. */
    get hasErredUnnamed() {
      return unnamed
    },
    err(end: BrokerEnd) {
      unnamed = true
      end.error('the broker is going down')
    },
    hold() {
      isHolding = true
    },
    release() {
      isHolding = false
      for (const { frame, end, number } of held.splice(0)) receipt(frame, end, number)
    },
    expectBeforeMessages(check: typeof beforeMessage) {
      beforeMessage = check
    },
  }
}

async function check(steps: readonly Step[], namesGuilty: boolean): Promise<void> {
  const broker = new ScriptedBroker()
  const books = keepBooks(broker, namesGuilty)
  let outcome: 'connected' | 'refused' | 'silent' = 'connected'
  broker.outcome = () => (outcome === 'refused' ? 'refused' : 'connected')
  const { react } = broker
  // It may also take connections and say nothing.
  broker.react = (frame, end) => (frame.command === 'CONNECT' && outcome === 'silent' ? 'handled' : react(frame, end))
  const { clock, leg } = openLeg({ limits: LIMITS, backOff: { longestMs: 2_000 } }, broker)
  const sent: Sent[] = []
  const held: Held[] = []
  const answers: Fate[] = []
  books.expectBeforeMessages((end, ids) => {
    if (end !== broker.end) return
    for (const { subscription, from } of held) {
      if (from <= leg.connection && !ids.has(subscription.id))
        books.faults.push(`no ${subscription.id} before a message`)
    }
  })
  const checkBounds = (): void => {
    const { waitingBytes, waitingFrames, unansweredFrames } = leg.report
    // What was out comes back beyond the limits of what waits.
    expect(waitingFrames).toBeLessThanOrEqual(LIMITS.maxWaitingFrames + REPEAT_ROOM * 3)
    expect(waitingBytes).toBeLessThanOrEqual(2 * LIMITS.maxWaitingBytes)
    expect(unansweredFrames).toBeLessThanOrEqual(Math.max(LIMITS.maxUnanswered, held.length))
  }
  let last = 0
  const sendOne = (kind: Kind, bytes: number): void => {
    const number = ++last
    const headers = { number: String(number) }
    const body = 'x'.repeat(bytes)
    const destination = kind.endsWith('poison') ? '/poison' : '/topic/a'
    const one = send(destination, body, headers)
    if (kind !== 'transaction') {
      const isReceipted = !kind.startsWith('plain')
      const settled = leg.send([one], isReceipted, isReceipted ? REPEATED : undefined)
      sent.push({ number, kind, fate: fateOf(settled) })
      return
    }
    const transaction = `t${number}`
    const frames: FrameInit[] = [
      { command: 'BEGIN', headers: { transaction } },
      send(destination, body, { ...headers, transaction }),
      { command: 'COMMIT', headers: { transaction, ...headers } },
    ]
    sent.push({ number, kind, fate: fateOf(leg.send(frames, true)) })
  }
  const subscribe = (): void => {
    const subscriber = { deliver: () => {}, lost: () => {}, restored: () => {}, refused: () => expect.fail('refused') }
    const subscription = leg.subscribe([['destination', '/topic/a']], subscriber)
    held.push({ subscription, fate: fateOf(subscription.settled), from: leg.connection + 1 })
  }
  const take = async (next: Step): Promise<void> => {
    const end = broker.ends.at(-1)
    switch (next.type) {
      case 'send':
        for (let i = 0; i < next.count; i++) sendOne(next.kind, next.bytes)
        return
      case 'answer': {
        // By the number of the broker's end, where that is the leg's.
        const id = String(broker.ends.length)
        const ack: FrameInit = { command: 'ACK', headers: { id } }
        if (leg.isUp) answers.push(fateOf(leg.answer([ack], leg.connection, next.isReceipted)))
        return
      }
      case 'subscribe':
        return subscribe()
      case 'unsubscribe': {
        const [gone] = held.splice(next.which, 1)
        if (gone !== undefined) fateOf(gone.subscription.end())
        return
      }
      case 'cut':
        return end?.cut()
      case 'stall':
        return end?.link.setStalled(true)
      case 'resume':
        return end?.link.setStalled(false)
      case 'hold':
        return books.hold()
      case 'release':
        return books.release()
      case 'error':
        // Twice in a row could be taken for the answer to something.
        if (end !== undefined && (leg.report.unansweredFrames === 0 || !books.hasErredUnnamed)) books.err(end)
        return
      case 'turns':
        return someTurns()
      case 'dials':
        outcome = next.outcome
        return
      case 'pass':
        return clock.pass(next.ms)
    }
  }
  for (const next of steps) {
    await take(next)
    checkBounds()
  }
  // All is well again, and in the end everything is settled.
  outcome = 'connected'
  books.release()
  broker.ends.at(-1)?.link.setStalled(false)
  await clock.pass(100_000)
  checkBounds()
  expect(leg.isUp).toBe(true)
  expect(leg.report).toMatchObject({ waitingFrames: 0, waitingBytes: 0, unansweredFrames: 0 })
  expect(leg.report.subscriptions).toBe(held.length)
  for (const { fate } of held) expect(fate.is).toBe('done')
  for (const { is } of answers) expect(['done', 'STOMP_ERR_BROKER_UNAVAILABLE']).toContain(is)
  expect(books.faults).toEqual([])
  judge(sent, books)
  fateOf(leg.close())
  await everyChance()
}

function judge(sent: readonly Sent[], { applied, answered, refusals }: ReturnType<typeof keepBooks>): void {
  const times = (number: number) => applied.filter((each) => each.number === number)
  for (const { number, kind, fate } of sent) {
    const effects = times(number)
    const isPlain = kind.startsWith('plain')
    expect(fate.is, `${kind} ${number}`).not.toBe('pending')
    if (fate.is === 'done') {
      // What is receipted was answered by the broker, so it has happened.
      if (!isPlain) expect(answered.has(number), `${kind} ${number} answered`).toBe(true)
      if (!isPlain) expect(effects.length, `${kind} ${number}`).toBeGreaterThan(0)
    } else if (fate.is === 'STOMP_ERR_BROKER_UNAVAILABLE') {
      // What was refused without doubt has not happened.
      if (!fate.message.includes('may or may not')) expect(effects).toEqual([])
    } else {
      expect(fate.is).toBe('STOMP_ERR_BROKER_REFUSED')
      // Nobody else is taken for the guilty one.
      expect(kind).toBe('poison')
    }
    if (isPlain || kind === 'transaction') expect(effects.length).toBeLessThanOrEqual(1)
    // Whatever is sent again says so.
    expect(effects.slice(1).every(({ isMarked }) => isMarked)).toBe(true)
    expect(refusals.get(number) ?? 0).toBeLessThanOrEqual(isPlain ? 1 : 3)
  }
  // First effects come in the order of sending.
  const first = [...new Set(applied.map(({ number }) => number))]
  expect(first).toEqual([...first].sort((a, b) => a - b))
}

it.each([true, false])(
  'keeps order, answers and subscriptions whatever happens to its connections (ERRORs name what they answer: %s)',
  async (namesGuilty) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => check(steps, namesGuilty)),
      { numRuns: RUNS },
    )
  },
  120_000,
)
