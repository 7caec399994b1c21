import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** What is derived from the secret that all nodes share. */
export interface ClusterKeys {
  /** True: no other node has the same keys. */
  readonly isAlone: boolean
  /** 32 bytes for one purpose. */
  key(purpose: string): Uint8Array
  /** A name that only who knows the secret can tell: of hexadecimal digits. */
  word(topic: string): string
}

/** What the secret is made of, where none was given. */
export interface SharedKnowledge {
  readonly login: string | undefined
  readonly passcode: string | undefined
  readonly virtualHost: string
}

/**
 * Makes keys out of the secret; without one, out of what all nodes of a broker know and clients do not. Without a
 * passcode nothing is secret: then every node has keys of its own, and there is no cluster.
 */
export function createClusterKeys(secret: string | undefined, shared: SharedKnowledge): ClusterKeys {
  const { login, passcode, virtualHost } = shared
  const root = secret ?? passcode ?? randomBytes(32)
  const salt = secret === undefined ? `hoofbeat:${JSON.stringify([login, virtualHost])}` : 'hoofbeat'
  const key = (purpose: string): Uint8Array => new Uint8Array(hkdfSync('sha256', root, salt, purpose, 32))
  const naming = key('names of topics')
  return {
    isAlone: secret === undefined && passcode === undefined,
    key,
    word: (topic) => createHmac('sha256', naming).update(topic).digest('hex').slice(0, 40),
  }
}

/** A short name for a text of any length: of hexadecimal digits, the same each time. */
export function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
