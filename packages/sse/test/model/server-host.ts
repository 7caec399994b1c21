import type { LinkClock } from '../../src/server/clock.js'
import type { LinkSocket } from '../../src/server/link-socket.js'
import type { Links } from '../../src/server/links.js'
import type { Halves } from './halves.js'
import type { Page } from './page.js'
import { ServerSide, type SideParts } from './server-side.js'
import type { VirtualExchange } from './virtual-exchange.js'
import type { RequestHost } from './virtual-request.js'
import type { SocketHost } from './virtual-socket.js'

export interface HostParts extends SideParts {
  readonly halves: Halves
  readonly retainedBytes: number
  readonly inboxBytes: number
  /** Whether upgrades are known to come from somebody, so that they are greeted with a link. */
  readonly greetsWithLink: boolean
  pageOf(name: string): Page | undefined
}

/** One server process: the owner of links, and the application on them. */
export class ServerHost implements SocketHost, RequestHost {
  readonly name: string
  readonly links: Links<string>
  readonly sides: ServerSide[] = []
  readonly #parts: HostParts
  #isDown = false

  constructor(name: string, parts: HostParts) {
    this.name = name
    this.#parts = parts
    const { scheduler, chance } = parts
    const clock: LinkClock = {
      now: () => scheduler.now,
      after: (delayMs, run) => ({ cancel: scheduler.after(delayMs + chance.next(), name, run) }),
    }
    this.links = parts.halves.createLinks({
      clock,
      limits: { maxRetainedBytes: parts.retainedBytes, maxInboxBytes: parts.inboxBytes },
      selectProtocol: (offered) => offered.find((name) => name === 'v12.stomp'),
      accept: (link) => {
        const page = parts.pageOf(link.remoteAddress ?? '')
        if (page === undefined)
          return parts.journal.violate(`a link was accepted of ${link.remoteAddress}, who is nobody`)
        if (link.admission !== page.name) parts.journal.violate(`a link has the admission ${link.admission}`)
        parts.journal.trace(() => `${name} accepts a link of ${page.name}`)
        const side = new ServerSide(link, page, parts)
        this.sides.push(side)
        page.accepted(side)
      },
    })
  }

  serve(exchange: VirtualExchange): boolean {
    if (this.#isDown) return false
    this.links
      .serve(exchange)
      .catch((error: unknown) => this.#parts.journal.violate(`serve rejected: ${String(error)}`))
    return true
  }

  acceptSocket(socket: LinkSocket, protocols: readonly string[], page: string): boolean {
    if (this.#isDown) return false
    const { chance, greetsWithLink } = this.#parts
    const isKnown = greetsWithLink || chance.is(0.5)
    this.links.acceptSocket(socket, {
      origin: 'https://page.example',
      remoteAddress: page,
      protocols,
      admitted: isKnown ? { admission: page, subject: undefined } : undefined,
    })
    return true
  }

  /** The process is killed: nothing of it happens any more. */
  kill(): void {
    this.#isDown = true
    this.#parts.scheduler.forget(this.name)
    for (const side of this.sides) side.isLost = true
  }

  /** The process is told to end, and waits so long for its clients. */
  async drain(withinMs: number): Promise<void> {
    this.links.refuse()
    await this.links.close(withinMs)
    this.#isDown = true
  }
}
