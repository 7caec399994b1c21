/**
 * Reads an event stream however it is cut: what is returned takes its pieces. CR, LF and CRLF end a line, as the format
 * demands; `id` and `retry` have no meaning on a link. Linear: a line in pieces is joined once. The reader returns false
 * when an event is longer than `maxChars`: nothing more can be read.
 */
export function createEventParser(
  told: (name: string, data: string) => void,
  maxChars: number,
): (text: string) => boolean {
  let pieces: string[] = []
  let kept = 0
  let name = ''
  let data: string[] = []
  let isAfterReturn = false

  const readLine = (line: string) => {
    if (line === '') {
      if (data.length > 0) told(name, data.join('\n'))
      name = ''
      data = []
      kept = 0
      return
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else kept -= line.length
    if (field === 'event') name = value
  }

  return (text) => {
    const rest = isAfterReturn && text[0] === '\n' ? text.slice(1) : text
    if (text !== '') isAfterReturn = text.endsWith('\r')
    for (const [index, piece] of rest.split(/\r\n?|\n/).entries()) {
      if (index > 0) {
        readLine(pieces.join(''))
        pieces = []
      }
      pieces.push(piece)
      kept += piece.length
    }
    return kept <= maxChars
  }
}
