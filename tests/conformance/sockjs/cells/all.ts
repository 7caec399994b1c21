import type { SockJsCell } from '../cell.js'
import { httpCells } from './http.js'
import { pollingCells } from './polling.js'
import { sessionCells } from './session.js'
import { staticCells } from './static.js'
import { streamingCells } from './streaming.js'
import { unicodeCells } from './unicode.js'
import { webSocketCells } from './websocket.js'

/** Every cell, in the order of the protocol's text. */
export const CELLS: readonly SockJsCell[] = [
  ...staticCells,
  ...sessionCells,
  ...webSocketCells,
  ...pollingCells,
  ...streamingCells,
  ...unicodeCells,
  ...httpCells,
]
