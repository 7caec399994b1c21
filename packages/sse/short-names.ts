import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const directory = dirname(fileURLToPath(import.meta.url))
let found: RegExp | undefined

/**
 * Matches names of members that only the client's own sources know: the build makes them short. A name is left alone if
 * anything else has it: a type that is published, the wire, a string, or the platform (every type that TypeScript knows
 * of JavaScript, browsers and Node). So a name that is not ours is never touched, at the price of some that are.
 */
export function shortNames(): RegExp {
  found ??= new RegExp(`^(?:${findNames().join('|')})$`)
  return found
}

function findNames(): string[] {
  const entry = join(directory, 'src/client/index.ts')
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
  })
  const published = publishedTypes(program, entry)
  const [ours, others] = [new Set<string>(), new Set<string>()]
  for (const file of program.getSourceFiles()) {
    const isOurs = file.fileName.startsWith(dirname(entry))
    collect(file, isOurs ? ours : others)
  }
  return [...ours].filter((name) => !others.has(name)).sort()

  function collect(node: ts.Node, names: Set<string>): void {
    const into = published.has(node) ? others : names
    const name = memberName(node)
    if (name !== undefined) (isExported(node) ? others : into).add(name)
    // Members may be reached by a string; in a type it says nothing but the name.
    if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) others.add(node.text)
    ts.forEachChild(node, (child) => collect(child, into))
  }
}

function publishedTypes(program: ts.Program, entry: string): Set<ts.Node> {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const exported = file && checker.getSymbolAtLocation(file)
  if (!exported) throw new Error(`${entry} exports nothing`)
  return new Set(
    checker.getExportsOfModule(exported).flatMap((symbol) => {
      const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return original.declarations ?? []
    }),
  )
}

function memberName(node: ts.Node): string | undefined {
  const isMember =
    ts.isTypeElement(node) || ts.isClassElement(node) || ts.isObjectLiteralElement(node) || isExported(node)
  return isMember && node.name && ts.isIdentifier(node.name) ? node.name.text : undefined
}

/** What a module has may be asked of its namespace: `CLOSE.limit`. */
function isExported(node: ts.Node): node is ts.VariableDeclaration | ts.FunctionDeclaration {
  return (
    ts.isFunctionDeclaration(node) || (ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent))
  )
}
