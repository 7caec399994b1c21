import type { FastifyInstance } from 'fastify'

/**
 * What was added on Fastify instances, by Fastify's own rule: that of a plugin is seen by it and its children. Live: what
 * is added later shows.
 */
export interface Scopes<Content> {
  /** What stands on this very instance; made empty when first asked for. */
  own(instance: FastifyInstance): Content
  /** What stands on the instances from the root to this one, outermost first; those on which nothing stands are left out. */
  around(instance: FastifyInstance): readonly Content[]
}

/** Makes the scopes below one root. */
export function createScopes<Content>(root: FastifyInstance, createContent: () => Content): Scopes<Content> {
  const contents = new WeakMap<object, Content>()
  return {
    own(instance) {
      const known = contents.get(instance)
      if (known !== undefined) return known
      const content = createContent()
      contents.set(instance, content)
      return content
    },
    around(instance) {
      const found: Content[] = []
      // A child instance has its parent as prototype: that is how Fastify encapsulates.
      for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at)) {
        const content = contents.get(at)
        if (content !== undefined) found.unshift(content)
        if (at === root) break
      }
      return found
    },
  }
}
