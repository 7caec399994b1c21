import { findProgram } from '../measure/foreign.mjs'

/** Debian keeps the script itself here; the one in PATH would change the user, and take over the machine's own node. */
const FOLDERS = ['/usr/lib/rabbitmq/bin']

/** The program of the server; undefined where it is not installed. */
export const rabbitmqServer = () => findProgram('rabbitmq-server', FOLDERS)

/** RabbitMQ with its plugins for STOMP over TCP and over WebSocket. */
export const rabbitmq = {
  name: 'RabbitMQ',
  role: 'peer',
  dialect: 'stomp',
  file: new URL('rabbitmq.mjs', import.meta.url),
  isPresent() {
    if (process.platform !== 'linux') return 'its figures are read from /proc, which only Linux has'
    if (rabbitmqServer() === undefined)
      return 'rabbitmq-server is not installed (Debian: apt-get install rabbitmq-server)'
    return undefined
  },
  login: 'guest',
  passcode: 'guest',
  host: '/',
  topicOf: (name) => `/topic/${name}`,
}
