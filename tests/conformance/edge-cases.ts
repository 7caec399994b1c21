import { ALL, FROM_1_1, type Requirement, type Status, TRANSPORTS } from './requirement.js'

/** One edge case of Spring's STOMP stack, and whether our wire behaviour is the same or a better one. */
export interface EdgeCase extends Requirement {
  /** `match`: clients rely on it, so ours is the same. `better`: ours differs on purpose. */
  readonly spring: 'match' | 'better'
}

type Row = Pick<EdgeCase, 'id' | 'area' | 'spring' | 'text'> &
  Partial<Pick<EdgeCase, 'versions' | 'provenBy' | 'transports' | 'status'>>

const NO_RELAY: Status = {
  deferred: 'of a relay alone, which has tests of its own: packages/server/test/relay, tests/brokers',
}

const row = (edge: Row): EdgeCase => ({
  section: 'Edge cases',
  versions: ALL,
  level: 'states',
  side: 'server',
  provenBy: ['server'],
  transports: TRANSPORTS,
  status: 'required',
  ...edge,
})

const ROWS: readonly Row[] = [
  {
    id: 'E1',
    area: 'connection',
    spring: 'match',
    text: 'CONNECTED carries version, heart-beat with the server’s own pair, then user-name if there is a user; server and session follow; there is no body.',
  },
  {
    id: 'E2',
    area: 'connection',
    spring: 'better',
    text: 'CONNECT without accept-version gets CONNECTED for 1.0; without a known version it gets ERROR with `version`.',
  },
  {
    id: 'E3',
    area: 'connection',
    spring: 'better',
    provenBy: ['codec', 'server'],
    text: 'Spaces around a version in accept-version do not matter.',
  },
  {
    id: 'E4',
    area: 'heart-beat',
    spring: 'better',
    versions: FROM_1_1,
    provenBy: ['codec', 'server'],
    text: 'A heart-beat header that is not two numbers is refused by an ERROR that names the header; host is never asked for.',
  },
  {
    id: 'E5',
    area: 'connection',
    spring: 'better',
    text: 'A second CONNECT is refused with a clear ERROR; line ends before the first CONNECT are skipped.',
  },
  {
    id: 'E6',
    area: 'error',
    spring: 'better',
    text: 'ERROR tells what is wrong without internals, with receipt-id if one was asked for and the cure as its body, then close 1002.',
  },
  {
    id: 'E7',
    area: 'error',
    spring: 'better',
    text: 'The text with which a hook refuses a frame reaches its client, with the receipt-id.',
  },
  {
    id: 'E8',
    area: 'message',
    spring: 'better',
    text: 'MESSAGE carries the sender’s headers in their order and content-length last; message-id is one for the message, not for each session.',
  },
  {
    id: 'E9',
    area: 'message',
    spring: 'better',
    text: 'The sender’s receipt header reaches no subscriber.',
  },
  {
    id: 'E10',
    area: 'message',
    spring: 'better',
    text: 'A client can set neither message-id nor subscription nor the destination that subscribers see.',
  },
  {
    id: 'E11',
    area: 'receipt',
    spring: 'better',
    text: 'SEND, SUBSCRIBE, UNSUBSCRIBE and DISCONNECT get a RECEIPT if they ask, which carries receipt-id alone.',
  },
  {
    id: 'E12',
    area: 'error',
    spring: 'better',
    provenBy: ['codec', 'server'],
    text: 'A client that sends a server’s frame gets ERROR, and nobody gets its MESSAGE.',
  },
  {
    id: 'E13',
    area: 'message',
    spring: 'better',
    status: NO_RELAY,
    text: 'No header of ours for user destinations travels through the outside broker.',
  },
  {
    id: 'E14',
    area: 'error',
    spring: 'better',
    text: 'Frames without their required headers, and UNSUBSCRIBE of an unknown id, get ERROR and not silence.',
  },
  {
    id: 'E15',
    area: 'subscription',
    spring: 'better',
    text: 'A subscription id that is in use is refused with ERROR.',
  },
  {
    id: 'E16',
    area: 'subscription',
    spring: 'better',
    text: 'SUBSCRIBE or SEND to a destination that nothing serves, or to an application route that is not there, gets ERROR.',
  },
  {
    id: 'E17',
    area: 'connection',
    spring: 'better',
    text: 'DISCONNECT with a receipt gets RECEIPT, nothing more is taken in, and the server closes 1000 after 1 s if the client has not.',
  },
  {
    id: 'E18',
    area: 'connection',
    spring: 'better',
    text: 'DISCONNECT without a receipt is answered by a close with 1000 and no ERROR; silence is answered by ERROR and close 1002.',
  },
  {
    id: 'E19',
    area: 'connection',
    spring: 'better',
    text: 'The end of a session is told to the application exactly once.',
  },
  {
    id: 'E20',
    area: 'message',
    spring: 'better',
    transports: ['websocket'],
    text: 'Over WebSocket a frame that is valid UTF-8 as a whole is a text message, any other a binary one; both are taken in.',
  },
  {
    id: 'E21',
    area: 'message',
    spring: 'better',
    text: 'A content-type that is no MIME type is passed on like any other header and hurts nobody.',
  },
  {
    id: 'E22',
    area: 'codec',
    spring: 'better',
    provenBy: ['codec', 'server'],
    text: 'Good frames before a bad one take effect, then the bad one is refused.',
  },
  {
    id: 'E23',
    area: 'codec',
    spring: 'better',
    versions: ['1.2'],
    provenBy: ['codec', 'server'],
    text: 'A line end cut between CR and LF is one line end.',
  },
  {
    id: 'E24',
    area: 'codec',
    spring: 'match',
    versions: FROM_1_1,
    provenBy: ['codec'],
    text: 'A header value may be empty and may hold colons, a header name may not be empty, and nothing is trimmed.',
  },
  {
    id: 'E25',
    area: 'connection',
    spring: 'better',
    text: 'A user name that CONNECTED cannot carry is refused: with a control character, which could add headers, or in 1.0 with spaces around it.',
  },
  {
    id: 'E26',
    area: 'codec',
    spring: 'match',
    provenBy: ['codec'],
    text: 'Values in CONNECT, STOMP and CONNECTED are taken as they are; a lone backslash is legal there.',
  },
  {
    id: 'E27',
    area: 'heart-beat',
    spring: 'better',
    text: 'A heart-beat of the client is seen by no hook and no route.',
  },
  {
    id: 'E28',
    area: 'heart-beat',
    spring: 'better',
    versions: FROM_1_1,
    text: 'The server’s heart-beat is one LF; any octets count as life of the client, any frame as a heart-beat of the server.',
  },
  {
    id: 'E29',
    area: 'message',
    spring: 'match',
    text: 'A message to a user reaches all sessions of the user, and nobody else, and shows the `/user/...` destination.',
  },
  {
    id: 'E30',
    area: 'subscription',
    spring: 'match',
    text: 'The answer of a subscription route carries id and destination of the SUBSCRIBE; a later UNSUBSCRIBE does nothing and is no error.',
  },
  {
    id: 'E31',
    area: 'subscription',
    spring: 'better',
    text: 'A prefix matches by whole segments: `/topicfoo` is not below `/topic`.',
  },
  {
    id: 'E32',
    area: 'subscription',
    spring: 'match',
    text: 'A wildcard and an exact subscription of one session get a MESSAGE each, and the destination of a SEND is never a pattern.',
  },
  {
    id: 'E33',
    area: 'error',
    spring: 'better',
    text: 'A frame that a hook refuses is always answered: CONNECT, SUBSCRIBE and SEND alike.',
  },
  {
    id: 'E34',
    area: 'error',
    spring: 'better',
    text: 'Frames of a session take effect in order, and a refusal among them is still answered.',
  },
  {
    id: 'E35',
    area: 'connection',
    spring: 'better',
    text: 'A reader that is too slow is closed with 1013 and a reason that says so; nobody else waits for it.',
  },
  {
    id: 'E36',
    area: 'connection',
    spring: 'better',
    status: NO_RELAY,
    text: 'A relay sends the host that its broker wants.',
  },
  {
    id: 'E37',
    area: 'connection',
    spring: 'better',
    status: NO_RELAY,
    text: 'While the outside broker is away application routes go on and clients stay connected.',
  },
  {
    id: 'E38',
    area: 'message',
    spring: 'better',
    status: NO_RELAY,
    text: 'Headers of the outside broker pass through, and content-length is right.',
  },
  {
    id: 'E39',
    area: 'connection',
    spring: 'better',
    text: 'At shutdown every session is closed with 1012, which tells clients to come back.',
  },
  {
    id: 'E40',
    area: 'message',
    spring: 'better',
    text: 'A message for a session that is gone is dropped without harm to the sender and the other subscribers.',
  },
]

/** E1 to E40, in order. Close codes are those of WebSocket; over TCP, which has none, the connection ends in good order. */
export const EDGE_CASES: readonly EdgeCase[] = ROWS.map(row)
