import type { HeaderFields, HttpLinkOptions } from './options.js'

/** Least time between two renewals: what a server says while one is under way is old. */
const RENEWAL_MS = 10_000

/** When the application is asked for its header fields (PROTOCOL.md, section 12). */
export interface Credentials {
  /** The header fields; undefined: there are none; null: they could not be had. Never rejects. */
  ask(): Promise<HeaderFields | undefined | null>
  /** The header fields of a request that is not an opening. */
  forRequest(isRenewal: boolean): Promise<HeaderFields | undefined>
  /** Whether to renew when the server tells of the end of the credentials. */
  mayRenew(nowMs: number): boolean
  /** Whether to ask once more when the server refused what it was shown. */
  mayAskAgain(nowMs: number): boolean
}

export function createCredentials({ headers, headersAlways }: HttpLinkOptions): Credentials {
  const once = () => {
    let lastAt = -RENEWAL_MS
    return (nowMs: number) => {
      if (!headers || nowMs - lastAt < RENEWAL_MS) return false
      lastAt = nowMs
      return true
    }
  }
  const ask = async () => {
    try {
      return await headers?.()
    } catch {
      return null
    }
  }
  return {
    ask,
    forRequest: async (isRenewal) => (isRenewal || headersAlways ? ((await ask()) ?? undefined) : undefined),
    mayRenew: once(),
    mayAskAgain: once(),
  }
}
