// The globals the codec may use, and no more: the package compiles without DOM and without Node types, so that nothing
// else can slip in. Buffer is absent in browsers; bytes.ts asks before it uses it.

declare class TextEncoder {
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
  encode(text: string): Uint8Array<ArrayBuffer>
}

declare class TextDecoder {
  constructor(label: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes: Uint8Array): string
}

interface NodeBuffer extends Uint8Array<ArrayBuffer> {}

interface NodeBufferConstructor {
  new (): NodeBuffer
  readonly prototype: NodeBuffer
  byteLength(text: string): number
  allocUnsafe(size: number): NodeBuffer
  from(buffer: ArrayBufferLike, offset: number, length: number): NodeBuffer
  [Symbol.hasInstance](value: unknown): value is NodeBuffer
}

declare var Buffer: NodeBufferConstructor | undefined
