import { describe, expect, it } from 'vitest'
import type { StompEvent } from './events.js'
import { tellAll } from './observers.js'

const event: StompEvent = { type: 'handler-value-dropped', route: '/a' }

describe('tellAll', () => {
  it('tells all in their order, whoever of them throws, and reports each of these once', () => {
    const told: string[] = []
    const failed: unknown[] = []
    const observe = tellAll(
      [
        () => void told.push('first'),
        () => {
          throw new Error('second')
        },
        () => void told.push('third'),
        () => {
          throw new Error('fourth')
        },
      ],
      (error, { type }) => failed.push([error instanceof Error && error.message, type]),
    )
    observe(event)
    observe(event)
    expect(told).toEqual(['first', 'third', 'first', 'third'])
    expect(failed).toEqual([
      ['second', 'handler-value-dropped'],
      ['fourth', 'handler-value-dropped'],
    ])
  })
})
