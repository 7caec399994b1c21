import { expect, it } from 'vitest'
import { createHeardMessages } from './heard-messages.js'

it('knows of each client what the node has heard since its topic began', () => {
  const heard = createHeardMessages()
  const [alice, bob] = [heard.ofClient(), heard.ofClient()]
  const [hers, his] = [{}, {}]
  alice.begin(hers)
  alice.note(hers, 'early', false)
  bob.begin(his)
  bob.note(his, 'late', false)
  expect([alice.has(hers, 'early'), alice.has(hers, 'late')]).toEqual([true, true])
  expect([bob.has(his, 'early'), bob.has(his, 'late')]).toEqual([false, true])
})

it('takes what came before a loss for new: it may have been lost for this client', () => {
  const alice = createHeardMessages().ofClient()
  const topic = {}
  alice.begin(topic)
  alice.note(topic, 'a', false)
  alice.begin(topic)
  expect(alice.has(topic, 'a')).toBe(false)
})

it('keeps from no client a repeated message that another one has had already', () => {
  const heard = createHeardMessages()
  const [alice, bob] = [heard.ofClient(), heard.ofClient()]
  const [hers, his] = [{}, {}]
  alice.begin(hers)
  bob.begin(his)
  alice.note(hers, 'a', true)
  expect([alice.has(hers, 'a'), bob.has(his, 'a')]).toEqual([true, false])
})

it('remembers as many as it should, and at most twice as many, of all clients together', () => {
  const heard = createHeardMessages(10)
  const [alice, bob] = [heard.ofClient(), heard.ofClient()]
  const [hers, his] = [{}, {}]
  alice.begin(hers)
  bob.begin(his)
  for (let i = 0; i < 100; i++) {
    alice.note(hers, `${i}`, false)
    bob.note(his, `${i}`, false)
    for (let back = Math.max(0, i - 9); back <= i; back++) expect(bob.has(his, `${back}`)).toBe(true)
  }
  const known = Array.from({ length: 100 }, (_, i) => alice.has(hers, `${i}`)).filter(Boolean)
  expect(known.length).toBeLessThanOrEqual(20)
})
