/** What may be asked of a session. */
export const SESSION_ACTIONS = [
  'xhr',
  'xhr_send',
  'xhr_streaming',
  'eventsource',
  'htmlfile',
  'jsonp',
  'jsonp_send',
  'websocket',
] as const

export type SessionAction = (typeof SESSION_ACTIONS)[number]

const ACTIONS: ReadonlySet<string> = new Set(SESSION_ACTIONS)

/** What a path below the endpoint asks for. */
export type SockJsTarget =
  | { readonly kind: 'greeting' | 'info' | 'iframe' | 'websocket' }
  | {
      readonly kind: 'session'
      /** The id behind the path of the endpoint as it was asked for: its parameters tell sessions apart. */
      readonly session: string
      readonly action: SessionAction
    }

/** The method of each; all others get 405. */
export const METHODS: Readonly<Record<SessionAction | 'greeting' | 'info' | 'iframe', 'GET' | 'POST'>> = {
  greeting: 'GET',
  info: 'GET',
  iframe: 'GET',
  xhr: 'POST',
  xhr_send: 'POST',
  xhr_streaming: 'POST',
  eventsource: 'GET',
  htmlfile: 'GET',
  jsonp: 'GET',
  jsonp_send: 'POST',
  websocket: 'GET',
}

/**
 * Reads the path of a request, as it came: a router may have joined slashes or changed letters, and these names are
 * exact. `depth` is how many segments the endpoint's own path has, with the empty one before its first slash. Undefined:
 * nothing is there. The first segment before a session says nothing: it is for balancers (SockJS 0.3.3, "Session URLs").
 */
export function parsePath(url: string, depth: number): SockJsTarget | undefined {
  const end = url.indexOf('?')
  const segments = (end < 0 ? url : url.slice(0, end)).split('/')
  const [first = '', second, third, ...more] = segments.slice(depth)
  if (second === undefined) return parseName(first)
  if (more.length > 0 || third === undefined || !isId(first) || !isId(second) || !isAction(third)) return undefined
  return { kind: 'session', session: `${segments.slice(0, depth).join('/')}\0${second}`, action: third }
}

function parseName(name: string): SockJsTarget | undefined {
  if (name === '') return { kind: 'greeting' }
  if (name === 'info' || name === 'websocket') return { kind: name }
  return /^iframe[-.\w]*\.html$/.test(name) ? { kind: 'iframe' } : undefined
}

/** Any text, but not an empty one, and no dots: those would be files. */
function isId(segment: string): boolean {
  return segment !== '' && !segment.includes('.') && segment.length <= MAX_ID_LENGTH
}

/** Session ids are chosen by clients and kept: sockjs-client's have 8 letters, Spring's 32. */
const MAX_ID_LENGTH = 256

function isAction(segment: string): segment is SessionAction {
  return ACTIONS.has(segment)
}
