import type SockJSClient from 'sockjs-client'

declare const SockJS: typeof SockJSClient
declare global {
  /** How what `hold` has opened ended. */
  var held: Promise<readonly [code: number, reason: string]>
}

/** Opens a connection and leaves it alone; resolves with what carries it. Runs in pages, as `exchange` does. */
export function hold({ url, transport }: { readonly url: string; readonly transport: string }): Promise<string> {
  return new Promise((resolve) => {
    const socket = new SockJS(url, null, { transports: [transport] })
    globalThis.held = new Promise((end) => {
      socket.onclose = ({ code, reason }) => {
        resolve('')
        end([code, reason])
      }
    })
    socket.onopen = () => resolve(socket.transport)
  })
}
