import '../../networks/page/traffic.js'
import type { Errand, PageReport, TrafficPage } from '../../networks/page/traffic.js'

/** Where a link can run besides a page. */
export type WorkerKind = 'classic worker' | 'module worker' | 'shared worker' | 'service worker'

/** What tests call in the page: the traffic of the worker. The same script is the page's and the worker's. */
export interface WorkersPage {
  start(kind: WorkerKind): Promise<void>
  begin(errand: Errand): Promise<PageReport>
  burst(count: number): Promise<PageReport>
  report(): Promise<PageReport>
}

/** What the worker is asked; it always answers with its report. */
interface Call {
  readonly begin?: Errand
  readonly burst?: number
}

/** As much of a worker, or of its port, as is used. */
interface Port {
  postMessage(call: Call, transfer: Transferable[]): void
}

declare const traffic: TrafficPage

const SCRIPT = '/traffic.js'

const open: Readonly<Record<WorkerKind, () => Promise<Port> | Port>> = {
  'classic worker': () => new Worker(SCRIPT),
  'module worker': () => new Worker(SCRIPT, { type: 'module' }),
  'shared worker': () => new SharedWorker(SCRIPT).port,
  async 'service worker'() {
    await navigator.serviceWorker.register(SCRIPT)
    const { active } = await navigator.serviceWorker.ready
    if (active === null) throw new Error('the service worker is not active')
    return active
  },
}

let worker: Port | undefined

const ask = (call: Call): Promise<PageReport> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => {
      resolve(data as PageReport)
      port1.close()
    }
    worker?.postMessage(call, [port2])
  })

const workers: WorkersPage = {
  async start(kind) {
    worker = await open[kind]()
  },
  begin: (errand) => ask({ begin: errand }),
  burst: (count) => ask({ burst: count }),
  report: () => ask({}),
}

/** The worker's side. */
const answer = ({ data: { begin, burst }, ports }: MessageEvent<Call>): void => {
  if (begin) traffic.begin(begin)
  if (burst) traffic.burst(burst)
  ports[0]?.postMessage(traffic.report())
}

if (typeof document === 'undefined') {
  addEventListener('message', answer)
  addEventListener('connect', (event) => {
    const [port] = (event as MessageEvent).ports
    if (port) port.onmessage = answer
  })
} else Object.assign(globalThis, { workers })
