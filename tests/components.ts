import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Name of a part of the machine that a test can ask for. */
export type ComponentName =
  | 'chromium'
  | 'Firefox'
  | 'WebKit'
  | 'Xvfb'
  | 'stomp.py'
  | 'Ruby stomp'
  | 'Net::Stomp'
  | 'syslog-ng'
  | 'strace'
  | 'small disk'
  | 'nginx'
  | 'haproxy'
  | 'openssl'
  | 'JDK'
  | 'Spring'
  | 'RabbitMQ'
  | 'ActiveMQ'
  | 'Artemis'
  | 'Open MQ'

interface Row {
  /** Names the program, and then it alone counts. */
  readonly variable: string
  /** Looked for on PATH, unless it is a whole path. */
  readonly programs: readonly string[]
  /** Where the program alone is not enough: with these arguments it ends well, and prints this if anything is given. */
  readonly proof?: Proof
  readonly cure: string
}

interface Proof {
  readonly args: readonly string[]
  readonly prints?: string
}

const pom = fileURLToPath(new URL('interop/clients/spring/pom.xml', import.meta.url))
const artemisPom = fileURLToPath(new URL('brokers/artemis/pom.xml', import.meta.url))
const openmqPom = fileURLToPath(new URL('brokers/openmq/pom.xml', import.meta.url))

/** What tests need beyond Node and npm, and where it is looked for. */
const components: Readonly<Record<ComponentName, Row>> = {
  chromium: {
    variable: 'CHROMIUM_PATH',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    cure: 'install chromium or set CHROMIUM_PATH',
  },
  Firefox: {
    variable: 'FIREFOX_PATH',
    programs: ['firefox-esr', 'firefox'],
    cure: 'install firefox-esr or set FIREFOX_PATH',
  },
  // Its driver knows where its browser is.
  WebKit: {
    variable: 'WEBKIT_DRIVER_PATH',
    programs: ['WebKitWebDriver'],
    cure: 'install webkit2gtk-driver or set WEBKIT_DRIVER_PATH',
  },
  // WebKit's browser has no way to run without a screen.
  Xvfb: {
    variable: 'XVFB_PATH',
    programs: ['Xvfb'],
    cure: 'install xvfb or set XVFB_PATH',
  },
  'stomp.py': {
    variable: 'PYTHON_PATH',
    // Another Python may stand before the system's, whose packages it does not see.
    programs: ['python3', '/usr/bin/python3'],
    proof: { args: ['-c', 'import stomp'] },
    cure: 'install python3-stomp or set PYTHON_PATH to a Python that has stomp.py',
  },
  'Ruby stomp': {
    variable: 'RUBY_PATH',
    programs: ['ruby', '/usr/bin/ruby'],
    proof: { args: ['-e', "require 'stomp'"] },
    cure: 'install ruby-stomp or set RUBY_PATH to a Ruby that has the gem stomp',
  },
  'Net::Stomp': {
    variable: 'PERL_PATH',
    programs: ['perl', '/usr/bin/perl'],
    proof: { args: ['-MNet::Stomp', '-e', '1'] },
    cure: 'install libnet-stomp-perl or set PERL_PATH to a Perl that has Net::Stomp',
  },
  'syslog-ng': {
    variable: 'SYSLOG_NG_PATH',
    programs: ['syslog-ng', '/usr/sbin/syslog-ng'],
    proof: { args: ['--module-registry'], prints: 'Module: afstomp' },
    cure: 'install syslog-ng-core and syslog-ng-mod-stomp or set SYSLOG_NG_PATH',
  },
  strace: {
    variable: 'STRACE_PATH',
    programs: ['strace'],
    proof: { args: ['-f', '-o', '/dev/null', 'true'] },
    cure: 'install strace or set STRACE_PATH, and allow ptrace',
  },
  'small disk': {
    variable: 'UNSHARE_PATH',
    programs: ['unshare'],
    proof: { args: ['--mount', '--map-root-user', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt'] },
    cure: 'install util-linux or set UNSHARE_PATH, and allow mount namespaces (and user namespaces)',
  },
  nginx: {
    variable: 'NGINX_PATH',
    programs: ['nginx', '/usr/sbin/nginx'],
    cure: 'install nginx (nginx-light is enough) or set NGINX_PATH',
  },
  haproxy: {
    variable: 'HAPROXY_PATH',
    programs: ['haproxy', '/usr/sbin/haproxy'],
    cure: 'install haproxy or set HAPROXY_PATH',
  },
  openssl: {
    variable: 'OPENSSL_PATH',
    programs: ['openssl'],
    cure: 'install openssl or set OPENSSL_PATH',
  },
  JDK: {
    variable: 'JAVA_PATH',
    programs: ['java'],
    // A mere runtime has no compiler.
    proof: { args: ['--list-modules'], prints: 'jdk.compiler@' },
    cure: 'install a JDK from 17 on (Debian: default-jdk-headless) or set JAVA_PATH to its java',
  },
  // Maven prints where the jars of Spring's client are in its cache. A test fetches nothing: that is asked for by hand.
  Spring: {
    variable: 'MAVEN_PATH',
    programs: ['mvn'],
    proof: { args: ['--batch-mode', '--offline', '--file', pom, 'validate'], prints: '.jar' },
    cure: 'install maven or set MAVEN_PATH, and run: mvn --file tests/interop/clients/spring/pom.xml validate',
  },
  RabbitMQ: {
    variable: 'RABBITMQ_PATH',
    // Debian's program in PATH would change the user, and take over the machine's own node.
    programs: ['/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server'],
    cure: 'install rabbitmq-server or set RABBITMQ_PATH',
  },
  ActiveMQ: {
    variable: 'ACTIVEMQ_PATH',
    programs: ['activemq'],
    cure: 'install activemq or set ACTIVEMQ_PATH to its bin/activemq',
  },
  // As with Spring: Maven prints where the jars are.
  Artemis: {
    variable: 'MAVEN_PATH',
    programs: ['mvn'],
    proof: { args: ['--batch-mode', '--offline', '--file', artemisPom, 'validate'], prints: '.jar' },
    cure: 'install maven or set MAVEN_PATH, and run: mvn --file tests/brokers/artemis/pom.xml validate',
  },
  // Maven prints where the packed distribution is.
  'Open MQ': {
    variable: 'MAVEN_PATH',
    programs: ['mvn'],
    proof: { args: ['--batch-mode', '--offline', '--file', openmqPom, 'validate'], prints: '.zip' },
    cure: 'install maven or set MAVEN_PATH, and run: mvn --file tests/brokers/openmq/pom.xml validate',
  },
}

/** What the machine has of it. */
export interface Component {
  readonly available: boolean
  /** Where the program is; empty when it is absent. */
  readonly path: string
  /** What the program printed as its proof; empty when it is absent or needs none. */
  readonly printed: string
  /** Why it is absent and what to do; empty when it is there. */
  readonly reason: string
  /** A test's title, which tells the reason when the component is absent, so that a skip never goes unexplained. */
  readonly title: (title: string) => string
}

/**
 * Looks for a component. A test that needs it skips without:
 *
 *     const chromium = requireComponent('chromium')
 *     describe.skipIf(!chromium.available)(chromium.title('the chat page'), () => { ... })
 *
 * @throws Error with the cure in its text when the component is absent and `HOOFBEAT_REQUIRE` is `all`: where everything is
 *   required, an absent component fails the test file instead of skipping it.
 */
export const requireComponent = (name: ComponentName): Component => {
  const { variable, programs, proof, cure } = components[name]
  const named = process.env[variable]
  const found = (named ? [executable(named)] : programs.map(onPath)).filter((path) => path !== undefined)
  for (const path of found) {
    const printed = prove(path, proof)
    if (printed !== undefined) return { available: true, path, printed, reason: '', title: (title) => title }
  }

  const reason = named ? `${variable} names ${named}, which is not it: ${cure}` : `${name} is absent: ${cure}`
  if (process.env.HOOFBEAT_REQUIRE === 'all') throw new Error(`HOOFBEAT_REQUIRE is all, but ${reason}`)
  return { available: false, path: '', printed: '', reason, title: (title) => `${title} [${reason}]` }
}

/** What it prints as its proof; undefined: it is not it. */
const prove = (path: string, proof: Proof | undefined): string | undefined => {
  if (proof === undefined) return ''
  const { status, stdout } = spawnSync(path, proof.args, { encoding: 'utf8' })
  return status === 0 && stdout.includes(proof.prints ?? '') ? stdout : undefined
}

const executable = (path: string): string | undefined => {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}

const onPath = (program: string): string | undefined => {
  if (isAbsolute(program)) return executable(program)
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => executable(join(folder, program)))
    .find((found) => found !== undefined)
}
