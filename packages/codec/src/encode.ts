import {
  allocate,
  BLOCK_SIZE,
  block,
  encodeUtf8,
  guessLength,
  lengthOf,
  reserve,
  take,
  writeBlock,
  writeGuessed,
} from './bytes.js'
import { COMMANDS, type Command, type CommandTraits } from './command.js'
import { ProtocolError } from './errors.js'
import type { FrameInit } from './frame.js'
import { HeaderLines } from './header-line.js'
import { createHeaders } from './headers.js'
import { LF, NUL } from './octets.js'
import { rulesOf, type Version } from './version.js'
import { octetsOf, writeOctets } from './words.js'

/** A heart-beat: one LF. It has memory of its own, shared by all who send it: never change or transfer it. */
export const HEART_BEAT: Uint8Array<ArrayBuffer> = new Uint8Array([LF])

/**
 * The bytes of a frame. What a decoder of the same version reads from them is the frame again, but for
 * `content-length`, which is written last, and only on SEND, MESSAGE and ERROR; and for lone surrogates, which become
 * U+FFFD as everywhere on the web.
 *
 * The result is often part of a larger block of memory (16 KiB), shared with other frames: use it as the view that it is.
 *
 * @throws ProtocolError `STOMP_ERR_UNWRITABLE_HEADER` for a header that `version` cannot write (see
 * {@link encodeHeader}), `STOMP_ERR_BODY_NOT_ALLOWED` for a body on any other command,
 * `STOMP_ERR_UNKNOWN_COMMAND`
 */
export function encode({ command, headers, body = '' }: FrameInit, version: Version): Uint8Array<ArrayBuffer> {
  const traits = traitsOf(command)
  const { hasBody, isConnecting } = traits
  const flat = headers === undefined ? [] : createHeaders(headers).flat
  if (typeof body === 'string' && (hasBody || body === '')) {
    const bytes = writeAtOnce(traits, linesOf(isConnecting, version), flat, body)
    if (bytes !== undefined) return bytes
  }
  const head = `${command}\n${linesOf(isConnecting, version).encodeAll(flat)}`
  if (!hasBody) {
    if (body.length === 0) return encodeUtf8(`${head}\n\0`)
    throw new ProtocolError('STOMP_ERR_BODY_NOT_ALLOWED', `only SEND, MESSAGE and ERROR have a body, not ${command}`)
  }
  if (typeof body === 'string') {
    const length = guessLength(body)
    const [bytes, bodyFrom] = layOut(head, length)
    if (writeGuessed(body, bytes, bodyFrom, length)) return bytes
  }
  const bodyBytes = typeof body === 'string' ? encodeUtf8(body) : body
  const [bytes, bodyFrom] = layOut(head, bodyBytes.length)
  bytes.set(bodyBytes, bodyFrom)
  return bytes
}

const CONTENT_LENGTH = octetsOf('content-length:')

/** Bytes that are enough for command and headers of most frames. Where a block has more left, they may take more. */
const HEAD_ROOM = 1024
/** Bytes for the line of `content-length`, the LF and the NUL around the body, and what `writeOctets` asks for. */
const TAIL_ROOM = 32

/** A text of so many characters is written one by one: a native call costs as much. */
const BY_HAND = 40

/** The common frame, short and all ASCII, written straight to bytes; undefined where it is not that. */
function writeAtOnce(
  { octets, hasBody }: CommandTraits,
  lines: HeaderLines,
  flat: readonly string[],
  body: string,
): Uint8Array<ArrayBuffer> | undefined {
  const { length } = body
  const room = 3 * length + TAIL_ROOM
  const from = reserve(HEAD_ROOM + room)
  if (from < 0) return undefined
  const into = block
  let end = lines.write(flat, into, writeOctets(octets, into, from), BLOCK_SIZE - room)
  if (end < 0) return undefined
  if (hasBody) {
    end = writeOctets(CONTENT_LENGTH, into, end)
    const digits = String(length)
    for (let i = 0; i < digits.length; i++) into.setUint8(end++, digits.charCodeAt(i))
    into.setUint8(end++, LF)
  }
  into.setUint8(end++, LF)
  if (length > BY_HAND) {
    if (writeBlock(body, end) !== length) return undefined
    end += length
  } else {
    for (let i = 0; i < length; i++) {
      const code = body.charCodeAt(i)
      if (code > 127) return undefined
      into.setUint8(end++, code)
    }
  }
  into.setUint8(end, NUL)
  return take(from, end + 1)
}

/** A frame without its body, and where that belongs. */
function layOut(head: string, bodyLength: number): [bytes: Uint8Array<ArrayBuffer>, bodyFrom: number] {
  const text = `${head}content-length:${bodyLength}\n\n`
  const length = lengthOf(text)
  const bytes = allocate(length + bodyLength + 1)
  writeGuessed(text, bytes, 0, length)
  bytes[bytes.length - 1] = NUL
  return [bytes, length]
}

/**
 * One header line with its LF, as {@link encode} writes it: for who puts the bytes of a frame together himself.
 *
 * No version can write a NUL, which ends a frame wherever a reader finds it, nor an empty name. Besides, refused are
 * - in CONNECT, STOMP and CONNECTED, where nothing is escaped: LF, a colon in the name, a CR at the end of the value
 * - in STOMP 1.0: LF, a colon in the name, spaces or tabs around name or value, which readers drop
 *
 * @throws ProtocolError `STOMP_ERR_UNWRITABLE_HEADER`
 */
export function encodeHeader(command: Command, name: string, value: string, version: Version): string {
  return linesOf(traitsOf(command).isConnecting, version).encode(name, value)
}

const linesFor = (version: Version) => ({
  connecting: new HeaderLines(rulesOf(true, version)),
  others: new HeaderLines(rulesOf(false, version)),
})
const LINES = { '1.0': linesFor('1.0'), '1.1': linesFor('1.1'), '1.2': linesFor('1.2') }

function linesOf(isConnecting: boolean, version: Version): HeaderLines {
  const { connecting, others } = LINES[version]
  return isConnecting ? connecting : others
}

function traitsOf(command: string): CommandTraits {
  const traits = COMMANDS.get(command)
  if (traits === undefined) {
    throw new ProtocolError('STOMP_ERR_UNKNOWN_COMMAND', `no STOMP command: ${JSON.stringify(command)}`)
  }
  return traits
}
