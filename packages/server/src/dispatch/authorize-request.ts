import type { Headers } from '@hoofbeat/codec'
import type { DestinationSyntax } from '../destination/destination.js'
import type { AuthorizeRequest, AuthorizeSendRequest } from '../hooks/hooks.js'
import { touches } from '../hooks/touching.js'
import type { User } from '../hooks/user.js'
import type { SessionOwner } from '../routes/routes.js'

/** A SEND or SUBSCRIBE as the authorising hooks see it. One is made for each frame that they are asked about. */
export class DestinationRequest implements AuthorizeRequest {
  readonly destination: string
  readonly headers: Headers
  readonly user: User | undefined
  readonly sessionId: string
  readonly #syntax: DestinationSyntax

  constructor(destination: string, headers: Headers, { user, sessionId }: SessionOwner, syntax: DestinationSyntax) {
    this.destination = destination
    this.headers = headers
    this.user = user
    this.sessionId = sessionId
    this.#syntax = syntax
  }

  touches(pattern: string): boolean {
    const [mine, theirs] = [this.#syntax.segments(this.destination), this.#syntax.segments(pattern)]
    // What a hook looks for in vain would never be refused.
    if (theirs === undefined) throw new TypeError(`touches: '${pattern}' is not a destination pattern`)
    return mine !== undefined && touches(mine, theirs)
  }
}

/** The same with the body of a SEND. */
export class SendDestinationRequest extends DestinationRequest implements AuthorizeSendRequest {
  readonly body: Uint8Array

  constructor(destination: string, headers: Headers, owner: SessionOwner, syntax: DestinationSyntax, body: Uint8Array) {
    super(destination, headers, owner, syntax)
    this.body = body
  }
}
