import { readObject } from '../wire/control.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Refusal } from '../wire/requests.js'
import type { Exchange } from './exchange.js'
import type { LinkRegister } from './link-register.js'
import type { OwnedLink } from './owned-link.js'
import { closedRefusal, refusalOf, wordOf } from './refusal.js'
import { isKeyOf } from './secrets.js'

type Fields = Readonly<Record<string, unknown>>

/** A request that has proved its link. It is counted until `release`. */
export interface Proven<Admission> {
  readonly link: OwnedLink<Admission>
  readonly fields: Fields
  readonly bodyLength: number
  /** The request is over. Harmless when said again. */
  release(): void
}

/** Finds the link of a request and has it proved: nothing is read for an unknown one, and nothing is counted before. */
export async function prove<Admission>(
  exchange: Exchange<Admission>,
  maxBytes: number,
  register: LinkRegister<Admission>,
): Promise<Proven<Admission> | Refusal> {
  const id = exchange.link ?? ''
  if (register.find(id) === undefined) return refusalOf('unknown')
  const body = await exchange.body(maxBytes)
  const fields = readObject(body)
  if (fields?.v !== PROTOCOL_VERSION || typeof fields.key !== 'string') return refusalOf('malformed')
  const link = proveKey(id, fields.key, exchange.origin, register)
  if ('error' in link) return link
  if (link.requests >= register.limits.maxRequestsPerLink) return refusalOf('slow')
  let isCounted = true
  link.requests++
  const release = (): void => {
    if (isCounted) link.requests--
    isCounted = false
  }
  const refusal = exchange.hasCredentials ? await renew(exchange, link) : undefined
  if (refusal === undefined) return { link, fields, bodyLength: body.length, release }
  release()
  return refusal
}

/** The link of an id, if the key is right and the page is the one that opened it. */
export function proveKey<Admission>(
  id: string,
  key: string,
  origin: string | undefined,
  register: LinkRegister<Admission>,
): OwnedLink<Admission> | Refusal {
  const found = register.find(id)
  if (found === undefined) return refusalOf('unknown')
  if (found.state === 'former') return isKeyOf(key, found.digest) ? closedRefusal(found) : refusalOf('unknown')
  if (!isKeyOf(key, found.deed.digest)) return refusalOf('unknown')
  const bound = found.deed.origin
  // What is no browser may send an Origin on an upgrade, and none on a request; a foreign page always sends its own.
  if (bound !== undefined && origin !== undefined && bound !== origin) return refusalOf('forbidden')
  return found
}

/** Credentials on a later request: those of the same subject extend the link's life, others are refused. */
async function renew<Admission>(
  exchange: Exchange<Admission>,
  link: OwnedLink<Admission>,
): Promise<Refusal | undefined> {
  // Where another node has asked already, the application here would see that node.
  const asked = exchange.forwarded?.standing ?? exchange.admit()
  const admitted = await Promise.resolve(asked).catch((error: unknown) => wordOf(error) ?? 'busy')
  if (typeof admitted === 'string') return refusalOf(admitted)
  if (admitted.subject !== link.deed.subject) return refusalOf('forbidden')
  link.renew(admitted.expiresMs, 'admission' in admitted ? admitted.admission : undefined)
  return undefined
}
