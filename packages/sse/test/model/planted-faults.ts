import type { PlantedFault } from './planted-halves.js'

/** The safety rules of PROTOCOL.md, each with what takes it away. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    rule: 'the server skips repeats',
    edits: [
      {
        file: 'server/owned-link.ts',
        find: "if (number <= intake.accepted || this.#state !== 'open') return true",
        replace: "if (this.#state !== 'open') return true",
      },
    ],
  },
  {
    rule: 'the client skips repeats',
    edits: [
      {
        file: 'client/downlink.ts',
        find: 'if (number === next) {',
        replace: 'if (number <= next) {',
      },
    ],
  },
  {
    rule: 'the server keeps messages until they are acknowledged',
    edits: [
      {
        file: 'server/push-attach.ts',
        find: 'this.sent += turn.count\n',
        replace: 'this.sent += turn.count\n    queueMicrotask(() => this.owner.retention.acknowledge(this.sent))\n',
      },
      {
        file: 'server/poll-attach.ts',
        find: 'this.sent += count\n',
        replace: 'this.sent += count\n      queueMicrotask(() => this.#owner.retention.acknowledge(this.sent))\n',
      },
    ],
  },
  {
    rule: 'the client keeps messages until they are acknowledged',
    edits: [
      {
        file: 'client/uplink.ts',
        find: 'sent = Math.max(sent, first + items.length - 1)\n',
        replace:
          'sent = Math.max(sent, first + items.length - 1)\n      first += kept.splice(0, items.length).length\n',
      },
    ],
  },
  {
    rule: 'an attach begins behind the highest acknowledgement seen on any carrier',
    needsCrossing: true,
    edits: [
      {
        file: 'server/down-door.ts',
        find: 'return link.acknowledge(ack)',
        replace: 'Object.assign(link, { lastAck: ack })\n  return link.acknowledge(ack)',
      },
      {
        file: 'server/owned-link.ts',
        find: 'const from = this.retention.acknowledged + 1',
        replace: "const from = (Reflect.get(this, 'lastAck') ?? 0) + 1",
      },
      {
        file: 'server/push-attach.ts',
        find: 'this.sent = attached.from - 1',
        replace: 'this.sent = Math.max(attached.from - 1, this.owner.retention.acknowledged)',
      },
      {
        file: 'server/poll-attach.ts',
        find: 'this.sent = attached.from - 1',
        replace: 'this.sent = Math.max(attached.from - 1, this.#owner.retention.acknowledged)',
      },
    ],
  },
  {
    rule: 'a closing link keeps what is not acknowledged',
    edits: [
      {
        file: 'server/owned-link.ts',
        find: '    this.#attach?.flush()\n    if (this.retention.count === 0)',
        replace: '    this.#attach?.flush()\n    this.retention.clear()\n    if (this.retention.count === 0)',
      },
    ],
  },
  {
    rule: 'the client tells the number of its first message on a socket',
    edits: [
      {
        file: 'server/socket-door.ts',
        find: 'this.#next = seq\n',
        replace: 'this.#next = link.accepted + 1\n',
      },
    ],
  },
  {
    rule: 'a reply without the version came from an intermediary',
    edits: [
      {
        file: 'client/requests.ts',
        find: 'return members?.v === 1 ? members : undefined',
        replace: 'return members',
      },
    ],
  },
]

/** Rules that only a middlebox can show which takes messages out of a connection. */
export const COUNT_CHECKS: readonly PlantedFault[] = [
  {
    rule: 'the server compares how many messages were sent',
    edits: [
      {
        file: 'server/socket-door.ts',
        find: 'if (this.#next !== undefined && sent !== this.#next - 1) return this.#breach()',
        replace: '',
      },
    ],
  },
  {
    rule: 'the client compares how many messages were sent',
    edits: [
      {
        file: 'client/attach-reader.ts',
        find: 'attach.isOpen && sent === attach.position',
        replace: 'attach.isOpen && sent !== undefined',
      },
    ],
  },
]
