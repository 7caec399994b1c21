/** How many issues are named to the client. */
const MAX_ISSUES = 5

/**
 * Says what a validator found, one path each: `body/name must be string, body must have required property 'age'`. Reads
 * the lists of Ajv and TypeBox (`instancePath`), of Standard Schema and Zod (`path` as a list), and Errors that carry one.
 */
export function describeIssues(found: unknown, part: string): string {
  const issues = listOf(found)
  if (issues.length === 0) {
    return found instanceof Error && found.message !== '' ? found.message : `${part} does not fit its schema`
  }
  return issues
    .slice(0, MAX_ISSUES)
    .map((issue) => `${part}${pathOf(issue)} ${textOf(issue)}`)
    .join(', ')
}

function listOf(found: unknown): readonly unknown[] {
  if (Array.isArray(found)) return found
  if (typeof found !== 'object' || found === null) return []
  for (const key of ['validation', 'issues', 'errors']) {
    const list: unknown = Reflect.get(found, key)
    if (Array.isArray(list)) return list
  }
  return []
}

function pathOf(issue: unknown): string {
  const path = read(issue, 'instancePath') ?? read(issue, 'path')
  if (typeof path === 'string') return path === '' || path.startsWith('/') ? path : `/${path}`
  if (!Array.isArray(path)) return ''
  // Standard Schema allows `{ key }` in the place of a bare key.
  return path.map((step: unknown) => `/${String(read(step, 'key') ?? step)}`).join('')
}

function textOf(issue: unknown): string {
  const message = read(issue, 'message')
  return typeof message === 'string' && message !== '' ? message : 'does not fit its schema'
}

function read(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
