import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { STOMP_ERRORS } from '@hoofbeat/server'
import { connectTestClient } from '@hoofbeat/server/testing'
import type { FastifyInstance } from 'fastify'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = [
  'README.md',
  'packages/codec/README.md',
  'packages/server/README.md',
  'docs/message-routes.md',
  'docs/security.md',
]

interface Example {
  readonly document: string
  readonly name: string
  readonly code: string
}

/** The TypeScript blocks of our documents that are marked as examples: `<!-- example: name -->`. */
async function readExamples(): Promise<Example[]> {
  const examples: Example[] = []
  for (const document of documents) {
    const text = await readFile(join(root, document), 'utf8')
    for (const [, name, code] of text.matchAll(/<!-- example: (\S+) -->\n```ts\n([\s\S]*?)```/g)) {
      if (name !== undefined && code !== undefined) examples.push({ document, name, code })
    }
  }
  return examples
}

const examples = await readExamples()
let folder = ''

beforeAll(async () => {
  // Below this folder, so that imports are found as they are in a user's project.
  folder = await mkdtemp(join(dirname(fileURLToPath(import.meta.url)), '.examples-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the examples of the documents', () => {
  it('are there', () => {
    expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(['first', 'server']))
  })

  it('compile as they stand', async () => {
    const files = await Promise.all(
      examples.map(async ({ name, code }) => {
        const file = join(folder, `${name}.ts`)
        await writeFile(file, `${code}\nexport {}\n`)
        return file
      }),
    )
    const program = ts.createProgram(files, {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    })
    const faults = ts
      .getPreEmitDiagnostics(program)
      .map((fault) => `${fault.file?.fileName}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`)
    expect(faults).toEqual([])
  }, 60_000)
})

/** Runs an example as a module and gives the application that it made. */
async function run(name: string): Promise<FastifyInstance> {
  const example = examples.find((candidate) => candidate.name === name)
  if (example === undefined) throw new Error(`there is no example '${name}'`)
  const source = example.code.replace('port: 3000', 'port: 0').replace('logger: true', 'logger: false')
  const { outputText } = ts.transpileModule(`${source}\nexport { app }\n`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const file = join(folder, `${name}.mjs`)
  await writeFile(file, outputText)
  const module: { app: FastifyInstance } = await import(pathToFileURL(file).href)
  await module.app.ready()
  return module.app
}

describe('the first example', () => {
  it('greets a room', async () => {
    const app = await run('first')
    expect((app.server.address() as AddressInfo).port).toBeGreaterThan(0)
    const client = connectTestClient(app)
    await client.connect({ login: 'ada' })
    await client.subscribe('s', '/topic/greetings/lobby')
    client.send({ command: 'SEND', headers: { destination: '/app/hello/lobby' }, body: '{"name":"Ada"}' })
    expect(JSON.parse((await client.next()).text)).toEqual({ content: 'Hello, Ada!' })
    client.link.close()
    await app.close()
  })
})

describe('the example of the server', () => {
  it('shouts, tells the time, and announces', async () => {
    const app = await run('server')
    const client = connectTestClient(app)
    await client.connect()
    await client.subscribe('s', '/topic/chat/lobby')
    client.send({
      command: 'SEND',
      headers: { destination: '/app/shout/lobby', 'content-type': 'text/plain' },
      body: 'hey',
    })
    expect(JSON.parse((await client.next()).text)).toEqual({ from: 'somebody', text: 'HEY' })
    await client.subscribe('now', '/app/now')
    expect(Date.parse(JSON.parse((await client.next()).text).now)).toBeGreaterThan(0)
    expect((await app.inject('/announce')).json()).toEqual({ published: true })
    expect(JSON.parse((await client.next()).text).text).toBe('Doors close at ten.')
    client.link.close()
    await app.close()
  })
})

describe('docs/errors.md', () => {
  it('lists every code with the text and the cure of the table in the code', async () => {
    const text = await readFile(join(root, 'docs/errors.md'), 'utf8')
    for (const [code, { message, cure }] of Object.entries(STOMP_ERRORS)) {
      expect(text).toContain(`| \`${code}\` | ${message} | ${cure} |`)
    }
  })
})
