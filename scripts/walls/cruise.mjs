import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cruise as runDependencyCruiser } from 'dependency-cruiser'
import configuration from '../../.dependency-cruiser.mjs'

// The published entries stand for their sources, so the walls need no build and see through it.
const aliases = {
  '@hoofbeat/codec$': 'packages/codec/src/index.ts',
  '@hoofbeat/server$': 'packages/server/src/index.ts',
  '@hoofbeat/server/testing$': 'packages/server/src/testing/index.ts',
}

/** Names of all walls. */
export const wallNames = configuration.forbidden.map((rule) => rule.name)

// dependency-cruiser takes `import value, { type A }` for types only, the default notwithstanding: the walls that let types
// through are held against such imports here.
const mixedImports = /^import\s+(?!type\s)[\w$]+\s*,\s*\{\s*(?:type\s[^,}]*,?\s*)+\}\s*from\s*['"]([^'"]+)['"]/gm

const fits = (path, { path: some, pathNot: none = [] }) => {
  const matches = (expressions) => [expressions].flat().some((expression) => new RegExp(expression).test(path))
  return matches(some) && !matches(none)
}

const mixedBreaches = (baseDir, modules, typeWalls) =>
  modules.flatMap(({ source, dependencies }) => {
    const walls = typeWalls.filter((rule) => fits(source, rule.from))
    if (walls.length === 0) return []
    const mixed = [...readFileSync(join(baseDir, source), 'utf8').matchAll(mixedImports)].map(
      ([, specifier]) => specifier,
    )
    const targets = dependencies.filter(({ module }) => mixed.includes(module)).map(({ resolved }) => resolved)
    return targets.flatMap((to) =>
      walls.filter((rule) => fits(to, rule.to)).map((rule) => ({ from: source, to, wall: rule.name })),
    )
  })

/**
 * Holds the sources below a folder against the walls.
 *
 * @param {string} baseDir folder that holds `packages/` and `apps/`
 * @param {(name: string) => boolean} [isWanted] which walls; all by default
 * @returns {Promise<{ files: string[], breaches: { from: string, to: string, wall: string }[] }>}
 */
export const cruise = async (baseDir, isWanted = () => true) => {
  const forbidden = configuration.forbidden.filter((rule) => isWanted(rule.name))
  const { output } = await runDependencyCruiser(
    ['packages', 'apps'],
    {
      ...configuration.options,
      baseDir,
      ruleSet: { forbidden },
      validate: true,
      exclude: { path: [configuration.options.exclude.path, '^(packages|apps)/[^/]+/(?!src(/|$))'] },
    },
    {
      alias: Object.fromEntries(Object.entries(aliases).map(([name, path]) => [name, join(baseDir, path)])),
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  )
  const sources = output.modules.filter(({ source }) => /^(packages|apps)\//.test(source))
  const typeWalls = forbidden.filter((rule) => rule.name.endsWith(': types only'))
  const breaches = output.summary.violations.map(({ from, to, rule }) => ({ from, to, wall: rule.name }))
  return {
    files: sources.map(({ source }) => source),
    breaches: [...breaches, ...mixedBreaches(baseDir, sources, typeWalls)],
  }
}
