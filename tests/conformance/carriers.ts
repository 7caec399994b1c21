import { once } from 'node:events'
import { createConnection } from 'node:net'
import { type LinkedEnd, linkConnection } from '@hoofbeat/server/testing'
import { WebSocket } from 'ws'
import type { Arrivals, Carrier } from './wire-client.js'

/** A connection within the process, whose server's end `accept` takes. */
export async function openLink(
  accept: (connection: LinkedEnd['connection']) => void,
  arrivals: Arrivals,
): Promise<Carrier> {
  const link = linkConnection({
    bytes: (bytes) => arrivals.bytes(bytes, false),
    closed(code, reason) {
      arrivals.closed({ code, reason })
      arrivals.gone()
    },
  })
  accept(link.connection)
  const leave = (): void => link.close(1006, '')
  return {
    protocol: undefined,
    write: (bytes) => link.send(bytes),
    setStalled: (isStalled) => link.setStalled(isStalled),
    end: () => link.end(),
    leave,
    reset: leave,
  }
}

/** A WebSocket; resolves when its handshake is done. */
export async function openWebSocket(url: string, protocols: readonly string[], arrivals: Arrivals): Promise<Carrier> {
  const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false })
  socket.on('message', (data: Buffer, isBinary) => arrivals.bytes(data, isBinary))
  socket.on('close', (code, reason) => {
    arrivals.closed({ code, reason: reason.toString() })
    arrivals.gone()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const leave = (): void => socket.terminate()
  return {
    protocol: socket.protocol === '' ? undefined : socket.protocol,
    write: (bytes, isText) => socket.send(bytes, { binary: !isText }),
    setStalled(isStalled) {
      if (isStalled) socket.pause()
      else socket.resume()
    },
    end() {
      throw new Error('a WebSocket cannot end one side alone')
    },
    leave,
    reset: leave,
  }
}

/** A TCP socket; resolves when it is connected. Without `lingers` it ends its side when the server has ended its own. */
export async function openSocket(port: number, lingers: boolean, arrivals: Arrivals): Promise<Carrier> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  let fault = ''
  socket.on('data', (bytes) => arrivals.bytes(bytes, false))
  socket.on('end', () => {
    arrivals.closed({ code: undefined, reason: '' })
    if (!lingers) socket.end()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    fault = error.code ?? error.message
  })
  socket.on('close', () => {
    arrivals.closed({ code: 1006, reason: fault })
    arrivals.gone()
  })
  await once(socket, 'connect')
  return {
    protocol: undefined,
    write(bytes) {
      socket.write(bytes)
    },
    setStalled(isStalled) {
      if (isStalled) socket.pause()
      else socket.resume()
    },
    end() {
      socket.end()
    },
    leave() {
      socket.destroy()
    },
    reset() {
      socket.resetAndDestroy()
    },
  }
}
