import { startChild } from '../measure/child.mjs'

const CLIENT = new URL('./client.mjs', import.meta.url)

/**
 * A target and a load client, each in a process of its own, connected and checked: destinations with one publisher and
 * `subscribersEach` subscribers each, whose subscription ids are `equal` or `different`.
 */
export async function startScene(
  target,
  { destinations = 1, subscribersEach = 1, ids = 'equal', payloadBytes = 300 } = {},
) {
  const started = await Promise.allSettled([startChild(target.file, target), startChild(CLIENT)])
  const [server, client] = started.map(({ value }) => value)
  const stop = () => Promise.all([server?.stop(), client?.stop()])
  try {
    for (const { reason } of started) if (reason !== undefined) throw reason
    const { topicOf = (name) => `/topic/${name}`, dialect, login, passcode, host, hasReceipts, hasMessageIds } = target
    await client.ask('open', {
      ...server.ready,
      dialect,
      destinations: Array.from({ length: destinations }, (_, i) => topicOf(`bench-${i}`)),
      subscribersEach,
      ids,
      payloadBytes,
      login,
      passcode,
      host,
      hasReceipts,
      hasMessageIds,
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    target,
    name: target.name,
    server,
    /** Has the client do `what` (see client.mjs), and says what it cost the server. */
    async measure(what, details) {
      const before = await server.ask('usage')
      const figures = await client.ask(what, details)
      const after = await server.ask('usage')
      const serverCpuMs = after.cpuMs - before.cpuMs
      return {
        ...figures,
        serverCpuMs,
        cpuMicrosEach: (1_000 * serverCpuMs) / figures.deliveries,
        perSecond: (1_000 * figures.deliveries) / figures.elapsedMs,
        serverShare: serverCpuMs / figures.elapsedMs,
        clientShare: figures.clientCpuMs / figures.elapsedMs,
      }
    },
    stop,
  }
}

/**
 * Scenes of all targets that are there and pass the check; `faults` says why the others are left out. Whoever starts them
 * stops them.
 */
export async function startScenes(targets, options, say) {
  const faults = new Map()
  const scenes = await Promise.all(
    targets.map(async (target) => {
      try {
        const reason = await target.isPresent()
        if (reason !== undefined) throw new Error(reason)
        return await startScene(target, options)
      } catch (error) {
        const [fault] = error.message.split('\n')
        faults.set(target.name, fault)
        say(`left out: ${target.name}: ${error.message}`)
      }
    }),
  )
  return { scenes: scenes.filter((scene) => scene !== undefined), faults }
}
