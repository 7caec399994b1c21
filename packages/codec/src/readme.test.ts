import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { frames } from '../test/readme-example.js'
import * as codec from './index.js'

const file = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = file('../README.md')

describe('the README', () => {
  it('begins with an example that compiles and gives what it says', () => {
    expect(/```ts\n(.*?)```/s.exec(readme)?.[1]).toBe(file('../test/readme-example.ts'))
    expect(frames.map(({ command, headers, text }) => [command, headers.get('destination'), text])).toEqual([
      ['SEND', '/topic/greetings', 'Hello, world!'],
    ])
  })

  it('names all that is exported, and every error code', () => {
    const names = [...Object.keys(codec), ...file('./index.ts').matchAll(/\b[A-Z]\w+(?=[,} ])/g)].map(String)
    expect(names.filter((name) => !readme.includes(`\`${name}`))).toEqual([])
    const codes = [...file('./errors.ts').matchAll(/\| '(STOMP_ERR_\w+)'/g)].map(([, code]) => code)
    expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([])
    expect(codes.length).toBeGreaterThan(10)
  })

  it('states the default limits', () => {
    for (const [limit, value] of Object.entries(codec.DEFAULT_LIMITS)) {
      expect(readme).toMatch(new RegExp(`\`${limit}\` \\| ${value} \\|`))
    }
  })
})
