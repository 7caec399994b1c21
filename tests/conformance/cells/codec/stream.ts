import {
  createDecoder,
  type Decoder,
  type DecoderOptions,
  encode,
  type Frame,
  type FrameInit,
  type Version,
} from '@hoofbeat/codec'
import { expect } from 'vitest'

type Chunk = Uint8Array | string

/** All that a decoder finds in the chunks, heart-beats among them. */
export function readAll(options: DecoderOptions, ...chunks: readonly Chunk[]): (Frame | 'heart-beat')[] {
  const decoder = createDecoder(options)
  const found: (Frame | 'heart-beat')[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) found.push(next)
  }
  return found
}

/** The frames in the chunks. */
export function framesOf(version: Version, ...chunks: readonly Chunk[]): Frame[] {
  return readAll({ version }, ...chunks).filter((found) => found !== 'heart-beat')
}

/** The one frame in the chunks. */
export function frameOf(version: Version, ...chunks: readonly Chunk[]): Frame {
  const [frame, ...others] = framesOf(version, ...chunks)
  expect(others).toEqual([])
  if (frame === undefined) throw new Error('no frame was read')
  return frame
}

/** The code of the error that ends the stream; undefined when it is sound so far. */
export function flawOf(options: DecoderOptions, ...chunks: readonly Chunk[]): string | undefined {
  const decoder = createDecoder(options)
  return flawIn(decoder, ...chunks)
}

/** As {@link flawOf}, with a decoder at hand. */
export function flawIn(decoder: Decoder, ...chunks: readonly Chunk[]): string | undefined {
  try {
    for (const chunk of chunks) {
      decoder.push(chunk)
      while (decoder.next() !== undefined);
    }
  } catch (error) {
    return codeOf(error)
  }
  return undefined
}

/** The code of the error with which the encoder refuses the frame; undefined when it writes it. */
export function refusalOf(frame: FrameInit, version: Version): string | undefined {
  try {
    encode(frame, version)
  } catch (error) {
    return codeOf(error)
  }
  return undefined
}

/** What the encoder writes, as text. */
export function written(frame: FrameInit, version: Version): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(encode(frame, version))
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
