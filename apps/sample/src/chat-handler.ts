import type { RawConnection } from '@hoofbeat/server'
import type { FastifyPluginAsync } from 'fastify'

/** One word, so that `@name` can be told from what follows it, and `name:` from what was said. */
const NAME = /^[^\s:@]{1,40}$/
const PRIVATE = /^@(\S+)\s+(\S.*)$/s

/**
 * A chat without STOMP, one text a message, for whatever can open `/chat`: a WebSocket, a link, a SockJS client. The
 * first text is the name. From then on `hello` is told to everybody as `ada: hello`, and `@bob hello` to bob and ada alone
 * as `ada to bob: hello`. What people write is passed on as it is: whoever shows it shows it as text.
 */
export const chatHandler: FastifyPluginAsync = async (app) => {
  const nameOf = (person: RawConnection): unknown => person.attributes.get('name')
  const isHere = (name: string): boolean => [...chat.connections].some((person) => nameOf(person) === name)
  const tell = (text: string, names?: readonly unknown[]): number =>
    chat.broadcast(text, (person) => names?.includes(nameOf(person)) ?? person.attributes.has('name'))

  const join = (person: RawConnection, name: string): unknown => {
    if (!NAME.test(name)) return person.send('A name is one word of up to 40 letters, without : and @')
    if (isHere(name)) return person.send(`${name} is here already: take another name`)
    person.attributes.set('name', name)
    return tell(`${name} has joined`)
  }

  const chat = app.stomp.endpoint('/chat', {
    sockjs: true,
    maxMessageBytes: 4_096,
    open: (person) => person.send('What is your name?'),
    message(person, data) {
      const name = nameOf(person)
      if (typeof data !== 'string') return person.close(1003, 'This chat takes text only')
      if (name === undefined) return join(person, data.trim())
      const [, to, text] = PRIVATE.exec(data) ?? []
      if (to === undefined) return tell(`${name}: ${data}`)
      return isHere(to) ? tell(`${name} to ${to}: ${text}`, [name, to]) : person.send(`${to} is not here`)
    },
    close: (person) => person.attributes.has('name') && tell(`${nameOf(person)} has left`),
  })
}
