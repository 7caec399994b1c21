import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** A syslog-ng that hands on to a STOMP server what is written to its socket. */
export interface SyslogNg {
  /** Writes one record; resolves when it is written. */
  log(record: string): Promise<void>
  /** Ends it, as its operator does, and removes its files. */
  stop(): Promise<void>
}

/** Starts it in the foreground with files of its own; resolves when it takes records. */
export async function startSyslogNg(program: string, port: number, topic: string): Promise<SyslogNg> {
  const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-syslog-'))
  const file = (name: string): string => join(folder, name)
  const socket = file('log.sock')
  await writeFile(file('syslog-ng.conf'), configuration(socket, port, topic))
  const child = spawn(
    program,
    [
      '--foreground',
      '--stderr',
      '--verbose',
      '--no-caps',
      `--cfgfile=${file('syslog-ng.conf')}`,
      `--persist-file=${file('persist')}`,
      `--pidfile=${file('pid')}`,
      `--control=${file('control')}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await started(child)
  return {
    async log(record) {
      const writer = connect(socket)
      writer.end(`${record}\n`)
      await once(writer, 'close')
    },
    async stop() {
      if (child.exitCode === null) {
        child.kill()
        await once(child, 'close')
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const configuration = (socket: string, port: number, topic: string): string => `@version: 3.35
options { keep-hostname(yes); };
source records { unix-stream("${socket}"); };
destination topic {
  stomp(
    host("127.0.0.1")
    port(${port})
    username("syslog")
    password("secret")
    destination("${topic}")
    persistent(no)
    ack(yes)
    body("$MESSAGE")
    value-pairs(pair("program" "$PROGRAM") pair("severity" "$LEVEL"))
  );
};
log { source(records); destination(topic); };
`

/** What it says is read to the end: whoever leaves a pipe unread stops the writer. */
function started(child: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('syslog-ng starting up')) resolve()
    })
    child.once('close', () => reject(new Error(`syslog-ng ended: ${said}`)))
  })
}
