import { createHttpLink } from '../../src/client/http-link.js'
import { createLinks } from '../../src/server/link-table.js'
import type { Halves } from './halves.js'

/** The two halves as they are. */
export const builtHalves: Halves = { createLinks, createHttpLink }
