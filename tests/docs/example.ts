import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = [
  'README.md',
  'packages/codec/README.md',
  'packages/server/README.md',
  'docs/authentication.md',
  'docs/destinations.md',
  'docs/durability.md',
  'docs/history.md',
  'docs/message-routes.md',
  'docs/migrating-from-spring.md',
  'docs/observability.md',
  'docs/push.md',
  'docs/queues.md',
  'docs/raw-endpoints.md',
  'docs/restricted-networks.md',
  'docs/scaling.md',
  'docs/security.md',
  'docs/selectors.md',
  'docs/sockjs.md',
  'docs/tcp.md',
  'docs/testing.md',
  'docs/transactions.md',
  'docs/users.md',
]

/** A TypeScript block of a document. */
export interface Example {
  readonly document: string
  readonly name: string
  readonly code: string
}

/** A file of the project, from its root. */
export const readDocument = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

/** The TypeScript blocks of our documents that are marked as examples: `<!-- example: name -->`. */
async function readExamples(): Promise<readonly Example[]> {
  const examples: Example[] = []
  for (const document of documents) {
    const text = await readDocument(document)
    for (const [, name, code] of text.matchAll(/<!-- example: (\S+) -->\n```ts\n([\s\S]*?)```/g)) {
      if (name !== undefined && code !== undefined) examples.push({ document, name, code })
    }
  }
  return examples
}

export const examples: readonly Example[] = await readExamples()

/** Calls `use` with a new folder in which imports are found as they are in a user's project. */
export async function inProjectFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(dirname(fileURLToPath(import.meta.url)), '.examples-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Why the examples do not compile; empty if they do. */
export function compileExamples(): Promise<readonly string[]> {
  return inProjectFolder(async (folder) => {
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
    return ts
      .getPreEmitDiagnostics(program)
      .map((fault) => `${fault.file?.fileName}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`)
  })
}

/** Runs an example as a module and gives the application that it made. */
export async function runExample(name: string): Promise<FastifyInstance> {
  const example = examples.find((candidate) => candidate.name === name)
  if (example === undefined) throw new Error(`there is no example '${name}'`)
  const source = example.code.replace(/port: \d+/, 'port: 0').replace('logger: true', 'logger: false')
  const { outputText } = ts.transpileModule(`${source}\nexport { app }\n`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const app = await inProjectFolder(async (folder) => {
    const file = join(folder, `${name}.mjs`)
    await writeFile(file, outputText)
    const module: { app: FastifyInstance } = await import(pathToFileURL(file).href)
    return module.app
  })
  await app.ready()
  return app
}
