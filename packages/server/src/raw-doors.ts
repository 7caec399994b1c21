import type { FastifyInstance } from 'fastify'
import type { RawEndpointOptions } from './api.js'
import { type Doors, openDoors, type SharedDoorParts } from './doors.js'
import { createRawEndpoint, type RawEndpointParts, type RawHouse } from './endpoints/raw-endpoint.js'
import type { RawEndpoint } from './endpoints/raw-handlers.js'
import type { FallbackOptions } from './transports/sse.js'

/** What raw endpoints are made of, all of them. */
export interface RawDoorParts {
  readonly doors: Omit<SharedDoorParts, 'fallback'>
  /** Of links whose messages are so large at most. */
  readonly fallbackFor: (maxBodyBytes: number) => FallbackOptions
  readonly limits: {
    readonly maxBodyBytes: number
    readonly maxTransportMessageBytes: number
    readonly settleTimeoutMs: number
  }
  readonly outbox: RawEndpointParts['outbox']
  readonly after: RawEndpointParts['after']
  /** Told of each path when it is open. */
  readonly opened: (doors: Doors) => void
}

/** The paths without STOMP of an application: composition of a raw endpoint and its doors. */
export interface RawDoors {
  /** What stands behind the doors, to be drained at the end. */
  readonly houses: readonly RawHouse[]
  /** Throws a RangeError for a `maxMessageBytes` that cannot be had. */
  open(instance: FastifyInstance, paths: readonly string[], handlers: RawEndpointOptions): RawEndpoint
}

/** Makes them. */
export function createRawDoors(parts: RawDoorParts): RawDoors {
  const { limits, outbox, after, opened, fallbackFor } = parts
  const { admission } = parts.doors
  const houses: RawHouse[] = []
  return {
    houses,
    // The application's own object: its handlers may be methods of a class.
    open(instance, paths, handlers) {
      const { protocols = [], maxMessageBytes = limits.maxBodyBytes } = handlers
      const isCarried = Number.isSafeInteger(maxMessageBytes) && maxMessageBytes > 0
      if (!isCarried || maxMessageBytes > limits.maxTransportMessageBytes) {
        throw new RangeError('maxMessageBytes takes a whole number above 0, up to limits.maxTransportMessageBytes')
      }
      const house = createRawEndpoint({
        ...{ handlers, outbox, maxMessageBytes, after },
        settleTimeoutMs: limits.settleTimeoutMs,
        failed: ({ id, request }, err) =>
          request.log.error({ err, connection: id }, 'a handler of a raw endpoint failed'),
      })
      const fallback = fallbackFor(maxMessageBytes)
      for (const path of paths) {
        instance.register(async (scope) => {
          const doors = await openDoors(scope, path, handlers, {
            ...parts.doors,
            fallback,
            selectProtocol: (offered) => [...offered].find((protocol) => protocols.includes(protocol)) ?? false,
            handshake: (request, identity) => admission.allow(request, () => house.handshake(request, identity)),
            accept: (connection) => house.accept(connection),
          })
          opened(doors)
        })
      }
      houses.push(house)
      return house.endpoint
    },
  }
}
