import type { StompErrorOptions } from '../../errors.js'

/** What SUBSCRIBE with `since` or `replay` is told. */
export const NO_HISTORY: StompErrorOptions = {
  message: 'This broker keeps no histories',
  cure: 'Leave since and replay out.',
}

/** What SUBSCRIBE with `durable:true` is told where the broker has none. */
export const NO_DURABLE: StompErrorOptions = {
  message: 'Durable subscriptions are not offered over this broker',
  cure: 'Leave the header durable out, or use a queue.',
}

/** What SUBSCRIBE with `durable:true` to a queue is told. */
export const NO_DURABLE_QUEUE: StompErrorOptions = {
  message: 'Only subscriptions to topics can be durable',
  cure: 'Leave the header durable out: a queue keeps its messages anyway.',
}
