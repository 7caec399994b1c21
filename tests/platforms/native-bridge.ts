/** What a script under {@link startNativeSide} asks for: the ways out that React Native has, as its native modules offer them. */
export type NativeRequest =
  | { readonly ask: 'timer'; readonly id: number; readonly ms: number }
  | { readonly ask: 'clear'; readonly id: number }
  | {
      readonly ask: 'request'
      readonly id: number
      readonly url: string
      readonly method: string
      readonly body: string
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly ask: 'abort'; readonly id: number }
  | { readonly ask: 'connect'; readonly id: number; readonly url: string; readonly protocols: readonly string[] }
  | { readonly ask: 'send'; readonly id: number; readonly text: string }
  | { readonly ask: 'sendBinary'; readonly id: number; readonly base64: string }
  | { readonly ask: 'close'; readonly id: number; readonly code: number; readonly reason: string }

/** What it is told, by the number that it gave. */
export type NativeEvent =
  | { readonly tell: 'timer'; readonly id: number }
  | { readonly tell: 'response'; readonly id: number; readonly status: number; readonly text: string }
  | { readonly tell: 'failed'; readonly id: number }
  | { readonly tell: 'open'; readonly id: number; readonly protocol: string }
  | { readonly tell: 'text'; readonly id: number; readonly text: string }
  | { readonly tell: 'binary'; readonly id: number; readonly base64: string }
  | { readonly tell: 'closed'; readonly id: number; readonly code: number; readonly reason: string }
