import { describe, expect, it } from 'vitest'
import type { ContractRunner } from '../../src/broker/broker.contract.js'

/** Titles of the contract's tests that do not hold with a broker, and why. */
export type Otherwise = Readonly<Record<string, string>>

const TEST_MS = 30_000

/** Runs a contract's tests, but those that are told apart; a title that none of them has fails a test of its own. */
export function runnerBut(otherwise: Otherwise): ContractRunner {
  const left = new Set(Object.keys(otherwise))
  // Runs when all titles are known.
  it('has a test for each title that is told apart', () => {
    expect([...left]).toEqual([])
  })
  /** What is to be told in the part of the contract that is being read; a part of which nothing is left has none. */
  let part: (() => void)[] | undefined
  return {
    describe(title, body) {
      const around = part
      const inside: (() => void)[] = []
      part = inside
      body()
      part = around
      if (inside.length === 0) return
      const tell = (): void => {
        describe(title, () => {
          for (const each of inside) each()
        })
      }
      if (around === undefined) tell()
      else around.push(tell)
    },
    expect,
    it(title, body) {
      if (left.delete(title) || otherwise[title] !== undefined) return
      if (part === undefined) it(title, body, TEST_MS)
      else part.push(() => it(title, body, TEST_MS))
    },
  }
}
