// The load of bench/work/codec.mjs, in a process of its own. It prints, by the name of what is counted, the bytes that a
// frame takes from the heap, and those that a decoder keeps. Before and after what is to be counted it asks for its priority: that is a native function
// which nothing else calls, so a tool that counts instructions can be told to look at its count then.
import { getPriority } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { COUNTED, idleDecoder } from './codec-cases.mjs'

const heapBytes = () => getHeapStatistics().used_heap_size

const figures = {}
for (const [name, { frames, warmUp, make }] of Object.entries(COUNTED)) {
  const job = make()
  for (let i = 0; i < warmUp; i++) job(frames)
  // Compiled too.
  heapBytes()
  getPriority()
  const before = heapBytes()
  job(frames)
  const after = heapBytes()
  getPriority()
  if (after < before) throw new Error(`${name}: a collection came in between; change its warmUp`)
  figures[name] = Math.round((after - before) / frames)
}

const DECODERS = 2000
/** What the decoders hold that nothing else does. */
function retained(make) {
  const kept = Array.from({ length: DECODERS }, make)
  kept.fill(undefined)
  globalThis.gc()
  const before = heapBytes()
  for (let i = 0; i < DECODERS; i++) kept[i] = make()
  globalThis.gc()
  const after = heapBytes()
  if (kept.some(({ pendingBytes }) => pendingBytes > 0)) throw new Error('a decoder is not idle')
  return Math.round((after - before) / DECODERS)
}

console.log(JSON.stringify({ heapBytes: figures, retainedBytes: { 'idle decoder': retained(idleDecoder) } }))
