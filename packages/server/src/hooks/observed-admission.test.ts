import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { StompError } from '../errors.js'
import type { StompEvent } from '../observe/events.js'
import type { Admission } from './admission.js'
import { observeAdmission } from './observed-admission.js'

const request = {} as FastifyRequest
const refusal = (code: string, statusCode: number): Error =>
  Object.assign(new Error(`no: ${code}`), { code, statusCode })

function setUp(thrown: unknown, isAttempt = false) {
  const events: StompEvent[] = []
  const refuse = async (): Promise<never> => {
    throw thrown
  }
  const admission: Admission = {
    admit: refuse,
    checkOrigin: refuse,
    identify: refuse,
    recognise: refuse,
    allow: refuse,
  }
  return {
    events,
    admission: observeAdmission(
      admission,
      (event) => void events.push(event),
      () => isAttempt,
    ),
  }
}

describe('an admission that is observed', () => {
  it.each(['admit', 'checkOrigin', 'identify', 'recognise'] as const)(
    'tells what %s refuses, once, and refuses it',
    async (how) => {
      const thrown = refusal('STOMP_ERR_ORIGIN_REFUSED', 403)
      const { admission, events } = setUp(thrown)
      await expect(admission[how](request)).rejects.toBe(thrown)
      const told = { session: undefined, user: undefined, code: 'STOMP_ERR_ORIGIN_REFUSED', cause: undefined }
      expect(events).toEqual([{ type: 'refused', message: 'no: STOMP_ERR_ORIGIN_REFUSED', ...told }])
    },
  )

  it('tells by its own code, or as not authenticated, whatever a hook throws', async () => {
    const codes: string[] = []
    for (const thrown of [new StompError('STOMP_ERR_FORBIDDEN'), new Error('x'), 'a text']) {
      const { admission, events } = setUp(thrown)
      await expect(admission.admit(request)).rejects.toBe(thrown)
      for (const event of events) if (event.type === 'refused') codes.push(event.code)
    }
    expect(codes).toEqual(['STOMP_ERR_FORBIDDEN', 'STOMP_ERR_NOT_AUTHENTICATED', 'STOMP_ERR_NOT_AUTHENTICATED'])
  })

  it('tells nothing of an upgrade without credentials that may attach a link, but of one with a wrong Origin', async () => {
    const unknown = setUp(refusal('STOMP_ERR_NOT_AUTHENTICATED', 401), true)
    await expect(unknown.admission.identify(request)).rejects.toThrow()
    expect(unknown.events).toEqual([])
    const foreign = setUp(refusal('STOMP_ERR_ORIGIN_REFUSED', 403), true)
    await expect(foreign.admission.checkOrigin(request)).rejects.toThrow()
    expect(foreign.events.length).toBe(1)
  })
})
