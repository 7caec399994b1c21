// The page loads this bundle before its modules.
declare var StompJs: typeof import('@stomp/stompjs')
