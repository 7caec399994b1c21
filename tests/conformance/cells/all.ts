import type { CodecCell, ServerCell } from '../cells.js'
import { abortCells } from './abort.js'
import { ackCells } from './ack.js'
import { ackHeaderCells } from './ack-header.js'
import { ackModeCells } from './ack-mode.js'
import { ackTransactionCells } from './ack-transaction.js'
import { badInputCells } from './bad-input.js'
import { beginCells } from './begin.js'
import { decoderCells } from './codec/decoder.js'
import { escapeCells } from './codec/escape.js'
import { frameCells } from './codec/frame.js'
import { negotiationCells } from './codec/negotiation.js'
import { standardHeaderCells } from './codec/standard-headers.js'
import { commitCells } from './commit.js'
import { connectionCells } from './connection.js'
import { disconnectCells } from './disconnect.js'
import { errorCells } from './error.js'
import { halfCloseCells } from './half-close.js'
import { heartBeatCells } from './heart-beat.js'
import { lingeringCells } from './lingering.js'
import { messageCells } from './message.js'
import { nackCells } from './nack.js'
import { overviewCells } from './overview.js'
import { queueCells } from './queue.js'
import { receiptCells } from './receipt.js'
import { sendCells } from './send.js'
import { subscribeCells } from './subscribe.js'
import { subscribeHeaderCells } from './subscribe-headers.js'
import { tempQueueCells } from './temp-queue.js'
import { unsubscribeCells } from './unsubscribe.js'
import { userDestinationCells } from './user-destination.js'

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
  ...overviewCells,
  ...lingeringCells,
  ...connectionCells,
  ...disconnectCells,
  ...halfCloseCells,
  ...sendCells,
  ...queueCells,
  ...tempQueueCells,
  ...userDestinationCells,
  ...subscribeCells,
  ...subscribeHeaderCells,
  ...ackModeCells,
  ...unsubscribeCells,
  ...ackCells,
  ...ackHeaderCells,
  ...ackTransactionCells,
  ...nackCells,
  ...beginCells,
  ...commitCells,
  ...abortCells,
  ...messageCells,
  ...receiptCells,
  ...heartBeatCells,
  ...errorCells,
  ...badInputCells,
]
