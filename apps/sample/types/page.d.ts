// The pages load these bundles before their modules.
declare var StompJs: typeof import('@stomp/stompjs')
declare var Hoofbeat: typeof import('@hoofbeat/sse/client')
