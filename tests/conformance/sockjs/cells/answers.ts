import { expect } from 'vitest'
import type { Answer, SockJsHarness, Stream } from '../harness.js'
import type { AnswerHead } from '../http-socket.js'

/** What follows the prelude of each stream, and the frames of the others, as they lie on the wire. */
export const PRELUDE: string = `${'h'.repeat(2_048)}\n`
export const YEAR_S = 31_536_000
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Compares without the spaces, which may or may not follow the semicolon. */
export function expectType(answer: AnswerHead, type: string): void {
  expect(answer.header('content-type')?.replaceAll(' ', '')).toBe(type)
}

export function expectUncached(answer: AnswerHead): void {
  expect(answer.header('cache-control')).toBe('no-store, no-cache, no-transform, must-revalidate, max-age=0')
  expect(answer.header('expires')).toBeUndefined()
  expect(answer.header('last-modified')).toBeUndefined()
}

/** Anybody may keep it for a year. */
export function expectCached(answer: AnswerHead): void {
  expect(answer.header('cache-control')?.split(/, */)).toEqual(expect.arrayContaining(['public', `max-age=${YEAR_S}`]))
  expect(new Date(answer.header('expires') ?? '').getTime()).toBeGreaterThan(0)
  expect(answer.header('last-modified')).toBeUndefined()
}

export function expectCors(answer: AnswerHead, origin: string): void {
  expect(answer.header('access-control-allow-origin')).toBe(origin)
  expect(answer.header('access-control-allow-credentials')).toBe('true')
}

/** Asks the preflight that pages send, from a page with an origin and from one without. */
export async function expectPreflight(t: SockJsHarness, path: string, methods: readonly string[]): Promise<void> {
  for (const origin of ['test', 'null']) {
    const headers = { origin, 'access-control-request-method': methods.join(', ') }
    const answer = await t.request('OPTIONS', path, { headers })
    expect([200, 204]).toContain(answer.status)
    expect(answer.body).toBe('')
    expectCached(answer)
    expect(Number(answer.header('access-control-max-age'))).toBeGreaterThan(1_000_000)
    const allowed = answer.header('access-control-allow-methods')?.split(/, */)
    expect(allowed).toEqual(expect.arrayContaining([...methods]))
    expectCors(answer, origin)
  }
}

/** It is there, but not for this method. */
export function expectNoSuchMethod(answer: Answer, allowed: string): void {
  expect(answer.status).toBe(405)
  expect((answer.header('allow') ?? '').split(/, */)).toContain(allowed)
  expect(answer.header('content-type')).toBeUndefined()
  expect(answer.body).toBe('')
}

/** Polls, and expects this frame. */
export async function expectPoll(t: SockJsHarness, url: string, frame: string): Promise<Answer> {
  const answer = await t.post(`${url}/xhr`)
  expect([answer.status, answer.body]).toEqual([200, `${frame}\n`])
  return answer
}

/** Opens a session by its first poll. */
export async function openByPoll(t: SockJsHarness, service?: string): Promise<string> {
  const url = t.session(service)
  await expectPoll(t, url, 'o')
  return url
}

/** Sends an array of messages, and expects it to be taken. */
export async function send(t: SockJsHarness, url: string, body: string): Promise<void> {
  const answer = await t.post(`${url}/xhr_send`, body)
  expect([answer.status, answer.body]).toEqual([204, ''])
}

/** Opens a session by a stream of lines, and reads its prelude and `o`. */
export async function openByStream(t: SockJsHarness, url: string): Promise<Stream> {
  const stream = await t.stream('POST', `${url}/xhr_streaming`)
  expect(await stream.next()).toBe(PRELUDE)
  expect(await stream.next()).toBe('o\n')
  return stream
}
