const codes = { SIGINT: 130, SIGTERM: 143 }

/**
 * Makes one wish to stop arrive once. Ctrl-C in a terminal reaches npm and this process, and npm hands its own on: two
 * signals for one key, and a server that takes the second one for impatience would cut its drain short. So a repetition
 * within a second is not passed on; a later one is.
 */
export const hearSignalsOnce = () => {
  const emit = process.emit
  const lastSeen = new Map()
  process.emit = (event, ...args) => {
    if (Object.hasOwn(codes, event)) {
      const now = performance.now()
      if (now - (lastSeen.get(event) ?? Number.NEGATIVE_INFINITY) < 1000) return true
      lastSeen.set(event, now)
    }
    return Reflect.apply(emit, process, [event, ...args])
  }

  // While nobody listens, a signal kills the process. A listener that removes itself on the first signal leaves such a moment
  // to the second; these stay.
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(code)
    })
  }
}
