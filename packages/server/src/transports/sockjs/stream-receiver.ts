import type { FastifyReply } from 'fastify'
import { endInTime, onGone, type Receiver, type ReceiverOwner } from './receiver.js'

/** How a stream of frames begins and is told apart from others. */
export interface StreamShape {
  readonly form: 'sockjs-line' | 'sockjs-event' | 'sockjs-script'
  readonly contentType: string
  /** Comes before the first frame. */
  readonly prelude: string
}

/** `xhr_streaming`: lines, behind 2 KiB that make browsers hand out what they have. */
export const XHR_STREAMING: StreamShape = {
  form: 'sockjs-line',
  contentType: 'application/javascript; charset=UTF-8',
  prelude: `${'h'.repeat(2_048)}\n`,
}

/** `eventsource`: Server-Sent Events, behind an empty line for old Opera. */
export const EVENT_SOURCE: StreamShape = {
  form: 'sockjs-event',
  contentType: 'text/event-stream',
  prelude: '\r\n',
}

/** `htmlfile`: a page that grows, one script element a frame, behind more than 1 KiB that make browsers begin to show it. */
export function htmlFile(callback: string): StreamShape {
  const page = `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.${callback};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>`
  return {
    form: 'sockjs-script',
    contentType: 'text/html; charset=UTF-8',
    prelude: `${page.padEnd(1_024)}\r\n\r\n`,
  }
}

/**
 * Answers a request with frame after frame, up to `maxBytes` of them: browsers keep what a response has said until it
 * ends.
 */
export function streamReceiver(
  reply: FastifyReply,
  shape: StreamShape,
  maxBytes: number,
  owner: ReceiverOwner,
): Receiver {
  return new StreamReceiver(reply, shape, maxBytes, owner)
}

class StreamReceiver implements Receiver {
  readonly form: StreamShape['form']
  readonly isStream = true
  readonly #response: FastifyReply['raw']
  #bytesLeft: number
  #isOver = false

  constructor(reply: FastifyReply, shape: StreamShape, maxBytes: number, owner: ReceiverOwner) {
    this.form = shape.form
    this.#bytesLeft = maxBytes
    const response = reply.raw
    this.#response = response
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value)
    response.setHeader('content-type', shape.contentType)
    // For nginx: hand on at once what comes.
    response.setHeader('x-accel-buffering', 'no')
    response.writeHead(200)
    response.on('error', ignore)
    response.on('drain', () => {
      if (!this.#isOver) owner.drained(this)
    })
    onGone(reply.request.raw, response, () => {
      if (this.#isOver) return
      this.#isOver = true
      owner.gone(this)
    })
    response.write(shape.prelude)
  }

  write(frame: Uint8Array): 'taken' | 'full' | 'over' {
    if (this.#isOver) return 'over'
    const hasRoom = this.#response.write(frame)
    this.#bytesLeft -= frame.length
    if (this.#bytesLeft > 0) return hasRoom ? 'taken' : 'full'
    this.end()
    return 'over'
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    endInTime(this.#response)
    this.#response.end()
  }
}

/** `close` follows an error; one without a listener would end the process. */
function ignore(): void {}
