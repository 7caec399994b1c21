import type { Journal } from './journal.js'
import type { Page } from './page.js'
import type { Plan } from './plan.js'
import type { ServerHost } from './server-host.js'
import type { ServerSide } from './server-side.js'
import type { VirtualNetwork } from './virtual-network.js'

/** In a good network both sides are told the code with which one of them has ended the link. */
export function checkEnding(journal: Journal, { ending, terrain }: Plan, page: Page, side: ServerSide): void {
  if (ending === 'stay') return
  const code = ending === 'page' ? 3_100 : ending === 'server' ? 4_100 : 1_001
  const isTold = side.ended?.code === code && (page.closed?.code === code || page.hasLeft)
  // A proxy may end the very connection that tells it, and a page that has left cannot tell it again.
  if (isTold || (ending === 'leave' && Number.isFinite(terrain.lifeMs))) return
  journal.violate(
    `the ${ending} ended it with ${code}; told were page ${page.closed?.code}, server ${side.ended?.code}`,
  )
}

/** Nothing is left of links that are over: no timers, no connections, no bytes. */
export function checkLeftovers(
  journal: Journal,
  {
    pages,
    host,
    network,
  }: { readonly pages: readonly Page[]; readonly host: ServerHost; readonly network: VirtualNetwork },
): void {
  for (const page of pages) {
    if (!page.hasLeft && page.leftovers !== '') journal.violate(`left of ${page.name}: ${page.leftovers}`)
  }
  const { counts } = host.links
  if (Object.values(counts).some((count) => count !== 0)) journal.violate(`left of links: ${JSON.stringify(counts)}`)
  for (const end of network.ends) if (end.startsWith('server ')) journal.violate(`left of the server: ${end}`)
  const timers = network.scheduler.pending(host.name)
  if (timers !== 0) journal.violate(`left of the server: ${timers} timers`)
}
