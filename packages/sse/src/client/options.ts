import type { Surroundings } from './surroundings.js'
import type { LinkTimes } from './times.js'

/** What carries messages down. */
export type RungName = 'websocket' | 'stream' | 'poll'

/** How a link is made. */
export interface HttpLinkOptions {
  /**
   * Sub-protocols of what the link carries, best first.
   * @default ['v12.stomp', 'v11.stomp', 'v10.stomp']
   */
  readonly protocols?: readonly string[]
  /**
   * What may carry the link, best first; the last one is left when the others fail.
   * @default ['websocket', 'stream', 'poll']
   */
  readonly rungs?: readonly RungName[]
  /**
   * Called for the header fields of the application (`Authorization`) when a link is opened by HTTP, once more if the
   * server refuses them, and when it says that the credentials are near their end. A rejection at the opening ends the
   * link with 4401; later it is asked again. @default no header fields
   */
  readonly headers?: () => HeaderFields | Promise<HeaderFields>
  /** Sends these header fields with every request. A page of another origin then pays preflights. @default false */
  readonly headersAlways?: boolean
  /** Whether cookies are sent, as in `fetch`. @default that of `fetch`: to the page's own origin */
  readonly credentials?: RequestCredentials
  /** Used instead of the global one. */
  readonly fetch?: typeof globalThis.fetch
  /** Used instead of the global one. */
  readonly WebSocket?: typeof globalThis.WebSocket
  /** Other times than the usual ones. */
  readonly times?: Partial<LinkTimes>
  /** Unacknowledged bytes beyond which the link ends with 4429: nothing that is sent is ever dropped. @default 16777216 */
  readonly maxBufferedBytes?: number
}

/** Names and values of header fields. */
export type HeaderFields = Readonly<Record<string, string>>

/** The two addresses of one endpoint. */
export interface Endpoint {
  readonly http: string
  readonly socket: string
}

/** The addresses from any of the forms `https://`, `wss://` or relative to the page. Throws a SyntaxError. */
export function endpointOf(url: string, page: string | undefined): Endpoint {
  const isAbsolute = /^(http|ws)s?:\/\//i
  let absolute = url.replace(/#.*$/, '')
  // Where URLs are absolute no URL class is needed: not every surrounding has a whole one.
  if (page && !isAbsolute.test(absolute)) absolute = new URL(absolute, page).href
  if (!isAbsolute.test(absolute)) throw new SyntaxError(`not an HTTP or WebSocket URL: ${url}`)
  return { http: absolute.replace(/^ws/i, 'http'), socket: absolute.replace(/^http/i, 'ws') }
}

/** Those rungs that this place has the means for, in the order wanted. */
export function usableRungs(
  { rungs = ['websocket', 'stream', 'poll'] }: HttpLinkOptions,
  { WebSocket, fetch, canStream }: Surroundings,
): readonly RungName[] {
  return rungs.filter((rung) => (rung === 'websocket' ? WebSocket : fetch && (rung === 'poll' || canStream !== false)))
}
