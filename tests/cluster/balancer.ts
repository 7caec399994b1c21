import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Daemon, startDaemon } from '../networks/daemon.js'

/** The configuration that we give to users: this very text is what is tested. */
const given = fileURLToPath(new URL('../../deploy/nginx/hoofbeat.conf', import.meta.url))

/** Starts nginx before nodes on these ports of 127.0.0.1: round robin, no stickiness. */
export async function startBalancer(program: string, nodePorts: readonly number[]): Promise<Daemon> {
  const text = await readFile(given, 'utf8')
  return startDaemon({
    program,
    async prepare(port, folder) {
      await writeFile(join(folder, 'hoofbeat.conf'), placed(text, port, nodePorts))
      const path = join(folder, 'nginx.conf')
      await writeFile(path, main(folder))
      return ['-c', path, '-p', folder, '-e', 'stderr']
    },
  })
}

/** Only where it listens and where the nodes are is replaced; their parameters stay. */
export function placed(text: string, port: number, nodePorts: readonly number[]): string {
  const servers = [...text.matchAll(/^ *server \S+:3000( .*)?;$/gm)]
  const [first] = servers
  if (first === undefined || !text.includes('listen 80;'))
    throw new Error('the configuration names no nodes, or no port')
  const lines = nodePorts.map((nodePort) => `  server 127.0.0.1:${nodePort}${first[1] ?? ''};`)
  return servers
    .reduce((rest, [line]) => rest.replace(`${line}\n`, line === first[0] ? `${lines.join('\n')}\n` : ''), text)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
}

function main(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  ${temporary.join('\n  ')}
  access_log ${folder}/access.log;
  include ${folder}/hoofbeat.conf;
}
`
}
