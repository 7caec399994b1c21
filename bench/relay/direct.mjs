// Nothing stands between the clients and the broker, whose port is the first argument: all it costs is the broker's.
import { answerParent } from '../measure/child.mjs'

answerParent({ port: Number(process.argv[2]), path: '/ws' }, { usage: () => ({ cpuMs: 0, rssBytes: 0 }) })
