import * as CLOSE from '../wire/close.js'
import type { Attached, CloseReason, Opened } from '../wire/requests.js'

/** The members of a JSON object that came from the server; what they are is checked here. */
export type Members = Readonly<Record<string, unknown>>

/** A whole number of at least 0; undefined: it is none. */
export function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

/** The server, or whoever is asked for it, wants the same again later. */
export function isBusy(status: number): boolean {
  return status === 429 || status === 503
}

/** For how long whoever is busy asks to be left alone; nobody is obeyed for more than 30 s. */
export function askedPauseOf({ after }: Members): number {
  return Math.min(countOf(after) ?? 1_000, 30_000)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Data of `o`. */
export function attachedOf(data: Members): Attached | undefined {
  const { v, attach, from, ack } = data
  const isRight = v === 1 && countOf(attach) && countOf(from) && countOf(ack) !== undefined
  return isRight ? (data as unknown as Attached) : undefined
}

/** What a new link was told of itself. Times and sizes that are missing have their defaults. */
export function openedOf(data: Members): Opened | undefined {
  const link = textOf(data.link)
  const key = textOf(data.key)
  if (data.v !== 1 || link === '' || key === '') return undefined
  const limits = Object(data.limits) as Members
  return {
    link,
    key,
    protocol: textOf(data.protocol),
    hb: countOf(data.hb) || 15_000,
    grace: countOf(data.grace) || 120_000,
    hold: countOf(data.hold) || 25_000,
    expires: countOf(data.expires) ?? null,
    limits: {
      message: countOf(limits.message) || 82_944,
      batch: countOf(limits.batch) || 262_144,
      retain: countOf(limits.retain) || 1_048_576,
    },
  }
}

/** How a link ended: data of `c`, body of 410. */
export function closeReasonOf(data: Members): CloseReason {
  return { code: countOf(data.code) || 1005, reason: textOf(data.reason) }
}

/** What a link ends with that is refused with some status (PROTOCOL.md, section 11). */
export function refusalCode(status: number): number {
  if ([401, 403, 404].includes(status)) return 4_000 + status
  return status === 413 ? CLOSE.tooLarge : CLOSE.protocol
}
