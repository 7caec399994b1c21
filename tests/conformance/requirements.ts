import { EDGE_CASES } from './edge-cases.js'
import { OWN_RULES } from './own-rules.js'
import type { Requirement } from './requirement.js'
import { ackRequirements } from './requirements/ack.js'
import { ackModeRequirements } from './requirements/ack-mode.js'
import { connectRequirements } from './requirements/connect.js'
import { disconnectRequirements } from './requirements/disconnect.js'
import { errorRequirements } from './requirements/error.js'
import { frameRequirements } from './requirements/frame.js'
import { heartBeatRequirements } from './requirements/heart-beat.js'
import { lingeringRequirements } from './requirements/lingering.js'
import { messageRequirements } from './requirements/message.js'
import { nackRequirements } from './requirements/nack.js'
import { overviewRequirements } from './requirements/overview.js'
import { receiptRequirements } from './requirements/receipt.js'
import { sendRequirements } from './requirements/send.js'
import { standardHeaderRequirements } from './requirements/standard-headers.js'
import { subscribeRequirements } from './requirements/subscribe.js'
import { transactionRequirements } from './requirements/transaction.js'
import { unsubscribeRequirements } from './requirements/unsubscribe.js'

/** Each statement of STOMP 1.0, 1.1 and 1.2 that can be seen at a codec or a server, in the order of the 1.2 text. */
export const SPECIFICATION: readonly Requirement[] = [
  ...overviewRequirements,
  ...frameRequirements,
  ...standardHeaderRequirements,
  ...lingeringRequirements,
  ...connectRequirements,
  ...heartBeatRequirements,
  ...sendRequirements,
  ...subscribeRequirements,
  ...ackModeRequirements,
  ...unsubscribeRequirements,
  ...ackRequirements,
  ...nackRequirements,
  ...transactionRequirements,
  ...disconnectRequirements,
  ...messageRequirements,
  ...receiptRequirements,
  ...errorRequirements,
]

/** Every row that the gate watches: the specifications, the edge cases, our own rules. */
export const REQUIREMENTS: readonly Requirement[] = [...SPECIFICATION, ...EDGE_CASES, ...OWN_RULES]
