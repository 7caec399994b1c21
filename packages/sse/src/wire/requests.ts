import type { Item } from './items.js'

/** Body of `POST {base}/open`. */
export interface OpenRequest {
  readonly v: 1
  /** Sub-protocols of what the link will carry, best first. */
  readonly protocols: readonly string[]
}

/** What a message, a batch and a link may hold, in bytes. */
export interface LinkSizes {
  /** Greatest message. */
  readonly message: number
  /** Greatest body of one request. */
  readonly batch: number
  /** Unacknowledged bytes that one side keeps. */
  readonly retain: number
}

/** What a new link is told of itself; times in ms. */
export interface Opened {
  /** Names the link in paths; public. */
  readonly link: string
  /** Proves it in bodies; secret. */
  readonly key: string
  /** The sub-protocol chosen from the client's list; empty if none. */
  readonly protocol: string
  /** The server says something at least this often while attached. */
  readonly hb: number
  /** How long a link without an attach is kept. */
  readonly grace: number
  /** How long a poll may be held. */
  readonly hold: number
  /** What is left of the credentials' life; null: they do not expire. */
  readonly expires: number | null
  readonly limits: LinkSizes
}

/** Reply to {@link OpenRequest}. */
export interface OpenReply extends Opened {
  readonly v: 1
}

/** Body of `POST {base}/{link}/up`. */
export interface UpRequest {
  readonly v: 1
  readonly key: string
  /** Number of the first item. */
  readonly seq: number
  /** Highest down message handed to the application. */
  readonly ack: number
  readonly items: readonly Item[]
  /** Ends the link behind the items. */
  readonly close?: CloseReason
}

/** Why a link ends. */
export interface CloseReason {
  readonly code: number
  readonly reason: string
}

/** Reply to {@link UpRequest}. */
export interface UpReply {
  readonly v: 1
  /** Highest up message accepted. */
  readonly ack: number
  /** The present attach, 0 if there is none. */
  readonly attach: number
  /** Last down message written to it. */
  readonly sent: number
  /** Only near expiry, in ms. */
  readonly expires?: number
}

/** Body of `POST {base}/{link}/down`. */
export interface DownRequest {
  readonly v: 1
  readonly key: string
  /** The number of this attempt to attach. */
  readonly attach: number
  readonly ack: number
  /** Given for a poll: how long the reply may be held, in ms. */
  readonly hold?: number
}

/** Data of event `o`, and of the control message `o` that answers `a`. */
export interface Attached {
  readonly v: 1
  readonly attach: number
  /** Number of the first down message that follows. */
  readonly from: number
  /** Highest up message accepted. */
  readonly ack: number
}

/** The control message `o` that greets a new WebSocket. Without a link: only `a` is accepted. */
export type Greeting = (Attached & Opened) | { readonly v: 1 }

/** Data of event `k`, and of the server's control message `k`. */
export interface Beat {
  readonly ack: number
  /** Last down message written before it. */
  readonly sent: number
  /** Only near expiry, in ms. */
  readonly expires?: number
}

/** The client's control message `k`. */
export interface ClientBeat {
  readonly ack: number
  /** Last data message sent on this socket. */
  readonly sent: number
  /** Asks for a `k` at once. */
  readonly ping?: 1
}

/** Data of event `c`, and of the server's control message `c`. */
export interface Farewell extends CloseReason {
  /** Last down message written before it. */
  readonly sent: number
}

/** The client's control message `a`. */
export interface AttachRequest {
  readonly v: 1
  readonly link: string
  readonly key: string
  readonly attach: number
  readonly ack: number
}

/** Words of {@link Refusal}, with the HTTP status each is told by. */
export const REFUSALS = {
  malformed: 400,
  credentials: 401,
  forbidden: 403,
  unknown: 404,
  method: 405,
  expect: 409,
  attach: 409,
  closed: 410,
  large: 413,
  slow: 429,
  busy: 503,
} as const

/** Why a request was refused. */
export type RefusalWord = keyof typeof REFUSALS

/** Body of a refusal; on a WebSocket the data of `e`, with the status in it. */
export interface Refusal {
  readonly v: 1
  readonly error: RefusalWord
  /** Come again after so many ms. */
  readonly after?: number
  /** 409 to an up: resend from there. */
  readonly expect?: number
  /** 409 to an attach: the highest accepted so far. */
  readonly attach?: number
  /** 410: how the link ended. */
  readonly code?: number
  readonly reason?: string
  /** On a WebSocket: the HTTP status it would have had. */
  readonly status?: number
}
