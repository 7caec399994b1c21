import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What tests need beyond Node and npm, and where it is looked for. */
const components = {
  chromium: {
    variable: 'CHROMIUM_PATH',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    cure: 'install chromium or set CHROMIUM_PATH',
  },
} as const

/** Name of a part of the machine that a test can ask for. */
export type ComponentName = keyof typeof components

/** What the machine has of it. */
export interface Component {
  readonly available: boolean
  /** Where the program is; empty when it is absent. */
  readonly path: string
  /** Why it is absent and what to do; empty when it is there. */
  readonly reason: string
  /** A test's title, which tells the reason when the component is absent, so that a skip never goes unexplained. */
  readonly title: (title: string) => string
}

/**
 * Looks for a component. A test that needs it skips without:
 *
 *     const chromium = requireComponent('chromium')
 *     describe.skipIf(!chromium.available)(chromium.title('the chat page'), () => { ... })
 *
 * @throws Error with the cure in its text when the component is absent and `HOOFBEAT_REQUIRE` is `all`: where everything is
 *   required, an absent component fails the test file instead of skipping it.
 */
export const requireComponent = (name: ComponentName): Component => {
  const { variable, programs, cure } = components[name]
  const named = process.env[variable]
  const path = named ? executable(named) : programs.map(onPath).find((found) => found !== undefined)
  if (path !== undefined) return { available: true, path, reason: '', title: (title) => title }

  const reason = named ? `${variable} names ${named}, which cannot be run` : `${name} is absent: ${cure}`
  if (process.env.HOOFBEAT_REQUIRE === 'all') throw new Error(`HOOFBEAT_REQUIRE is all, but ${reason}`)
  return { available: false, path: '', reason, title: (title) => `${title} [${reason}]` }
}

const executable = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}

const onPath = (program: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => executable(join(folder, program)))
    .find((found) => found !== undefined)
