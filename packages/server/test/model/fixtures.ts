import type { Operation } from './operation.js'

/** What once went wrong, cut down to what was needed for it. */
export interface Fixture {
  /** What the broker does now. */
  readonly title: string
  readonly operations: readonly Operation[]
}

const toA = { send: '/queue/a', kind: 'a' } as const
const toX = { send: '/topic/x', kind: 'a' } as const
const plain = { mode: 'auto', prefetch: 1 } as const

export const fixtures: readonly Fixture[] = [
  {
    title: 'still says after a restart that what a crash has made uncertain may have been delivered',
    operations: [
      { op: 'request', channel: 0, request: { ...toA, isPersistent: true } },
      { op: 'settle' },
      { op: 'subscribe', channel: 0, id: 's1', destination: '/queue/a', ...plain },
      { op: 'crash', kept: 0 },
      { op: 'restart', isDetachedFirst: false },
      { op: 'subscribe', channel: 0, id: 's1', destination: '/queue/a', ...plain },
    ],
  },
  {
    title: 'does not count a delivery that a session did not take because it ended',
    operations: [
      { op: 'subscribe', channel: 0, id: 's1', destination: '/queue/a', mode: 'client-individual', prefetch: 1 },
      { op: 'mood', channel: 0, after: 0, ending: 'dropped-detached' },
      { op: 'request', channel: 0, request: { ...toA, isPersistent: false } },
      { op: 'subscribe', channel: 1, id: 's1', destination: '/queue/a', mode: 'client', prefetch: 1 },
    ],
  },
  {
    title: 'forgets a durable subscription that the store refuses, though its session has ended before',
    operations: [
      { op: 'refuse', isRefusing: true },
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'detach', channel: 0 },
      { op: 'settle' },
      { op: 'refuse', isRefusing: false },
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'settle' },
      { op: 'restart', isDetachedFirst: true },
    ],
  },
  {
    title: 'lets a durable subscription that is begun anew be, when its forerunner is refused',
    operations: [
      { op: 'refuse', isRefusing: true },
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'unsubscribe', channel: 0, id: 'd1' },
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'sync', commits: 2 },
      { op: 'refuse', isRefusing: false },
      { op: 'settle' },
    ],
  },
  {
    title: 'keeps nothing of a durable subscription that was refused just before a crash',
    operations: [
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'request', channel: 0, request: { ...toX, isPersistent: true } },
      { op: 'refuse', isRefusing: true },
      { op: 'sync', commits: 1 },
      { op: 'crash', kept: 1 },
      { op: 'refuse', isRefusing: false },
      { op: 'subscribe-durable', channel: 0, id: 'd1', ...plain },
      { op: 'settle' },
      { op: 'restart', isDetachedFirst: true },
    ],
  },
  {
    title: 'delivers nothing to a topic any more when it is closing',
    operations: [
      { op: 'subscribe', channel: 0, id: 's1', destination: '/topic/x', ...plain },
      { op: 'subscribe-durable', channel: 1, id: 'd1', ...plain },
      { op: 'request', channel: 0, request: { ...toX, isPersistent: true } },
      { op: 'restart', isDetachedFirst: false },
    ],
  },
  {
    title: 'gives back what two subscriptions of a session had of one queue before it gives any of it to others',
    operations: [
      {
        op: 'subscribe',
        channel: 0,
        id: 's1',
        destination: '/queue/a',
        mode: 'client',
        prefetch: 1,
        selector: "kind = 'a'",
      },
      { op: 'request', channel: 0, request: { ...toA, kind: 'b', isPersistent: false } },
      { op: 'subscribe', channel: 0, id: 's3', destination: '/queue/a', mode: 'client', prefetch: 1 },
      { op: 'request', channel: 2, request: { ...toA, isPersistent: false } },
      { op: 'subscribe', channel: 1, id: 's1', destination: '/queue/a', ...plain },
      { op: 'detach', channel: 0 },
    ],
  },
  {
    title: 'gives nobody a message of a topic whose time was over while it waited',
    operations: [
      { op: 'subscribe', channel: 1, id: 's1', destination: '/topic/*', mode: 'client-individual', prefetch: 1 },
      { op: 'request', channel: 0, request: { ...toX, isPersistent: false } },
      { op: 'request', channel: 0, request: { send: '/topic/y', isPersistent: false, ttlMs: 10, kind: 'a' } },
      { op: 'advance', ms: 20 },
      { op: 'request', channel: 1, request: { answer: 'ACK', pick: 0, form: 'ack' } },
    ],
  },
  {
    title: 'keeps the order of a queue when a message is refused between one that is stored and one that need not be',
    operations: [
      { op: 'subscribe', channel: 1, id: 's1', destination: '/queue/a', ...plain },
      { op: 'request', channel: 0, request: { ...toA, isPersistent: true } },
      { op: 'sync', commits: 1 },
      { op: 'refuse', isRefusing: true },
      { op: 'request', channel: 0, request: { ...toA, isPersistent: true } },
      { op: 'sync', commits: 1 },
      { op: 'request', channel: 0, request: { ...toA, isPersistent: false } },
    ],
  },
]
