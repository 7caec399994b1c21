import { rows, type SockJsRow } from '../row.js'

const greeting = rows('Greeting url: /', [
  {
    id: 'GREETING-1',
    suite: 'BaseUrlGreeting.test_greeting',
    text: 'The base URL, with or without a slash at its end, answers "Welcome to SockJS!" and a line feed as UTF-8 text.',
  },
  { id: 'GREETING-2', suite: 'BaseUrlGreeting.test_greeting', text: 'The greeting sets no cookie.' },
  {
    id: 'GREETING-3',
    suite: 'BaseUrlGreeting.test_notFound',
    text: 'Paths below the base URL that mean nothing are 404, also those that differ from others in slashes alone.',
  },
])

const iframe = rows('IFrame page: /iframe*.html', [
  { id: 'IFRAME-1', suite: 'IframePage.test_simpleUrl', text: 'The page at `/iframe.html` is HTML in UTF-8.' },
  {
    id: 'IFRAME-2',
    suite: 'IframePage.test_versionedUrl',
    text: 'Behind `/iframe` a dash and any version may stand before `.html`: the page is the same.',
  },
  { id: 'IFRAME-3', suite: 'IframePage.test_queriedUrl', text: 'A query string does not change the page.' },
  {
    id: 'IFRAME-4',
    suite: 'IframePage.test_invalidUrl',
    text: 'Another ending, capital letters or a further segment make it another path, which is 404.',
  },
  {
    id: 'IFRAME-5',
    suite: ['IframePage.test_simpleUrl', 'IframePage.test_versionedUrl', 'IframePage.test_queriedUrl'],
    text: 'The page may be cached by anybody for a year: public, max-age, Expires and ETag, and no Last-Modified.',
  },
  {
    id: 'IFRAME-6',
    suite: ['IframePage.test_simpleUrl', 'IframePage.test_versionedUrl', 'IframePage.test_queriedUrl'],
    text: 'The page loads the client’s script from where the options say, and starts its iframe half.',
  },
  { id: 'IFRAME-7', suite: 'IframePage.test_simpleUrl', text: 'The page sets no cookie.' },
  {
    id: 'IFRAME-8',
    suite: 'IframePage.test_cacheability',
    text: 'The ETag stays the same, and who shows it gets 304 without a body and without a content type.',
  },
  {
    id: 'IFRAME-9',
    text: 'Without `clientUrl` there is no iframe page: 404.',
    deviation:
      'The protocol always has the page, with a script from a public CDN; a server should not have its visitors load a script that its operator has not chosen.',
  },
  {
    id: 'IFRAME-10',
    text: 'A policy in the answer lets only the allowed origins show the page in a frame.',
    deviation: 'The protocol lets any page of the world frame it; where origins are listed, that would undo the list.',
  },
])

const info = rows('Info test: /info', [
  { id: 'INFO-1', suite: 'InfoTest.test_basic', text: '`/info` answers JSON in UTF-8.' },
  { id: 'INFO-2', suite: 'InfoTest.test_basic', text: '`/info` sets no cookie.' },
  { id: 'INFO-3', suite: 'InfoTest.test_basic', text: '`/info` forbids every cache to keep or change it.' },
  {
    id: 'INFO-4',
    suite: 'InfoTest.test_basic',
    text: '`/info` lets the page that asks read it, with its credentials.',
  },
  { id: 'INFO-5', suite: 'InfoTest.test_basic', text: '`websocket` is true where WebSockets are spoken.' },
  {
    id: 'INFO-6',
    suite: 'InfoTest.test_disabled_websocket',
    text: '`websocket` is false where they are switched off.',
  },
  {
    id: 'INFO-7',
    suite: ['InfoTest.test_basic', 'JsessionidCookie.test_basic'],
    text: '`cookie_needed` says whether clients should send cookies.',
  },
  { id: 'INFO-8', suite: 'InfoTest.test_basic', text: '`origins` is a list that names any.' },
  {
    id: 'INFO-9',
    suite: ['InfoTest.test_basic', 'InfoTest.test_entropy'],
    text: '`entropy` is a whole number from 0 to 2^32 - 1, another one each time.',
  },
  {
    id: 'INFO-10',
    suite: 'InfoTest.test_options',
    text: 'A preflight of `/info` is answered for a year, and allows OPTIONS and GET.',
  },
  {
    id: 'INFO-11',
    suite: 'InfoTest.test_options_null_origin',
    text: 'A page without an origin of its own, whose Origin is `null`, is allowed by that very word.',
  },
])

const cors = rows('Static URLs', [
  {
    id: 'CORS-1',
    text: 'An answer to a request without Origin may be read by anybody, without credentials.',
  },
  {
    id: 'CORS-2',
    text: 'A page whose origin is not allowed is refused with 403 and no leave to read the answer; the others are allowed by name.',
    deviation:
      'The protocol lets any page use any session with its cookies; we keep one rule of origins for all doors.',
  },
  {
    id: 'METHOD-1',
    text: 'A path that is there, asked with a method that it does not have, is 405: it names those it has, and has neither content type nor body.',
  },
])

/** Greeting, iframe page, info, and what holds for all of them. */
export const staticRows: readonly SockJsRow[] = [...greeting, ...iframe, ...info, ...cors]
