/** How SockJS is spoken at an endpoint; each has the default that its clients know. */
export interface SockJsOptions {
  /** After this long without a word to the client an `h` is said, in ms. @default 25000 */
  readonly heartBeatMs?: number
  /** How long a session without a receiving request is kept, in ms. @default 5000 */
  readonly disconnectDelayMs?: number
  /** How many sessions over requests there may be at this path; further ones are refused with 503. @default 50000 */
  readonly maxSessions?: number
  /**
   * Largest body of a request, in bytes; a larger one is refused with 413, on which clients end the session. Clients put
   * all that was sent during a request into the next one, and cannot split it.
   * @default 4194304, or four of the largest messages if that is more
   */
  readonly maxBodyBytes?: number
  /** After this many bytes a streaming response ends and the client asks for the next one. @default 131072 */
  readonly maxStreamBytes?: number
  /**
   * Whether a session that belongs to nobody is bound to its browser by a cookie, so that it may go on from another
   * address; without, to the address that opened it. @default true
   */
  readonly bindingCookie?: boolean
  /** Whether every answer sets `JSESSIONID`, which some balancers want for sticky sessions. @default false */
  readonly jsessionid?: boolean
  /**
   * Where the iframe page finds the client's script (`sockjs.min.js`), as a URL that the page's visitors can load. Only
   * very old browsers need that page. @default there is no such page (404)
   */
  readonly clientUrl?: string
  /**
   * Whether JSONP is served. Its requests name no origin and its answers can be read by any page, so leave it off wherever
   * cookies tell who somebody is. @default false
   */
  readonly jsonp?: boolean
}

/** Throws a RangeError that names the option. */
export function checkSockJsOptions(options: SockJsOptions): void {
  const { heartBeatMs, disconnectDelayMs, maxSessions, maxBodyBytes, maxStreamBytes } = options
  for (const [name, value] of Object.entries({
    heartBeatMs,
    disconnectDelayMs,
    maxSessions,
    maxBodyBytes,
    maxStreamBytes,
  })) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw new RangeError(`sockjs.${name} must be a whole number above 0`)
  }
}
