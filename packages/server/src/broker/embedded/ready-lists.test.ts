import { createHeaders } from '@hoofbeat/codec'
import { expect, it } from 'vitest'
import { createMessage } from '../../message/message.js'
import { parseSelector } from '../selectors/selector.js'
import { holdMessage } from './held-message.js'
import type { Consumer, QueueEntry } from './queue-entry.js'
import { createReadyLists } from './ready-lists.js'

it('keeps little of 100,000 entries that went through one list while another starved', () => {
  const lists = createReadyLists()
  const starving: Consumer = { selector: parseSelector('x = 1'), hasCredit: () => false, give: () => 'refused' }
  lists.addConsumer(starving)
  const init = { id: 'm', destination: '/queue/a', headers: createHeaders({ x: '1' }), body: new Uint8Array() }
  const held = holdMessage(createMessage(init), 0)
  let greatest = 0
  for (let position = 1; position <= 100_000; position++) {
    const entry: QueueEntry = {
      ...{ position, held, deliveries: 0, isUncertain: false, gap: undefined, state: 'ready' },
    }
    lists.add(entry)
    lists.all.drop()
    entry.state = 'gone'
    lists.tidy(0)
    greatest = Math.max(greatest, lists.listOf(starving)?.size ?? 0)
  }
  expect(greatest).toBeGreaterThan(0)
  expect(greatest).toBeLessThanOrEqual(65)
})
