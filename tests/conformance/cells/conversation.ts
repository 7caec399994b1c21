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
  await send(client, '/topic/nothing-else', '')
}

/** The ERROR that must come next, followed by the close that must follow it. */
export async function refused(client: WireClient, code = 1002): Promise<Frame> {
  const frame = await client.next()
  expect(frame.command).toBe('ERROR')
  expect(frame.headers.get('message')).toMatch(/\S/)
  expect((await client.closed()).code).toBe(code)
  return frame
}

/** The text of all headers and the body, to look for what must or must not be told. */
export function told(frame: Frame): string {
  return [...frame.headers].map(([name, value]) => `${name}:${value}`).join('\n') + frame.text
}
