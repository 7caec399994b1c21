import type { BrokerProfile, ProfileMaker } from '../../packages/server/src/broker/relay/profile.js'
import type { DestinationSyntax } from '../../packages/server/src/destination/destination.js'

/** Below `/topic` and `/queue`: tells that the broker is at rest; is not counted itself, and out of reach of wildcards. */
export const ECHO = 'echo'

/**
 * The same profile one level down: `/topic/a` is `/topic/<scope>/a` at the broker. So tests that use the same names do not
 * meet at a broker that they share, and each node hears its own echoes only. `active` is called with whatever goes to the broker or comes from it, but for echoes.
 */
export function scopedProfile(maker: ProfileMaker, scope: string, active: () => void): ProfileMaker {
  const echoScope = `${scope}-${crypto.randomUUID()}`
  return (syntax: DestinationSyntax): BrokerProfile => {
    const profile = maker(syntax)
    const down = <R extends { readonly destination: string }>(request: R): R => {
      const { destination } = request
      if (!isEcho(destination)) active()
      const into = isEcho(destination) ? echoScope : scope
      return { ...request, destination: destination.replace(/^\/(topic|queue)\//, `/$1/${into}/`) }
    }
    const up = (destination: string | undefined): string | undefined => {
      const found = /^\/(topic|queue)\/([^/]*)\/(.*)$/.exec(destination ?? '')
      if (found === null) return destination
      const from = found[2] ?? ''
      return from === scope || from === echoScope ? `/${found[1]}/${found[3]}` : undefined
    }
    const { connectDurable } = profile
    const named = (durableName: string): string => `${scope}-${durableName}`
    return {
      ...profile,
      send: (request) => profile.send(down(request)),
      subscribeShared: (request) => profile.subscribeShared(down(request)),
      subscribeOwn(request) {
        const { durableName } = request
        // What it refuses, it refuses in the client's own words.
        profile.subscribeOwn(request)
        return profile.subscribeOwn({ ...down(request), durableName: durableName && named(durableName) })
      },
      unsubscribeShared: (request) => profile.unsubscribeShared(down(request)),
      forgetDurable: (name) => profile.forgetDurable(named(name)),
      ...(connectDurable === undefined ? {} : { connectDurable: (name) => connectDurable(named(name)) }),
      read(frame) {
        const delivery = profile.read(frame)
        const destination = up(delivery.destination)
        if (!isEcho(destination)) active()
        return { ...delivery, destination }
      },
    }
  }
}

const isEcho = (destination: string | undefined): boolean => destination?.endsWith(`/${ECHO}`) === true
