import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Component } from '../components.js'

/** How Spring's client reaches a server. */
export const SPRING_TRANSPORTS = {
  plain: 'a WebSocket on the path itself',
  raw: 'a WebSocket on the path /websocket, as SockJS has it for those without SockJS',
  'sockjs-websocket': "SockJsClient's WebSocketTransport",
  'sockjs-xhr-streaming': "SockJsClient's RestTemplateXhrTransport, streaming",
  'sockjs-xhr-polling': "SockJsClient's RestTemplateXhrTransport, polling",
  'sockjs-jetty-streaming': "SockJsClient's JettyXhrTransport, streaming",
} as const

/** Name of a transport. */
export type SpringTransport = keyof typeof SPRING_TRANSPORTS

/** Spring's client in a Java process of its own: its start takes longer than what it is asked for. */
export interface SpringClient {
  /** Runs a scenario of `clients/spring/SpringClient.java`; resolves with what it saw. Several may run at the same time. */
  run(transport: SpringTransport, scenario: string, port: number): Promise<unknown>
  stop(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

interface Answer {
  readonly id: string
  readonly result?: unknown
  readonly error?: string
}

/** For a program that runs for seconds: none of the effort that pays off later. */
const BRIEF = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Dfile.encoding=UTF-8']

/** Starts it with the jars that were found; Java compiles the source in memory. Resolves when it can be asked. */
export async function startSpringClient(jdk: Component, spring: Component): Promise<SpringClient> {
  // One line of all that Maven prints.
  const [classPath = ''] = /^\/.*\.jar$/m.exec(spring.printed) ?? []
  const source = fileURLToPath(new URL('clients/spring/SpringClient.java', import.meta.url))
  const child = spawn(jdk.path, [...BRIEF, '-cp', classPath, source], { stdio: 'pipe' })
  const ended = once(child, 'close')
  const waiting = new Map<string, Waiting>()
  let complaints = ''
  let count = 0
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result, error }: Answer = JSON.parse(line)
    if (error === undefined) waiting.get(id)?.resolve(result)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  child.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error(`Spring's client has ended: ${complaints}`))
  })
  const answer = (id: string): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
  await answer('ready')
  return {
    run(transport, scenario, port) {
      const id = `${++count}`
      child.stdin.write(`${id} ${transport} ${scenario} ${port}\n`)
      return answer(id)
    },
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}
