/**
 * How much of one frame the decoder takes (STOMP 1.2, "Size Limits"). Each is enforced while reading: a frame that
 * breaks one is refused while it arrives, at the latest a KiB after its bytes show it.
 */
export interface Limits {
  /** Header entries, repeats counted. @default 64 */
  readonly maxHeaders: number
  /** Bytes of one header line before its LF. @default 8192 */
  readonly maxHeaderLineBytes: number
  /** Bytes of all header lines of a frame with their line ends, the command line not counted. @default 16384 */
  readonly maxHeaderBytes: number
  /** Bytes of a body. A greater `content-length` is refused within the first KiB of the frame. @default 65536 */
  readonly maxBodyBytes: number
}

/** The limits of a decoder that was given none. */
export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({
  maxHeaders: 64,
  maxHeaderLineBytes: 8192,
  maxHeaderBytes: 16384,
  maxBodyBytes: 65536,
})

/** Absent or undefined: the default. */
export function completeLimits(given: Partial<Limits> = {}): Limits {
  return {
    maxHeaders: given.maxHeaders ?? DEFAULT_LIMITS.maxHeaders,
    maxHeaderLineBytes: given.maxHeaderLineBytes ?? DEFAULT_LIMITS.maxHeaderLineBytes,
    maxHeaderBytes: given.maxHeaderBytes ?? DEFAULT_LIMITS.maxHeaderBytes,
    maxBodyBytes: given.maxBodyBytes ?? DEFAULT_LIMITS.maxBodyBytes,
  }
}
