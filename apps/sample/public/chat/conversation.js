/** How often a message is sent before the page gives up; each time needs a new session. */
const MAX_ATTEMPTS = 3

/** Messages that are kept, the newest ones. */
const MAX_MESSAGES = 500

/**
 * What stands in the log. `state` tells how far an own message of this page has come.
 *
 * @typedef {object} Entry
 * @property {string} key one of a kind, the same from the first sign of a message to the last
 * @property {string} name
 * @property {string} text
 * @property {string} at
 * @property {'sending' | 'sent' | 'failed'} [state]
 * @property {string} [reason] why it failed
 * @property {boolean} [hasGap] messages may be missing before it
 */

/**
 * As the server publishes it.
 *
 * @typedef {{ id: string, ref?: string, name: string, text: string, at: string }} ChatMessage
 */

/** @typedef {import('@stomp/stompjs').Client} Client */

/** @typedef {Entry & { attempts: number, session?: object }} Pending `session`: the one it was last sent in */

/** crypto.randomUUID is not there on pages that came over plain HTTP from another machine. */
const createKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Where a conversation goes on, as the server knows it.
 *
 * @typedef {object} Place
 * @property {string} key one of a kind
 * @property {string} sendTo destination of what is said here
 * @property {object} [header] what a message names beside its text
 * @property {string} [topic] where it is heard; without one `take` is told
 * @property {string} [history] where what was said before is asked for; without one nothing is kept
 */

/**
 * One room, or the talk with one person: what was said, what was sent and is not confirmed yet. Nothing is told twice and
 * nothing that was sent is lost when sessions come and go: a new one begins with the history, and what is not in it is
 * sent again.
 *
 * @param {Place} place
 * @param {() => void} onChange
 */
export const createConversation = ({ key: place, sendTo, header, topic, history: past }, onChange) => {
  /** @type {Entry[]} */
  let told = []
  /** @type {Map<string, Pending>} own messages, by ref, until they are told */
  const pending = new Map()
  const known = new Set()
  /** @type {Client | undefined} */
  let client
  /** One of a kind for each session; the client outlives them. */
  let session = {}
  /** @type {import('@stomp/stompjs').StompSubscription | undefined} */
  let subscription

  /** @param {ChatMessage} message */
  const add = ({ id, ref, name, text, at }) => {
    if (known.has(id)) return
    known.add(id)
    const isOwn = ref !== undefined && pending.delete(ref)
    told.push({ key: ref ?? id, name, text, at, ...(isOwn && { state: /** @type {const} */ ('sent') }) })
    told = told.slice(-MAX_MESSAGES)
  }

  /** @param {ChatMessage[]} history */
  const merge = (history) => {
    const first = told.length
    const isJoined = first === 0 || history.length === 0 || history.some(({ id }) => known.has(id))
    for (const message of history) add(message)
    const entry = told[first]
    if (!isJoined && entry !== undefined) entry.hasGap = true
  }

  /**
   * @param {Client} through
   * @param {Pending} entry
   */
  const transmit = (through, entry) => {
    entry.attempts += 1
    entry.session = session
    through.watchForReceipt(entry.key, () => {
      entry.state = 'sent'
      onChange()
    })
    through.publish({
      destination: sendTo,
      headers: { 'content-type': 'application/json', receipt: entry.key },
      body: JSON.stringify({ ...header, text: entry.text, ref: entry.key }),
    })
  }

  /**
   * After the history: what it does not hold was not taken by the server, unless a receipt says that it was.
   *
   * @param {Client} through
   */
  const settlePending = (through) => {
    for (const entry of [...pending.values()]) {
      if (entry.state === 'sent') {
        pending.delete(entry.key)
        told.push(entry)
      } else if (entry.state === 'sending' && entry.session !== session) {
        if (entry.attempts < MAX_ATTEMPTS) transmit(through, entry)
        else Object.assign(entry, { state: 'failed', reason: 'The connection was lost each time.' })
      }
    }
  }

  /**
   * @param {Client} through
   * @param {() => void} then what came beside it has its place behind it
   */
  const takeHistory = (through, then = () => {}) => {
    if (past === undefined) {
      settlePending(through)
      return onChange()
    }
    const history = through.subscribe(past, ({ body }) => {
      history.unsubscribe()
      merge(JSON.parse(body))
      then()
      settlePending(through)
      onChange()
    })
  }

  return {
    key: place,

    /** @returns {Entry[]} oldest first, what is not confirmed last */
    entries: () => [...told, ...pending.values()],

    /**
     * What was said here was heard elsewhere.
     *
     * @param {ChatMessage} message
     */
    take(message) {
      add(message)
      onChange()
    },

    /**
     * Joins in a new session.
     *
     * @param {Client} opened
     */
    open(opened) {
      client = opened
      session = {}
      if (topic === undefined) return takeHistory(opened)
      /** @type {ChatMessage[] | undefined} what is said before the history has come */
      let early = []
      subscription = opened.subscribe(topic, ({ body }) => {
        const message = JSON.parse(body)
        if (early !== undefined) return early.push(message)
        add(message)
        onChange()
      })
      takeHistory(opened, () => {
        for (const message of early ?? []) add(message)
        early = undefined
      })
    },

    /**
     * In a new session, for a place that was left: what was under way is settled all the same.
     *
     * @param {Client} opened
     */
    settle(opened) {
      session = {}
      if ([...pending.values()].some(({ state }) => state === 'sending')) takeHistory(opened)
    },

    /** The page is about to end the session by itself: that is no failed attempt of what is under way. */
    excuse() {
      for (const entry of pending.values()) {
        if (entry.session !== session) continue
        entry.attempts -= 1
        delete entry.session
      }
    },

    /** Leaves; what is under way is still confirmed. */
    leave() {
      if (client?.connected) subscription?.unsubscribe()
      this.lost()
    },

    /** The session is gone. */
    lost() {
      client = undefined
      subscription = undefined
    },

    /**
     * Sends a message; false if there is no session to send it in.
     *
     * @param {string} name
     * @param {string} text
     */
    send(name, text) {
      if (!client?.connected) return false
      const key = createKey()
      /** @type {Pending} */
      const entry = { key, name, text, at: new Date().toISOString(), state: 'sending', attempts: 0 }
      pending.set(key, entry)
      transmit(client, entry)
      onChange()
      return true
    },

    /**
     * The server has refused a message: sending it again would be refused again.
     *
     * @param {string} key
     * @param {string} reason
     */
    fail(key, reason) {
      const entry = pending.get(key)
      if (entry === undefined) return
      Object.assign(entry, { state: 'failed', reason })
      onChange()
    },
  }
}
