import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

const CLIENTS_PART = 'a duty of clients; a server accepts them without it'

const connecting = rows(
  { section: 'Connecting', versions: ALL, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/connect/connect-comes-first',
      level: 'states',
      side: 'client',
      text: 'A client begins with a CONNECT frame; before it nothing else is taken.',
    },
    {
      id: '1.2/connect/accepted-with-connected',
      level: 'states',
      text: 'A server that accepts the connection answers CONNECTED.',
    },
    {
      id: '1.0/connect/always-connected',
      versions: ONLY_1_0,
      section: 'Stomp Protocol Specification',
      level: 'states',
      status: {
        notOurs: 'a 1.0 client whose credentials are refused is told so by an ERROR, as later versions have it',
      },
      text: 'The answer to CONNECT is always CONNECTED.',
    },
    {
      id: '1.2/connect/rejected-with-error',
      versions: FROM_1_1,
      level: 'SHOULD',
      text: 'A server that rejects the connection says why in an ERROR frame, then closes.',
    },
  ],
)

const connect = rows(
  { section: 'CONNECT or STOMP Frame', versions: FROM_1_1, area: 'connection', side: 'client', provenBy: ['server'] },
  [
    {
      id: '1.2/stomp/same-as-connect',
      versions: ONLY_1_2,
      side: 'server',
      level: 'MUST',
      text: 'A STOMP frame is handled as a CONNECT frame is.',
    },
    {
      id: '1.1/stomp/same-as-connect',
      versions: ONLY_1_1,
      side: 'server',
      level: 'SHOULD',
      text: 'A STOMP frame should be handled as a CONNECT frame is.',
    },
    {
      id: '1.2/stomp/clients-keep-to-connect',
      level: 'SHOULD',
      status: { notOurs: 'which of the two a client sends is its own choice' },
      text: 'Clients go on using CONNECT so that 1.0 servers understand them.',
    },
    {
      id: '1.2/stomp/told-from-http',
      level: 'states',
      status: { notOurs: 'what stands between client and server may go by it; a server reads both' },
      text: 'By a STOMP frame a connection can be told from one of HTTP.',
    },
    {
      id: '1.2/connect/accept-version-is-set',
      level: 'MUST',
      status: { notOurs: CLIENTS_PART },
      text: 'A client sets accept-version.',
    },
    {
      id: '1.2/connect/host-is-set',
      level: 'MUST',
      status: { notOurs: CLIENTS_PART },
      text: 'A client sets host.',
    },
    {
      id: '1.2/connect/unknown-host',
      side: 'server',
      level: 'MAY',
      text: 'A host that is not known selects the default virtual host.',
    },
    {
      id: '1.2/connect/login-and-passcode',
      versions: ALL,
      side: 'both',
      level: 'MAY',
      text: 'A client may authenticate with login and passcode.',
    },
    {
      id: '1.2/connect/heart-beat',
      level: 'MAY',
      side: 'both',
      text: 'A client may state heart-beat settings.',
    },
  ],
)

const connected = rows(
  { section: 'CONNECTED Frame', versions: FROM_1_1, area: 'connection', side: 'server', provenBy: ['server'] },
  [
    {
      id: '1.2/connected/version',
      level: 'MUST',
      text: 'CONNECTED carries the version that the session will use.',
    },
    {
      id: '1.2/connected/heart-beat',
      level: 'MAY',
      text: 'CONNECTED may carry heart-beat settings.',
    },
    {
      id: '1.2/connected/session',
      level: 'MAY',
      text: 'CONNECTED may carry a session identifier that no other session has.',
    },
    {
      id: '1.0/connected/session',
      versions: ONLY_1_0,
      section: 'Stomp Protocol Specification',
      level: 'states',
      text: 'CONNECTED carries a session identifier that no other session has.',
    },
    {
      id: '1.2/connected/server',
      level: 'MAY',
      text: 'CONNECTED may name the server.',
    },
    {
      id: '1.2/connected/server-has-a-name',
      level: 'MUST',
      text: 'The server field begins with a name, then perhaps a slash and a version, then perhaps comments after spaces.',
    },
  ],
)

const negotiation = rows(
  {
    section: 'Protocol Negotiation',
    versions: FROM_1_1,
    area: 'connection',
    side: 'server',
    provenBy: ['codec', 'server'],
  },
  [
    {
      id: '1.2/negotiation/list-of-versions',
      side: 'client',
      level: 'SHOULD',
      text: 'accept-version is a list of versions with commas between them.',
    },
    {
      id: '1.2/negotiation/absent-means-1.0',
      level: 'states',
      text: 'A client without accept-version speaks 1.0 only.',
    },
    {
      id: '1.2/negotiation/highest-common',
      level: 'states',
      text: 'The session uses the highest version that both sides speak.',
    },
    {
      id: '1.2/negotiation/rest-of-the-session',
      provenBy: ['server'],
      level: 'states',
      text: 'Every frame after CONNECTED follows the rules of the version agreed on.',
    },
    {
      id: '1.2/negotiation/none-in-common',
      versions: ONLY_1_2,
      level: 'MUST',
      text: 'Without a common version the server answers ERROR with its own versions in `version`, then closes.',
    },
    {
      id: '1.1/negotiation/none-in-common',
      versions: ONLY_1_1,
      level: 'SHOULD',
      text: 'Without a common version the server should answer ERROR with its own versions in `version`.',
    },
  ],
)

/** From the first octet to CONNECTED. */
export const connectRequirements: readonly Requirement[] = [...connecting, ...connect, ...connected, ...negotiation]
