/** One message of a room, as its readers get it. */
export interface ChatMessage {
  /** One of a kind; given by the server. */
  readonly id: string
  /** What its sender calls it, so that a message sent twice is told once. */
  readonly ref?: string
  /** The sender, as the server knows them. */
  readonly name: string
  readonly text: string
  /** When the server took it: ISO 8601, UTC. */
  readonly at: string
}

/** Bounds of what is remembered. */
export interface RoomLimits {
  /** Rooms; the one that has been silent for longest is forgotten first. @default 100 */
  readonly maxRooms?: number
  /** Messages of each room; the oldest is forgotten first. @default 50 */
  readonly maxMessages?: number
}

/** The last messages of the rooms that were active of late, in memory. */
export interface Rooms {
  /** Names of the rooms, the last active one first. */
  names(): readonly string[]
  /** What is remembered of a room, oldest first; empty for one that is unknown. */
  messages(room: string): readonly ChatMessage[]
  add(room: string, message: ChatMessage): void
}

/** Makes an empty memory. */
export function createRooms({ maxRooms = 100, maxMessages = 50 }: RoomLimits = {}): Rooms {
  // A Map keeps the order of insertion: the room that is put in anew with each message is always the last one.
  const rooms = new Map<string, ChatMessage[]>()
  return {
    names: () => [...rooms.keys()].reverse(),
    messages: (room) => rooms.get(room) ?? [],
    add(room, message) {
      const messages = [...(rooms.get(room) ?? []), message].slice(-maxMessages)
      rooms.delete(room)
      rooms.set(room, messages)
      const [idlest] = rooms.keys()
      if (rooms.size > maxRooms && idlest !== undefined) rooms.delete(idlest)
    },
  }
}
