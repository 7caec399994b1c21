// All servers that are measured. `file` is to be started with `startChild`: when it listens it is ready with
// `{ port, path }`. `dialect` says how the load client speaks with it (bench/load/dialects.mjs), `topicOf` what the
// destination `name` is called there, `/topic/<name>` where it is not given. `isPresent` gives the
// reason why a target cannot be measured here, or undefined; it may be async. What is not `isNpm` comes from elsewhere, and is
// left out of a quick run.
import { rabbitmq } from './rabbitmq.entry.mjs'
import { spring } from './spring/entry.mjs'

const here = (name) => new URL(`./${name}.mjs`, import.meta.url)
const always = () => undefined
const complete = (target) => ({ isPresent: always, isNpm: true, ...target })

export const TARGETS = [
  { name: 'naive-ws', role: 'floor', dialect: 'ws', file: here('naive-ws'), topicOf: (name) => name },
  { name: 'one-frame', role: 'floor', dialect: 'ws', file: here('one-frame'), topicOf: (name) => name },
  { name: 'hoofbeat', role: 'ours', dialect: 'stomp', file: here('hoofbeat') },
  { name: 'fastify-websocket', role: 'peer', dialect: 'ws', file: here('fastify-websocket'), topicOf: (name) => name },
  { name: 'socket-io', role: 'peer', dialect: 'socketio', file: here('socket-io') },
  {
    name: 'stomp-broker-js',
    role: 'peer',
    dialect: 'stomp',
    file: here('stomp-broker-js'),
    // It confirms no SUBSCRIBE, and its MESSAGE names no message-id, which the standard demands.
    hasReceipts: false,
    hasMessageIds: false,
  },
  { ...rabbitmq, isNpm: false },
  { ...spring, isNpm: false },
].map(complete)

/** Links by each of their carriers, beside what carries events bare, and beside the plain WebSocket. */
export const LINK_TARGETS = [
  { name: 'res.write', role: 'floor', dialect: 'events', file: here('res-write') },
  { name: 'res.write in bursts', role: 'floor', dialect: 'events-ws', file: here('res-write') },
  { name: 'one-chunk', role: 'floor', dialect: 'events-ws', file: here('one-chunk') },
  { name: 'hoofbeat stream', role: 'ours', dialect: 'link-stream', file: here('hoofbeat') },
  { name: 'hoofbeat link on WebSocket', role: 'ours', dialect: 'link-socket', file: here('hoofbeat') },
  { name: 'hoofbeat WebSocket', role: 'ours', dialect: 'stomp', file: here('hoofbeat') },
].map(complete)

/** What all ratios are taken against. */
export const BASELINE = 'naive-ws'
