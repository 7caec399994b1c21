import { vi } from 'vitest'

export type Codec = typeof import('../src/index.js')

/** The codec as loaded where there is a Buffer, and where there is none: the choice is made when it is loaded. */
export async function loadCodec(hasBuffer: boolean): Promise<Codec> {
  vi.resetModules()
  if (!hasBuffer) vi.stubGlobal('Buffer', undefined)
  try {
    return await import('../src/index.js')
  } finally {
    vi.unstubAllGlobals()
  }
}

/** `describe.each` over both. */
export const PLATFORMS: readonly { platform: string; codec: Codec }[] = [
  { platform: 'with Buffer', codec: await loadCodec(true) },
  { platform: 'without Buffer', codec: await loadCodec(false) },
]
