import { readObject } from '../wire/control.js'
import { PROTOCOL_VERSION } from '../wire/protocol.js'
import type { Exchange } from './exchange.js'
import type { LinkRegister } from './link-register.js'
import { refusalOf, refuse, wordOf } from './refusal.js'
import { protocolsOf } from './request-shape.js'

/** Names of sub-protocols need no more. */
const MAX_BODY_BYTES = 8192

/** Serves `POST {base}/open`. */
export async function serveOpen<Admission>(
  exchange: Exchange<Admission>,
  register: LinkRegister<Admission>,
): Promise<void> {
  if (register.isRefusing) return refuse(exchange, refusalOf('busy'))
  const after = register.countOpen(exchange.remoteAddress)
  if (after > 0) return refuse(exchange, refusalOf('slow', { after }))
  const fields = readObject(await exchange.body(MAX_BODY_BYTES))
  const protocols = fields?.v === PROTOCOL_VERSION ? protocolsOf(fields) : undefined
  if (protocols === undefined) return refuse(exchange, refusalOf('malformed'))
  // An application that fails without saying why has not refused: the client may come again.
  const admitted = await exchange.admit().catch((error: unknown) => wordOf(error) ?? 'busy')
  if (typeof admitted === 'string') return refuse(exchange, refusalOf(admitted))
  const { origin, remoteAddress } = exchange
  const result = register.open({ origin, remoteAddress, protocols }, admitted)
  if ('error' in result) return refuse(exchange, result)
  exchange.reply(200, { v: PROTOCOL_VERSION, ...result.opened })
}
