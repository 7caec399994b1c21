/** How long what waits may be without its turn. */
const RESCUE_MS = 1_000

/**
 * Runs each call in a task of its own, in order. Timers will not do: browsers hold nested ones back for 4 ms, and in
 * hidden pages for a second. A message port has no such limit.
 */
export function createTasks(): (run: () => void) => void {
  if (typeof MessageChannel !== 'function') return (run) => void setTimeout(run, 0)
  const waiting: (() => void)[] = []
  let channel: MessageChannel | undefined
  let rescue: ReturnType<typeof setInterval>
  const call = () => channel?.port2.postMessage(0)
  return (run) => {
    waiting.push(run)
    if (!channel) {
      const opened = new MessageChannel()
      channel = opened
      opened.port1.onmessage = () => {
        const next = waiting.shift()
        // An open port keeps a Node process alive, and a page from being collected.
        if (waiting.length === 0) {
          channel = undefined
          opened.port1.close()
          clearInterval(rescue)
        }
        next?.()
      }
      // WebKit loses what is on its way in a port when it puts a page aside. One call too many does no harm.
      rescue = setInterval(() => waiting.forEach(call), RESCUE_MS)
    }
    call()
  }
}
