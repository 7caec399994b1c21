import type { DownForm } from './down-turn.js'

/** Which of the HTTP doors was asked. */
export type DoorName = 'open' | 'up' | 'down'

/**
 * One POST request and its reply, free of any HTTP library. The door that makes it has checked the Origin and the
 * method, sets the head that all replies share, and keeps body and key out of logs.
 */
export interface Exchange<Admission = unknown> {
  readonly door: DoorName
  /** From the path; undefined for `open`. Not trusted. */
  readonly link: string | undefined
  /** The Origin header; a link opened by one page may be used by no other. */
  readonly origin: string | undefined
  readonly remoteAddress: string | undefined
  /** Absent: it comes from the client. Else from another node, which checked the Origin and asked the application. */
  readonly forwarded?: Forwarded | undefined
  /** True if the request carries credentials of the application: only then is `admit` asked on an `up` or `down`. */
  readonly hasCredentials: boolean
  /**
   * Asks the application who this is. Rejects with an error that has a `statusCode` (401, 403, 429, 503).
   */
  admit(): Promise<Admitted<Admission>>
  /**
   * Reads the body as UTF-8. Rejects with an error that has the `statusCode` 413 when it is above `maxBytes`, 408 when it
   * does not come in time, and with any other when the client has gone.
   */
  body(maxBytes: number): Promise<string>
  /** Answers with one JSON object. Does nothing when the client has gone. */
  reply(status: number, body: object): void
  /** Answers 200 with one complete `text/event-stream`, with its Content-Length. */
  replyEvents(events: Uint8Array): void
  /** Answers 200 with an event stream that stays. Undefined when the client has gone. */
  stream(listener: StreamListener): EventStream | undefined
  /** The client has gone before it was answered. Told once, also if it happened before this call. */
  onGone(run: () => void): void
}

/** Whom credentials name, and for how long. */
export interface Standing {
  /** Names the authenticated user; undefined: nobody is known. A link belongs to the subject that opened it. */
  readonly subject: string | undefined
  /** When the credentials end: what is left of their life in ms; undefined: never. */
  readonly expiresMs?: number | undefined
}

/** What the application said of a client. */
export interface Admitted<Admission = unknown> extends Standing {
  /** Handed to the application with the link. */
  readonly admission: Admission
}

/** What another node has found out about a request that it passed on to the owner of the link. */
export interface Forwarded {
  /** The link that the request was passed on for; it is good for no other. */
  readonly link: string
  /** What the application said of the request's credentials; undefined: there were none. */
  readonly standing: Standing | undefined
}

/** An event stream under way. */
export interface EventStream {
  /** The form of bytes it takes. */
  readonly form: Exclude<DownForm, 'link'>
  /** Writes what is already in that form. False: full until `drained`. Ignored after the end. */
  write(bytes: Uint8Array): boolean
  /**
   * The same, but maybe not before all that runs now has ended; whatever else is written or ended comes behind it. That it
   * is full is told by `filled`.
   */
  writeSoon(bytes: Uint8Array): void
  /** Writes an event of its own in the right form. */
  writeEvent(event: string): boolean
  /** Ends it in good order, behind what was written. */
  end(): void
  /** Ends it at once: the client does not read. */
  destroy(): void
}

/** Who is told of an {@link EventStream}. */
export interface StreamListener {
  /** What was written soon has filled it, until `drained`. */
  filled(): void
  drained(): void
  /** It has ended, for whatever cause; told once, never inside a call to it. */
  closed(): void
}
