import type { ClusterNodes } from './cluster.js'

/** What a node needs that comes into a cluster. */
export interface IntroductionParts {
  readonly nodes: ClusterNodes
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
  /** How long others may take to say that they are there, in ms. */
  readonly greetingMs: number
}

/** The time in which a node that has just come learns who else is there. */
export interface Introduction {
  /** Settled at its end; undefined: it is over, or has not begun. */
  readonly pending: Promise<void> | undefined
  /** `said` resolves when the others can know that this node is there: then they have their time. */
  begin(said?: Promise<void>): Promise<void>
  end(): void
}

/** How long those who are there may take to tell what they are, in ms. */
const MAX_MS = 2_000
/** Told by every node: whoever has told nothing has not been heard yet. */
const FACT = 'any-node'

/** A request that comes in while the others are not known would be taken for what is ours. */
export function createIntroduction({ nodes, after, greetingMs }: IntroductionParts): Introduction {
  let pending: Promise<void> | undefined
  let finish = (): void => {}
  nodes.announce(FACT, true)
  return {
    get pending() {
      return pending
    },
    begin(said = Promise.resolve()) {
      const begun = new Promise<void>((resolve) => {
        let isGreeted = false
        let isOver = false
        const timers: { cancel(): void }[] = []
        const look = (): void => {
          if (isGreeted && nodes.list().every(({ facts }) => facts.size > 0)) finish()
        }
        const wait = (): void => {
          if (isOver) return
          const greeted = (): void => {
            isGreeted = true
            look()
          }
          timers.push(
            after(greetingMs, greeted),
            after(MAX_MS, () => finish()),
          )
        }
        said.then(wait, wait)
        const stopWatching = nodes.onChange(look)
        finish = () => {
          isOver = true
          pending = undefined
          stopWatching()
          for (const timer of timers) timer.cancel()
          resolve()
        }
      })
      pending = begun
      return begun
    },
    end: () => finish(),
  }
}
