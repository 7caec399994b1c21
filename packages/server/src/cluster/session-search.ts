/** What a search among nodes goes by. */
export interface SessionSearchParts {
  /** The other nodes that are known now. */
  readonly others: () => readonly string[]
  /** Asks one of them; rejects when it does not answer. */
  readonly ask: (node: string, withinMs: number) => Promise<unknown>
  readonly onChange: (changed: () => void) => () => void
  /** False while there may be nodes that are not known yet. */
  readonly isSettled: () => boolean
  readonly after: (delayMs: number, run: () => void) => { cancel(): void }
}

/**
 * Asks all other nodes for what one of them has, all at once. Resolves with the first that says `true`, or with undefined
 * when all have answered otherwise, at the latest after `withinMs`. `isPatient`: until then it waits for nodes that are not
 * known yet, where there may be such.
 */
export function searchNodes(
  { others, ask, onChange, isSettled, after }: SessionSearchParts,
  withinMs: number,
  isPatient: boolean,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = new Set<string>()
    let waiting = 0
    const end = (node?: string): void => {
      deadline.cancel()
      stopWatching()
      resolve(node)
    }
    const answered = (node: string, has: unknown): void => {
      waiting--
      if (has === true) end(node)
      else giveUp()
    }
    const giveUp = (): void => {
      if (waiting === 0 && (!isPatient || isSettled())) end()
    }
    const look = (): void => {
      for (const node of others()) {
        if (asked.has(node)) continue
        asked.add(node)
        waiting++
        ask(node, withinMs).then(
          (has) => answered(node, has),
          () => answered(node, false),
        )
      }
      giveUp()
    }
    const deadline = after(withinMs, end)
    const stopWatching = onChange(look)
    look()
  })
}
