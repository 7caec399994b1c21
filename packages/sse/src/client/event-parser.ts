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
    if (field === 'event') name = value
    else if (field === 'data') {
      data.push(value)
      kept += value.length
    }
  }

  return (text) => {
    let start = isAfterReturn && text[0] === '\n' ? 1 : 0
    if (text !== '') isAfterReturn = text.endsWith('\r')
    const lineEnd = /\r\n?|\n/g
    lineEnd.lastIndex = start
    for (let found = lineEnd.exec(text); found !== null; found = lineEnd.exec(text)) {
      pieces.push(text.slice(start, found.index))
      const line = pieces.join('')
      kept -= line.length - (found.index - start)
      pieces = []
      start = lineEnd.lastIndex
      readLine(line)
    }
    if (start < text.length) {
      pieces.push(text.slice(start))
      kept += text.length - start
    }
    return kept <= maxChars
  }
}
