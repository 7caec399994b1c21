import { createDecoder, encode, type Frame, type FrameInit } from '@hoofbeat/codec'
import type { BrokerAddress, Dial } from '../../src/broker/relay/dialer.js'
import { type LinkedEnd, linkConnection } from '../../src/testing/linked-connection.js'

/** What the broker does with a frame; undefined: what a broker does (CONNECTED, RECEIPT). */
export type React = (frame: Frame, end: BrokerEnd) => 'handled' | undefined

/** How an attempt to connect ends: a connection, a refusal, or nothing at all. */
export type DialOutcome = 'connected' | 'refused' | 'silent'

/** A broker within the process that does what a test says, one connection after the other. */
export class ScriptedBroker {
  /** All connections, in order. */
  readonly ends: BrokerEnd[] = []
  /** All addresses that were dialled, in order. */
  readonly dialled: string[] = []
  outcome: (address: BrokerAddress) => DialOutcome = () => 'connected'
  react: React = () => undefined

  readonly dial: Dial = (address, listener) => {
    this.dialled.push(address.host)
    const outcome = this.outcome(address)
    let isCancelled = false
    setImmediate(() => {
      if (isCancelled || outcome === 'silent') return
      if (outcome === 'refused') return listener.failed('ECONNREFUSED')
      const end = new BrokerEnd((frame) => this.#take(frame, end))
      this.ends.push(end)
      listener.connected(end.link.connection)
    })
    return {
      cancel() {
        isCancelled = true
      },
    }
  }

  /** The newest connection. */
  get end(): BrokerEnd {
    const end = this.ends.at(-1)
    if (end === undefined) throw new Error('nobody has connected')
    return end
  }

  #take(frame: Frame, end: BrokerEnd): void {
    end.frames.push(frame)
    if (this.react(frame, end) === 'handled') return
    if (frame.command === 'CONNECT') return end.send('CONNECTED', { version: '1.2', server: 'Scripted/1' })
    end.receipt(frame)
  }
}

/** The broker's end of one connection. */
export class BrokerEnd {
  readonly link: LinkedEnd
  /** What came, in order. */
  readonly frames: Frame[] = []
  /** True when the leg has closed it. */
  isClosed = false
  /** True after `cut`. */
  isCut = false

  constructor(take: (frame: Frame) => void) {
    const decoder = createDecoder({ from: 'client', limits: { maxBodyBytes: 1_048_576 } })
    this.link = linkConnection({
      bytes: (data) => {
        decoder.push(Uint8Array.from(data))
        for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
          if (next === 'heart-beat' || this.isCut) continue
          if (next.command === 'CONNECT') decoder.version = '1.2'
          take(next)
        }
      },
      closed: () => {
        this.isClosed = true
      },
    })
  }

  send(command: FrameInit['command'], headers: Record<string, string>, body = ''): void {
    this.link.send(encode({ command, headers, body }, '1.2'))
  }

  /** Answers a frame that asks for it. */
  receipt(frame: Frame): void {
    const receipt = frame.headers.get('receipt')
    if (receipt !== undefined) this.send('RECEIPT', { 'receipt-id': receipt })
  }

  /** Ends the connection by an ERROR; `frame`: which it names as the one that it answers. */
  error(message: string, frame?: Frame): void {
    const receipt = frame?.headers.get('receipt')
    this.send('ERROR', { message, ...(receipt === undefined ? {} : { 'receipt-id': receipt }) })
    this.cut()
  }

  /** The connection breaks. */
  cut(): void {
    this.isCut = true
    this.link.close(1006, 'ECONNRESET')
  }

  /** Of all that came, the command and what follows it: a destination, an id. */
  get words(): string[] {
    return this.frames.map(({ command, headers, text }) =>
      [command, headers.get('destination') ?? headers.get('id'), text].filter(Boolean).join(' '),
    )
  }
}
