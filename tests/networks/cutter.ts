import type { Socket } from 'node:net'
import { type Listening, openForwarder, type Pair } from './forwarder.js'
import type { FaultLog } from './network.js'

/** A network that can be cut and mended. */
export interface Cutter extends Listening {
  cut(): void
  mend(): void
}

/**
 * What a cut does: `reset` ends all connections at once and refuses new ones, as a restarted proxy does; `silent` lets them
 * stand and passes nothing, as a tunnel does on the train: what was sent meanwhile arrives when it ends.
 */
export type CutManner = 'reset' | 'silent'

export async function openCutter(targetPort: number, manner: CutManner, log: FaultLog): Promise<Cutter> {
  const pairs = new Set<Pair>()
  let isCut = false
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      if (to.writable) to.write(bytes)
    })
    from.on('end', () => to.end())
    from.on('close', () => {
      if (from.readableEnded) return
      to.destroy()
    })
  }
  const stop = ({ near, far }: Pair): void => {
    if (manner === 'silent') {
      near.pause()
      far.pause()
    } else {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }
  const forwarder = await openForwarder(targetPort, (pair) => {
    const { near, far } = pair
    pairs.add(pair)
    near.once('close', () => pairs.delete(pair))
    pass(near, far)
    pass(far, near)
    if (isCut) stop(pair)
  })
  return {
    ...forwarder,
    cut() {
      log.note(`${pairs.size} connections cut, ${manner}`)
      isCut = true
      for (const pair of pairs) stop(pair)
    },
    mend() {
      isCut = false
      for (const { near, far } of pairs) {
        near.resume()
        far.resume()
      }
    },
  }
}
