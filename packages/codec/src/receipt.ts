import { decodeSingleBytes, decodeStrictUtf8 } from './bytes.js'
import { COMMANDS } from './command.js'
import { unescapeText } from './escape.js'
import { rulesOf, type Version } from './version.js'

/**
 * The `receipt` of a frame that has failed, as well as it can be read: from a whole line of its header section.
 *
 * @param from index of the frame's first byte
 */
export function findReceipt(bytes: Uint8Array, from: number, to: number, version: Version): string | undefined {
  const [commandLine = '', ...lines] = decodeSingleBytes(bytes, from, to).split('\n')
  // Behind the last LF: a line that is not whole.
  lines.pop()
  const command = commandLine.replace(/\r$/, '')
  const rules = rulesOf(COMMANDS.get(command)?.isConnecting ?? false, version)
  let at = from + commandLine.length + 1
  for (const line of lines) {
    if (line === '' || line === '\r' || line.includes('\0')) return undefined
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if ((rules.isTrimmed ? name.trim() : name) === 'receipt') {
      const isCrLf = rules.hasCrLf && line.endsWith('\r')
      const value = decodeStrictUtf8(bytes, at + colon + 1, at + line.length - (isCrLf ? 1 : 0))
      if (value === undefined || !rules.isEscaped) return rules.isTrimmed ? value?.trim() : value
      return unescapeText(value, value.indexOf('\\'), rules)
    }
    at += line.length + 1
  }
  return undefined
}
