import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Component } from '../components.js'
import { BRIEF_JVM } from './brief-jvm.js'
import { type RealBroker, startRealBroker } from './real-broker.js'

/** Debian keeps here what upstream has beside the program. */
const DEBIAN_HOME = '/usr/share/activemq'

const configuration = (
  port: number,
  folder: string,
): string => `<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="hoofbeat" useJmx="false" dataDirectory="${folder}/data">
    <persistenceAdapter><kahaDB directory="${folder}/data/kahadb" journalMaxFileLength="4mb"/></persistenceAdapter>
    <transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:${port}"/></transportConnectors>
  </broker>
</beans>
`

/** Starts an ActiveMQ Classic with a STOMP connector and no other. */
export function startActivemq(activemq: Component, jdk: Component): Promise<RealBroker> {
  const upstream = dirname(dirname(activemq.path))
  const home = existsSync(join(upstream, 'bin/activemq.jar')) ? upstream : DEBIAN_HOME
  return startRealBroker({
    ...{ name: 'activemq', login: 'admin', passcode: 'admin', host: '/', ports: 1 },
    async prepare(folder, [port = 0]) {
      const file = join(folder, 'activemq.xml')
      await writeFile(file, configuration(port, folder))
      const properties = {
        'activemq.home': home,
        'activemq.base': folder,
        'activemq.conf': folder,
        'activemq.data': folder,
      }
      const defined = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
      const jar = join(home, 'bin/activemq.jar')
      return { command: [jdk.path, ...BRIEF_JVM, ...defined, '-jar', jar, 'start', `xbean:file:${file}`] }
    },
  })
}
