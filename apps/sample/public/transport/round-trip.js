/** @typedef {import('@stomp/stompjs').Client} Client */

/** Nobody publishes here. */
const DESTINATION = '/topic/round-trip'

/** How long the server takes to answer, by the receipt of a subscription that is given up again at once. */
export const createRoundTrip = () => {
  let count = 0
  let isAsking = false
  /** @type {number | undefined} */
  let ms

  return {
    ms: () => ms,

    /** @param {Client} client */
    measure(client) {
      if (isAsking || !client.connected) return
      isAsking = true
      const receipt = `round-trip-${++count}`
      const startedAt = performance.now()
      client.watchForReceipt(receipt, () => {
        ms = performance.now() - startedAt
        isAsking = false
        subscription.unsubscribe()
      })
      const subscription = client.subscribe(DESTINATION, () => {}, { receipt })
    },

    /** Another session: its receipts are its own. */
    reset() {
      isAsking = false
      ms = undefined
    },
  }
}
