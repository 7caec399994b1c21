import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A certificate that nobody but its maker has signed. */
export interface Certificate {
  readonly certificatePath: string
  readonly keyPath: string
  remove(): Promise<void>
}

/** Makes one for localhost, good for a day. */
export async function makeCertificate(openssl: string): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'hoofbeat-certificate-'))
  const certificatePath = join(folder, 'certificate.pem')
  const keyPath = join(folder, 'key.pem')
  const request = ['req', '-x509', '-nodes', '-days', '1', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  await promisify(execFile)(openssl, [...request, ...name, '-keyout', keyPath, '-out', certificatePath])
  return { certificatePath, keyPath, remove: () => rm(folder, { recursive: true, force: true }) }
}
