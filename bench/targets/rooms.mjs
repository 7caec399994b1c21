// What the plain WebSocket targets share: a path says `/<publish|subscribe>/<topic>`, and a topic has a set of members.

export class Rooms {
  #rooms = new Map()

  /** The members of a topic. */
  of(topic) {
    let room = this.#rooms.get(topic)
    if (room === undefined) {
      room = new Set()
      this.#rooms.set(topic, room)
    }
    return room
  }
}

/** Reads the path of an upgrade request. */
export function readPath(url) {
  const [, role, topic] = url.split('/')
  return { role, topic }
}

/** How all targets listen; thousands connect at once. */
export const LISTEN = { port: 0, host: '127.0.0.1', backlog: 4_096 }
