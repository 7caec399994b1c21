import type { FastifyRequest } from 'fastify'
import type { Observe } from '../observe/events.js'
import type { Admission, Admit } from './admission.js'

/**
 * The same admission, telling whom it refuses. `isAttempt`: requests that are no refusal where nobody is known, since the
 * link they may belong to is asked next.
 */
export function observeAdmission(
  admission: Admission,
  observe: Observe,
  isAttempt: (request: FastifyRequest) => boolean,
): Admission {
  const told = async <T>(request: FastifyRequest, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      const { code, statusCode, message, cause } = partsOf(error)
      if (statusCode !== 401 || !isAttempt(request)) {
        observe({ type: 'refused', session: undefined, user: undefined, code, message, cause })
      }
      throw error
    }
  }
  const each =
    (admit: Admit): Admit =>
    (request) =>
      told(request, () => admit(request))
  return {
    admit: each(admission.admit),
    checkOrigin: (request) => told(request, () => admission.checkOrigin(request)),
    identify: each(admission.identify),
    recognise: each(admission.recognise),
    allow: (request, ask) => told(request, () => admission.allow(request, ask)),
  }
}

/** Of what an admission throws; a hook of the application may throw anything that has a `statusCode`. */
function partsOf(error: unknown): { code: string; statusCode: unknown; message: string; cause: unknown } {
  if (!(error instanceof Error))
    return { code: 'STOMP_ERR_NOT_AUTHENTICATED', statusCode: 401, message: '', cause: error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'STOMP_ERR_NOT_AUTHENTICATED'
  const statusCode = 'statusCode' in error ? error.statusCode : undefined
  return { code, statusCode, message: error.message, cause: error.cause }
}
