import { rows, type SockJsRow } from '../row.js'

const xhr = rows('XhrPolling: /*/*/xhr, /*/*/xhr_send', [
  {
    id: 'XHR-1',
    suite: 'XhrPolling.test_options',
    text: 'Preflights of `xhr` and `xhr_send` are answered for a year, and allow OPTIONS and POST.',
  },
  {
    id: 'XHR-2',
    suite: 'XhrPolling.test_transport',
    text: 'The answer to a poll is one frame and a line feed, as JavaScript in UTF-8.',
  },
  {
    id: 'XHR-3',
    suite: 'XhrPolling.test_transport',
    text: 'The page that polls or sends may read the answer, with its credentials.',
  },
  { id: 'XHR-4', suite: 'XhrPolling.test_transport', text: 'No cache may keep answers to polls and sends.' },
  {
    id: 'XHR-5',
    suite: 'XhrPolling.test_transport',
    text: 'What is sent as an array of JSON strings is taken with 204, no body, and the type of plain text.',
  },
  { id: 'XHR-6', suite: 'XhrPolling.test_content_types', text: 'All that waits comes in one frame.' },
  {
    id: 'XHR-7',
    suite: 'XhrPolling.test_invalid_json',
    text: 'Broken JSON is 500 with "Broken JSON encoding."; the session goes on.',
  },
  {
    id: 'XHR-8',
    suite: 'XhrPolling.test_invalid_json',
    text: 'An empty body is 500 with "Payload expected."; the session goes on.',
  },
  {
    id: 'XHR-9',
    suite: 'XhrPolling.test_content_types',
    text: 'What is sent is taken whatever content type it claims, also an empty or a nonsensical one.',
  },
  {
    id: 'XHR-10',
    suite: 'XhrPolling.test_request_headers_cors',
    text: 'The headers that a preflight asks for are allowed as they were asked for.',
  },
  {
    id: 'XHR-11',
    suite: 'XhrPolling.test_request_headers_cors',
    text: 'A preflight that asks for no headers is told of none.',
  },
  {
    id: 'XHR-12',
    suite: 'XhrPolling.test_sending_empty_frame',
    text: 'An empty array is taken, and nothing is delivered for it.',
  },
])

const streaming = rows('XhrStreaming: /*/*/xhr_streaming', [
  {
    id: 'STREAMING-1',
    suite: 'XhrStreaming.test_options',
    text: 'A preflight is answered for a year, and allows OPTIONS and POST.',
  },
  {
    id: 'STREAMING-2',
    suite: 'XhrStreaming.test_transport',
    text: 'The stream is JavaScript in UTF-8, may be read by the page that asks, and by no cache.',
  },
  {
    id: 'STREAMING-3',
    suite: 'XhrStreaming.test_transport',
    text: 'The stream begins with 2048 times `h` and a line feed.',
  },
  {
    id: 'STREAMING-4',
    suite: 'XhrStreaming.test_transport',
    text: 'Behind the prelude come `o` and the messages as they are said, each frame with a line feed.',
  },
  {
    id: 'STREAMING-5',
    suite: 'XhrStreaming.test_response_limit',
    text: 'A stream ends behind the frame that reaches its limit; the session goes on with the next one.',
  },
  { id: 'STREAMING-6', text: 'A stream ends after 128 KiB where nothing else was set.' },
])

const eventsource = rows('EventSource: /*/*/eventsource', [
  { id: 'EVENTSOURCE-1', suite: 'EventSource.test_transport', text: 'The answer is an event stream.' },
  { id: 'EVENTSOURCE-2', suite: 'EventSource.test_transport', text: 'No cache may keep it.' },
  { id: 'EVENTSOURCE-3', suite: 'EventSource.test_transport', text: 'It begins with an empty line.' },
  {
    id: 'EVENTSOURCE-4',
    suite: 'EventSource.test_transport',
    text: 'Each frame is the data of one event, with lines that end in CR LF.',
  },
  {
    id: 'EVENTSOURCE-5',
    suite: 'EventSource.test_transport',
    text: 'Spaces, line ends and NUL in a message do not disturb the stream: they are escaped, or inside the frame.',
  },
  {
    id: 'EVENTSOURCE-6',
    suite: 'EventSource.test_response_limit',
    text: 'The stream ends behind the frame that reaches its limit.',
  },
  {
    id: 'EVENTSOURCE-7',
    text: 'A per cent sign in a message is written as a JSON escape: clients decode the data of an event as they do URLs.',
  },
])

const htmlfile = rows('HtmlFile: /*/*/htmlfile', [
  { id: 'HTMLFILE-1', suite: 'HtmlFile.test_transport', text: 'The answer is HTML in UTF-8.' },
  { id: 'HTMLFILE-2', suite: 'HtmlFile.test_transport', text: 'No cache may keep it.' },
  {
    id: 'HTMLFILE-3',
    suite: 'HtmlFile.test_transport',
    text: 'It begins with more than 1024 bytes of a page that hands messages to the callback of its parent.',
  },
  {
    id: 'HTMLFILE-4',
    suite: 'HtmlFile.test_transport',
    text: 'Each frame is a script element that calls `p` with the frame as a string.',
  },
  {
    id: 'HTMLFILE-5',
    suite: 'HtmlFile.test_no_callback',
    text: 'Without a callback it is 500, with the words \'"callback" parameter required\'.',
  },
  {
    id: 'HTMLFILE-6',
    suite: 'HtmlFile.test_invalid_callback',
    text: 'A callback with other than letters, digits, dash, underscore and dot is 500, with the words \'invalid "callback" parameter\'.',
  },
  {
    id: 'HTMLFILE-7',
    suite: 'HtmlFile.test_response_limit',
    text: 'The page ends behind the frame that reaches its limit.',
  },
  { id: 'HTMLFILE-8', text: 'No message can end the script element or begin another one.' },
])

const jsonp = rows('JsonpPolling: /*/*/jsonp, /*/*/jsonp_send', [
  { id: 'JSONP-1', suite: 'JsonPolling.test_transport', text: 'The answer is JavaScript in UTF-8.' },
  { id: 'JSONP-2', suite: 'JsonPolling.test_transport', text: 'No cache may keep answers to polls and sends.' },
  {
    id: 'JSONP-3',
    suite: 'JsonPolling.test_transport',
    text: 'The answer calls the callback with one frame as a string, behind an empty comment.',
  },
  {
    id: 'JSONP-4',
    suite: 'JsonPolling.test_transport',
    text: 'What is sent in the form field `d` is taken, and answered with 200 and "ok" as plain text.',
  },
  {
    id: 'JSONP-5',
    suite: 'JsonPolling.test_no_callback',
    text: 'Without a callback it is 500, with the words \'"callback" parameter required\'.',
  },
  {
    id: 'JSONP-6',
    suite: 'JsonPolling.test_invalid_callback',
    text: 'A callback with other than letters, digits, dash, underscore and dot is 500, with the words \'invalid "callback" parameter\'.',
  },
  {
    id: 'JSONP-7',
    suite: 'JsonPolling.test_invalid_json',
    text: 'Broken JSON is 500 with "Broken JSON encoding."; the session goes on.',
  },
  {
    id: 'JSONP-8',
    suite: 'JsonPolling.test_invalid_json',
    text: 'A form without the field, or with an empty one, is 500 with "Payload expected."; the session goes on.',
  },
  {
    id: 'JSONP-9',
    suite: 'JsonPolling.test_content_types',
    text: 'What is no form is taken as it is: nothing in it is unescaped.',
  },
  {
    id: 'JSONP-10',
    suite: 'JsonPolling.test_close',
    text: 'The close is told through the callback, again and again.',
  },
  {
    id: 'JSONP-11',
    suite: 'JsonPolling.test_sending_empty_frame',
    text: 'An empty array is taken, and nothing is delivered for it.',
  },
  {
    id: 'JSONP-12',
    text: 'JSONP is served only where `jsonp` is set: elsewhere its URLs are 404.',
    deviation:
      'The protocol always serves it; its requests name no origin and any page can read the answers, so it is for those who need it.',
  },
])

const http = rows('Http 1.0 and 1.1 chunking', [
  {
    id: 'HTTP-1',
    suite: 'Http10.test_synchronous',
    text: 'In HTTP/1.0 the greeting has a length, nothing is chunked, and the connection does afterwards what its answer says.',
  },
  {
    id: 'HTTP-2',
    suite: 'Http10.test_streaming',
    text: 'A stream in HTTP/1.0 is neither chunked nor of known length: it ends with the connection.',
  },
  {
    id: 'HTTP-3',
    suite: 'Http11.test_synchronous',
    text: 'The greeting has a length in HTTP/1.1, and the connection takes further requests.',
  },
  {
    id: 'HTTP-4',
    suite: 'Http11.test_streaming',
    text: 'A stream in HTTP/1.1 is chunked, a chunk for the prelude and for each frame, with an end.',
  },
  {
    id: 'HTTP-5',
    suite: 'HttpQuirks.test_emptyContentLengthForPost',
    text: 'A POST that says nothing about its body has none.',
  },
])

/** The transports over HTTP requests, and HTTP itself. */
export const transportRows: readonly SockJsRow[] = [
  ...xhr,
  ...streaming,
  ...eventsource,
  ...htmlfile,
  ...jsonp,
  ...http,
]
