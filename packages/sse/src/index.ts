export type { LinkClock, LinkTimer } from './server/clock.js'
export { systemClock } from './server/clock.js'
export type { DownForm, DownMessage, DownTurn } from './server/down-turn.js'
export { encodeChunk, encodeEvent } from './server/event-bytes.js'
export type {
  Admitted,
  DoorName,
  EventStream,
  Exchange,
  Forwarded,
  Standing,
  StreamListener,
} from './server/exchange.js'
export type { HttpDoors } from './server/http-doors.js'
export { allowReading, openHttpDoors } from './server/http-doors.js'
export type { HttpPeers, HttpPeersOptions } from './server/http-peers.js'
export { createHttpPeers, forwardedSocket } from './server/http-peers.js'
export type { Link, LinkListener, Rung } from './server/link.js'
export type { LinkSocket, LinkSocketListener } from './server/link-socket.js'
export { createLinks } from './server/link-table.js'
export type { LinkCounts, LinkLimits, Links, LinksParts, LinkTimes, SocketRequest } from './server/links.js'
export { createLocalPeers } from './server/local-peers.js'
export type { PeerClaim, PeerDoorName } from './server/peer-signature.js'
export type { PeerNode, PeerState, Peers } from './server/peers.js'
export { linkSocket } from './server/web-socket.js'
/** Close codes of links (PROTOCOL.md, section 11). */
export * as CLOSE from './wire/close.js'
export { LINK_PROTOCOL } from './wire/protocol.js'
