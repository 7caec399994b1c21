import { describe, expect, it } from 'vitest'
import { FRAME_ROWS } from '../test/frames.js'
import { PLATFORMS } from '../test/load.js'
import { cut, read, utf8 } from '../test/read.js'
import { EXAMPLES } from '../test/specification.js'

const withoutLength = (headers: readonly (readonly [string, string])[]) =>
  headers.filter(([name]) => name !== 'content-length')

describe.each(PLATFORMS)('frames $platform', ({ codec }) => {
  for (const { title, versions, wire, command, headers, body = '', canonical = wire } of FRAME_ROWS) {
    for (const version of versions) {
      const expected = { command, headers, body: [...utf8(body)] }

      it(`reads in STOMP ${version}: ${title}`, () => {
        for (const chunks of [[utf8(wire)], [wire], cut(utf8(wire), 1)]) {
          expect(read(codec, chunks, { version })).toEqual({ frames: [expected], error: undefined })
        }
      })

      it(`writes in STOMP ${version}: ${title}`, () => {
        const text = codec.encode({ command, headers, body }, version)
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text)).toBe(canonical)
        expect([...codec.encode({ command, headers, body: utf8(body) }, version)]).toEqual([...text])
      })

      it(`reads what it wrote in STOMP ${version}: ${title}`, () => {
        const [mirrored] = read(codec, [codec.encode({ command, headers, body }, version)], { version }).frames
        expect(mirrored).toEqual({ ...expected, headers: expect.anything() })
        expect(withoutLength(mirrored?.headers ?? [])).toEqual(withoutLength(headers))
      })
    }
  }
})

describe.each(PLATFORMS)('examples of the specifications $platform', ({ codec }) => {
  for (const { version, section, wire, command, headers, body } of EXAMPLES) {
    const expected = { command, headers, body: [...utf8(body ?? '')] }

    it(`reads ${command} of STOMP ${version}, "${section}"`, () => {
      expect(read(codec, [wire], { version })).toEqual({ frames: [expected], error: undefined })
      expect(read(codec, cut(utf8(wire), 1), { version })).toEqual({ frames: [expected], error: undefined })
    })

    it(`writes ${command} of STOMP ${version}, "${section}", so that it reads the same`, () => {
      const written = codec.encode({ command, headers, body: utf8(body ?? '') }, version)
      const [mirrored] = read(codec, [written], { version }).frames
      expect(mirrored?.body).toEqual(expected.body)
      expect(withoutLength(mirrored?.headers ?? [])).toEqual(withoutLength(headers))
    })
  }
})
