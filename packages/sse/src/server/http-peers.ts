import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { type LinkClock, systemClock } from './clock.js'
import type { Standing } from './exchange.js'
import { passRequest } from './http-peer-request.js'
import { passSocket } from './http-peer-socket.js'
import type { SocketRequest } from './link-socket.js'
import { createPeerSeal, PEER_HEADER, type PeerClaim, type PeerDoorName } from './peer-signature.js'
import type { Peers } from './peers.js'
import { aliasOf } from './peers.js'

/** How the nodes of a cluster reach each other by HTTP. */
export interface HttpPeersOptions {
  /**
   * What all nodes share and nobody else knows: at least 32 characters of chance. Of several the first one signs, all
   * are accepted, so that a secret can be replaced one node at a time.
   */
  readonly secret: string | readonly string[]
  /**
   * Where the node is that owns the links of an alias: its own address (`http://10.0.0.3:3000`), past any balancer; the
   * path of the endpoint is put behind it. Asked for each request that is not ours. `'gone'`: that node has ended, as is
   * known for sure: its links end with 4404. Undefined: not known (now), so that clients come again.
   */
  readonly directory: (alias: string) => URL | 'gone' | undefined
  /**
   * Makes the connections to the node that owns the links of an alias, where they are to be made in another way than to
   * the address that the directory gives: by `https.Agent` with a certificate of one's own, say. Asked for each request;
   * it is not destroyed. Undefined: as without. @default connections are kept, and ended with the last endpoint
   */
  readonly agent?: (alias: string) => HttpAgent | undefined
  /**
   * Called for each endpoint of this node with the alias of its links, for the directories of the other nodes. What it
   * returns is called when the endpoint has ended. @default nobody is told
   */
  readonly joined?: (alias: string) => () => void
  /** Told why something could not be passed on: for the log. The client is asked to come again. @default nobody is told */
  readonly failed?: (alias: string, error: unknown) => void
  /** @default the machine's */
  readonly clock?: LinkClock
  /** The time of day, in ms since 1970, on which the nodes must agree within 30 s. @default Date.now */
  readonly epochMs?: () => number
}

/** The nodes of a cluster that reach each other by HTTP, at the very doors that clients use. */
export interface HttpPeers {
  /** The nodes as the endpoint of this path sees them. The path is the same on all nodes; for example `/stomp`. */
  at<Admission>(path: string): Peers<Admission>
  /**
   * What another node says of a request that it has passed on; undefined if the request comes from a client. Throws an
   * error with the `statusCode` 403 if it claims to come from a node, and that is not proved. `link`: from the path;
   * undefined for an upgrade.
   */
  verify(headers: IncomingHttpHeaders, door: PeerDoorName, link: string | undefined): PeerClaim | undefined
}

/** Refused: a header that only nodes send is forged, altered or old. */
class PeerRefused extends Error {
  readonly statusCode = 403

  constructor() {
    super('the claim to come from a node of the cluster is not proved: compare the secrets and clocks of the nodes')
  }
}

/** Joins nodes by HTTP; one for all endpoints of a node. Throws a RangeError if the secret is too short. */
export function createHttpPeers(options: HttpPeersOptions): HttpPeers {
  const { directory, joined, failed, clock = systemClock, epochMs = Date.now } = options
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret
  const seal = createPeerSeal(secrets, epochMs)
  const own = new Set<string>()
  // A connection is kept for the next request; there are as many as requests are held.
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })

  const urlOf = (alias: string, path: string): URL => {
    const base = directory(alias)
    if (base === undefined || base === 'gone') throw new Error('the node is not known')
    return new URL(withoutSlash(base.pathname) + path, base)
  }
  const headersOf = (door: PeerDoorName, link: string, from: From, standing: Standing | undefined) => {
    const { origin, remoteAddress } = from
    return { [PEER_HEADER]: seal.sign({ door, link, origin, remoteAddress, standing }) }
  }

  const peersAt = <Admission>(path: string): Peers<Admission> => ({
    join(alias) {
      own.add(alias)
      const left = joined?.(alias)
      return () => {
        own.delete(alias)
        left?.()
        if (own.size > 0) return
        http.destroy()
        https.destroy()
      }
    },
    lookup(alias) {
      // Of another endpoint of this very node: here there is no such link.
      if (own.has(alias)) return 'gone'
      const base = directory(alias)
      return typeof base === 'object' ? 'reachable' : (base ?? 'unknown')
    },
    async forward(alias, exchange, maxBodyBytes) {
      const { door, forwarded } = exchange
      if (door === 'open' || forwarded === undefined) throw new TypeError('only what is for a link is passed on')
      const { link, standing } = forwarded
      const body = await exchange.body(maxBodyBytes)
      let isGone = false
      exchange.onGone(() => {
        isGone = true
      })
      try {
        const url = urlOf(alias, `${path}/${link}/${door}`)
        const agent = options.agent?.(alias) ?? (url.protocol === 'https:' ? https : http)
        await passRequest(exchange, { url, headers: headersOf(door, link, exchange, standing), body, agent, clock })
      } catch (error) {
        // A client that leaves is no failure of a node.
        if (!isGone) failed?.(alias, error)
        throw error
      }
    },
    async forwardSocket(alias, socket, request, first) {
      const { forwarded } = request
      if (forwarded === undefined) throw new TypeError('only what is for a link is passed on')
      const { link, standing } = forwarded
      try {
        const url = urlOf(alias, path)
        url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
        const headers = headersOf('socket', link, request, standing)
        await passSocket(socket, { url, headers, agent: options.agent?.(alias) }, first)
      } catch (error) {
        failed?.(alias, error)
        throw error
      }
    },
  })

  return {
    at: (path) => peersAt(withoutSlash(path)),
    verify(headers, door, link) {
      const header = headers[PEER_HEADER]
      if (header === undefined) return undefined
      const claim = typeof header === 'string' ? seal.read(header, door, link) : undefined
      if (claim === undefined || aliasOf(claim.link) === undefined) throw new PeerRefused()
      return claim
    },
  }
}

/** An upgrade that another node has passed on, as the link table takes it. */
export function forwardedSocket<Admission>(claim: PeerClaim): SocketRequest<Admission> {
  const { link, origin, remoteAddress, standing } = claim
  return { origin, remoteAddress, protocols: [], admitted: undefined, forwarded: { link, standing } }
}

interface From {
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}
