import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type LedgerBatch, type LedgerChange, loadDriver, openLedger } from './ledger/ledger.js'

// Few places, so that changes of one group meet again and again at the same one.
const shelf = fc.constantFrom('a', 'b')
const position = fc.integer({ min: 0, max: 2 })
const count = fc.integer({ min: 0, max: 9 })

const change: fc.Arbitrary<LedgerChange> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    shelf,
    position,
    message: fc.integer({ max: 1, min: 0 }),
    deliveries: count,
  }),
  fc.record({ kind: fc.constant('remove' as const), shelf, position }),
  fc.record({ kind: fc.constant('delivered' as const), shelf, position, deliveries: count }),
  fc.record({ kind: fc.constant('clear' as const), shelf }),
)

const group = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 4 })

/** What the changes come to, one after the other. `texts` of the messages that are added, by index. */
function applyTo(model: Map<string, string>, changes: readonly LedgerChange[], texts: readonly string[]): void {
  for (const one of changes) {
    if (one.kind === 'note') continue
    if (one.kind === 'clear') {
      for (const place of [...model.keys()]) if (place.startsWith(`${one.shelf} `)) model.delete(place)
      continue
    }
    const place = `${one.shelf} ${one.position}`
    const text = model.get(place)?.split(' ')[0]
    if (one.kind === 'add') model.set(place, `${texts[one.message]} ${one.deliveries}`)
    else if (one.kind === 'remove') model.delete(place)
    else if (text !== undefined) model.set(place, `${text} ${one.deliveries}`)
  }
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

it('comes to the same in groups as change by change', async () => {
  const driver = await loadDriver()
  const base = mkdtempSync(join(tmpdir(), 'hoofbeat-ledger-'))
  let runs = 0
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 6 }), async (groups) => {
        runs += 1
        const directory = join(base, String(runs))
        const model = new Map<string, string>()
        const nothing = { message: () => {}, entry: () => {}, note: () => {} }
        const ledger = openLedger(driver, { directory, maxBytes: undefined }, nothing)
        groups.forEach((batches, number) => {
          const applied = batches.map((changes, index): LedgerBatch => {
            const texts = [0, 1].map((message) => `${number}.${index}.${message}`)
            applyTo(model, changes, texts)
            return { changes, messages: texts.map((text) => new TextEncoder().encode(text)) }
          })
          expect(ledger.apply(applied)).toEqual(applied.map(() => undefined))
        })
        ledger.close()
        // The driver may still hold the files: see ledger/file.js.
        cpSync(directory, `${directory}-copy`, { recursive: true })
        expect(read(`${directory}-copy`)).toEqual(new Map([...model].sort()))
        rmSync(directory, { recursive: true })
        rmSync(`${directory}-copy`, { recursive: true })
        if (runs % 20 !== 0) return
        collect()
        await turn()
      }),
      { numRuns: 300 },
    )
  } finally {
    rmSync(base, { recursive: true, force: true })
  }

  function read(directory: string): Map<string, string> {
    const messages = new Map<number, string>()
    const found = new Map<string, string>()
    const reader = {
      message: (id: number, data: Uint8Array) => messages.set(id, new TextDecoder().decode(data)),
      entry: (name: string, at: number, message: number, deliveries: number) =>
        found.set(`${name} ${at}`, `${messages.get(message)} ${deliveries}`),
      note: () => {},
    }
    openLedger(driver, { directory, maxBytes: undefined }, reader).abandon()
    return found
  }
}, 120_000)
