import type { Frame, FrameInit, Version } from '@hoofbeat/codec'
import { expect } from 'vitest'
import type { Harness, OpenOptions, WireClient } from '../harness.js'

type HeaderRecord = Readonly<Record<string, string>>

/** CONNECT as a client of that version writes it: 1.0 knows neither accept-version nor host. */
export function connectFrame(version: Version, headers: HeaderRecord = {}): FrameInit {
  const own = version === '1.0' ? {} : { 'accept-version': version, host: 'hoofbeat.test' }
  return { command: 'CONNECT', headers: { ...own, ...headers } }
}

/** Opens a connection and its session; gives the CONNECTED frame too. */
export async function handshake(
  t: Harness,
  headers: HeaderRecord = {},
  options: OpenOptions = {},
): Promise<{ client: WireClient; connected: Frame }> {
  const client = await t.open(options)
  client.send(connectFrame(client.version, headers))
  const connected = await client.next()
  expect(connected.command).toBe('CONNECTED')
  return { client, connected }
}

/** Opens a connection and its session. */
export async function connect(t: Harness, headers: HeaderRecord = {}, options: OpenOptions = {}): Promise<WireClient> {
  return (await handshake(t, headers, options)).client
}

/** Waits for the RECEIPT with that id, which must be the next frame. */
export async function receipt(client: WireClient, id: string): Promise<Frame> {
  const frame = await client.next()
  expect([frame.command, frame.headers.get('receipt-id')]).toEqual(['RECEIPT', id])
  return frame
}

/** Subscribes and waits until the subscription is active. */
export async function subscribe(
  client: WireClient,
  destination: string,
  id = 'sub-1',
  headers: HeaderRecord = {},
): Promise<void> {
  client.send({ command: 'SUBSCRIBE', headers: { id, destination, receipt: `subscribe ${id}`, ...headers } })
  await receipt(client, `subscribe ${id}`)
}

/** Sends a message and waits until it is taken; the sender must not be subscribed to anything that gets it. */
export async function send(
  client: WireClient,
  destination: string,
  body: string | Uint8Array = 'hello',
  headers: HeaderRecord | readonly (readonly [string, string])[] = {},
): Promise<void> {
  const own = Symbol.iterator in headers ? headers : Object.entries(headers)
  client.send({ command: 'SEND', headers: [['destination', destination], ...own, ['receipt', 'sent']], body })
  await receipt(client, 'sent')
}

/** The next frame, which must be a MESSAGE. */
export async function message(client: WireClient): Promise<Frame> {
  const frame = await client.next()
  expect(frame.command).toBe('MESSAGE')
  return frame
}

/**
 * Shows that nothing else has arrived or is on its way: frames of one session are answered in order, so what the server
 * owed this client before comes before the receipt asked for now.
 */
export async function nothingElse(client: WireClient): Promise<void> {
  await client.settled()
  await send(client, '/topic/nothing-else', '')
}

/** The ERROR that must come next, followed by the close that must follow it. */
export async function refused(client: WireClient, code = 1002): Promise<Frame> {
  const frame = await client.next()
  expect(frame.command).toBe('ERROR')
  expect(frame.headers.get('message')).toMatch(/\S/)
  await closedWith(client, code)
  return frame
}

/** Waits for the end of the connection, which must have that code; over TCP, which has none, it must be an orderly end. */
export async function closedWith(client: WireClient, code: number): Promise<void> {
  const closing = await client.closed()
  expect(closing.code).toBe(client.transport === 'tcp' ? undefined : code)
}

/** Ends the session in good order: when this resolves, all that it held has gone back. */
export async function disconnect(client: WireClient): Promise<void> {
  client.send({ command: 'DISCONNECT', headers: { receipt: 'bye' } })
  await receipt(client, 'bye')
  await client.settled()
}

/** The headers with which ACK and NACK name that delivery, in the version of the client. */
export function referenceTo({ version }: { readonly version: Version }, delivered: Frame): HeaderRecord {
  const { headers } = delivered
  if (version === '1.2') return { id: headers.get('ack') ?? '' }
  const messageId = { 'message-id': headers.get('message-id') ?? '' }
  return version === '1.0' ? messageId : { ...messageId, subscription: headers.get('subscription') ?? '' }
}

/** Acknowledges that delivery, or refuses it, and waits until it counts. */
export async function answer(
  client: WireClient,
  command: 'ACK' | 'NACK',
  delivered: Frame,
  headers: HeaderRecord = {},
): Promise<void> {
  client.send({ command, headers: { ...referenceTo(client, delivered), receipt: 'answered', ...headers } })
  await receipt(client, 'answered')
}

/** Begins, commits or aborts a transaction, and waits until that is done. */
export async function transact(client: WireClient, command: 'BEGIN' | 'COMMIT' | 'ABORT', name = 'tx1'): Promise<void> {
  client.send({ command, headers: { transaction: name, receipt: `${command} ${name}` } })
  await receipt(client, `${command} ${name}`)
}

/** The bodies of the next messages. */
export async function texts(client: WireClient, count: number): Promise<readonly string[]> {
  const bodies: string[] = []
  for (let i = 0; i < count; i++) bodies.push((await message(client)).text)
  return bodies
}

/** Shows that the next frames of the client hold these messages and nothing else. */
export async function exactly(client: WireClient, ...bodies: readonly string[]): Promise<void> {
  expect(await texts(client, bodies.length)).toEqual(bodies)
  await nothingElse(client)
}

/** The text of all headers and the body, to look for what must or must not be told. */
export function told(frame: Frame): string {
  return [...frame.headers].map(([name, value]) => `${name}:${value}`).join('\n') + frame.text
}

/** A client that was given one message of the queue. */
export async function given(
  t: Harness,
  ack = 'client-individual',
  body = 'hello',
): Promise<{ readonly client: WireClient; readonly frame: Frame }> {
  const client = await connect(t)
  await subscribe(client, '/queue/a', 'mine', { ack })
  await send(await connect(t), '/queue/a', body)
  return { client, frame: await message(client) }
}

/** Shows that the queue holds these, and no more. */
export async function remains(t: Harness, ...bodies: readonly string[]): Promise<void> {
  const heir = await connect(t)
  await subscribe(heir, '/queue/a', 'heir')
  await exactly(heir, ...bodies)
  await disconnect(heir)
}
