import { parsed, readObject } from '../wire/control.js'
import { areItems } from '../wire/items.js'
import { fromBase64 } from './base64.js'
import type { Carrier, CarrierListener, Refused } from './carrier.js'
import { MALFORMED, TOO_LARGE } from './endings.js'
import { createEventParser } from './event-parser.js'
import type { HeaderFields } from './options.js'
import { type Requests, verdict } from './requests.js'

/** An event stream or a poll: the bytes are the same, read as they come. `maxEventChars`: longest event that is read. */
export function openHttpCarrier(
  requests: Requests,
  door: string,
  body: object,
  headers: HeaderFields | undefined,
  maxEventChars: number,
  listener: CarrierListener,
): Carrier {
  const controller = new AbortController()
  let isOurs = false
  let isOver = false

  const drop = () => {
    isOver = true
    controller.abort()
  }

  const readBatch = (text: string) => {
    const items = parsed(text)
    if (!areItems(items)) {
      listener.broken(MALFORMED)
      return
    }
    for (const item of items) {
      // A message may be the one that ends the link.
      if (isOver) return
      const message = typeof item === 'string' ? item : fromBase64(item.b)
      if (message === undefined) listener.broken(MALFORMED)
      else listener.message(message)
    }
  }

  const end = (refused?: Refused) => {
    if (isOver) return
    drop()
    listener.ended(refused)
  }

  const readEvent = (name: string, text: string) => {
    if (isOver) return
    const data = readObject(text)
    // Whoever does not begin as the server does is somebody between.
    if (!isOurs && (name !== 'o' || data?.v !== 1)) end()
    else if (name === '') readBatch(text)
    else if (data) {
      isOurs = true
      listener.event(name, data)
    } else listener.broken(MALFORMED)
  }

  const read = async () => {
    const response = await requests.fetch(door, body, controller.signal, headers)
    const { status } = response
    if (status !== 200) {
      const refusal = verdict(await response.text())
      return refusal && { status, body: refusal }
    }
    const parse = createEventParser(readEvent, maxEventChars)
    // Where bodies cannot be read as they come (React Native) there are only polls, which are whole anyway.
    const reader = response.body?.getReader()
    if (!reader) {
      const text = await response.text()
      if (!isOver) listener.heard()
      parse(text)
      return undefined
    }
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (isOver || done) return undefined
      listener.heard()
      if (!parse(decoder.decode(value, { stream: true }))) listener.broken(TOO_LARGE)
    }
  }

  void read()
    .catch(() => undefined)
    .then(end)

  return { drop }
}
