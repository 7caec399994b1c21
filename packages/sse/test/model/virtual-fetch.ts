import type { DoorName } from '../../src/server/exchange.js'
import type { VirtualNetwork } from './virtual-network.js'
import { type Asked, type RequestHost, VirtualRequest } from './virtual-request.js'

/** Makes what a page gets as `fetch`. */
export function createFetch(network: VirtualNetwork, host: () => RequestHost, page: string): typeof globalThis.fetch {
  return (input, init) =>
    new Promise<Response>((resolve, reject) => {
      const [door, link] = doorOf(String(input))
      const asked: Asked = { door, link, body: String(init?.body ?? ''), outlivesPage: init?.keepalive === true }
      const request = new VirtualRequest(network, host, page, asked)
      request.start(resolve, reject, init?.signal ?? undefined)
    })
}

function doorOf(url: string): [DoorName, string | undefined] {
  const parts = new URL(url).pathname.split('/').slice(2)
  const last = parts.at(-1)
  if (last === 'open') return ['open', undefined]
  if (parts.length === 2 && (last === 'up' || last === 'down')) return [last, decodeURIComponent(parts[0] ?? '')]
  throw new Error(`no door at ${url}`)
}
