import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** What the guard of upgrade requests needs. */
export interface UpgradeGuardParts {
  /** How long an upgraded socket may stay without anybody who reads it, in ms. */
  readonly timeoutMs: number
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  readonly soon: (run: () => void) => void
  readonly isClosing: () => boolean
}

/** Ends upgrade requests that nobody took over. */
export interface UpgradeGuard {
  /** Somebody has taken this one over: it is not watched any more. Those that nobody speaks for are looked at in time. */
  taken(socket: Duplex): void
  /** The sessions are gone: ends every upgraded socket that nobody reads, now and from now on. */
  close(): void
}

/**
 * Once a request asks for an upgrade, Node's HTTP server has let go of its socket: no timeout of the server applies, and
 * nobody even notices that the client has left. Where no WebSocket comes of it (Fastify answers 503 while it closes, a
 * router error, a hook that never answers), the socket would stay, and the end of the server would wait for it for
 * ever. A socket that a WebSocket has taken over has somebody who listens to its data; others are ended here, after
 * what was answered on them is written.
 */
export function guardUpgrades(server: Server, parts: UpgradeGuardParts): UpgradeGuard {
  const unread = new Map<Duplex, { cancel(): void }>()
  // Of one that stays nothing is kept, neither here nor at the socket.
  function forget(this: Duplex): void {
    unread.get(this)?.cancel()
    unread.delete(this)
    this.off('close', forget)
  }
  const end = (socket: Duplex): void => {
    forget.call(socket)
    if (socket.listenerCount('data') > 0 || socket.destroyed) return
    socket.end(() => socket.destroy())
  }
  const guard = (_request: unknown, socket: Duplex): void => {
    unread.set(
      socket,
      parts.after(parts.timeoutMs, () => end(socket)),
    )
    socket.on('close', forget)
    // Fastify answers within this turn then; nothing of the application is asked any more.
    if (parts.isClosing()) parts.soon(() => end(socket))
  }
  server.on('upgrade', guard)
  return {
    taken: (socket) => forget.call(socket),
    close() {
      for (const socket of unread.keys()) end(socket)
    },
  }
}
