/** The middle one; the greater of two middles. */
export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}

/** The value below which `share` (0 to 1) of the sorted numbers lie. */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

/**
 * Lets all targets take turns, each round in another order, so that a slow moment of the machine hits all alike.
 * `measure(target, round)` gives one target's figures of one round, an object of numbers; the answer is, by the target's
 * name, the list of what it gave.
 */
export async function inRounds(count, targets, measure) {
  const figures = new Map(targets.map(({ name }) => [name, []]))
  for (let round = 0; round < count; round++) {
    for (let i = 0; i < targets.length; i++) {
      const target = targets[(i + round) % targets.length]
      figures.get(target.name).push(await measure(target, round))
    }
  }
  return figures
}

/** The median, over the rounds, of `of(a) / of(b)`, each taken within one round. */
export function medianRatio(a, b, of) {
  return median(a.map((figure, round) => of(figure) / of(b[round])))
}
