import { freePorts } from '../brokers/broker-process.js'
import { startRabbitmq } from '../brokers/rabbitmq-broker.js'
import type { RealBroker } from '../brokers/real-broker.js'
import type { Component } from '../components.js'

/** A RabbitMQ that tells what it has. */
export interface OpenRabbitMq extends RealBroker {
  /** The name of every queue, and every key by which one is bound. */
  names(): Promise<readonly string[]>
}

interface Listed {
  readonly name?: string
  readonly routing_key?: string
}

/** Starts one with its plugin for operators. */
export async function startOpenRabbitMq(component: Component): Promise<OpenRabbitMq> {
  const [port] = await freePorts(1)
  const broker = await startRabbitmq(component, {
    plugins: ['rabbitmq_stomp', 'rabbitmq_management'],
    configuration: ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${port}`],
  })
  const authorization = `Basic ${Buffer.from(`${broker.login}:${broker.passcode}`).toString('base64')}`
  const list = async (what: string): Promise<readonly Listed[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/${what}`, { headers: { authorization } })
    return (await response.json()) as readonly Listed[]
  }
  return {
    ...broker,
    async names() {
      const listed = [...(await list('queues')), ...(await list('bindings'))]
      const names = listed.flatMap(({ name, routing_key: key }) => [name, key])
      return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as readonly string[]
    },
  }
}
