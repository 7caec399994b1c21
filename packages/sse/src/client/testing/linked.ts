import { createHttpLink, type HttpLink } from '../http-link.js'
import type { HttpLinkOptions } from '../options.js'
import type { Surroundings } from '../surroundings.js'
import { ScriptedNetwork, type ScriptedRequest, type ScriptedSocket } from './scripted-network.js'

export const OPENED = {
  v: 1,
  link: 'owner~1',
  key: 'secret',
  protocol: 'v12.stomp',
  hb: 15_000,
  grace: 120_000,
  hold: 25_000,
  expires: null,
  limits: { message: 1_000, batch: 4_000, retain: 4_000 },
} as const

export const GREETING: typeof OPENED & { attach: number; from: number; ack: number } = {
  ...OPENED,
  attach: 1,
  from: 1,
  ack: 0,
}

/** One event of a stream. */
export const event = (name: string, data: unknown): string =>
  `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`

/** A link with all that it told. */
export interface Linked {
  readonly network: ScriptedNetwork
  readonly link: HttpLink
  /** Events in order: `open`, messages as `< text`, rungs as `= rung`, `error`, `close 1000 reason`. */
  readonly told: string[]
}

export function linked(options: HttpLinkOptions = {}, changes: Partial<Surroundings> = {}): Linked {
  const network = new ScriptedNetwork()
  const link = createHttpLink('https://host.example/stomp', options, network.surroundings(changes))
  const told: string[] = []
  link.onopen = () => told.push('open')
  link.onmessage = ({ data }) => told.push(typeof data === 'string' ? `< ${data}` : `< ${describe(data)}`)
  link.onerror = () => told.push('error')
  link.onclose = ({ code, reason, wasClean }) =>
    told.push(`close ${code}${reason && ` ${reason}`}${wasClean ? '' : ' (unclean)'}`)
  link.onrungchange = ({ rung }) => told.push(`= ${rung}`)
  return { network, link, told }
}

const describe = (data: ArrayBuffer | Blob): string =>
  data instanceof ArrayBuffer ? `bytes ${[...new Uint8Array(data)].join()}` : 'blob'

/** A link that is open on a WebSocket. */
export async function linkedBySocket(
  options: HttpLinkOptions = {},
  changes: Partial<Surroundings> = {},
  greeting: object = {},
): Promise<Linked & { readonly socket: ScriptedSocket }> {
  const linking = linked(options, changes)
  const socket = linking.network.socket()
  socket.open()
  await socket.say('o', { ...GREETING, ...greeting })
  socket.take()
  return { ...linking, socket }
}

/** A link that is open on a proved stream. */
export async function linkedByStream(
  options: HttpLinkOptions = {},
  changes: Partial<Surroundings> = {},
  opened: object = {},
): Promise<Linked & { readonly down: ScriptedRequest }> {
  const linking = linked({ rungs: ['stream', 'poll'], ...options }, changes)
  const { network } = linking
  await network.time.pass(0)
  await network.request('open').reply(200, { ...OPENED, ...opened })
  const down = network.request('down')
  await down.stream(event('o', { v: 1, attach: down.body.attach, from: 1, ack: 0 }), event('k', { ack: 0, sent: 0 }))
  return { ...linking, down }
}
