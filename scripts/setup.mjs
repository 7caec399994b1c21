// Installs and builds, no more: what `npm start` and `npm test` do first.
import { complain, prepare } from './prepare.mjs'

await prepare().catch(complain)
