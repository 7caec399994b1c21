/** One message as an application sends it. */
export type Content = string | Uint8Array

/** The messages of frames that were written in one piece. */
export function framesIn(bytes: Uint8Array): Content[] {
  const contents: Content[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.byteLength) {
    const isText = view.getUint8(at) === 0x81
    if (!isText && view.getUint8(at) !== 0x82) throw new Error(`not a whole frame at byte ${at}`)
    let length = view.getUint8(at + 1)
    at += 2
    if (length === 126) {
      length = view.getUint16(at)
      at += 2
    } else if (length === 127) {
      length = Number(view.getBigUint64(at))
      at += 8
    }
    if (at + length > bytes.byteLength) throw new Error('a frame was written in part')
    const payload = Uint8Array.from(bytes.subarray(at, at + length))
    contents.push(isText ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload) : payload)
    at += length
  }
  return contents
}
