import { runNodeScenarios } from './node-scenarios.js'
import { describeClient } from './scenario.js'
import { openStompjs } from './stompjs-client.js'

describeClient({
  title: '@stomp/stompjs by @stomp/tcp-wrapper',
  run: (port, version, scenarios) => runNodeScenarios(openStompjs(port, version), version, scenarios),
})
