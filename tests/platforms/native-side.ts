import { WebSocket } from 'ws'
import type { NativeEvent, NativeRequest } from './native-bridge.js'

/** The native half of a React Native that is not there: timers, requests and sockets, for a script that has no other way out. */
export interface NativeSide {
  handle(request: NativeRequest): void
  stop(): void
}

/** How it differs from the best. */
export interface NativeManners {
  /** The last NUL of texts on a WebSocket is lost, both ways, as by Android's old bridge. */
  readonly losesLastNul?: boolean
}

/** `tell` gives the script an event, in a turn of its own. */
export function startNativeSide(
  tell: (event: NativeEvent) => void,
  { losesLastNul = false }: NativeManners = {},
): NativeSide {
  const timers = new Map<number, NodeJS.Timeout>()
  const aborts = new Map<number, AbortController>()
  const sockets = new Map<number, WebSocket>()
  const passed = (text: string): string => (losesLastNul ? text.replace(/\0$/, '') : text)

  const request = async ({ id, url, ...init }: NativeRequest & { readonly ask: 'request' }): Promise<void> => {
    const abort = new AbortController()
    aborts.set(id, abort)
    try {
      const { method, headers, body } = init
      const response = await fetch(url, { method, headers, body, signal: abort.signal })
      // A body is handed over whole, and nothing before its end.
      tell({ tell: 'response', id, status: response.status, text: await response.text() })
    } catch {
      if (!abort.signal.aborted) tell({ tell: 'failed', id })
    } finally {
      aborts.delete(id)
    }
  }

  const connect = ({ id, url, protocols }: NativeRequest & { readonly ask: 'connect' }): void => {
    const socket = new WebSocket(url, [...protocols])
    sockets.set(id, socket)
    socket.on('open', () => tell({ tell: 'open', id, protocol: socket.protocol }))
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) tell({ tell: 'binary', id, base64: data.toString('base64') })
      else tell({ tell: 'text', id, text: passed(data.toString()) })
    })
    socket.on('error', () => {})
    socket.on('close', (code, reason) => {
      sockets.delete(id)
      tell({ tell: 'closed', id, code, reason: String(reason) })
    })
  }

  return {
    handle(asked) {
      const { ask, id } = asked
      if (ask === 'timer') {
        const fire = (): void => {
          timers.delete(id)
          tell({ tell: 'timer', id })
        }
        timers.set(id, setTimeout(fire, asked.ms))
      } else if (ask === 'clear') {
        clearTimeout(timers.get(id))
        timers.delete(id)
      } else if (ask === 'request') void request(asked)
      else if (ask === 'abort') aborts.get(id)?.abort()
      else if (ask === 'connect') connect(asked)
      else if (ask === 'send') sockets.get(id)?.send(passed(asked.text))
      else if (ask === 'sendBinary') sockets.get(id)?.send(Buffer.from(asked.base64, 'base64'))
      else sockets.get(id)?.close(asked.code, asked.reason)
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer)
      for (const abort of aborts.values()) abort.abort()
      for (const socket of sockets.values()) socket.terminate()
    },
  }
}
