// Counts what a process makes and does, from its import on: so it is to be imported before what it is to see. Nothing
// but what happens between `began` and `ended` is counted.
import { createHook } from 'node:async_hooks'

/** What is counted, since it was last set to 0. */
const seen = { promises: 0, timers: 0, immediates: 0, buffers: 0, visits: 0 }
let isCounting = false

const KINDS = { PROMISE: 'promises', Timeout: 'timers', Immediate: 'immediates' }
createHook({
  init(_id, type) {
    if (isCounting && KINDS[type] !== undefined) seen[KINDS[type]]++
  },
}).enable()

/** Stands in for `owner[name]`; one call within another is the same piece of work. */
function count(owner, name, kind, much = () => 1) {
  const original = owner[name]
  let isInside = false
  owner[name] = function (...args) {
    if (!isCounting || isInside) return original.apply(this, args)
    isInside = true
    seen[kind] += much(this)
    isInside = false
    return original.apply(this, args)
  }
}

// Each a copy, or room for one.
for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat', 'from']) countBuffers(name)

function countBuffers(name) {
  const original = Buffer[name]
  Buffer[name] = (...args) => {
    if (!isCounting) return original.apply(Buffer, args)
    seen.buffers++
    // What it calls itself, it calls for the same buffer.
    isCounting = false
    try {
      return original.apply(Buffer, args)
    } finally {
      isCounting = true
    }
  }
}

/** Asks of maps and sets, and steps through them: what a walk through an index is made of. */
export function countVisits() {
  for (const collection of [Map, Set]) {
    const { prototype } = collection
    for (const name of ['get', 'has', 'entries', 'keys', 'values']) {
      if (name in prototype) count(prototype, name, 'visits')
    }
    count(prototype, Symbol.iterator, 'visits')
    count(prototype, 'forEach', 'visits', ({ size }) => size)
    count(Object.getPrototypeOf(new collection().values()), 'next', 'visits')
  }
}

export function began() {
  for (const kind of Object.keys(seen)) seen[kind] = 0
  isCounting = true
}

export function ended() {
  isCounting = false
  return { ...seen }
}
