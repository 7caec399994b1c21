// One connection of HTTP/1.1 that stays, on a raw socket: POST after POST, each with an answer in JSON.
import { once } from 'node:events'
import { connect } from 'node:net'

const HEAD_END = '\r\n\r\n'

export class Poster {
  #socket
  #rest = ''
  #answered
  #failed

  static async open({ port, localAddress, failed }) {
    const poster = new Poster(port, localAddress, failed)
    await once(poster.#socket, 'connect')
    return poster
  }

  constructor(port, localAddress, failed) {
    this.#failed = failed
    this.#socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text) => this.#received(text))
    this.#socket.on('error', failed)
    this.#socket.on('close', () => failed(new Error('the server has closed a connection of requests')))
  }

  /** `answered(answer)` is called with the answer; one at a time. */
  post(path, body, answered) {
    if (this.#answered !== undefined) throw new Error('a request is under way')
    this.#answered = answered
    this.#socket.write(postText(path, JSON.stringify(body)))
  }

  #received(text) {
    this.#rest += text
    const head = this.#rest.indexOf(HEAD_END)
    if (head === -1) return
    const size = Number(/\r\ncontent-length: (\d+)/i.exec(this.#rest)?.[1])
    const bodyAt = head + HEAD_END.length
    if (this.#rest.length < bodyAt + size) return
    const whole = this.#rest
    const answered = this.#answered
    this.#rest = ''
    this.#answered = undefined
    if (!whole.startsWith('HTTP/1.1 200 ')) return this.#failed(new Error(`refused: ${whole}`))
    answered(JSON.parse(whole.slice(bodyAt)))
  }
}

/** A request as a browser's fetch makes it for a string, without what it tells of itself. */
export function postText(path, body) {
  const lines = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: text/plain;charset=UTF-8']
  return `${[...lines, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n')}${HEAD_END}${body}`
}
