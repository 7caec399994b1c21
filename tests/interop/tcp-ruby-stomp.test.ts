import { requireComponent } from '../components.js'
import { runClientScript } from './client-script.js'
import { describeClient } from './scenario.js'

const component = requireComponent('Ruby stomp')

describeClient({
  title: component.title('Ruby stomp'),
  skip: !component.available,
  run: (port, version) => runClientScript(component.path, 'stomp_ruby.rb', [`${port}`, version]),
})
