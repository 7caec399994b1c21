/** Questions to other nodes that are not answered yet. */
export interface Asks {
  /** Rejects after `timeoutMs`, when the node is gone, or with what `send` fails by. */
  ask(to: string, timeoutMs: number, send: (id: number) => undefined | Promise<void>): Promise<unknown>
  /** Harmless for what nobody waits for (any more), or what another node was asked. */
  answered(id: number, from: string, answer: Answer): void
  /** This node will not answer any more; undefined: no node will. */
  gone(nodeId: string | undefined): void
}

/** What a question leads to. */
export type Answer = { readonly value: unknown } | { readonly error: string }

interface Question {
  readonly to: string
  readonly deadline: { cancel(): void }
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Makes the list. At most `maxAsks` wait at a time: what is asked beyond is rejected at once. */
export function createAsks(after: (delayMs: number, run: () => void) => { cancel(): void }, maxAsks = 1_024): Asks {
  const questions = new Map<number, Question>()
  let lastId = 0
  const end = (id: number): Question | undefined => {
    const question = questions.get(id)
    questions.delete(id)
    question?.deadline.cancel()
    return question
  }
  return {
    ask: (to, timeoutMs, send) =>
      new Promise((resolve, reject) => {
        if (questions.size >= maxAsks) return reject(new Error('too many questions to other nodes wait for an answer'))
        const id = ++lastId
        const deadline = after(timeoutMs, () => {
          end(id)?.reject(new Error(`node '${to}' has not answered within ${timeoutMs} ms`))
        })
        questions.set(id, { to, deadline, resolve, reject })
        const failed = (error: unknown): void => {
          end(id)?.reject(error instanceof Error ? error : new Error(`node '${to}' could not be asked`))
        }
        try {
          send(id)?.catch(failed)
        } catch (error) {
          failed(error)
        }
      }),
    answered(id, from, answer) {
      if (questions.get(id)?.to !== from) return
      const question = end(id)
      if ('error' in answer) question?.reject(new Error(answer.error))
      else question?.resolve(answer.value)
    },
    gone(nodeId) {
      for (const [id, { to }] of questions) {
        if (nodeId === undefined || to === nodeId) end(id)?.reject(new Error(`node '${to}' is gone`))
      }
    },
  }
}
