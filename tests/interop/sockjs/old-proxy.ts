import { createServer, type RequestListener, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What an old proxy does beside. */
export interface OldProxyOptions {
  /** It hands on no response before it is whole, as virus scanners do. @default false */
  readonly holdsBack?: boolean
  /** For it each request comes from another address, as those of a phone that travels. @default false */
  readonly moves?: boolean
  /** It ends TLS with these. @default plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** A proxy that knows no WebSockets. */
export interface OldProxy {
  readonly port: number
  close(): Promise<void>
}

/** Opens it in front of a port. What asks for an upgrade gets 400. */
export async function openOldProxy(targetPort: number, options: OldProxyOptions): Promise<OldProxy> {
  const { holdsBack = false, moves = false, tls } = options
  let requests = 0
  const pass: RequestListener = (near, answer) => {
    const { method, url } = near
    requests += 1
    const headers = {
      ...near.headers,
      ...(moves && { 'x-forwarded-for': `10.0.0.${requests % 250}` }),
      ...(tls && { 'x-forwarded-proto': 'https' }),
    }
    const far = request({ host: '127.0.0.1', port: targetPort, method, path: url, headers }, (response) => {
      const begin = (): unknown => answer.writeHead(response.statusCode ?? 502, response.headers)
      if (!holdsBack) {
        begin()
        response.pipe(answer)
        return
      }
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        begin()
        answer.end(Buffer.concat(chunks))
      })
    })
    far.on('error', () => answer.destroy())
    answer.on('close', () => far.destroy())
    near.pipe(far)
  }
  const server = tls === undefined ? createServer(pass) : createTlsServer(tls, pass)
  server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
