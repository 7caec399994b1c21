import { rows, type SockJsRow } from '../row.js'

const urls = rows('Top session URL: /<server>/<session>', [
  {
    id: 'SESSION-1',
    suite: 'SessionURLs.test_anyValue',
    text: 'Server and session may be any words, with characters that are escaped in URLs too.',
  },
  {
    id: 'SESSION-2',
    suite: 'SessionURLs.test_invalidPaths',
    text: 'An empty server or session, a dot in either, and a path with fewer or more parts are 404, for GET and POST.',
  },
  {
    id: 'SESSION-3',
    suite: 'SessionURLs.test_ignoringServerId',
    text: 'A session is named by its session part alone: the server part may change from request to request.',
  },
  {
    id: 'SESSION-4',
    text: 'Who shares neither cookie nor address with the one that opened a session is told 404 by every URL of it.',
    deviation:
      'The protocol leaves open what two clients with one session id get; a guessed or overheard id must not be enough to read another’s messages.',
  },
  {
    id: 'SESSION-5',
    text: 'The application names a connection by an id that the server has made, which does not have the session’s in it.',
    deviation:
      'The protocol wants the session id hidden from the application altogether; ours shows it the request that opened the connection, whose URL has it.',
  },
  { id: 'SESSION-6', text: 'A query string, which clients add against caches, does not change what is asked for.' },
])

const protocol = rows('Protocol and framing', [
  {
    id: 'PROTOCOL-1',
    suite: 'Protocol.test_simpleSession',
    text: 'A receiving request for a session that is not there opens it, and is told `o` at once.',
  },
  {
    id: 'PROTOCOL-2',
    suite: 'Protocol.test_simpleSession',
    text: 'Messages sent to an open session are taken with 204 and come back from an echo as `a[...]`.',
  },
  {
    id: 'PROTOCOL-3',
    suite: ['Protocol.test_simpleSession', 'XhrPolling.test_invalid_session'],
    text: 'Messages for a session that is not there are refused with 404.',
  },
  {
    id: 'PROTOCOL-4',
    suite: 'Protocol.test_simpleSession',
    text: 'A session that nobody has received from for 5 s is gone, and the application is told.',
  },
  {
    id: 'PROTOCOL-5',
    suite: 'Protocol.test_simpleSession',
    text: 'Who has received nothing for 25 s is sent `h`, over every transport.',
  },
  { id: 'PROTOCOL-6', text: 'The delays of heart-beats and of a session’s end can be set.' },
  {
    id: 'PROTOCOL-7',
    suite: ['Protocol.test_simpleSession', 'HandlingClose.test_close_request'],
    text: 'A second receiving request is told `c[2010,"Another connection still open"]` and is over; the first one goes on.',
  },
  {
    id: 'PROTOCOL-8',
    suite: 'Protocol.test_closeSession',
    text: 'What the application closes with is told as `c[code,"reason"]`.',
  },
  {
    id: 'PROTOCOL-9',
    suite: 'Protocol.test_closeSession',
    text: 'The close is told again to whoever asks, until the session is forgotten.',
  },
])

const closing = rows('Handling close', [
  {
    id: 'CLOSE-1',
    suite: 'HandlingClose.test_close_frame',
    text: 'A close ends the stream it is told on at once: the next request is told the close as well, not that another is open.',
  },
  {
    id: 'CLOSE-2',
    suite: 'HandlingClose.test_close_request',
    text: 'A second stream ends behind its close frame.',
  },
  {
    id: 'CLOSE-3',
    suite: 'HandlingClose.test_abort_xhr_streaming',
    text: 'A stream that breaks off ends the session: who asks afterwards is told `c[1002,"Connection interrupted"]`.',
  },
  {
    id: 'CLOSE-4',
    suite: 'HandlingClose.test_abort_xhr_polling',
    text: 'A poll that breaks off ends the session in the same way.',
  },
  { id: 'CLOSE-5', text: 'The application is told 1006 when a receiving request has broken off.' },
  {
    id: 'CLOSE-6',
    text: 'What was said before the close and nobody has received comes before the close frame.',
  },
])

const jsessionid = rows('JSESSIONID cookie', [
  {
    id: 'COOKIE-1',
    suite: 'JsessionidCookie.test_basic',
    text: 'With `jsessionid` the info asks for cookies, and sets none itself.',
  },
  {
    id: 'COOKIE-2',
    suite: [
      'JsessionidCookie.test_xhr',
      'JsessionidCookie.test_xhr_streaming',
      'JsessionidCookie.test_eventsource',
      'JsessionidCookie.test_htmlfile',
      'JsessionidCookie.test_jsonp',
    ],
    text: 'With `jsessionid` every answer below a session sets `JSESSIONID=dummy` for the whole host.',
  },
  {
    id: 'COOKIE-3',
    suite: 'JsessionidCookie.test_xhr',
    text: 'A JSESSIONID that the client has already is set again as it is.',
  },
  { id: 'COOKIE-4', text: 'Without `jsessionid` nothing sets that cookie.' },
  {
    id: 'COOKIE-5',
    text: 'Where an answer sets other cookies as well, JSESSIONID comes last.',
    deviation:
      'The protocol knows no other cookie; ours binds a session to its browser. Readers that keep one Set-Cookie alone keep the last.',
  },
])

/** Session URLs, framing, the end of sessions, cookies. */
export const sessionRows: readonly SockJsRow[] = [...urls, ...protocol, ...closing, ...jsessionid]
