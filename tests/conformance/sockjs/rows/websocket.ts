import { rows, type SockJsRow } from '../row.js'

const websocket = rows('WebSocket protocols: /*/*/websocket', [
  {
    id: 'WEBSOCKET-1',
    suite: 'WebsocketHttpErrors.test_httpMethod',
    text: 'A plain GET is 400.',
  },
  {
    id: 'WEBSOCKET-2',
    suite: 'WebsocketHttpErrors.test_invalidConnectionHeader',
    text: 'An upgrade whose Connection header a proxy has rewritten is 400.',
  },
  {
    id: 'WEBSOCKET-3',
    suite: 'WebsocketHttpErrors.test_invalidMethod',
    text: 'Any other method, with or without an upgrade, is 405: it names GET, and has neither content type nor body.',
  },
  {
    id: 'WEBSOCKET-4',
    suite: 'Websocket.test_transport',
    text: 'The first message is `o`; an array of JSON strings is taken and comes back as `a[...]`.',
  },
  {
    id: 'WEBSOCKET-5',
    suite: 'Websocket.test_close',
    text: 'A close of the application is told in a frame, and then the WebSocket is closed.',
  },
  {
    id: 'WEBSOCKET-6',
    suite: 'Websocket.test_headersSanity',
    text: 'The handshake of version 13 is answered as RFC 6455 says, without a Content-Length.',
  },
  {
    id: 'WEBSOCKET-7',
    suite: 'Websocket.test_empty_frame',
    text: 'Empty messages and empty arrays are passed over.',
  },
  {
    id: 'WEBSOCKET-8',
    suite: 'Websocket.test_reuseSessionId',
    text: 'Two WebSockets with one session id, at a time or one after the other, are two sessions.',
  },
  {
    id: 'WEBSOCKET-9',
    suite: 'Websocket.test_broken_json',
    text: 'Broken JSON ends the WebSocket abruptly; what was sent behind it is not read.',
  },
  { id: 'WEBSOCKET-10', text: 'A single JSON string is taken for one message.' },
  { id: 'WEBSOCKET-11', text: 'Where WebSockets are switched off, the URL is 404.' },
  {
    id: 'WEBSOCKET-12',
    suite: 'Websocket.test_haproxy',
    text: 'The handshake of draft 76, from before RFC 6455, is refused with 400.',
    deviation:
      'The protocol wants its nonces answered; no browser has spoken that draft since 2012, and Node’s WebSocket servers never read them.',
  },
])

const raw = rows('Raw WebSocket url: /websocket', [
  {
    id: 'RAW-1',
    suite: 'RawWebsocket.test_transport',
    text: 'At `/websocket` messages travel as they are, whatever characters they have.',
  },
  { id: 'RAW-2', text: 'At `/websocket` there are neither open frames nor heart-beats.' },
  {
    id: 'RAW-3',
    suite: 'RawWebsocket.test_close',
    text: 'At `/websocket` the application’s close is the close of the WebSocket, with code and reason.',
  },
])

const unicode = rows('JSON Unicode Encoding', [
  {
    id: 'UNICODE-1',
    suite: 'JSONEncoding.test_xhr_server_encodes',
    text: 'The characters that browsers drop or change on the way are escaped in what the server sends, over every transport.',
  },
  {
    id: 'UNICODE-2',
    suite: 'JSONEncoding.test_xhr_server_decodes',
    text: 'Whatever a client escapes is decoded, over every transport, and comes back the same.',
  },
  { id: 'UNICODE-3', text: 'Characters beyond 16 bits come back the same, escaped by the client or not.' },
  {
    id: 'UNICODE-4',
    text: 'Half a surrogate pair becomes U+FFFD.',
    deviation:
      'The protocol would like lone surrogates kept where a server can; messages are UTF-8 on all our transports, which has no form for them.',
  },
])

/** WebSockets, and the characters of messages. */
export const webSocketRows: readonly SockJsRow[] = [...websocket, ...raw, ...unicode]
