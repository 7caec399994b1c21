import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Certificate } from './certificate.js'
import { type Daemon, startDaemon } from './daemon.js'

/** What of nginx differs from network to network. */
export interface NginxOptions {
  readonly program: string
  readonly targetPort: number
  /** Directives of the location that is passed on. */
  readonly location: readonly string[]
  /** Ends TLS, and speaks HTTP/2. */
  readonly certificate?: Certificate
}

/** The directives by which WebSockets pass. */
export const PASSES_UPGRADE = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection $connection_upgrade;',
  'proxy_read_timeout 120s;',
] as const

/** Starts one process of nginx. */
export function startNginx(options: NginxOptions): Promise<Daemon> {
  return startDaemon({
    program: options.program,
    async prepare(port, folder) {
      const path = join(folder, 'nginx.conf')
      await writeFile(path, configuration(port, folder, options))
      return ['-c', path, '-p', folder, '-e', 'stderr']
    },
  })
}

function configuration(port: number, folder: string, { targetPort, location, certificate }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const tls = certificate
    ? [`ssl_certificate ${certificate.certificatePath};`, `ssl_certificate_key ${certificate.keyPath};`]
    : []
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  ${temporary.join('\n  ')}
  access_log ${folder}/access.log;
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' '';
  }
  server {
    listen 127.0.0.1:${port}${certificate ? ' ssl http2' : ''};
    ${tls.join('\n    ')}
    location / {
      proxy_pass http://127.0.0.1:${targetPort};
      proxy_set_header Host $http_host;
      ${location.join('\n      ')}
    }
  }
}
`
}
