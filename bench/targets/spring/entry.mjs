import { findProgram } from '../../measure/foreign.mjs'

/** Spring's simple broker behind its WebSocket endpoint, on the Tomcat inside Spring Boot. */
export const spring = {
  name: 'Spring simple broker',
  role: 'peer',
  dialect: 'stomp',
  file: new URL('server.mjs', import.meta.url),
  isPresent() {
    if (process.platform !== 'linux') return 'its figures are read from /proc, which only Linux has'
    for (const name of ['java', 'mvn']) {
      if (findProgram(name) === undefined)
        return `${name} is not installed (Debian: apt-get install openjdk-17-jdk maven)`
    }
    return undefined
  },
  topicOf: (name) => `/topic/${name}`,
}
