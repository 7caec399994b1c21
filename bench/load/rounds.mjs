// One case of a suite: scenes of all targets, warmed up, measured in interleaved rounds, and compared with the baseline.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfTimes } from '../measure/profile.mjs'
import { inRounds, median, medianRatio } from '../measure/statistics.mjs'
import { BASELINE, TARGETS } from '../targets/index.mjs'
import { startScenes } from './scene.mjs'

/** What a suite measures unless it says otherwise: `baseline` is the name of the target that all ratios are taken against. */
const USUAL = { targets: TARGETS, baseline: BASELINE }

/** The targets to be measured: in a quick run only those that need nothing but npm. The baseline is always one of them. */
function chosen({ targets, baseline }, { quick, only }) {
  const names = only?.split(',')
  return targets.filter(({ name, isNpm }) =>
    names === undefined ? isNpm || !quick : names.includes(name) || name === baseline,
  )
}

/**
 * Measures one case. `scene`: see `startScene`; `ask`: what the client does in a round, and with which details. The answer
 * has, for each target, the medians of all figures, each also `against` the baseline: the median over the rounds of
 * baseline / target, each taken within one round; or the `fault` why there are none.
 */
export async function measureCase({ name, scene, ask, rounds, warmUpMs, of = USUAL }, options) {
  const { say, profile } = options
  const { baseline } = of
  const targets = chosen(of, options)
  const { scenes, faults } = await startScenes(targets, scene, say)
  try {
    const [what, details] = ask
    // One that fails on the way is measured no more; the others go on.
    const measure = async (one, more) => {
      if (faults.has(one.name)) return
      try {
        return await one.measure(what, { ...details, ...more })
      } catch (error) {
        say(`${one.name} has failed: ${error.message}`)
        faults.set(one.name, error.message.split('\n', 1)[0])
      }
    }
    for (const one of scenes) await measure(one, { durationMs: warmUpMs })
    const figures = await inRounds(rounds, scenes, (one) => measure(one))
    if (faults.has(baseline)) throw new Error(`no ratios without ${baseline}: ${faults.get(baseline)}`)
    if (profile !== undefined)
      await takeProfiles(
        scenes.filter((one) => !faults.has(one.name)),
        name,
        ask,
        options,
      )
    return targets.map((target) =>
      faults.has(target.name)
        ? { name: target.name, fault: faults.get(target.name) }
        : { name: target.name, ...summary(figures.get(target.name), figures.get(baseline)) },
    )
  } finally {
    await Promise.all(scenes.map((one) => one.stop()))
  }
}

/** Rows of a table, one for each target of a case: what `cellsOf` gives, or why there is nothing. */
export function rowsOf(name, figures, cellsOf) {
  return figures.map((target) => [
    name,
    target.name,
    ...(target.fault === undefined ? cellsOf(target) : [target.fault]),
  ])
}

function summary(own, baseline) {
  const keys = Object.keys(own[0])
  return {
    ...Object.fromEntries(keys.map((key) => [key, median(own.map((figure) => figure[key]))])),
    against: Object.fromEntries(keys.map((key) => [key, medianRatio(baseline, own, (figure) => figure[key])])),
    rounds: own,
  }
}

/** Apart from the rounds, since profiling costs time. */
async function takeProfiles(scenes, name, [what, details], { profile: folder, say }) {
  mkdirSync(folder, { recursive: true })
  for (const { target, server, measure } of scenes) {
    await server.ask('startProfile')
    await measure(what, details)
    const taken = await server.ask('stopProfile')
    const file = join(folder, `${target.name} ${name}.cpuprofile`.replaceAll(/[^\w.]+/g, '-'))
    writeFileSync(file, JSON.stringify(taken))
    const lines = selfTimes(taken).map(({ name, share }) => `  ${(100 * share).toFixed(1).padStart(5)} %  ${name}`)
    say(`${target.name}, ${name}: processor time of its own, by function\n${lines.join('\n')}`)
  }
}
