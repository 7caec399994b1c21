import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** A balancer that gives each request to the next node. */
export interface RoundRobin {
  readonly origin: string
  /** How many requests each node was given. */
  readonly counts: readonly number[]
  close(): Promise<void>
}

/** Starts it before nodes on these ports of 127.0.0.1, which may be told later. */
export async function startRoundRobin(ports: readonly number[]): Promise<RoundRobin> {
  const counts: number[] = []
  let turn = 0
  const next = (): number => {
    const index = turn++ % ports.length
    counts[index] = (counts[index] ?? 0) + 1
    return ports[index] ?? 0
  }
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    const passed = httpRequest({ host: '127.0.0.1', port: next(), method, path: url, headers })
    passed.on('error', () => response.destroy())
    passed.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    })
    response.once('close', () => passed.destroy())
    request.pipe(passed)
  })
  server.on('upgrade', (request, socket, head) => {
    const passed = connect(next(), '127.0.0.1')
    const { method, url, rawHeaders } = request
    const lines = rawHeaders.flatMap((text, index) => (index % 2 === 0 ? [`${text}: ${rawHeaders[index + 1]}`] : []))
    passed.write(`${[`${method} ${url} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
    passed.write(head)
    passed.pipe(socket).pipe(passed)
    for (const end of [passed, socket]) end.on('error', () => [passed, socket].forEach((each) => void each.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    counts,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
