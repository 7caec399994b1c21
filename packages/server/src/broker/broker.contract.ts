import { ackContract } from './contract/ack-contract.js'
import { type BrokerContract, type ContractRunner, createContractParts } from './contract/contract-parts.js'
import { deadLetterContract } from './contract/dead-letter-contract.js'
import { deliveryContract } from './contract/delivery-contract.js'
import { durableContract } from './contract/durable-contract.js'
import { expiryContract } from './contract/expiry-contract.js'
import { flowContract } from './contract/flow-contract.js'
import { historyContract } from './contract/history-contract.js'
import { queueContract } from './contract/queue-contract.js'
import { redeliveryContract } from './contract/redelivery-contract.js'
import { selectorContract } from './contract/selector-contract.js'
import { subscriptionContract } from './contract/subscription-contract.js'
import { transactionContract } from './contract/transaction-contract.js'

export type { BrokerContract, BrokerUnderTest, ContractLimits, ContractRunner } from './contract/contract-parts.js'

/**
 * What every broker behind the port must do. Topics are used below `/topic`, queues below `/queue`, with `/` between
 * segments; what the broker's capabilities do not name is not tried.
 */
export function brokerContract(runner: ContractRunner, contract: BrokerContract): void {
  const parts = createContractParts(runner, contract)
  deliveryContract(parts)
  subscriptionContract(parts)
  queueContract(parts)
  expiryContract(parts)
  flowContract(parts)
  ackContract(parts)
  redeliveryContract(parts)
  deadLetterContract(parts)
  selectorContract(parts)
  transactionContract(parts)
  historyContract(parts)
  durableContract(parts)
}
