/** What another node has written, field by field. */
export type Fields = Readonly<Record<string, unknown>>

/** The sessions that other nodes hold against the rule, as they have told. */
export class HeldSessions {
  readonly #byNode = new Map<string, Set<string>>()

  /** A node tells what it holds; `isAll`: in place of what it has told before. */
  hear(from: string, { ids, over, isAll }: Fields): void {
    const held = isAll === true ? new Set<string>() : (this.#byNode.get(from) ?? new Set())
    if (Array.isArray(ids)) for (const id of ids) if (typeof id === 'string') held.add(id)
    if (Array.isArray(over)) for (const id of over) held.delete(id)
    if (held.size > 0) this.#byNode.set(from, held)
    else this.#byNode.delete(from)
  }

  /** Forgets the nodes that are not there any more. */
  keep(isThere: (node: string) => boolean): void {
    for (const node of this.#byNode.keys()) if (!isThere(node)) this.#byNode.delete(node)
  }

  /** The node that has it; undefined: none has told. */
  holderOf(session: string): string | undefined {
    for (const [node, held] of this.#byNode) if (held.has(session)) return node
    return undefined
  }
}
