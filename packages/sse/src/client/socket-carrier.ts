import { isControl, readControl, readData, writeControl, writeData } from '../wire/control.js'
import { LINK_PROTOCOL } from '../wire/protocol.js'
import type { Carrier, CarrierListener } from './carrier.js'
import { MALFORMED } from './endings.js'
import { countOf, type Members } from './reading.js'
import type { Surroundings } from './surroundings.js'

/** A WebSocket with the sub-protocol of links (PROTOCOL.md, section 6). */
export interface SocketCarrier extends Carrier {
  /** Bytes that have not left yet. */
  bufferedAmount(): number
  /** From now on it carries the link. */
  carry(listener: CarrierListener): void
  sendControl(letter: string, data: object): void
  sendData(data: string | Uint8Array): void
}

/**
 * Opens one. `greeted`: the server's first word came, which proves the rung; its data are not checked yet. `failed`: it
 * ended before that. Throws what the constructor of the WebSocket throws.
 */
export function openSocketCarrier(
  { WebSocket }: Surroundings,
  url: string,
  protocols: readonly string[],
  greeted: (data: Members) => void,
  failed: () => void,
): SocketCarrier {
  if (!WebSocket) throw new TypeError()
  const socket = new WebSocket(url, [LINK_PROTOCOL, ...protocols])
  let listener: CarrierListener | undefined
  let isGreeted = false
  let isOver = false

  const drop = () => {
    if (isOver) return
    isOver = true
    // What it tells after this, as that it never opened, is heard by handlers that do nothing: nobody else would hear it.
    try {
      socket.close(1000)
    } catch {
      // It is closed already.
    }
  }
  const end = (refusal?: Members) => {
    if (isOver) return
    drop()
    const status = countOf(refusal?.status)
    if (!isGreeted) failed()
    else listener?.ended(refusal && status ? { status, body: refusal } : undefined)
  }
  const send = (data: string | Uint8Array) => {
    try {
      if (!isOver) socket.send(data)
    } catch {
      // Closing already: that it has ended is told by the socket itself.
    }
  }

  socket.binaryType = 'arraybuffer'
  socket.onopen = () => {
    // Without the sub-protocol whoever answered does not speak of links.
    if (socket.protocol !== LINK_PROTOCOL) end()
  }
  socket.onclose = socket.onerror = () => end()
  socket.onmessage = ({ data }) => {
    if (isOver) return
    const isText = typeof data === 'string'
    const isWord = isText && isControl(data)
    const control = isWord ? readControl(data) : undefined
    const letter = control?.letter
    // A refusal is not the owner's word: any node may say that it cannot reach it.
    if (letter !== 'e') listener?.heard()
    if (!isGreeted) {
      isGreeted = letter === 'o' && control?.data.v === 1
      if (control && isGreeted) greeted(control.data)
      else end()
    } else if (control) {
      if (control.letter === 'e') end(control.data)
      else listener?.event(control.letter, control.data)
    } else if (isText && !isWord) listener?.message(readData(data))
    else if (data instanceof ArrayBuffer) listener?.message(data)
    else listener?.broken(MALFORMED)
  }

  return {
    bufferedAmount: () => socket.bufferedAmount,
    carry(carried) {
      listener = carried
    },
    sendControl: (letter, data) => send(writeControl(letter, data)),
    sendData: (data) => send(typeof data === 'string' ? writeData(data) : data),
    drop,
  }
}
