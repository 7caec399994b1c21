import { decodeUtf8 } from './bytes.js'
import { COMMANDS } from './command.js'
import { unescapeText } from './escape.js'
import { trim } from './octets.js'
import { rulesOf, type Version } from './version.js'

/**
 * The `receipt` of a frame that has failed, as well as it can be read: from a whole line of its header section.
 *
 * @param from index of the frame's first byte
 */
export function findReceipt(bytes: Uint8Array, from: number, to: number, version: Version): string | undefined {
  const [commandLine = '', ...lines] = decodeUtf8(bytes, from, to).split('\n')
  // Behind the last LF: a line that is not whole.
  lines.pop()
  const rules = rulesOf(COMMANDS.get(commandLine.trim())?.isConnecting ?? false, version)
  for (const line of lines) {
    if (line === '' || line === '\r' || line.includes('\0')) return undefined
    const [name = ''] = line.split(':', 1)
    if ((rules.isTrimmed ? trim(name) : name) !== 'receipt' || name === line) continue
    const value = line.slice(name.length + 1, rules.hasCrLf && line.endsWith('\r') ? -1 : undefined)
    // It was not UTF-8.
    if (value.includes('\ufffd')) return undefined
    if (!rules.isEscaped) return rules.isTrimmed ? trim(value) : value
    const text = unescapeText(value, value.indexOf('\\'), rules)
    return typeof text === 'string' ? text : undefined
  }
  return undefined
}
