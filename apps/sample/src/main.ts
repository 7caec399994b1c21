import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.js'
import { readSettings, SettingsError } from './settings.js'

/** Longer than the server takes to drain; who has not left by then is cut off. */
const GRACE_MS = 15_000

try {
  const settings = readSettings(process.env)
  const { port, host, stompTcpPort, dataDirectory, adminToken, pushToken, maxBodyBytes, relay } = settings
  const app = await buildApp({
    logger: true,
    ...(stompTcpPort === undefined ? {} : { tcp: { port: stompTcpPort, host, optional: true } }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    ...(relay === undefined ? {} : { relay }),
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(pushToken === undefined ? {} : { pushToken }),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
  })
  closeWithGrace({ delay: GRACE_MS, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.error(err)
    else app.log.info(`${signal ?? 'end'}: closing`)
    await app.close()
  })
  await app.listen({ port, host })
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}

/** What a person at the terminal can act on; the whole error where it is not theirs. */
function explain(error: unknown): string {
  if (error instanceof SettingsError) return error.message
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && code.startsWith('STOMP_ERR_STORE_') && 'cure' in error) {
    return `${error.message}. ${error.cure}`
  }
  if (code === 'EADDRINUSE')
    return `${error.message}: another program listens there. Set PORT to a free port, or to 0 for any.`
  if (code === 'EACCES') return `${error.message}: ports below 1024 need rights. Set PORT to a higher one.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${error.message}: HOST must be an address of this machine.`
  if (error.message.startsWith('relayBroker: ')) return `${error.message} BROKER_URL says where it is.`
  return error.stack ?? error.message
}
