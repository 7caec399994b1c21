/** A version of the STOMP protocol. */
export type Version = '1.0' | '1.1' | '1.2'

/** All versions, ascending. */
export const VERSIONS: readonly Version[] = Object.freeze(['1.0', '1.1', '1.2'] as const)

/**
 * The version for a session: the highest that both sides have (STOMP 1.2, "Protocol Negotiation").
 *
 * @param acceptVersion the value of `accept-version`: versions separated by commas, in any order. Spaces around an
 * entry are ignored, and so is an entry nobody knows. Absent means a client of STOMP 1.0.
 * @param supported what this side has; all by default, in any order
 * @returns undefined when there is none in common: answer with an ERROR frame, then close
 */
export function negotiateVersion(
  acceptVersion: string | undefined,
  supported: readonly Version[] = VERSIONS,
): Version | undefined {
  const accepted = acceptVersion === undefined ? ['1.0'] : acceptVersion.split(',').map((entry) => entry.trim())
  return VERSIONS.findLast((version) => supported.includes(version) && accepted.includes(version))
}

/** How header lines are written: all in which the versions differ, as seen by encoder and decoder. */
export interface HeaderRules {
  /** LF, colon and backslash are written with a backslash before them. */
  readonly isEscaped: boolean
  /** CR is escaped too. */
  readonly isReturnEscaped: boolean
  /** A CR before the LF belongs to the line end; elsewhere, and otherwise, it is part of the value. */
  readonly hasCrLf: boolean
  /** Spaces and tabs around names and values are dropped when reading. */
  readonly isTrimmed: boolean
}

export interface VersionRules {
  /** CONNECT, STOMP and CONNECTED: never escaped, for the sake of STOMP 1.0 ("Value Encoding"). */
  readonly connecting: HeaderRules
  readonly others: HeaderRules
  /** Frames other than SEND, MESSAGE and ERROR may carry a body, which means nothing (STOMP 1.0, "SUBSCRIBE"). */
  readonly hasIdleBodies: boolean
}

const PLAIN: HeaderRules = { isEscaped: false, isReturnEscaped: false, hasCrLf: false, isTrimmed: false }
// A peer's version is not known before its CONNECT was read, so CRLF is understood there in any version.
const CONNECTING: HeaderRules = { ...PLAIN, hasCrLf: true }
const ESCAPED: HeaderRules = { ...PLAIN, isEscaped: true }

export const VERSION_RULES: Readonly<Record<Version, VersionRules>> = {
  '1.0': {
    connecting: { ...CONNECTING, isTrimmed: true },
    others: { ...PLAIN, isTrimmed: true },
    hasIdleBodies: true,
  },
  '1.1': { connecting: CONNECTING, others: ESCAPED, hasIdleBodies: false },
  '1.2': { connecting: CONNECTING, others: { ...ESCAPED, isReturnEscaped: true, hasCrLf: true }, hasIdleBodies: false },
}

/** @param isConnecting of the command: see CommandTraits */
export function rulesOf(isConnecting: boolean, version: Version): HeaderRules {
  const { connecting, others } = VERSION_RULES[version]
  return isConnecting ? connecting : others
}
