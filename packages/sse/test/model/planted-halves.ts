import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import type { Halves } from './halves.js'

/** One edit of a source that takes a rule of the protocol away. */
export interface PlantedFault {
  readonly rule: string
  readonly edits: readonly Edit[]
  /** It shows where requests overtake each other, which needs plans of their own to happen often. */
  readonly needsCrossing?: boolean
}

export interface Edit {
  /** Below `src`. */
  readonly file: string
  /** Stands there exactly once, or the edit no longer fits the source. */
  readonly find: string
  readonly replace: string
}

const sources = fileURLToPath(new URL('../../src', import.meta.url))

/** Runs `use` with halves made of the sources with these edits, in a directory that is gone afterwards. */
export async function withPlanted(edits: readonly Edit[], use: (halves: Halves) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'hoofbeat-planted-'))
  try {
    const open = [...edits]
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'))
    for (const room of ['wire', 'client', 'server']) {
      mkdirSync(join(directory, room))
      for (const name of readdirSync(join(sources, room))) {
        if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
        const file = `${room}/${name}`
        let text = readFileSync(join(sources, file), 'utf8')
        for (const edit of edits) {
          if (edit.file !== file) continue
          text = edited(text, edit)
          open.splice(open.indexOf(edit), 1)
        }
        writeFileSync(join(directory, file.replace(/ts$/, 'js')), transpiled(text))
      }
    }
    const [missing] = open
    if (missing !== undefined) throw new Error(`there is no ${missing.file}`)
    await use(await load(directory))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function edited(text: string, { file, find, replace }: Edit): string {
  if (text.split(find).length !== 2) throw new Error(`${file} must hold exactly once: ${find}`)
  return text.replace(find, () => replace)
}

function transpiled(text: string): string {
  const { ES2022: target } = ts.ScriptTarget
  return ts.transpileModule(text, {
    compilerOptions: { target, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText
}

async function load(directory: string): Promise<Halves> {
  const server = await import(/* @vite-ignore */ pathToFileURL(join(directory, 'server/link-table.js')).href)
  const client = await import(/* @vite-ignore */ pathToFileURL(join(directory, 'client/http-link.js')).href)
  return { createLinks: server.createLinks, createHttpLink: client.createHttpLink }
}
