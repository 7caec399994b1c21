import { ALL, FROM_1_1, ONLY_1_0, ONLY_1_1, ONLY_1_2, type Requirement, rows } from '../requirement.js'

const SENDERS_TYPE = 'only the sender knows what its body is: its content-type is passed on and none is made up'

const contentLength = rows(
  { section: 'Header content-length', versions: FROM_1_1, area: 'codec', side: 'both', provenBy: ['codec'] },
  [
    {
      id: '1.2/content-length/on-any-frame',
      versions: ONLY_1_2,
      level: 'MAY',
      text: 'Any frame may carry content-length.',
    },
    {
      id: '1.2/content-length/counts-octets',
      versions: ALL,
      level: 'states',
      text: 'content-length counts the octets of the body, not its characters.',
    },
    {
      id: '1.2/content-length/octets-are-read',
      level: 'MUST',
      provenBy: ['codec', 'server'],
      text: 'With content-length, that many octets are the body, NUL octets among them.',
    },
    {
      id: '1.0/content-length/octets-are-read',
      versions: ONLY_1_0,
      section: 'SEND',
      level: 'SHOULD',
      provenBy: ['codec', 'server'],
      text: 'With content-length, that many octets should be the body, NUL octets among them.',
    },
    {
      id: '1.0/content-length/absent-means-first-nul',
      versions: ONLY_1_0,
      section: 'SEND',
      level: 'states',
      text: 'Without content-length the first NUL octet ends the frame.',
    },
    {
      id: '1.2/content-length/nul-still-follows',
      versions: ALL,
      level: 'states',
      text: 'After the octets that content-length counts there still stands a NUL octet.',
    },
    {
      id: '1.2/content-length/sent-with-a-body',
      versions: ALL,
      level: 'SHOULD',
      text: 'SEND, MESSAGE and ERROR with a body carry content-length.',
    },
    {
      id: '1.2/content-length/sent-when-body-has-nul',
      level: 'MUST',
      provenBy: ['codec', 'server'],
      text: 'A frame whose body holds a NUL octet carries content-length.',
    },
  ],
)

const contentType = rows(
  { section: 'Header content-type', versions: FROM_1_1, area: 'codec', side: 'client', provenBy: ['codec'] },
  [
    {
      id: '1.2/content-type/sent-with-a-body',
      level: 'SHOULD',
      status: { notOurs: SENDERS_TYPE },
      text: 'SEND and MESSAGE with a body carry content-type.',
    },
    {
      id: '1.2/content-type/is-a-mime-type',
      versions: ONLY_1_2,
      area: 'error',
      side: 'both',
      provenBy: ['server'],
      level: 'MUST',
      text: 'A content-type that the server itself sets is a MIME type for the format of the body.',
    },
    {
      id: '1.1/content-type/is-a-mime-type',
      versions: ONLY_1_1,
      area: 'error',
      side: 'both',
      provenBy: ['server'],
      level: 'SHOULD',
      text: 'A content-type that the server itself sets should be a MIME type for the format of the body.',
    },
    {
      id: '1.2/content-type/absent-means-binary',
      side: 'both',
      provenBy: ['codec', 'server'],
      level: 'SHOULD',
      text: 'A body without content-type is a row of octets to its reader.',
    },
    {
      id: '1.2/content-type/text-means-utf-8',
      side: 'both',
      level: 'states',
      text: 'A `text/` type without charset means UTF-8.',
    },
    {
      id: '1.2/content-type/text-charset',
      level: 'SHOULD',
      text: 'Text in another encoding than UTF-8 says so with `;charset=`, and a reader sees which.',
    },
    {
      id: '1.2/content-type/other-charset',
      level: 'SHOULD',
      text: 'A type outside `text/` that can be read as text says its encoding with `;charset=`, and a reader sees which.',
    },
    {
      id: '1.2/content-type/utf-8-supported',
      side: 'both',
      provenBy: ['codec', 'server'],
      level: 'MUST',
      text: 'UTF-8 can be written and read.',
    },
    {
      id: '1.2/content-type/utf-8-recommended',
      level: 'SHOULD',
      text: 'Text is written as UTF-8.',
    },
  ],
)

const repeated = rows(
  { section: 'Repeated Header Entries', versions: FROM_1_1, area: 'codec', side: 'both', provenBy: ['codec'] },
  [
    {
      id: '1.2/repeated/first-one-counts',
      level: 'SHOULD',
      provenBy: ['codec', 'server'],
      text: 'Of header entries with the same name the first one gives the value.',
    },
    {
      id: '1.2/repeated/later-ones-are-history',
      level: 'MAY',
      provenBy: ['codec', 'server'],
      text: 'Later entries of the same name are kept in their order as history and may be ignored.',
    },
    {
      id: '1.2/repeated/server-may-update',
      side: 'server',
      area: 'message',
      provenBy: ['server'],
      level: 'MAY',
      text: 'A server may change a header in place: reply-to, where it names a temporary queue, and no other.',
    },
  ],
)

const limits = rows(
  { section: 'Size Limits', versions: FROM_1_1, area: 'codec', side: 'server', provenBy: ['codec', 'server'] },
  [
    {
      id: '1.2/limits/header-count',
      level: 'MAY',
      text: 'The number of headers in one frame is limited.',
    },
    {
      id: '1.2/limits/header-line',
      level: 'MAY',
      text: 'The length of a header line is limited.',
    },
    {
      id: '1.2/limits/body',
      level: 'MAY',
      text: 'The size of a body is limited.',
    },
    {
      id: '1.2/limits/of-the-implementation',
      section: 'Conformance',
      area: 'subscription',
      provenBy: ['server'],
      level: 'MAY',
      text: 'Other input is limited as well: a session has 256 subscriptions and 16 open transactions at most.',
    },
    {
      id: '1.2/limits/error-then-close',
      area: 'error',
      level: 'SHOULD',
      provenBy: ['server'],
      text: 'A frame beyond a limit is answered with ERROR and the connection is closed.',
    },
  ],
)

/** Standard headers, repeated entries, size limits. `receipt` stands with the receipts. */
export const standardHeaderRequirements: readonly Requirement[] = [
  ...contentLength,
  ...contentType,
  ...repeated,
  ...limits,
]
