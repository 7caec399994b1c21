/**
 * What goes with the value that a handler returns: the second argument of handlers and preHandlers. Where a handler gives
 * values one after another, it counts for those that are given after. A value that is null or undefined publishes
 * nothing, whatever stands here.
 */
export interface StompReply {
  /**
   * Sets a header of the MESSAGE; again under the same name takes the place of the first (of repeated headers readers look
   * at the first alone). Those that only the server may set are dropped, as by `publish`.
   *
   * @throws TypeError for a name that is empty, and for what is no string
   */
  header(name: string, value: string): this
  /**
   * Sets the `content-type`, and so by which codec the value is encoded: goes before the route's `contentType`.
   *
   * @throws TypeError as `header`
   */
  type(contentType: string): this
}

/** What was said of it so far. */
export interface ReplyState {
  readonly contentType: string | undefined
  /** Without the content type: `[name, value, name, value, ...]`. */
  readonly flatHeaders: readonly string[]
}

/** Makes the reply to one frame. It weighs next to nothing until it is used: most handlers never look at it. */
export function createReply(): StompReply & ReplyState {
  return new OutgoingReply()
}

const NONE: readonly string[] = []

class OutgoingReply implements StompReply, ReplyState {
  contentType: string | undefined = undefined
  flatHeaders: readonly string[] = NONE

  header(name: string, value: string): this {
    if (typeof name !== 'string' || name === '') throw new TypeError('reply.header: the name must be a text')
    if (typeof value !== 'string') throw new TypeError(`reply.header: the value of '${name}' must be a string`)
    if (name === 'content-type') {
      this.contentType = value
      return this
    }
    // What was encoded before may keep the list that it has seen.
    const flat = [...this.flatHeaders]
    for (let i = 0; i < flat.length; i += 2) {
      if (flat[i] !== name) continue
      flat[i + 1] = value
      this.flatHeaders = flat
      return this
    }
    flat.push(name, value)
    this.flatHeaders = flat
    return this
  }

  type(contentType: string): this {
    return this.header('content-type', contentType)
  }
}
