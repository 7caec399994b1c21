import type { CodecCell, ServerCell } from '../cells.js'
import { badInputCells } from './bad-input.js'
import { decoderCells } from './codec/decoder.js'
import { escapeCells } from './codec/escape.js'
import { frameCells } from './codec/frame.js'
import { negotiationCells } from './codec/negotiation.js'
import { standardHeaderCells } from './codec/standard-headers.js'
import { connectionCells } from './connection.js'
import { disconnectCells } from './disconnect.js'
import { errorCells } from './error.js'
import { heartBeatCells } from './heart-beat.js'
import { messageCells } from './message.js'
import { receiptCells } from './receipt.js'
import { subscriptionCells } from './subscription.js'

/** Every cell at the codec. */
export const CODEC_CELLS: readonly CodecCell[] = [
  ...frameCells,
  ...escapeCells,
  ...standardHeaderCells,
  ...negotiationCells,
  ...decoderCells,
]

/** Every cell at a server. */
export const SERVER_CELLS: readonly ServerCell[] = [
  ...connectionCells,
  ...disconnectCells,
  ...subscriptionCells,
  ...messageCells,
  ...receiptCells,
  ...heartBeatCells,
  ...errorCells,
  ...badInputCells,
]
