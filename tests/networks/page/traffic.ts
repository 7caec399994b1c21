import { HttpLink, type RungName } from '@hoofbeat/sse/client'
import { Client, type IMessage, type StompConfig } from '@stomp/stompjs'
import { contentOf, nowMs, Pace, Tally } from '../numbered.js'

/** What a page is asked to do. */
export interface Errand {
  /** Where the server is, for what is no page and knows no address of its own. */
  readonly url?: string
  /** More options of stompjs. */
  readonly stomp?: Pick<StompConfig, 'forceBinaryWSFrames' | 'appendMissingNULLonIncoming'>
  readonly count: number
  readonly durationMs: number
  /** After how long stompjs connects again when its connection has ended; 0: never. */
  readonly reconnectDelayMs: number
  /** Which rungs it may use; all, if this is not given. */
  readonly rungs?: readonly RungName[]
}

/** What a page knows of its traffic. */
export interface PageReport {
  /** How often CONNECTED came; only the first session carries traffic. */
  readonly connects: number
  /** How often the page came back from where browsers keep pages that one has left. */
  readonly restores: number
  /** Why links ended. */
  readonly closes: readonly { readonly code: number; readonly reason: string }[]
  /** ERROR frames, and errors that nobody caught. */
  readonly errors: readonly string[]
  /** From the start to the first message, in ms; undefined before it came. */
  readonly firstMs: number | undefined
  readonly sentAtMs: readonly number[]
  readonly receivedAtMs: readonly number[]
  readonly faults: readonly string[]
  /** What the link went over, in this order. */
  readonly rungs: readonly RungName[]
  /** How many messages came by each rung. */
  readonly carried: Readonly<Partial<Record<RungName, number>>>
  readonly attaches: number
  readonly resumes: number
  /** Bytes that the server has not acknowledged. */
  readonly unacknowledgedBytes: number
}

/** What tests call in the page. */
export interface TrafficPage {
  begin(errand: Errand): void
  /** Sends so many messages at once, after those that were sent before. */
  burst(count: number): void
  report(): PageReport
  deactivate(): Promise<void>
}

const down = new Tally()
const closes: { code: number; reason: string }[] = []
const errors: string[] = []
const rungs: RungName[] = []
const carried: Partial<Record<RungName, number>> = {}
let link: HttpLink | undefined
let client: Client | undefined
let pace: Pace | undefined
let connects = 0
let restores = 0
let beganMs = 0
/** Messages that came before a rung was proved. */
let unproved = 0
let firstMs: number | undefined

const openLink = (errand: Errand): HttpLink => {
  link = new HttpLink(errand.url ?? '/stomp', errand.rungs ? { rungs: errand.rungs } : {})
  link.addEventListener('rungchange', ({ rung }) => {
    // Nothing carries for now.
    if (rung === undefined) return
    if (rungs.at(-1) !== rung) rungs.push(rung)
    carried[rung] = (carried[rung] ?? 0) + unproved
    unproved = 0
  })
  link.addEventListener('close', ({ code, reason }) => {
    closes.push({ code, reason })
    pace?.stop()
  })
  return link
}

const contentIn = (message: IMessage) =>
  message.headers['content-type'] === 'application/octet-stream' ? message.binaryBody : message.body

const send = (number: number): void => {
  const content = contentOf(number)
  if (typeof content === 'string') {
    client?.publish({ destination: '/app/up', body: content, headers: { 'content-type': 'text/plain' } })
  } else {
    const headers = { 'content-type': 'application/octet-stream' }
    client?.publish({ destination: '/app/up', binaryBody: content, headers })
  }
}

const traffic: TrafficPage = {
  begin(errand) {
    beganMs = nowMs()
    client = new Client({
      ...errand.stomp,
      webSocketFactory: () => openLink(errand),
      reconnectDelay: errand.reconnectDelayMs,
      onStompError: (frame) => errors.push(`ERROR ${frame.headers.message}`),
      onConnect: () => {
        connects++
        client?.subscribe('/app/first', () => {
          firstMs ??= nowMs() - beganMs
        })
        if (connects > 1) return
        client?.subscribe('/topic/down', (message) => {
          down.take(contentIn(message))
          const rung = link?.rung
          if (rung) carried[rung] = (carried[rung] ?? 0) + 1
          else unproved++
        })
        client?.publish({ destination: '/app/ready' })
        pace = new Pace(errand.count, errand.durationMs, send)
      },
    })
    client.activate()
  },
  burst(count) {
    for (let sent = 0; sent < count; sent++) pace?.sendNow()
  },
  report: () => ({
    connects,
    restores,
    closes,
    errors,
    firstMs,
    sentAtMs: pace?.atMs ?? [],
    receivedAtMs: down.atMs,
    faults: down.faults,
    rungs,
    carried,
    attaches: link?.attaches ?? 0,
    resumes: link?.resumes ?? 0,
    unacknowledgedBytes: link?.bufferedAmount ?? 0,
  }),
  async deactivate() {
    pace?.stop()
    await client?.deactivate()
  },
}

// React Native has no events there.
if (typeof addEventListener === 'function') {
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) restores++
  })
  addEventListener('error', (event) => errors.push(event.message))
  addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)))
}
Object.assign(globalThis, { traffic })
