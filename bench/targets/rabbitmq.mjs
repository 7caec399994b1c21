import { answerParent } from '../measure/child.mjs'
import { startRabbitmq } from './rabbitmq-node.mjs'

const { ready, usage } = await startRabbitmq()
answerParent(ready, { usage })
