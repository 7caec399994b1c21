import { setTimeout as after } from 'node:timers/promises'

/** Asks again and again until something holds, or the time is over: then the last word is false. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const giveUpMs = Date.now() + withinMs
  while (Date.now() < giveUpMs) {
    if (await holds()) return true
    await after(50)
  }
  return holds()
}
