import { ALL, type Requirement, rows } from '../requirement.js'

/** What is no sound STOMP, or too much of it. */
export const badInputRules: readonly Requirement[] = rows(
  { section: 'Bad input', versions: ALL, area: 'error', side: 'server', provenBy: ['server'] },
  [
    {
      id: 'ours/bad-input/only-its-sender-is-hurt',
      level: 'MUST',
      text: 'Other sessions do not notice that one was refused.',
    },
    {
      id: 'ours/bad-input/first-frame-is-not-connect',
      level: 'MUST',
      text: 'A first frame other than CONNECT or STOMP gets ERROR, then close, and has no effect.',
    },
    {
      id: 'ours/bad-input/unknown-command',
      level: 'MUST',
      text: 'An unknown command gets ERROR, then close.',
    },
    {
      id: 'ours/bad-input/header-without-colon',
      level: 'MUST',
      text: 'A header line without a colon gets ERROR, then close.',
    },
    {
      id: 'ours/bad-input/header-beyond-limit',
      level: 'MUST',
      text: 'Headers beyond a limit get ERROR, then close, before the frame has ended.',
    },
    {
      id: 'ours/bad-input/body-beyond-limit',
      level: 'MUST',
      text: 'A body beyond the limit gets ERROR, then close, before it has come, and so does a content-length beyond it.',
    },
    {
      id: 'ours/bad-input/binary-rubbish',
      level: 'MUST',
      text: 'Octets that are no STOMP get ERROR, then close.',
    },
    {
      id: 'ours/bad-input/one-octet-at-a-time',
      level: 'MUST',
      text: 'A session whose octets come one by one is served as any other.',
    },
    {
      id: 'ours/bad-input/half-a-frame',
      level: 'MUST',
      text: 'A frame that was begun and stays without a further octet for 30 s gets ERROR, then close.',
    },
  ],
)
