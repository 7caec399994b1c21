import type { SockJsPeers } from '../transports/sockjs/peers.js'
import type { Fields } from './held-sessions.js'
import { SessionRing } from './session-ring.js'
import { HAS, HELD, LEAVING, SockJsEndpoint, type SockJsPeersParts, tellQuietly } from './sockjs-endpoint.js'

/** Asks all others to tell what they hold. */
const WANTED = 'sockjs-wanted'

/**
 * Makes the SockJS endpoints of all nodes one: who has a session follows from its id, over the nodes that have the path.
 * What a node holds against that rule, because nodes came or went since, it tells the others.
 */
export function createSockJsPeers(parts: SockJsPeersParts): SockJsPeers & { begin(): void; close(): void } {
  const { bus, nodes, now } = parts
  const endpoints = new Map<string, SockJsEndpoint>()
  const endpointOf = (head: unknown): { fields: Fields; endpoint: SockJsEndpoint | undefined } => {
    const fields: Fields = typeof head === 'object' && head !== null ? { ...head } : {}
    return { fields, endpoint: typeof fields.path === 'string' ? endpoints.get(fields.path) : undefined }
  }
  bus.take(HELD, ({ from, head }) => {
    const { fields, endpoint } = endpointOf(head)
    endpoint?.hear(from, fields)
  })
  bus.take(LEAVING, ({ from, head }) => endpointOf(head).endpoint?.own.release(from))
  bus.take(WANTED, ({ head }) => endpointOf(head).endpoint?.tellAll())
  bus.answer(HAS, (head) => {
    const { fields, endpoint } = endpointOf(head)
    return typeof fields.session === 'string' && endpoint?.own.has(fields.session) === true
  })
  bus.onMissed(() => {
    for (const [path, endpoint] of endpoints) {
      endpoint.tellAll()
      tellQuietly(bus, WANTED, { path })
    }
  })
  const stopWatching = nodes.onChange(() => {
    for (const endpoint of endpoints.values()) endpoint.look()
  })
  return {
    at(path, own) {
      const endpoint = new SockJsEndpoint(path, own, parts, new SessionRing(nodes.self, now))
      endpoints.set(path, endpoint)
      endpoint.join()
      return endpoint
    },
    /** Sessions may come from now on: for a while there may be nodes that are not known here. */
    begin() {
      for (const endpoint of endpoints.values()) endpoint.begin()
    },
    close: stopWatching,
  }
}
