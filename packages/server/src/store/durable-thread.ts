import { Worker } from 'node:worker_threads'
import type { Fault, LedgerBatch, LedgerOptions } from './ledger/ledger.js'
import type { Salvage } from './ledger/salvage.js'
import type { Answer, Found, Order } from './ledger/worker.js'

/** The thread in which a ledger lives. One call at a time; each rejects with a {@link ThreadFault}. */
export interface LedgerThread {
  /** Resolves to `wasClosed`, after everything that was found has been told. */
  open(onFound: (found: Found) => void): Promise<boolean>
  /** The buffers of the batches are gone afterwards. */
  apply(batches: readonly LedgerBatch[], buffer: ArrayBuffer): Promise<readonly (Fault | undefined)[]>
  close(): Promise<void>
  /** Only finds out whether the store can be opened. */
  check(): Promise<void>
  /** Writes what is whole in a damaged store to a new one. */
  salvage(): Promise<Salvage | undefined>
  /** Ends the thread: only then its files are closed. */
  end(): Promise<void>
}

/** Why the thread could not do what it was told. */
export class ThreadFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault, cause?: unknown) {
    super(fault.detail, { cause })
    this.name = 'ThreadFault'
    this.fault = fault
  }
}

/** Starts the thread. It keeps the process alive only while it has something to do. */
export function startLedgerThread(options: LedgerOptions): LedgerThread {
  // Relative to this file in the sources and in the built package alike.
  const url = new URL('./ledger/worker.js', import.meta.url)
  return new WorkerThread(new Worker(url, { workerData: options, name: 'hoofbeat-store', execArgv: [] }))
}

interface Waiting {
  resolve(answer: Answer): void
  reject(error: ThreadFault): void
}

class WorkerThread implements LedgerThread {
  readonly #worker: Worker
  #waiting: Waiting | undefined = undefined
  #onFound: ((found: Found) => void) | undefined = undefined
  #death: ThreadFault | undefined = undefined

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (answer: Answer) => this.#hear(answer))
    worker.on('error', (cause) => this.#die(cause))
    worker.on('exit', () => this.#die(undefined))
    worker.unref()
  }

  async open(onFound: (found: Found) => void): Promise<boolean> {
    this.#onFound = onFound
    const answer = await this.#ask({ kind: 'open' })
    return answer.kind === 'opened' && answer.wasClosed
  }

  async apply(batches: readonly LedgerBatch[], buffer: ArrayBuffer): Promise<readonly (Fault | undefined)[]> {
    const answer = await this.#ask({ kind: 'apply', batches }, [buffer])
    return answer.kind === 'applied' ? answer.faults : []
  }

  async close(): Promise<void> {
    await this.#ask({ kind: 'close' })
  }

  async check(): Promise<void> {
    await this.#ask({ kind: 'check' })
  }

  async salvage(): Promise<Salvage | undefined> {
    const answer = await this.#ask({ kind: 'salvage' })
    return answer.kind === 'salvaged' ? answer.salvage : undefined
  }

  async end(): Promise<void> {
    // A process that has nothing else to do would end before it could answer.
    this.#worker.ref()
    await this.#worker.terminate()
  }

  #ask(order: Order, transfer: ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) {
        reject(this.#death)
        return
      }
      this.#waiting = { resolve, reject }
      this.#worker.ref()
      this.#worker.postMessage(order, transfer)
    })
  }

  #hear(answer: Answer): void {
    if (answer.kind === 'found') {
      this.#onFound?.(answer.found)
      return
    }
    const waiting = this.#take()
    if (answer.kind === 'fault') waiting?.reject(new ThreadFault(answer.fault))
    else waiting?.resolve(answer)
  }

  #die(cause: unknown): void {
    this.#death ??= new ThreadFault({ kind: 'failed', detail: 'the thread of the store has ended' }, cause)
    this.#take()?.reject(this.#death)
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#worker.unref()
    return waiting
  }
}
