import type { RawConnection, RawEndpointOptions } from '@hoofbeat/server'
import { faultOf, textOf } from './numbered-text.js'

interface Progress {
  /** How many go each way; undefined until the client has said it. */
  count: number | undefined
  readonly received: string[]
  sent: number
}

/**
 * The other side of `exchange`: says who the client is, then, when told how many, sends as many numbered texts while it
 * takes as many, says what it thinks of them, and closes when the client has heard that.
 */
export const numbers: Pick<RawEndpointOptions, 'open' | 'message' | 'drained'> = {
  open(connection) {
    connection.attributes.set('progress', { count: undefined, received: [], sent: 0 } satisfies Progress)
    connection.send(`user ${connection.user?.name ?? ''}`)
  },
  message(connection, data) {
    const progress = progressOf(connection)
    if (typeof data !== 'string') return connection.close(1003, 'text only')
    if (data === 'bye') return connection.close(4000, 'bye')
    if (progress.count === undefined) progress.count = Number(data.replace('begin ', ''))
    else progress.received.push(data)
    proceed(connection, progress)
  },
  drained: (connection) => proceed(connection, progressOf(connection)),
}

function progressOf(connection: RawConnection): Progress {
  return connection.attributes.get('progress') as Progress
}

function proceed(connection: RawConnection, progress: Progress): void {
  const { count, received } = progress
  if (count === undefined) return
  while (progress.sent < count) {
    progress.sent += 1
    if (connection.send(textOf(progress.sent)) !== 'taken') break
  }
  if (progress.sent !== count || received.length < count) return
  progress.sent += 1
  connection.send(`verdict ${faultOf(received, count) ?? 'good'}`)
}
