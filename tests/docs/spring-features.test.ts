import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { readDocument } from './example.js'

// Compares docs/spring-features.md with the tests that it names: titles are read out of their sources.

const root = fileURLToPath(new URL('../..', import.meta.url))
const document = await readDocument('docs/spring-features.md')

const SECTIONS = [
  '1. WebSocket handlers and handshake',
  '2. STOMP endpoints and transport limits',
  '3. STOMP codec',
  '4. SockJS',
  '5. Embedded broker',
  '6. Handlers',
  '7. Message converters',
  '8. User destinations and user registry',
  '9. Broker relay and several nodes',
  '10. Order and threads',
  '11. Security',
  '12. Events, figures, start and stop',
  '13. Clients and testing',
]

interface Row {
  readonly section: string
  readonly feature: string
  readonly ours: string
  readonly tests: string
}

/** The cells of a line of a table; `\|` is no border. */
const cells = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))

/** The sections, each under its heading. */
const sectionsOf = (text: string): Map<string, string> =>
  new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((part): [string, string] => {
        const [heading = ''] = part.split('\n', 1)
        return [heading, part.slice(heading.length)]
      }),
  )

/** All rows of all tables, without their heads. */
const rowsOf = (text: string): Row[] =>
  [...sectionsOf(text)].flatMap(([section, body]) =>
    body
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) => {
        const [feature = '', ours = '', tests = ''] = cells(line)
        return { section, feature, ours, tests }
      }),
  )

const isGap = ({ ours }: Row): boolean => /^gap\b/.test(ours)
const titles = new Map<string, readonly string[]>()

/** Whether `text` is a title in the file, or a part that only one title has. */
function hasTitle(path: string, text: string): boolean {
  const known = titles.get(path) ?? readTitles(path)
  titles.set(path, known)
  const exact = known.filter((title) => title === text || title.endsWith(` ${text}`))
  return exact.length === 1 || (exact.length === 0 && known.filter((title) => title.includes(text)).length === 1)
}

/**
 * The titles of the tests of a file, each behind those of the groups around it, and the ids of conformance rows that must
 * be proven. Titles that are filled in by `each` or a template are given as they are written.
 */
function readTitles(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node, group: string): void => {
    if (ts.isCallExpression(node)) {
      const [name = '', ...modes] = calleeOf(node.expression)
      const title = textOf(node.arguments[name === 'triesWith' ? 1 : 0])
      if (modes.some((mode) => /^(skip|todo|fails)$/.test(mode))) return
      if (title !== undefined && name === 'describe') {
        for (const argument of node.arguments) visit(argument, `${group}${title} `)
        return
      }
      if (title !== undefined && /^(it|test|tries|triesWith)$/.test(name)) found.push(group + title)
    }
    if (ts.isObjectLiteralExpression(node)) {
      const id = textOf(propertyOf(node, 'id'))
      const status = propertyOf(node, 'status')
      if (id !== undefined && (status === undefined || textOf(status) === 'required')) found.push(id)
    }
    ts.forEachChild(node, (child) => visit(child, group))
  }
  visit(source, '')
  return found
}

/** `it.skip.each(...)` is `it`, `skip`, `each`. */
function calleeOf(node: ts.Expression): string[] {
  if (ts.isIdentifier(node)) return [node.text]
  if (ts.isPropertyAccessExpression(node)) return [...calleeOf(node.expression), node.name.text]
  if (ts.isCallExpression(node)) return calleeOf(node.expression)
  return ts.isTaggedTemplateExpression(node) ? calleeOf(node.tag) : []
}

const textOf = (node: ts.Node | undefined): string | undefined => {
  if (node === undefined) return undefined
  if (ts.isStringLiteralLike(node)) return node.text
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined
}

const propertyOf = (node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined => {
  for (const property of node.properties) {
    if (ts.isPropertyAssignment(property) && property.name.getText() === name) return property.initializer
  }
  return undefined
}

/** What is wrong with a text of docs/spring-features.md, each in a line. */
function faultsOf(text: string): string[] {
  const faults: string[] = []
  const sections = [...sectionsOf(text).keys()]
  if (sections.join() !== [...SECTIONS, 'Gaps'].join()) faults.push(`sections: ${sections.join(', ')}`)
  const rows = rowsOf(text)
  for (const section of SECTIONS) {
    if (!rows.some((row) => row.section === section)) faults.push(`no rows: ${section}`)
  }
  for (const row of rows) {
    const links = [...row.tests.matchAll(/\[((?:\\.|[^\]\\])+)\]\(\.\.\/([^)]+)\)/g)]
    if (row.feature === '' || row.ours === '') faults.push(`empty cell: ${row.section}, ${row.feature}`)
    if (links.length === 0 && !isGap(row)) faults.push(`no test: ${row.feature}`)
    if (row.tests.replaceAll(/\[(?:\\.|[^\]\\])+\]\(\.\.\/[^)]+\)/g, '').match(/[^, ]/)) {
      faults.push(`not only links: ${row.feature}`)
    }
    for (const [, label = '', target = ''] of links) {
      const path = posix.normalize(target)
      const title = label.replaceAll(/\\(.)/g, '$1')
      if (!existsSync(root + path)) faults.push(`no file: ${path}`)
      else if (!hasTitle(path, title)) faults.push(`no one title in ${path}: ${title}`)
    }
  }
  const gaps = rows.filter(isGap).map(({ section, feature }) => `${Number.parseInt(section, 10)}. ${feature}`)
  const listed = (sectionsOf(text).get('Gaps') ?? '').split('\n').flatMap((line) => /^- (.+)$/.exec(line)?.[1] ?? [])
  for (const gap of gaps.filter((one) => !listed.includes(one))) faults.push(`not in the list: ${gap}`)
  for (const gap of listed.filter((one) => !gaps.includes(one))) faults.push(`no row: ${gap}`)
  if (new Set(listed).size !== listed.length) faults.push('a gap is listed twice')
  return faults
}

describe('docs/spring-features.md', () => {
  it('has a test behind each row, or lists it as a gap', () => {
    expect(faultsOf(document)).toEqual([])
  }, 30_000)

  it('leaves none out of what Spring was found to have', () => {
    // As many rows as there are features, so that none is lost unnoticed; whoever adds one counts it here.
    const counts = SECTIONS.map((section) => rowsOf(document).filter((row) => row.section === section).length)
    expect(counts).toEqual([25, 14, 13, 19, 14, 25, 6, 11, 12, 11, 9, 6, 6])
  })
})

describe('the comparison finds', () => {
  it.each([
    ['a title that no test has', /\[[^\]]+\]\(\.\.\//, '[is never tested](../', 'no one title in '],
    [
      'a title that more than one test has',
      /\[[^\]]+\]\(\.\.\/[^)]+\)/,
      '[is](../packages/server/test/routes.test.ts)',
      'no one title in ',
    ],
    ['a file that is not there', /\]\(\.\.\/[^)]+\)/, '](../packages/none.test.ts)', 'no file: packages/none.test.ts'],
    [
      'a conformance row that is deferred',
      /\[[^\]]+\]\(\.\.\/[^)]+\)/,
      '[E36](../tests/conformance/edge-cases.ts)',
      'no one title in ',
    ],
    ['a row without a test', /^(\| [^|]+\| (?!gap|---|Hoofbeat)[^|]+\|) \[.*$/m, '$1 |', 'no test: '],
    [
      'a row with a claim in the place of a test',
      /^(\| [^|]+\| (?!gap|---|Hoofbeat)[^|]+\|) \[.*$/m,
      '$1 shown |',
      'not only links: ',
    ],
    ['a gap that is not in the list', /^- \d+\. .*\n/m, '', 'not in the list: '],
    ['a gap of the list that is no row', /^- \d+\. .*/m, '$&\n- 1. Something', 'no row: 1. Something'],
    ['a section that is missing', /^## 7\. [\s\S]*?(?=^## 8)/m, '', 'sections: '],
  ])('%s', (_what, pattern, replacement, fault) => {
    const spoilt = document.replace(pattern, replacement)
    expect(spoilt).not.toBe(document)
    const found = faultsOf(spoilt).filter((one) => !faultsOf(document).includes(one))
    expect(found).toContainEqual(expect.stringContaining(fault))
  })
})
