import type { Attach } from './attach.js'
import type { LinkParts } from './link-parts.js'

/** Judges attaches on which nothing comes. */
export interface Silence {
  /** From now on bytes must come at least so often. */
  stall(attach: Attach, withinMs: number): void
  /** The server said that it wrote messages up to a number: if they do not come, something holds them back. */
  owed(attach: Attach, sent: number): void
}

/** `silent`: told of an attach that did not keep its time. `overslept`: it may have; this machine's timers came too late. */
export function createSilence(
  parts: LinkParts,
  silent: (attach: Attach) => void,
  overslept: (attach: Attach) => void,
): Silence {
  const stall = (attach: Attach, withinMs: number, dueAt = attach.heardAt + withinMs) => {
    attach.silence.set(dueAt - parts.now(), () => {
      if (attach.heardAt + withinMs > parts.now()) stall(attach, withinMs)
      else if (parts.now() <= dueAt + parts.times.lateTimerMs) silent(attach)
      else {
        stall(attach, withinMs, parts.now() + parts.times.checkMs)
        overslept(attach)
      }
    })
  }

  const late = (attach: Attach, fromMs: number) => {
    const patience = parts.roundTrip.patience(2_000)
    attach.lateness.set(fromMs + patience - parts.now(), () => {
      if (attach.position >= attach.owed) return
      if (attach.heardAt + patience > parts.now() && attach.heardAt > fromMs) late(attach, attach.heardAt)
      else silent(attach)
    })
  }

  return {
    stall,
    owed(attach, sent) {
      if (sent <= attach.position) return
      attach.owed = Math.max(attach.owed, sent)
      if (!attach.lateness.isSet()) late(attach, parts.now())
    },
  }
}
