import { type Component, requireComponent } from '../components.js'
import { launchChromium } from './chromium.js'
import type { Engine } from './engine.js'
import { launchFirefox } from './firefox.js'
import { launchWebKit } from './webkit.js'

/** A browser that tests run in. */
export interface Browser {
  readonly name: string
  /** True if a page that is left while its link lives is kept, and goes on when one comes back. */
  readonly keepsPages: boolean
  /** True if its driver can take a page off the network. */
  readonly canBeOffline: boolean
  /** What must be on the machine for it. */
  readonly needs: readonly Component[]
  launch(): Promise<Engine>
}

const chromium = requireComponent('chromium')
const firefox = requireComponent('Firefox')
const webkit = requireComponent('WebKit')
const xvfb = requireComponent('Xvfb')

export const CHROMIUM: Browser = {
  name: 'Chromium',
  keepsPages: true,
  canBeOffline: true,
  needs: [chromium],
  launch: () => launchChromium(chromium.path),
}

export const FIREFOX: Browser = {
  name: 'Firefox',
  // It keeps none that has a request or a WebSocket under way.
  keepsPages: false,
  canBeOffline: true,
  needs: [firefox],
  launch: () => launchFirefox(firefox.path),
}

export const WEBKIT: Browser = {
  name: 'WebKit',
  keepsPages: true,
  canBeOffline: false,
  needs: [webkit, xvfb],
  launch: () => launchWebKit({ driver: webkit.path, screen: xvfb.path }),
}

/** What of it is not on this machine. */
export const missingOf = ({ needs }: Browser): Component | undefined => needs.find(({ available }) => !available)
