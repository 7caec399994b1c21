/**
 * Who a session belongs to. Extend by declaration merging:
 *
 * ```ts
 * declare module '@hoofbeat/server' { interface User { readonly roles: string[] } }
 * ```
 */
export interface User {
  /** Names the user in CONNECTED (`user-name`) and to other users. Without control characters. */
  readonly name: string
  /**
   * When the credentials end, in ms since the epoch: `exp` of a token times 1000. Who has ended already is refused; a
   * session ends at that moment with STOMP_ERR_CREDENTIALS_EXPIRED and the close code 4401, on every transport, unless its
   * client has renewed in time: see docs/authentication.md. @default never
   */
  readonly expiresAtMs?: number
}

/** What a hook may give for a user: the user, just a name, or nothing for an anonymous session. */
export type UserLike = User | string | null | undefined

/** True for credentials that have ended at `nowMs` since the epoch, or end at what is no time (`exp * 1000` without `exp`). */
export function hasExpired(user: UserLike, nowMs: number): boolean {
  if (typeof user === 'string' || user?.expiresAtMs === undefined) return false
  // Of applications without types: what only compares like a number, cannot be waited for like one.
  const endMs: unknown = user.expiresAtMs
  return typeof endMs !== 'number' || !(endMs > nowMs)
}

/** The name alone; undefined for an anonymous session. */
export function nameOf(user: UserLike): string | undefined {
  return typeof user === 'string' ? user : user?.name
}
