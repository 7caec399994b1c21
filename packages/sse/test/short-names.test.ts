import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { shortNames } from '../short-names.js'
import { HttpLink } from '../src/client/index.js'

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const read = (folder: string): string[] =>
  readdirSync(pathOf(folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(pathOf(`${folder}/${name}`), 'utf8'))

/** Members that the build may rename: an error here is one that only shows in what is shipped. */
describe('the names that the build makes short', () => {
  const names = shortNames()
  const shortened = names.source.split(/\W+/).filter((name) => name !== '')

  it('are many', () => expect(shortened.length).toBeGreaterThan(70))

  it('are none that a link shows', () => {
    const link = new HttpLink('https://h/', { rungs: [] })
    link.terminate()
    const shown = [...Object.keys(link), ...Object.getOwnPropertyNames(HttpLink.prototype), ...Object.keys(HttpLink)]
    expect(shown).toContain('bufferedAmount')
    expect(shown.filter((name) => names.test(name))).toEqual([])
  })

  it('are none that the wire has, nor the options, the times and the surroundings', () => {
    const published = ['options', 'times', 'surroundings'].map((name) =>
      readFileSync(pathOf(`../src/client/${name}.ts`), 'utf8'),
    )
    for (const text of [...read('../src/wire'), ...published]) {
      // What a module exports may be read as a member: `CLOSE.limit`.
      const members = [...text.matchAll(/^(?:export (?:const|function)| +(?:readonly)?) ?(\w+)\??(?::|\(| =)/gm)].map(
        ([, name = '']) => name,
      )
      expect(members).not.toEqual([])
      expect(members.filter((name) => names.test(name))).toEqual([])
    }
  })

  it('are never asked of what came over the wire, nor written into it', () => {
    for (const text of read('../src/client')) {
      const asked = [...text.matchAll(/\b(?:body|data|limits)\??\.(\w+)/g)].map(([, name = '']) => name)
      const taken = [...text.matchAll(/\{([^{}]*)\}: Members/g)].flatMap(([, list = '']) => list.match(/\w+/g) ?? [])
      expect([...asked, ...taken].filter((name) => names.test(name))).toEqual([])
    }
  })

  it('are none that the platform has', () => {
    const platform = ['lib.dom.d.ts', 'lib.es5.d.ts', 'lib.es2015.core.d.ts', 'lib.es2015.collection.d.ts']
    for (const file of platform) {
      const text = readFileSync(pathOf(`../../../node_modules/typescript/lib/${file}`), 'utf8')
      const members = [...text.matchAll(/^ +(?:readonly |get |set )?(\w+)\??(?:<[^>]*>)?(?::|\()/gm)]
      expect(members.length).toBeGreaterThan(10)
      expect(members.map(([, name = '']) => name).filter((name) => names.test(name))).toEqual([])
    }
  })
})
