/*
 * Close codes of links (PROTOCOL.md, section 11); those below 4000 are registered for WebSockets. A module of its own, to be
 * imported whole as `CLOSE`: so bundlers take along only the codes that are used, as bare numbers.
 */
export const normal = 1000
export const goingAway = 1001
export const illFormed = 1007
export const tooLarge = 1009
export const failed = 1011
export const restart = 1012
export const tryLater = 1013
export const protocol = 4400
export const credentials = 4401
export const forbidden = 4403
export const lost = 4404
export const timePassed = 4408
export const limit = 4429
