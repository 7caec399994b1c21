import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Tunnels } from './tunnels.js'

/** As much of an application as serves requests that came over the broker. */
export interface HttpDoors {
  /** Told of upgrades. */
  readonly server: Pick<Server, 'emit'>
  routing(request: IncomingMessage, response: ServerResponse): void
}

/**
 * Serves what other nodes send over the broker at the very doors that clients use, whatever protocol (TLS, HTTP/2) the
 * application itself listens with. Returns what ends it.
 */
export function serveTunnels(tunnels: Tunnels, doors: HttpDoors): () => void {
  const server = createServer((request, response) => doors.routing(request, response))
  server.on('upgrade', (request, socket, head) => {
    if (!doors.server.emit('upgrade', request, socket, head)) socket.destroy()
  })
  tunnels.accept((stream) => server.emit('connection', stream))
  return () => server.closeAllConnections()
}
