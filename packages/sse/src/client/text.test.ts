import { expect, it } from 'vitest'
import { fromBase64, toBase64 } from './base64.js'
import { sizeOf, wellFormed } from './text.js'

it('replaces lone surrogates and nothing else', () => {
  const text = 'a\u0000\r\né€\u{1f600}\uffff'
  expect(wellFormed(text)).toBe(text)
  expect(wellFormed('\ud83d|\ude00|\ude00\ud83d|\ud83d')).toBe('\ufffd|\ufffd|\ufffd\ufffd|\ufffd')
})

it('counts bytes as UTF-8 has them', () => {
  for (const text of ['', 'abc', 'é', '€', '\u{1f600}x', '\u07ff\u0800\uffff'])
    expect(sizeOf(text)).toBe(Buffer.byteLength(text))
})

it('reads and writes base64 of all bytes, and refuses what is none', () => {
  const bytes = new Uint8Array(256).map((_, at) => at)
  expect(new Uint8Array(fromBase64(toBase64(bytes)) ?? new ArrayBuffer(0))).toEqual(bytes)
  expect(fromBase64('*')).toBeUndefined()
})
