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
   * When the credentials end, in ms since the epoch. A link of the fallback closes then with 4401, unless its client has
   * renewed them: see docs/restricted-networks.md. @default never
   */
  readonly expiresAtMs?: number
}

/** What a hook may give for a user: the user, just a name, or nothing for an anonymous session. */
export type UserLike = User | string | null | undefined

/** The name alone; undefined for an anonymous session. */
export function nameOf(user: UserLike): string | undefined {
  return typeof user === 'string' ? user : user?.name
}
