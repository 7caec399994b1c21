// RabbitMQ behind the relays, in a process of its own; the first argument `managed` has it count messages.
import { setTimeout as wait } from 'node:timers/promises'
import { answerParent } from '../measure/child.mjs'
import { startRabbitmq } from '../targets/rabbitmq-node.mjs'

const { ready, usage, control } = await startRabbitmq({ isManaged: process.argv[2] === 'managed' })

const rows = (text) => text.split('\n').filter((line) => line.trim() !== '')

answerParent(ready, {
  usage,
  /** RabbitMQ's own lists. */
  async counts() {
    const [connections, queues, consumers] = await Promise.all([
      control('list_stomp_connections', 'conn_name'),
      control('list_queues', 'name'),
      control('list_consumers'),
    ])
    return {
      connections: rows(connections).length,
      queues: rows(queues).length,
      consumers: rows(consumers).length,
    }
  },
  /** How many messages it was given and has given, as its management plugin has counted; these come every five seconds. */
  async messages({ published }) {
    const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`
    for (let i = 0; ; i++) {
      const answer = await fetch(`http://127.0.0.1:${ready.managementPort}/api/overview`, {
        headers: { authorization },
      })
      const { publish = 0, deliver = 0, deliver_no_ack = 0 } = (await answer.json()).message_stats ?? {}
      if (publish >= published || i === 60) return { published: publish, delivered: deliver + deliver_no_ack }
      await wait(500)
    }
  },
})
