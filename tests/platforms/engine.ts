/** A browser under a driver of its own; each page stands alone. */
export interface Engine {
  /** Opens a window there; nothing of others is remembered in it. */
  openPage(url: string): Promise<EnginePage>
  close(): Promise<void>
}

/** A window of a browser. */
export interface EnginePage {
  go(url: string): Promise<void>
  reload(): Promise<void>
  /** Goes back to where it was before. */
  back(): Promise<void>
  /** What an expression is in the page, of what JSON can tell; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>
  /** Takes the page off the network, as the machine's own switch does. Absent: the driver cannot. */
  setOffline?(isOffline: boolean): Promise<void>
  close(): Promise<void>
}
