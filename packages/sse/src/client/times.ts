/** Times of the client, in ms. The server tells the others when a link is opened. */
export interface LinkTimes {
  /** In how long a link must be open. @default 15000 */
  readonly openMs: number
  /** How long the first WebSocket has the right of way. @default 3000 */
  readonly headStartMs: number
  /** How long `close` waits for messages to be acknowledged. @default 5000 */
  readonly closeMs: number
  /** How long the answer to a check may take. @default 5000 */
  readonly checkMs: number
  /** Least time that an `up` may take. @default 15000 */
  readonly upMs: number
  /** How much longer than its hold a poll may take. @default 5000 */
  readonly pollMarginMs: number
  /** A timer that comes this much too late means that the machine was suspended. @default 5000 */
  readonly lateTimerMs: number
  /** How often is polled where too many connections are in use to hold a poll. @default 3000 */
  readonly unseatedMs: number
  /** Longest time between two words to the server with something to acknowledge. @default 15000 */
  readonly ackMs: number
  /** Longest time between two words to the server, though there is nothing to say. @default 25000 */
  readonly wordMs: number
}

export const LINK_TIMES: LinkTimes = {
  openMs: 15_000,
  headStartMs: 3_000,
  closeMs: 5_000,
  checkMs: 5_000,
  upMs: 15_000,
  pollMarginMs: 5_000,
  lateTimerMs: 5_000,
  unseatedMs: 3_000,
  ackMs: 15_000,
  wordMs: 25_000,
}
