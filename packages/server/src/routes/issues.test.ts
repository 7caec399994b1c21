import { describe, expect, it } from 'vitest'
import { createFault } from './fault.js'
import { describeIssues } from './issues.js'

describe('describeIssues', () => {
  it('names the path of each issue in a list, as Ajv and TypeBox make it', () => {
    const found = [
      { instancePath: '/name', message: 'must be string' },
      { instancePath: '', message: "must have required property 'age'" },
      { path: '/old/typebox', message: 'Expected string' },
    ]
    expect(describeIssues(found, 'body')).toBe(
      "body/name must be string, body must have required property 'age', body/old/typebox Expected string",
    )
  })

  it('reads paths that are lists, as Standard Schema and Zod make them', () => {
    const error = Object.assign(new Error('[ { "code": ... } ]'), {
      issues: [
        { path: ['items', 0, 'name'], message: 'Expected string' },
        { path: [{ key: 'a' }], message: 'Required' },
      ],
    })
    expect(describeIssues(error, 'body')).toBe('body/items/0/name Expected string, body/a Required')
  })

  it('reads lists inside errors', () => {
    const issues = [{ instancePath: '/a', message: 'must be number' }]
    expect(describeIssues(Object.assign(new Error('x'), { validation: issues }), 'params')).toBe(
      'params/a must be number',
    )
    expect(describeIssues(Object.assign(new Error('x'), { errors: issues }), 'params')).toBe('params/a must be number')
  })

  it('takes the text of an error that lists nothing', () => {
    expect(describeIssues(new Error('name is too short'), 'body')).toBe('name is too short')
  })

  it.each([undefined, null, [], {}, 'x', new Error('')])('still says something of %j', (found) => {
    expect(describeIssues(found, 'headers')).toBe('headers does not fit its schema')
  })

  it('names no more than five issues', () => {
    const found = Array.from({ length: 9 }, (_, i) => ({ instancePath: `/${i}`, message: 'bad' }))
    expect(describeIssues(found, 'body')).toBe('body/0 bad, body/1 bad, body/2 bad, body/3 bad, body/4 bad')
  })
})

describe('createFault', () => {
  it('replaces control characters, which a header may be unable to carry', () => {
    expect(createFault('body', 'body/a\n\u0000b must be\r string', undefined).message).toMatch(
      /: body\/a\uFFFD\uFFFDb must be\uFFFD string$/,
    )
  })

  it('cuts what is too long', () => {
    expect(createFault('body', 'x'.repeat(5000), undefined).message.length).toBeLessThan(500)
  })
})
