import { runNodeScenarios } from './node-scenarios.js'
import { describeClient } from './scenario.js'
import { openStompit } from './stompit-client.js'

describeClient({
  title: 'stompit',
  run: (port, version, scenarios) => runNodeScenarios(openStompit(port, version), version, scenarios),
})
