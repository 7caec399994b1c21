import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { examples, inProjectFolder } from './example.js'

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

/** Runs node in a folder with all examples of docs/testing.md, on the built packages. */
function run(argsFor: (folder: string) => readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  return inProjectFolder(async (folder) => {
    for (const { document, name, code } of examples) {
      if (document !== 'docs/testing.md') continue
      const { outputText } = ts.transpileModule(code, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      })
      await writeFile(join(folder, `${name}.js`), outputText)
    }
    // Else that of the project is found, which has the sources stand in for the packages.
    await writeFile(join(folder, 'vitest.config.js'), 'export default {}\n')
    // What this run of vitest has set for itself is not for the other one.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|TEST$)/.test(name)))
    return new Promise((resolve) => {
      const args = [...argsFor(folder)]
      execFile(process.execPath, args, { cwd: folder, env: { ...env, NO_COLOR: '1' } }, (error, out, err) =>
        resolve({ code: error === null ? 0 : 1, out: `${out}${err}` }),
      )
    })
  })
}

describe('the examples of testing', () => {
  it('pass under vitest', async () => {
    const { code, out } = await run((folder) => [vitest, 'run', '--root', folder])
    expect(code, out).toBe(0)
    expect(out).toMatch(/Test Files {2}4 passed/)
  }, 120_000)

  it('pass under node:test', async () => {
    const { code, out } = await run((folder) => ['--test', '--test-reporter=tap', join(folder, 'chat.node.js')])
    expect(code, out).toBe(0)
    expect(out).toContain('# pass 1')
  }, 60_000)
})
