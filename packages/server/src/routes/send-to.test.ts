import { describe, expect, it } from 'vitest'
import { createDestinationSyntax, type Separator } from '../destination/destination.js'
import type { AnyMessageRouteOptions } from './definition.js'
import { parsePattern } from './pattern.js'
import { compileSendTo } from './send-to.js'

type SendTo = NonNullable<AnyMessageRouteOptions['sendTo']>

function compile(sendTo: SendTo, pattern = '/hello/:room/:who', separator: Separator = '/') {
  const syntax = createDestinationSyntax(separator)
  return compileSendTo(sendTo, parsePattern(pattern, syntax), syntax)
}

describe('compileSendTo', () => {
  it('fills in params, as whole segments or parts of one', () => {
    const choice = compile(['/topic/:room', '/topic/:room/from-:who.log', '/topic/all'])
    expect(choice.resolve({ room: 'attic', who: 'ada%2F' })).toEqual([
      '/topic/attic',
      '/topic/attic/from-ada%2F.log',
      '/topic/all',
    ])
  })

  it('writes a colon for two', () => {
    expect(compile('/topic/a::b/:room').resolve({ room: 'x', who: 'y' })).toEqual(['/topic/a:b/x'])
  })

  it('does not look for placeholders in what it has filled in', () => {
    expect(compile('/topic/:room').resolve({ room: ':who', who: 'y' })).toEqual(['/topic/:who'])
  })

  it.each(['', '*', '**', 'a/b', '/', 'a*'])('refuses the param %j, which could choose another destination', (room) => {
    expect(() => compile('/topic/:room').resolve({ room, who: 'x' })).toThrow(
      expect.objectContaining({
        code: 'STOMP_ERR_PARAMS_INVALID',
        message: expect.stringContaining('params/room must be one whole segment'),
      }),
    )
  })

  it('goes by the separator of the application', () => {
    const choice = compile('/topic/greetings.:room', '/hello/:room', '.')
    expect(choice.resolve({ room: 'attic' })).toEqual(['/topic/greetings.attic'])
    for (const room of ['a.b', 'a/b']) expect(() => choice.resolve({ room })).toThrow('one whole segment')
  })

  it.each([
    ['/topic/:unknown', 'no param of the pattern'],
    ['/topic/:room_x', 'no param of the pattern'],
    ['/topic/:', 'no param of the pattern'],
    ['/topic/:*', 'no param of the pattern'],
    ['topic/:room', 'is not a destination'],
    ['/topic//:room', 'is not a destination'],
    ['/topic/*', 'is not a destination'],
    ['', 'is not a destination'],
  ])('refuses %s when it is declared', (sendTo, why) => {
    expect(() => compile(sendTo)).toThrow(TypeError)
    expect(() => compile(['/topic/all', sendTo])).toThrow(why)
  })

  it('refuses an empty list', () => {
    expect(() => compile([])).toThrow('no destination in the list')
  })

  it('refuses a placeholder that may be absent', () => {
    expect(() => compile('/topic/:room', '/hello/:room?')).toThrow('may be absent')
  })
})
