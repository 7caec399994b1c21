import type { Admitted, Link } from '@hoofbeat/sse'
import type { Connection, ConnectionListener, Peer } from '../connection/connection.js'
import type { Turn } from '../message/turn.js'

/** What the doors found out about who opened a link. */
export interface LinkAdmission {
  readonly identity: unknown
  /** The HTTP request that opened it. */
  readonly request: unknown
}

/** As much of a user as a link is bound to. */
type Subject = { readonly name: string; readonly expiresAtMs?: number } | string | null | undefined

/** What a link is told of who opens it: one that belongs to a user may be used by no other. */
export function toAdmitted(identity: Subject, request: unknown, clock: { epochMs(): number }): Admitted<LinkAdmission> {
  const user = typeof identity === 'string' ? { name: identity } : (identity ?? undefined)
  return {
    admission: { identity, request },
    subject: user?.name,
    expiresMs: user?.expiresAtMs === undefined ? undefined : user.expiresAtMs - clock.epochMs(),
  }
}

/** Makes a connection of a link that its client has taken up; to be attached in the same call. */
export function linkConnection(link: Link<LinkAdmission>): Connection {
  return new LinkConnection(link)
}

class LinkConnection implements Connection {
  readonly peer: Peer
  readonly #link: Link<LinkAdmission>

  constructor(link: Link<LinkAdmission>) {
    this.#link = link
    const { admission } = link
    link.admission = undefined
    this.peer = {
      transport: 'link',
      // A link beats by itself, on every rung, and outlives its carriers.
      ownsLiveness: true,
      protocol: link.protocol,
      identity: admission?.identity,
      request: admission?.request,
      remoteAddress: link.remoteAddress,
    }
  }

  get isSuspended(): boolean {
    return this.#link.isSuspended
  }

  get rung(): string {
    return this.#link.rung ?? 'detached'
  }

  attach(listener: ConnectionListener): void {
    this.#link.attach({
      message: (data) => listener.message(data, typeof data === 'string'),
      drained: () => listener.drained(),
      renewed: (lifeMs, admission) => {
        listener.renewed?.(admission?.identity, lifeMs)
        if (admission !== undefined) this.peer.identity = admission.identity
      },
      closed: (code, reason) => listener.closed(code, reason),
    })
  }

  write(turn: Turn): boolean {
    return this.#link.write(turn)
  }

  setPaused(paused: boolean): void {
    this.#link.setPaused(paused)
  }

  close(code: number, reason: string): void {
    this.#link.close(code, reason)
  }
}
