import { HEART_BEAT, negotiateHeartBeat, negotiateVersion, readHeartBeat } from '@hoofbeat/codec'
import { expect } from 'vitest'
import { type CodecCell, codecCell } from '../../cells.js'
import { FROM_1_1, ONLY_1_1, ONLY_1_2 } from '../../requirement.js'
import { readAll } from './stream.js'

const versions: readonly CodecCell[] = [
  codecCell(
    ['1.2/negotiation/highest-common', '1.2/negotiation/list-of-versions'],
    'agrees on the highest version of the list that both have, in whatever order it stands',
    (version) => {
      expect(negotiateVersion('1.0,1.1,2.0')).toBe('1.1')
      expect(negotiateVersion('1.2,1.0,1.1')).toBe('1.2')
      expect(negotiateVersion('1.0,1.1,1.2', ['1.0', version])).toBe(version)
      expect(negotiateVersion(version)).toBe(version)
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/negotiation/absent-means-1.0',
    'takes a client without accept-version for one of 1.0',
    (version) => {
      expect(negotiateVersion(undefined)).toBe('1.0')
      expect(negotiateVersion(undefined, [version])).toBeUndefined()
    },
    FROM_1_1,
  ),
  codecCell(
    ['1.2/negotiation/none-in-common', '1.1/negotiation/none-in-common'],
    'agrees on nothing when there is nothing in common',
    () => {
      for (const list of ['2.0', '', '1', '1.0.1', 'one']) expect(negotiateVersion(list)).toBeUndefined()
      expect(negotiateVersion('1.0,1.1', ['1.2'])).toBeUndefined()
    },
    FROM_1_1,
  ),
  codecCell('E3', 'ignores spaces around the versions of a list', (version) => {
    expect(negotiateVersion(` 0.9 , ${version} `)).toBe(version)
  }),
]

const heartBeats: readonly CodecCell[] = [
  codecCell(
    ['1.2/heart-beat/two-integers', 'E4'],
    'reads two whole numbers with a comma between, and nothing else',
    () => {
      expect(readHeartBeat('0,0')).toEqual({ sendMs: 0, receiveMs: 0 })
      expect(readHeartBeat('4000,60000')).toEqual({ sendMs: 4000, receiveMs: 60000 })
      for (const bad of ['', ',', '1', '1,', ',1', 'a,b', '-1,0', '1.5,0', '1e3,0', '1,2,3', '1;2', `${2 ** 31},0`]) {
        expect(() => readHeartBeat(bad), bad).toThrow(expect.objectContaining({ code: 'STOMP_ERR_INVALID_HEART_BEAT' }))
      }
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/heart-beat/absent-means-0,0',
    'reads a missing header as 0,0',
    () => {
      expect(readHeartBeat(undefined)).toEqual(readHeartBeat('0,0'))
    },
    FROM_1_1,
  ),
  codecCell(
    [
      '1.2/heart-beat/first-is-what-it-can-send',
      '1.2/heart-beat/second-is-what-it-wants',
      '1.2/heart-beat/none-when-either-is-0',
      '1.2/heart-beat/interval-is-the-greater',
    ],
    'agrees for each direction on the greater of what one can send and the other wants, or on none',
    () => {
      const agree = (server: string, client: string): number[] => {
        const { sendEveryMs, expectEveryMs } = negotiateHeartBeat(readHeartBeat(server), readHeartBeat(client))
        const mirror = negotiateHeartBeat(readHeartBeat(client), readHeartBeat(server))
        expect(mirror).toEqual({ sendEveryMs: expectEveryMs, expectEveryMs: sendEveryMs })
        return [sendEveryMs, expectEveryMs]
      }
      expect(agree('10000,10000', '4000,60000')).toEqual([60000, 10000])
      expect(agree('10000,20000', '30000,5000')).toEqual([10000, 30000])
      expect(agree('0,10000', '10000,10000')).toEqual([0, 10000])
      expect(agree('10000,0', '10000,10000')).toEqual([10000, 0])
      expect(agree('10000,10000', '0,10000')).toEqual([10000, 0])
      expect(agree('10000,10000', '10000,0')).toEqual([0, 10000])
      expect(agree('0,0', '10000,10000')).toEqual([0, 0])
    },
    FROM_1_1,
  ),
  codecCell(
    '1.2/heart-beat/is-an-eol',
    'writes LF for a heart-beat, and reads LF and CRLF as one',
    (version) => {
      expect([...HEART_BEAT]).toEqual([10])
      expect(readAll({ version }, '\n')).toEqual(['heart-beat'])
      expect(readAll({ version }, '\r\n')).toEqual(['heart-beat'])
    },
    ONLY_1_2,
  ),
  codecCell(
    '1.1/heart-beat/is-a-newline',
    'writes the octet 0x0A for a heart-beat, and reads it as one',
    (version) => {
      expect([...HEART_BEAT]).toEqual([10])
      expect(readAll({ version }, Uint8Array.of(10))).toEqual(['heart-beat'])
    },
    ONLY_1_1,
  ),
]

/** Versions and heart-beats. */
export const negotiationCells: readonly CodecCell[] = [...versions, ...heartBeats]
