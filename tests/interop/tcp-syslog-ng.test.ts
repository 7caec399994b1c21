import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requireComponent } from '../components.js'
import type { NodeClient } from './node-client.js'
import { openStompjs } from './stompjs-client.js'
import { type SyslogNg, startSyslogNg } from './syslog-ng.js'
import { startTcpServer, type TcpInteropServer } from './tcp-server.js'

const syslog = requireComponent('syslog-ng')
const browserComponent = requireComponent('chromium')

/** A page that shows what comes on `/topic/log`, with the library as its package ships it for pages. */
const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Log</title>
<p role="status"></p>
<ol></ol>
<script src="/stomp.js"></script>
<script>
  const client = new StompJs.Client({ brokerURL: location.origin.replace('http', 'ws') + '/stomp' })
  client.onConnect = () => {
    client.watchForReceipt('listening', () => { document.querySelector('p').textContent = 'listening' })
    client.subscribe('/topic/log', ({ body, headers }) => {
      const line = document.querySelector('ol').appendChild(document.createElement('li'))
      line.textContent = headers.program + ': ' + body
    }, { receipt: 'listening' })
  }
  client.activate()
</script>
</html>`

const LIBRARY = createRequire(import.meta.url).resolve('@stomp/stompjs')

const serveThePage = (app: FastifyInstance): void => {
  app.get('/log', (_, reply) => reply.type('text/html').send(PAGE))
  app.get('/stomp.js', async (_, reply) => reply.type('text/javascript').send(await readFile(LIBRARY)))
}

describe.skipIf(!syslog.available)(syslog.title("syslog-ng's STOMP destination over TCP"), { timeout: 60_000 }, () => {
  let server: TcpInteropServer
  let logger: SyslogNg | undefined

  beforeEach(async () => {
    server = await startTcpServer(serveThePage)
    logger = await startSyslogNg(syslog.path, server.tcpPort, '/topic/log')
  }, 30_000)
  afterEach(async () => {
    await logger?.stop()
    await server.close()
  })

  it('puts each log line on a topic, in order, with its fields as headers', async () => {
    const subscriber: NodeClient = await openStompjs(server.tcpPort, '1.2')()
    await subscriber.subscribe('/topic/log', 'log')
    await logger?.log('<13>Jan  1 00:00:00 stable[7]: Grüße 🐎: first')
    await logger?.log('<11>Jan  1 00:00:01 stable[7]: second')
    const [first, second] = [await subscriber.message(), await subscriber.message()]
    expect([first.body, second.body].map(String)).toEqual(['Grüße 🐎: first', 'second'])
    expect(first.headers).toMatchObject({ destination: '/topic/log', program: 'stable', severity: 'notice' })
    expect(second.headers.severity).toBe('err')
    await subscriber.close()
  })

  describe.skipIf(!browserComponent.available)(browserComponent.title('in a page in Chromium'), () => {
    let browser: Browser

    beforeAll(async () => {
      const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
      browser = await chromium.launch({ executablePath: browserComponent.path, args })
    }, 60_000)
    afterAll(() => browser?.close())

    it('shows the log line as it comes', async () => {
      const page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${server.port}/log`)
      await page.getByText('listening', { exact: true }).waitFor()
      await logger?.log('<13>Jan  1 00:00:00 stable[7]: the mare <b>Bella</b> is out 🐎')
      await page.getByText('stable: the mare <b>Bella</b> is out 🐎', { exact: true }).waitFor()
      await page.close()
    })
  })
})
