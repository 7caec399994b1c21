// RabbitMQ as rabbitmq.mjs has it; the port is that of plain STOMP.
import { answerParent } from '../measure/child.mjs'
import { startRabbitmq } from './rabbitmq-node.mjs'

const { ready, usage } = await startRabbitmq()
answerParent({ port: ready.tcpPort }, { usage })
