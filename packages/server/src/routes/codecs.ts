import { headersFromFlat, readContentType } from '@hoofbeat/codec'
import type { FastifyInstance } from 'fastify'
import { createScopes } from './scopes.js'

/** A `content-type`, read. */
export interface ContentType {
  /** Media type in lower case, as `application/json`. */
  readonly type: string
  /** Their names in lower case. */
  readonly parameters: Readonly<Record<string, string>>
}

/** How bodies of some content types become values, and values bodies. */
export interface StompCodec {
  /** Media types without parameters. One that is known already is taken over: `application/json`, `text/csv`. */
  readonly contentTypes: string | readonly string[]
  /**
   * The value of a body, which is not empty. At once: no promise, so that handlers start in the order of their frames. A
   * throw refuses the frame with STOMP_ERR_BODY_INVALID; its text is shown only if it has a `statusCode` of 400 to 499.
   *
   * @param bytes Those of the frame, not copied: what keeps a part of them keeps them all.
   */
  parse(bytes: Uint8Array, contentType: ContentType): unknown
  /** The body of a value that is neither bytes, null nor undefined; at once. A string is written as UTF-8. */
  serialize(value: unknown): Uint8Array | string
}

/** The codecs that are in scope somewhere. */
export interface Codecs {
  /** That of the media type; of `*+json` without one of its own that of JSON. Undefined: none was added. */
  find(type: string): StompCodec | undefined
}

/** The codecs of an application, by the instances on which they were added. */
export interface CodecScopes {
  /** Throws a TypeError for what is no codec, and for a type for which this instance has one. */
  add(instance: FastifyInstance, codec: StompCodec): void
  /** Those of the instance: the nearest for each type. A snapshot. */
  collect(instance: FastifyInstance): Codecs
}

/** Where there are none. */
export const NO_CODECS: Codecs = { find: () => undefined }

/** Reads a `content-type`; undefined if it is none. */
export function parseContentType(text: string): ContentType | undefined {
  return readContentType(headersFromFlat(['content-type', text]))
}

/** True for what JSON codecs are for. */
export function isJsonType(type: string): boolean {
  return type === 'application/json' || type.endsWith('+json')
}

/** True if text of this content type is in UTF-8, the only encoding that is read and written here. */
export function isUtf8({ parameters }: ContentType): boolean {
  const charset = parameters.charset?.toLowerCase()
  return charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii'
}

/** Makes the codecs of an application. */
export function createCodecScopes(root: FastifyInstance): CodecScopes {
  const scopes = createScopes(root, () => new Map<string, StompCodec>())
  return {
    add(instance, codec) {
      const types = checkCodec(codec)
      const own = scopes.own(instance)
      for (const type of types) {
        if (own.has(type)) throw new TypeError(`stomp.addCodec: there is a codec for '${type}' already`)
      }
      for (const type of types) own.set(type, codec)
    },
    collect(instance) {
      const found = new Map(scopes.around(instance).flatMap((own) => [...own]))
      if (found.size === 0) return NO_CODECS
      const json = found.get('application/json')
      return { find: (type) => found.get(type) ?? (type.endsWith('+json') ? json : undefined) }
    },
  }
}

/** Its media types. */
function checkCodec(codec: StompCodec): readonly string[] {
  if (typeof codec?.parse !== 'function' || typeof codec.serialize !== 'function') {
    throw new TypeError('stomp.addCodec: a codec has the functions parse and serialize')
  }
  const { contentTypes } = codec
  const listed = typeof contentTypes === 'string' ? [contentTypes] : contentTypes
  if (!Array.isArray(listed) || listed.length === 0) throw new TypeError('stomp.addCodec: contentTypes names none')
  return listed.map((text: unknown) => {
    const read = typeof text === 'string' ? parseContentType(text) : undefined
    if (read === undefined || Object.keys(read.parameters).length > 0) {
      throw new TypeError(`stomp.addCodec: '${String(text)}' is no media type such as application/x`)
    }
    return read.type
  })
}
