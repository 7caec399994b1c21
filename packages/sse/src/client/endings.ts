/** Reasons that a link may end with in more than one place. */
export const GAP = 'messages are missing'
export const MALFORMED = 'malformed message'
export const TOO_LARGE = 'message too large'
export const NO_CREDENTIALS = 'no credentials'
