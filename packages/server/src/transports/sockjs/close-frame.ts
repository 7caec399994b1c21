import { encodeJsonString } from '../../message/sockjs-frames.js'

/** "Come back later" (1012) is told as "going away" (1001), as clients of SockJS know it from other servers. */
export function closeCode(code: number): number {
  return code === 1012 ? 1001 : code
}

/** The frame that ends a session. */
export function closeFrame(code: number, reason: string): string {
  const text = Buffer.from(encodeJsonString(Buffer.from(reason))).toString('utf8')
  return `c[${closeCode(code)},${text}]`
}
