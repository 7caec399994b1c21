// The load of bench/work/codec.mjs, in a process of its own. It prints, by the name of what is counted, the bytes that a
// frame takes from the heap. Before and after what is to be counted it asks for its priority: that is a native function
// which nothing else calls, so a tool that counts instructions can be told to look at its count then.
import { getPriority } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { COUNTED } from './codec-cases.mjs'

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
console.log(JSON.stringify(figures))
