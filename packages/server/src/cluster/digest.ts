/**
 * What somebody knows of a list, in brief: how often it was changed, how many entries it has, and a sum of them. Whoever
 * has heard every change has the same digest.
 */
export interface Digest {
  readonly version: number
  readonly count: number
  readonly sum: number
}

/** Of a list without entries that never had one. */
export const EMPTY_DIGEST: Digest = { version: 0, count: 0, sum: 0 }

/** True if both are of the same list. */
export function isSameDigest(one: Digest, other: Digest): boolean {
  return one.version === other.version && one.count === other.count && one.sum === other.sum
}

/** Out of what another node has written. */
export function readDigest(value: unknown): Digest | undefined {
  if (!Array.isArray(value)) return undefined
  const [version, count, sum]: readonly unknown[] = value
  if (typeof version !== 'number' || typeof count !== 'number' || typeof sum !== 'number') return undefined
  return { version, count, sum }
}

/** As `readDigest` reads it. */
export function writeDigest({ version, count, sum }: Digest): readonly number[] {
  return [version, count, sum]
}

/** The part of one entry in the sum of its list, to be joined by XOR; `text`: its value as JSON (FNV-1a, 32 bits). */
export function entrySum(key: string, text: string): number {
  return addText(addText(addText(0x811c9dc5, key), '\0'), text)
}

function addText(sum: number, text: string): number {
  let added = sum
  for (let i = 0; i < text.length; i++) added = Math.imul(added ^ text.charCodeAt(i), 0x01000193)
  return added
}
