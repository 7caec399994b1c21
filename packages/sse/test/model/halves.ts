import type { Surroundings } from '../../src/client/surroundings.js'
import type { Links, LinksParts } from '../../src/server/links.js'
import type { Content } from './frames.js'

/** The two ends of the protocol, as built or with something taken away on purpose. */
export interface Halves {
  createLinks(parts: LinksParts<string>): Links<string>
  createHttpLink(url: string, options: ClientOptions, surroundings: Surroundings): ClientLink
}

export interface ClientOptions {
  readonly protocols: readonly string[]
}

/** As much of a client's link as an application uses. */
export interface ClientLink {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onrungchange: ((event: never) => void) | null
  readonly rung: string | undefined
  readonly attaches: number
  readonly resumes: number
  send(data: Content): void
  close(code?: number, reason?: string): void
}
