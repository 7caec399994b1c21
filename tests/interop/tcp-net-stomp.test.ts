import { requireComponent } from '../components.js'
import { runClientScript } from './client-script.js'
import { describeClient } from './scenario.js'

const component = requireComponent('Net::Stomp')

describeClient({
  title: component.title('Net::Stomp'),
  skip: !component.available,
  run: (port, version) => runClientScript(component.path, 'net_stomp.pl', [`${port}`, version]),
})
