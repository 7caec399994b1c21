// STOMP as the load client writes and reads it.

export function stompFrame(command, headers, body = '') {
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : `${name}:${value}\n`))
  return `${command}\n${lines.join('')}\n${body}\0`
}

/** Reads one whole frame, with line ends around it as the standard allows; these headers need no unescaping. */
function readStomp(payload) {
  const text = payload.toString().replace(/^\n+/, '').replace(/\n+$/, '')
  const end = text.indexOf('\n\n')
  if (end === -1 || text.at(-1) !== '\0') throw new Error(`not one whole STOMP frame: ${JSON.stringify(text)}`)
  const [command, ...lines] = text.slice(0, end).split('\n')
  const headers = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon)] ??= line.slice(colon + 1)
  }
  return { command, headers, body: text.slice(end + 2, -1) }
}

/** The body of a delivery; throws if it is not the one for this subscription. */
export function readMessage(payload, { destination, id, hasMessageIds = true }) {
  const { command, headers, body } = readStomp(payload)
  if (command !== 'MESSAGE') throw new Error(`not a MESSAGE: ${payload}`)
  if (headers.subscription !== id) throw new Error(`subscription ${headers.subscription} instead of ${id}`)
  if (headers.destination !== destination) throw new Error(`destination ${headers.destination}`)
  if (hasMessageIds && headers['message-id'] === undefined) throw new Error('a MESSAGE without message-id')
  return body
}

/** Waits for this command; `textOf`: the frame in what the channel hears. */
async function hearStomp(channel, command, textOf) {
  for (;;) {
    const text = textOf(await channel.hear())
    if (text.trim() === '') continue
    const frame = readStomp(text)
    if (frame.command !== command) throw new Error(`${command} was due, not ${JSON.stringify(text)}`)
    return frame
  }
}

/** Greets by CONNECT, and subscribes, on whatever says and hears frames. */
export function stompSession({ heartBeatMs, textOf = (payload) => payload.toString() }) {
  return {
    async greet(channel, { login, passcode, host = '127.0.0.1' }) {
      const heartBeat = `${heartBeatMs},${heartBeatMs}`
      channel.say(stompFrame('CONNECT', { 'accept-version': '1.2', host, login, passcode, 'heart-beat': heartBeat }))
      await hearStomp(channel, 'CONNECTED', textOf)
    },
    async subscribe(channel, destination, id, { hasReceipts = true }) {
      const receipt = hasReceipts ? 'subscribed' : undefined
      channel.say(stompFrame('SUBSCRIBE', { id, destination, ack: 'auto', receipt }))
      if (hasReceipts) await hearStomp(channel, 'RECEIPT', textOf)
    },
  }
}
