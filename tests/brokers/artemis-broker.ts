import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Component } from '../components.js'
import { BRIEF_JVM } from './brief-jvm.js'
import { type RealBroker, startRealBroker } from './real-broker.js'

/** Settings that Artemis' own `artemis create` writes too, where they matter here: destinations come and go by use. */
const configuration = (port: number, folder: string): string => `<configuration xmlns="urn:activemq">
  <core xmlns="urn:activemq:core">
    <name>hoofbeat</name>
    <persistence-enabled>true</persistence-enabled>
    <journal-type>NIO</journal-type>
    <journal-min-files>2</journal-min-files>
    <journal-file-size>1M</journal-file-size>
    <paging-directory>${folder}/paging</paging-directory>
    <bindings-directory>${folder}/bindings</bindings-directory>
    <journal-directory>${folder}/journal</journal-directory>
    <large-messages-directory>${folder}/large</large-messages-directory>
    <security-enabled>false</security-enabled>
    <max-disk-usage>100</max-disk-usage>
    <acceptors><acceptor name="stomp">tcp://127.0.0.1:${port}?protocols=STOMP;useEpoll=false</acceptor></acceptors>
    <address-settings>
      <address-setting match="#">
        <dead-letter-address>DLQ</dead-letter-address>
        <expiry-address>ExpiryQueue</expiry-address>
        <redelivery-delay>0</redelivery-delay>
        <auto-create-queues>true</auto-create-queues>
        <auto-create-addresses>true</auto-create-addresses>
      </address-setting>
    </address-settings>
    <addresses>
      <address name="DLQ"><anycast><queue name="DLQ"/></anycast></address>
      <address name="ExpiryQueue"><anycast><queue name="ExpiryQueue"/></anycast></address>
    </addresses>
  </core>
</configuration>
`

/** Starts an Artemis with a STOMP acceptor and no other, with the jars that Maven has found. */
export function startArtemis(artemis: Component, jdk: Component): Promise<RealBroker> {
  // One line of all that Maven prints.
  const [classPath = ''] = /^\/.*\.jar$/m.exec(artemis.printed) ?? []
  const source = fileURLToPath(new URL('artemis/Artemis.java', import.meta.url))
  return startRealBroker({
    ...{ name: 'artemis', login: 'admin', passcode: 'admin', host: '/', ports: 1 },
    async prepare(folder, [port = 0]) {
      const file = join(folder, 'broker.xml')
      await writeFile(file, configuration(port, folder))
      return { command: [jdk.path, ...BRIEF_JVM, '-cp', classPath, source, file] }
    },
  })
}
