/** The part of stompit 1.0 that the tests use; the package has no types of its own. */
declare module 'stompit' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  import type { Readable, Writable } from 'node:stream'

  export interface Message extends Readable {
    readonly headers: Readonly<Record<string, string>>
  }
  export interface FrameOptions {
    onReceipt?: () => void
  }
  export interface Transaction {
    send(headers: Record<string, unknown>, options?: FrameOptions): Writable
    commit(options?: FrameOptions): void
    abort(options?: FrameOptions): void
  }
  export interface Subscription {
    unsubscribe(headers?: Record<string, string>): void
  }
  export interface Client extends EventEmitter {
    /** Of CONNECTED. */
    readonly headers: Readonly<Record<string, string>>
    subscribe(headers: Record<string, string>, listener: (error: Error | null, message: Message) => void): Subscription
    send(headers: Record<string, unknown>, options?: FrameOptions): Writable
    begin(headers: { transaction: string }): Transaction
    ack(message: Message, headers?: Record<string, string>, options?: FrameOptions): void
    nack(message: Message, headers?: Record<string, string>, options?: FrameOptions): void
    disconnect(done: (error: Error | null) => void): void
    setCommandHandler(command: string, handler: (frame: Message) => void): void
    getTransportSocket(): Socket
  }
  const stompit: {
    connect(
      options: {
        host: string
        port: number
        noDelay?: boolean
        connectHeaders: Record<string, string>
        heartbeatDelayMargin?: number
      },
      done: (error: Error | null, client: Client) => void,
    ): Client
  }
  export default stompit
}
