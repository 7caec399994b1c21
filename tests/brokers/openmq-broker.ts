import { execFile } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Component } from '../components.js'
import { BRIEF_JVM } from './brief-jvm.js'
import { type RealBroker, startRealBroker } from './real-broker.js'

const run = promisify(execFile)

/** Starts an Open MQ with its STOMP bridge, of the distribution that Maven has found. */
export function startOpenmq(openmq: Component, jdk: Component): Promise<RealBroker> {
  // One line of all that Maven prints.
  const [distribution = ''] = /^\/.*\.zip$/m.exec(openmq.printed) ?? []
  return startRealBroker({
    ...{ name: 'openmq', login: 'admin', passcode: 'admin', host: '/', ports: 2 },
    async prepare(folder, [port, mapperPort]) {
      const jar = join(dirname(await realpath(jdk.path)), 'jar')
      await run(jar, ['--extract', '--file', distribution, 'mq/lib', 'mq/etc'], { cwd: folder })
      const home = join(folder, 'mq')
      const properties = {
        'imq.home': home,
        'imq.varhome': join(folder, 'data'),
        'imq.etchome': join(home, 'etc'),
        'imq.libhome': join(home, 'lib'),
      }
      const settings = {
        'imq.hostname': '127.0.0.1',
        'imq.portmapper.port': mapperPort,
        'imq.bridge.enabled': true,
        'imq.bridge.activelist': 'stomp',
        'imq.bridge.admin.user': 'admin',
        'imq.bridge.admin.password': 'admin',
        'imq.bridge.stomp.hostname': '127.0.0.1',
        'imq.bridge.stomp.tcp.port': port,
      }
      const defined = (values: object): string[] =>
        Object.entries(values).map(([name, value]) => `-D${name}=${String(value)}`)
      const main = 'com.sun.messaging.jmq.jmsserver.Broker'
      const java = [jdk.path, ...BRIEF_JVM, ...defined(properties), '-cp', join(home, 'lib', 'imqbroker.jar')] as const
      return { command: [...java, main, ...defined(settings)] }
    },
  })
}
