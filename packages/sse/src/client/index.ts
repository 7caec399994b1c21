export { createHttpLink, HttpLink, type LinkEvents } from './http-link.js'
export type { HeaderFields, HttpLinkOptions, RungName } from './options.js'
export type { CarrierSocket, ConnectionLocks, RungMemory, Sign, Surroundings } from './surroundings.js'
export type { LinkTimes } from './times.js'
