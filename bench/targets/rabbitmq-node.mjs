// A RabbitMQ node of its own: its data, ports and epmd are apart from a node that the machine may run.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts, makeFolder, startForeign } from '../measure/foreign.mjs'
import { rabbitmqServer } from './rabbitmq.entry.mjs'

/**
 * Starts the node; gives its ports: `port` for WebSocket, `tcpPort` for plain STOMP, `managementPort`; what it uses; and
 * `control`, which gives what `rabbitmqctl` prints. `isManaged`: with the plugin that counts messages, which costs time.
 */
export async function startRabbitmq({ isManaged = false } = {}) {
  const folder = await makeFolder('rabbitmq')
  const [tcpPort, port, epmdPort, distributionPort, managementPort] = await freePorts(5)

  // Benchmarks hold connections idle for long: no time-outs. Otherwise as it comes.
  await writeFile(
    join(folder, 'rabbitmq.conf'),
    `listeners.tcp = none
stomp.listeners.tcp.1 = 127.0.0.1:${tcpPort}
stomp.tcp_listen_options.backlog = 4096
stomp.tcp_listen_options.nodelay = true
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = ${port}
web_stomp.tcp.backlog = 4096
web_stomp.ws_opts.idle_timeout = 86400000
web_stomp.cowboy_opts.idle_timeout = 86400000
${isManaged ? `management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${managementPort}\n` : ''}`,
  )
  const plugins = ['rabbitmq_stomp', 'rabbitmq_web_stomp', ...(isManaged ? ['rabbitmq_management'] : [])]
  await writeFile(join(folder, 'enabled_plugins'), `[${plugins}].\n`)

  const env = {
    HOME: folder,
    ERL_EPMD_PORT: `${epmdPort}`,
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    RABBITMQ_NODENAME: 'bench@localhost',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
  }

  const server = await startForeign(
    folder,
    ['sh', '-c', `epmd -address 127.0.0.1 -port ${epmdPort} & exec "$0"`, rabbitmqServer()],
    { env },
  )
  await server.untilListening(tcpPort)
  await server.untilListening(port)
  return {
    ready: { port, path: '/ws', tcpPort, managementPort },
    usage: server.usage,
    async control(...args) {
      const program = join(dirname(rabbitmqServer()), 'rabbitmqctl')
      const all = ['--silent', '--node', 'bench@localhost', ...args]
      const { stdout } = await promisify(execFile)(program, all, {
        env: { ...process.env, ...env },
        maxBuffer: 64 * 1_048_576,
      })
      return stdout
    },
  }
}
