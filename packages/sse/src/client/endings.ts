/** Reasons that a link may end with in more than one place. */
export const GAP = 'messages were lost inside a connection'
export const MALFORMED = 'a message is malformed'
export const TOO_LARGE = 'a message is too large'
export const NO_CREDENTIALS = 'the server wants credentials, and none could be given'
