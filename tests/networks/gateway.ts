import { Agent, createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import { type AddressInfo, connect as dial, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Listening } from './forwarder.js'

/** A POST on its way to the server. */
export interface Post {
  readonly path: string
  readonly body: Buffer
}

/** What becomes of a POST. */
export type PostFate =
  | { readonly kind: 'pass' }
  /** Answered by the gateway itself; `isForwarded`: the server has seen it, and its answer is lost. */
  | { readonly kind: 'page'; readonly status: number; readonly isForwarded: boolean }
  /** Sent once more later; `isSecondPassed`: then it is the second answer that the page gets. */
  | { readonly kind: 'repeat'; readonly afterMs: number; readonly isSecondPassed: boolean }

/** What becomes of an upgrade. */
export type UpgradeFate =
  | { readonly kind: 'refuse'; readonly status: number }
  | {
      readonly kind: 'pass'
      /** Loses the sub-protocol there. */
      readonly dropsProtocol?: 'request' | 'answer'
      /** Bytes of the WebSocket, as they come; false: they are swallowed. */
      readonly passes?: (way: 'up' | 'down', bytes: Buffer) => boolean
    }

/** What a gateway does. */
export interface GatewayRules {
  post?(post: Post): PostFate
  upgrade(): UpgradeFate
}

const PASS: PostFate = { kind: 'pass' }

/** A proxy that understands HTTP, and does with it what its rules say. */
export async function openGateway(targetPort: number, rules: GatewayRules): Promise<Listening> {
  const agent = new Agent({ keepAlive: true })
  const sockets = new Set<Duplex>()
  const server = createServer((request, response) => {
    const gateway = { targetPort, agent }
    if (request.method === 'POST') void servePost(request, response, gateway, rules).catch(() => response.destroy())
    else {
      const forwarded = forward(request, gateway, (answer) => relay(answer, response))
      forwarded.once('error', () => response.destroy())
      request.pipe(forwarded)
    }
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, near, head) => {
    near.on('error', () => {})
    const far = serveUpgrade(request, near, head, targetPort, rules.upgrade())
    if (far === undefined) return
    sockets.add(far)
    far.once('close', () => sockets.delete(far))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      agent.destroy()
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface Gateway {
  readonly targetPort: number
  readonly agent: Agent
}

function forward(
  request: IncomingMessage,
  { targetPort, agent }: Gateway,
  answered: (answer: IncomingMessage) => void,
) {
  const { method, url: path, headers } = request
  return send({ host: '127.0.0.1', port: targetPort, agent, method, path, headers }, answered)
}

/** Passes an answer on as it comes, and stops the server when the page no longer reads. */
function relay(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  response.flushHeaders()
  answer.pipe(response)
  answer.once('error', () => response.destroy())
  response.once('close', () => answer.destroy())
}

async function servePost(request: IncomingMessage, response: ServerResponse, gateway: Gateway, rules: GatewayRules) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const fate = rules.post?.({ path: request.url ?? '', body }) ?? PASS
  const post = (answered: (answer: IncomingMessage) => void): void => {
    const forwarded = forward(request, gateway, answered)
    forwarded.once('error', () => response.destroy())
    response.once('close', () => {
      if (!response.writableFinished) forwarded.destroy()
    })
    forwarded.end(body)
  }
  if (fate.kind === 'pass') post((answer) => relay(answer, response))
  else if (fate.kind === 'page') {
    if (fate.isForwarded) post((answer) => drain(answer, () => servePage(response, fate.status)))
    else servePage(response, fate.status)
  } else {
    post((answer) => (fate.isSecondPassed ? answer.resume() : relay(answer, response)))
    setTimeout(() => {
      const again = forward(request, gateway, (answer) => {
        if (fate.isSecondPassed && !response.destroyed) relay(answer, response)
        else answer.resume()
      })
      again.once('error', () => {
        if (fate.isSecondPassed) response.destroy()
      })
      again.end(body)
    }, fate.afterMs)
  }
}

/** A stream has no end: its head is all that is waited for. */
function drain(answer: IncomingMessage, then: () => void): void {
  answer.resume()
  then()
}

function servePage(response: ServerResponse, status: number): void {
  const page = `<!doctype html><title>${status}</title><h1>${status}</h1><p>The gateway says no.</p>`
  response.writeHead(status, { 'content-type': 'text/html' }).end(page)
}

function serveUpgrade(
  request: IncomingMessage,
  near: Duplex,
  head: Buffer,
  targetPort: number,
  fate: UpgradeFate,
): Socket | undefined {
  if (fate.kind === 'refuse') {
    near.end(`HTTP/1.1 ${fate.status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    return undefined
  }
  const { dropsProtocol, passes = () => true } = fate
  const far = dial({ port: targetPort, host: '127.0.0.1', noDelay: true })
  const fields: string[] = []
  for (let at = 0; at < request.rawHeaders.length; at += 2)
    fields.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`)
  const asked = `GET ${request.url} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`
  far.write(dropsProtocol === 'request' ? withoutProtocol(asked) : asked)
  if (head.length > 0) far.write(head)

  let answer: Buffer | undefined = Buffer.alloc(0)
  far.on('data', (bytes: Buffer) => {
    let rest = bytes
    if (answer !== undefined) {
      answer = Buffer.concat([answer, bytes])
      const end = answer.indexOf('\r\n\r\n') + 4
      if (end < 4) return
      const text = answer.toString('latin1', 0, end)
      near.write(dropsProtocol === 'answer' ? withoutProtocol(text) : text, 'latin1')
      rest = answer.subarray(end)
      answer = undefined
    }
    if (rest.length > 0 && passes('down', rest)) near.write(rest)
  })
  near.on('data', (bytes: Buffer) => {
    if (passes('up', bytes)) far.write(bytes)
  })
  far.on('error', () => near.destroy())
  far.on('close', () => near.end())
  near.on('close', () => far.end())
  return far
}

const withoutProtocol = (head: string): string => head.replace(/^sec-websocket-protocol:.*\r\n/im, '')
