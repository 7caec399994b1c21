/** The part of stompjs 2.3.3 that the tests use; the package has no types of its own. */
declare module 'stompjs' {
  interface Client {
    debug: (text: string) => void
    connect(headers: Record<string, string>, connected: () => void, failed: (error: unknown) => void): void
    subscribe(destination: string, take: (message: { body: string }) => void): void
    send(destination: string, headers: Record<string, string>, body: string): void
    disconnect(done: () => void): void
  }
  const Stomp: { over(socket: unknown): Client }
  export default Stomp
}
