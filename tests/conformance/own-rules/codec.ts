import { ALL, ONLY_1_0, type Requirement, rows } from '../requirement.js'

/** What the codec promises by itself. */
export const codecRules: readonly Requirement[] = rows(
  { section: 'Codec', versions: ALL, area: 'codec', side: 'both', provenBy: ['codec'] },
  [
    {
      id: 'ours/codec/any-cut',
      level: 'MUST',
      text: 'A stream gives the same frames however it is cut into chunks.',
    },
    {
      id: 'ours/codec/dead-after-error',
      level: 'MUST',
      text: 'After an error the decoder throws that same error and says where it was.',
    },
    {
      id: 'ours/codec/limits-while-reading',
      level: 'MUST',
      text: 'A limit takes effect while the frame is read, within a KiB of the octet that breaks it, not when it has ended.',
    },
    {
      id: 'ours/codec/unwritable-header-throws',
      level: 'MUST',
      text: 'The encoder throws for a header that the version has no way to write.',
    },
    {
      id: 'ours/codec/trimming-in-1.0',
      versions: ONLY_1_0,
      level: 'MUST',
      text: 'Spaces around header names and values of 1.0, as its own examples have them, are removed.',
    },
    {
      id: 'ours/codec/ill-formed-utf-8',
      level: 'MUST',
      text: 'Headers that are not well-formed UTF-8 are refused.',
    },
    {
      id: 'ours/codec/octets-between-frames',
      level: 'MUST',
      text: 'Line ends and NUL octets between frames are skipped.',
    },
    {
      id: 'ours/codec/crlf-in-connect',
      level: 'MUST',
      text: 'CONNECT and STOMP may end their lines with CRLF in every version, since none is agreed on yet.',
    },
    {
      id: 'ours/codec/heart-beats-are-seen',
      level: 'MUST',
      text: 'A line end between frames is told as a heart-beat.',
    },
  ],
)
