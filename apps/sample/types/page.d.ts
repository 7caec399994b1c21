// The pages load these bundles before their modules.
declare var StompJs: typeof import('@stomp/stompjs')
declare var Hoofbeat: typeof import('@hoofbeat/sse/client')
declare var SockJS: import('./sockjs.js').SockJSConstructor
declare var Stomp: { over(socket: import('./sockjs.js').SockJS): import('./sockjs.js').OldStompClient }
