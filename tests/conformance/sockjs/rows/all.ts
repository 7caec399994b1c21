import type { SockJsRow } from '../row.js'
import { sessionRows } from './session.js'
import { staticRows } from './static.js'
import { transportRows } from './transports.js'
import { webSocketRows } from './websocket.js'

/** Each statement of SockJS 0.3.3 that can be seen at a server, and each that we keep in a way of our own. */
export const ROWS: readonly SockJsRow[] = [...staticRows, ...sessionRows, ...webSocketRows, ...transportRows]
