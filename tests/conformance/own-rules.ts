import { answerRules } from './own-rules/answers.js'
import { badInputRules } from './own-rules/bad-input.js'
import { codecRules } from './own-rules/codec.js'
import { deliveryRules } from './own-rules/delivery.js'
import { destinationRules } from './own-rules/destinations.js'
import { sessionRules } from './own-rules/session.js'
import type { Requirement } from './requirement.js'

/** What we promise beyond the specifications. */
export const OWN_RULES: readonly Requirement[] = [
  ...sessionRules,
  ...answerRules,
  ...destinationRules,
  ...deliveryRules,
  ...badInputRules,
  ...codecRules,
]
