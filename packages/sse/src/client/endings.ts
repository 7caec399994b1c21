/** Reasons that a link may end with in more than one place. */
export const GAP = 'messages lost on the way'
export const MALFORMED = 'malformed message'
export const TOO_LARGE = 'message too large'
export const NO_CREDENTIALS = 'no credentials'
export const UNREACHABLE = 'server not reachable'
