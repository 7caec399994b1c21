import { cpus, release, totalmem } from 'node:os'

/** Where figures come from: they mean little without. */
export function machine() {
  const [first] = cpus()
  return {
    processor: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
  }
}
