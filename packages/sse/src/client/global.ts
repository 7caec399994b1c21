import { createHttpLink, HttpLink } from './index.js'

// For pages without a bundler: the one script gives `Hoofbeat.HttpLink`.
Object.assign(globalThis, { Hoofbeat: { HttpLink, createHttpLink } })
