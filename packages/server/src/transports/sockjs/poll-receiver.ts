import type { FastifyReply } from 'fastify'
import { endInTime, onGone, type Receiver, type ReceiverOwner } from './receiver.js'

/** How the one frame of a poll stands in its answer. */
export interface PollShape {
  readonly form: 'sockjs-line' | 'json'
  wrap(frame: Uint8Array): Uint8Array | string
}

/** `xhr`: one line. */
export const XHR: PollShape = { form: 'sockjs-line', wrap: (frame) => frame }

/** `jsonp`: a call of the page's function. The comment stands against what could be made of the name alone. */
export function jsonp(callback: string): PollShape {
  return {
    form: 'json',
    wrap(frame) {
      const text = Buffer.from(frame.buffer, frame.byteOffset, frame.length).toString('utf8')
      return `/**/${callback}(${JSON.stringify(text)});\r\n`
    },
  }
}

/** Answers a request with the one frame that comes next. */
export function pollReceiver(reply: FastifyReply, shape: PollShape, owner: ReceiverOwner): Receiver {
  return new PollReceiver(reply, shape, owner)
}

class PollReceiver implements Receiver {
  readonly form: PollShape['form']
  readonly isStream = false
  readonly #reply: FastifyReply
  readonly #shape: PollShape
  #isOver = false

  constructor(reply: FastifyReply, shape: PollShape, owner: ReceiverOwner) {
    this.form = shape.form
    this.#reply = reply
    this.#shape = shape
    onGone(reply.request.raw, reply.raw, () => {
      if (this.#isOver) return
      this.#isOver = true
      owner.gone(this)
    })
  }

  write(frame: Uint8Array): 'over' {
    if (this.#isOver) return 'over'
    this.#isOver = true
    endInTime(this.#reply.raw)
    this.#reply.code(200).type('application/javascript; charset=UTF-8').send(this.#shape.wrap(frame))
    return 'over'
  }

  /** Where there is nothing to say any more: the client asks again. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reply.code(204).send()
  }
}
