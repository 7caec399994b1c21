import type { Command, Decoder, DecoderOptions, Frame, ProtocolError } from '../src/index.js'
import type { Codec } from './load.js'

/** A frame as plain data, to be compared. */
export interface PlainFrame {
  readonly command: Command
  readonly headers: readonly (readonly [string, string])[]
  readonly body: readonly number[]
}

export type Read = PlainFrame | 'heart-beat'

export const plain = (frame: Frame): PlainFrame => ({
  command: frame.command,
  headers: [...frame.headers],
  body: [...frame.body],
})

/** All that is to be had without pushing more. */
export function drain(decoder: Decoder): Frame[] {
  return drainAll(decoder).filter((read) => read !== 'heart-beat')
}

export function drainAll(decoder: Decoder): (Frame | 'heart-beat')[] {
  const reads: (Frame | 'heart-beat')[] = []
  for (let read = decoder.next(); read !== undefined; read = decoder.next()) reads.push(read)
  return reads
}

export interface Outcome {
  readonly frames: readonly PlainFrame[]
  /** Code and offset of the error that ended the stream. */
  readonly error: { readonly code: string; readonly offset: number } | undefined
}

/** Reads a stream that comes in these chunks. Anything thrown but a ProtocolError is thrown on. */
export function read(codec: Codec, chunks: Iterable<Uint8Array | string>, options?: DecoderOptions): Outcome {
  const decoder = codec.createDecoder(options)
  const frames: PlainFrame[] = []
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
        if (next !== 'heart-beat') frames.push(plain(next))
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof codec.ProtocolError)) throw thrown
    return { frames, error: { code: thrown.code, offset: thrown.offset } }
  }
  return { frames, error: undefined }
}

/** The error that these chunks end in. */
export function failure(codec: Codec, chunks: Iterable<Uint8Array | string>, options?: DecoderOptions): ProtocolError {
  const decoder = codec.createDecoder(options)
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      drainAll(decoder)
    }
  } catch (thrown) {
    if (thrown instanceof codec.ProtocolError) return thrown
    throw thrown
  }
  throw new Error('the stream was read without an error')
}

/** Each character as one byte: for what is not UTF-8. */
export const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Cut into pieces of this length, the last one shorter. */
export function cut(stream: Uint8Array, length: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += length) chunks.push(stream.slice(at, at + length))
  return chunks
}

/** Far faster than a deep comparison, for long bodies. */
export const equal = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a?.length === b.length && b.every((octet, index) => octet === a[index])
