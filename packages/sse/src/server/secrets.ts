import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const OWNER_BYTES = 9
const ID_BYTES = 16
const KEY_BYTES = 32

/** A name for this node until it ends: it begins the ids of all its links, and says nothing about the node. */
export function newOwnerAlias(): string {
  return randomBytes(OWNER_BYTES).toString('base64url')
}

/** A public link id: `<owner>~<128 random bits>`. */
export function newLinkId(owner: string): string {
  return `${owner}~${randomBytes(ID_BYTES).toString('base64url')}`
}

/** The secret that proves a link: 43 characters. */
export function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/** What is kept of a key: its SHA-256, one character a byte, since that takes the least memory. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('binary')
}

/** Whether a key is the one of a digest, in a time that tells nothing. */
export function isKeyOf(key: string, digest: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(key), 'latin1'), Buffer.from(digest, 'latin1'))
}
