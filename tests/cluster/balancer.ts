import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Daemon, startDaemon } from '../networks/daemon.js'

/** What stands before the nodes: a path of its program. */
export type Balancer = { readonly nginx: string } | { readonly haproxy: string }

/** The configurations that we give to users: these very texts are what is tested. */
const given = {
  nginx: new URL('../../deploy/nginx/hoofbeat.conf', import.meta.url),
  haproxy: new URL('../../deploy/haproxy/hoofbeat.cfg', import.meta.url),
}

/** Starts it before nodes on these ports of 127.0.0.1: round robin, no stickiness. */
export function startBalancer(balancer: Balancer, nodePorts: readonly number[]): Promise<Daemon> {
  return 'nginx' in balancer ? startNginx(balancer.nginx, nodePorts) : startHaproxy(balancer.haproxy, nodePorts)
}

async function startNginx(program: string, nodePorts: readonly number[]): Promise<Daemon> {
  const text = await readFile(given.nginx, 'utf8')
  return startDaemon({
    program,
    async prepare(port, folder) {
      const listening = replaced(text, 'listen 80;', `listen 127.0.0.1:${port};`)
      await writeFile(join(folder, 'hoofbeat.conf'), placed(listening, nodePorts))
      const path = join(folder, 'nginx.conf')
      await writeFile(path, main(folder))
      return ['-c', path, '-p', folder, '-e', 'stderr']
    },
  })
}

async function startHaproxy(program: string, nodePorts: readonly number[]): Promise<Daemon> {
  const text = await readFile(given.haproxy, 'utf8')
  return startDaemon({
    program,
    async prepare(port, folder) {
      const path = join(folder, 'haproxy.cfg')
      await writeFile(path, placed(replaced(text, 'bind :80\n', `bind 127.0.0.1:${port}\n`), nodePorts))
      return ['-db', '-f', path]
    },
  })
}

function replaced(text: string, what: string, by: string): string {
  if (!text.includes(what)) throw new Error(`the configuration does not say ${what}`)
  return text.replace(what, by)
}

/** Only where the nodes are is replaced; their parameters stay. */
function placed(text: string, nodePorts: readonly number[]): string {
  const nodes = /(?:^ *server .*\bnode-\d:3000.*\n)+/gm
  if (!nodes.test(text)) throw new Error('the configuration names no nodes')
  return text.replace(nodes, (lines) => {
    const [first = ''] = lines.split('\n')
    return nodePorts
      .map((port, index) =>
        first.replace('node-1:3000', `127.0.0.1:${port}`).replace('server node-1 ', `server node-${index + 1} `),
      )
      .join('\n')
      .concat('\n')
  })
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
