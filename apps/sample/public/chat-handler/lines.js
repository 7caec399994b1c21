import { create } from '../page.js'

/**
 * What a line of the server says. Names have no space and no colon, so that nobody can write a line in the name of
 * somebody else.
 *
 * @param {string} line
 * @returns {{ author?: string, to?: string, text: string }} without an author: news of the chat itself
 */
export const readLine = (line) => {
  const [, author, to, text] = /^([^\s:]+)(?: to ([^\s:]+))?: (.*)$/s.exec(line) ?? []
  if (author === undefined || text === undefined) return { text: line }
  return to === undefined ? { author, text } : { author, to, text }
}

/**
 * A line as the log shows it. What people write comes in as text, never as HTML.
 *
 * @param {string} line
 * @param {string} ownName
 */
export const createRow = (line, ownName) => {
  const { author, to, text } = readLine(line)
  if (author === undefined) return create('li', 'talk-news', text)
  const isOwn = author === ownName
  const name = create('span', 'message-author', isOwn ? 'You' : author)
  const words = create('p', 'message-text', text)
  for (const said of [name, words]) said.dir = 'auto'
  const head = create('div', 'message-head', name)
  if (to !== undefined) head.append(create('span', 'message-state', isOwn ? `only to ${to}` : 'only to you'))
  const kind = `${isOwn ? ' is-own' : ''}${to === undefined ? '' : ' is-private'}`
  const row = create('li', `message${kind}`, create('div', 'message-body', head, words))
  row.dataset.divider = ''
  return row
}
