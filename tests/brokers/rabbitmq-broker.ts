import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Component } from '../components.js'
import { type RealBroker, startRealBroker } from './real-broker.js'

/** What a RabbitMQ is started with. */
export interface RabbitmqOptions {
  /** @default STOMP alone */
  readonly plugins?: readonly string[]
  /** Lines for `rabbitmq.conf`. */
  readonly configuration?: readonly string[]
}

/** Starts a RabbitMQ node of its own: its data, ports and epmd are apart from a node that the machine may run. */
export function startRabbitmq(rabbitmq: Component, options: RabbitmqOptions = {}): Promise<RealBroker> {
  const { plugins = ['rabbitmq_stomp'], configuration = [] } = options
  return startRealBroker({
    ...{ name: 'rabbitmq', login: 'guest', passcode: 'guest', host: '/', ports: 3 },
    async prepare(folder, [port, epmdPort, distributionPort]) {
      const lines = ['listeners.tcp = none', `stomp.listeners.tcp.1 = 127.0.0.1:${port}`, ...configuration]
      await writeFile(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`)
      await writeFile(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`)
      return {
        command: ['sh', '-c', `epmd -address 127.0.0.1 -port ${epmdPort} & exec "$0"`, rabbitmq.path],
        env: {
          HOME: folder,
          ERL_CRASH_DUMP: join(folder, 'erl_crash.dump'),
          ERL_EPMD_PORT: `${epmdPort}`,
          RABBITMQ_DIST_PORT: `${distributionPort}`,
          RABBITMQ_NODENAME: `hoofbeat-${port}@localhost`,
          RABBITMQ_CONF_ENV_FILE: '/dev/null',
          RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
          RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
          RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
          RABBITMQ_MNESIA_BASE: join(folder, 'data'),
          RABBITMQ_LOG_BASE: join(folder, 'log'),
          RABBITMQ_PID_FILE: join(folder, 'pid'),
        },
      }
    },
  })
}
