import { describe, expect, it } from 'vitest'
import { negotiateHeartBeat, readHeartBeat } from './heart-beat.js'

describe('readHeartBeat', () => {
  it.each([
    [undefined, 0, 0],
    ['0,0', 0, 0],
    ['10000,5000', 10000, 5000],
    [' 10 ,\t20 ', 10, 20],
    ['007,0', 7, 0],
    ['2147483647,2147483647', 2147483647, 2147483647],
  ])('reads %j', (value, sendMs, receiveMs) => {
    expect(readHeartBeat(value)).toEqual({ sendMs, receiveMs })
  })

  it.each([
    ...['', ',', '1', '1,', ',1', '1,2,3', '-1,0', '1.5,0', '+1,0', '1e3,0', '0x1,0', 'a,b', '1 1,0', '1;0'],
    ...['2147483648,0', '0,2147483648', `${'9'.repeat(400)},0`, '\n1,1', '1,1\n'],
  ])('refuses %j', (value) => {
    expect(() => readHeartBeat(value)).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'STOMP_ERR_INVALID_HEART_BEAT', offset: -1 }),
    )
  })
})

describe('negotiateHeartBeat', () => {
  it.each([
    [0, 0, 0, 0, 0, 0],
    [10, 20, 30, 40, 40, 30],
    [50, 20, 10, 40, 50, 20],
    [0, 20, 30, 40, 0, 30],
    [10, 0, 30, 40, 40, 0],
    [10, 20, 0, 40, 40, 0],
    [10, 20, 30, 0, 0, 30],
  ])('mine %i,%i and theirs %i,%i: send every %i, expect every %i', (sx, sy, cx, cy, sendEveryMs, expectEveryMs) => {
    const mine = { sendMs: sx, receiveMs: sy }
    const theirs = { sendMs: cx, receiveMs: cy }
    expect(negotiateHeartBeat(mine, theirs)).toEqual({ sendEveryMs, expectEveryMs })
    expect(negotiateHeartBeat(theirs, mine)).toEqual({ sendEveryMs: expectEveryMs, expectEveryMs: sendEveryMs })
  })
})
