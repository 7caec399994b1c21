// node bench/relay/counts.mjs [--quick --only RabbitMQ] [--case shared|per-client] [--json <file>]      after `npm run build`; needs RabbitMQ (Debian: rabbitmq-server)
//
// What clients on one topic cost the broker: RabbitMQ's own counts with nobody, with a node in `shared` mode and with one in
// `per-client` mode, and how many messages it gave out when some were published.
import { startChild } from '../measure/child.mjs'
import { runIfMain } from '../measure/suite.mjs'
import { rabbitmq } from '../targets/rabbitmq.entry.mjs'

export const title = 'What clients on one topic cost RabbitMQ'

const BROKER = new URL('broker.mjs', import.meta.url)
const OURS = new URL('hoofbeat.mjs', import.meta.url)
const CLIENT = new URL('../connections/client.mjs', import.meta.url)
const PUBLISHED = 20

async function count(mode, clients, nodes) {
  const broker = await startChild(BROKER, { args: ['managed'] })
  const children = [broker]
  try {
    const empty = await broker.ask('usage')
    const loads = []
    for (let i = 0; i < nodes; i++) {
      const node = await startChild(OURS, { args: [`${broker.ready.tcpPort}`, mode] })
      const load = await startChild(CLIENT)
      children.push(node, load)
      loads.push({ load, opening: { ...node.ready, dialect: 'stomp', count: clients / nodes, addresses: 2 + 50 * i } })
    }
    for (const { load, opening } of loads) await load.ask('open', { ...opening, login: 'guest', passcode: 'guest' })
    const counts = await broker.ask('counts')
    const full = await broker.ask('usage')
    for (let i = 1; i <= PUBLISHED; i++) {
      await loads[0].load.ask('publish', `SEND\ndestination:/topic/all\n\n${'x'.repeat(300)}\0`)
      await Promise.all(loads.map(({ load }) => load.ask('received', i)))
    }
    const { cpuMs } = await broker.ask('usage')
    const messages = await broker.ask('messages', { published: PUBLISHED })
    return {
      ...counts,
      ...messages,
      brokerMib: (full.rssBytes - empty.rssBytes) / 1_048_576,
      brokerMillisEach: (cpuMs - full.cpuMs) / PUBLISHED,
    }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

export async function run({ quick = false, say = () => {}, only, case: part = '' } = {}) {
  const columns = [
    ...['mode', 'clients', 'nodes', 'connections', 'queues', 'consumers', 'published', 'given out'],
    ...['MiB more', 'broker ms a message'],
  ]
  const reason = quick && only === undefined ? 'RabbitMQ is left out of a quick run' : rabbitmq.isPresent()
  if (reason !== undefined) return { title, columns, rows: [], notes: [reason] }
  const rows = []
  for (const mode of ['shared', 'per-client'].filter((one) => one.includes(part))) {
    for (const [clients, nodes] of quick
      ? [[200, 2]]
      : [
          [5_000, 1],
          [5_000, 2],
        ]) {
      const one = await count(mode, clients, nodes)
      say(`${mode}, ${clients} clients: ${JSON.stringify(one)}`)
      const { connections, queues, consumers, published, delivered, brokerMib, brokerMillisEach } = one
      rows.push([
        mode,
        clients,
        nodes,
        connections,
        queues,
        consumers,
        published,
        delivered,
        brokerMib,
        brokerMillisEach,
      ])
    }
  }
  return { title, columns, rows }
}

await runIfMain(import.meta.url, { title, run })
