import { describe, expect, it } from 'vitest'
import { durationOf, factsOf } from '../../public/transport/facts.js'

type Known = Parameters<typeof factsOf>[0]

const session = { id: 'a1b2c3d4-e5f6', sinceMs: 1_000 }

const tell = (known: Partial<Known>): Record<string, unknown> =>
  Object.fromEntries(factsOf({ session, link: undefined, reconnects: 0, rttMs: undefined, ...known }, 63_000))

describe('what the panel tells', () => {
  it('names what carries a link, and counts', () => {
    const link = { rung: 'stream', resumes: 2, attaches: 4 } as const
    expect(tell({ link, rttMs: 12.4, reconnects: 1 })).toMatchObject({
      'Carried by': 'Event stream',
      'Round trip': '12 ms',
      Resumed: '2 times',
      Attaches: '4',
      'Connected since': expect.stringMatching(/\d.*, for\s1\smin\s2\ss$/),
      Session: 'a1b2c3d4',
      Reconnects: '1',
    })
  })

  it('keeps what is known of a link that nothing carries', () => {
    expect(tell({ link: { rung: undefined, resumes: 0, attaches: 1 } })).toMatchObject({
      'Carried by': 'Nothing at the moment',
      Resumed: 'Never',
      Session: 'a1b2c3d4',
    })
  })

  it('claims no resumes for a plain WebSocket', () => {
    expect(tell({ rttMs: 0.4 })).toMatchObject({
      'Carried by': 'Plain WebSocket',
      'Round trip': 'Under 1 ms',
      Resumed: '–',
      Attaches: '–',
    })
  })

  it('keeps nothing of a session that has ended, though its link is still known', () => {
    const link = { rung: 'poll', resumes: 3, attaches: 9 } as const
    const { Reconnects, ...others } = tell({ session: undefined, link, rttMs: 5, reconnects: 2 })
    expect(Reconnects).toBe('2')
    expect(new Set(Object.values(others))).toEqual(new Set(['Nothing at the moment', '–']))
  })

  it('has the same names in the same order at all times', () => {
    const names = (known: Partial<Known>) => Object.keys(tell(known))
    expect(names({ session: undefined })).toEqual(names({ link: { rung: 'poll', resumes: 1, attaches: 2 }, rttMs: 1 }))
  })
})

describe('a duration', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min 0 s'],
    [3_599_999, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [90_061_000, '25 h 1 min'],
  ])('of %i ms is %s', (ms, text) => {
    expect(durationOf(ms)).toBe(text)
  })
})
