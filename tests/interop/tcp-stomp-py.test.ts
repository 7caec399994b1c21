import { requireComponent } from '../components.js'
import { runClientScript } from './client-script.js'
import { describeClient } from './scenario.js'

const component = requireComponent('stomp.py')

describeClient({
  title: component.title('stomp.py'),
  skip: !component.available,
  run: (port, version) => runClientScript(component.path, 'stomp_py.py', [`${port}`, version]),
})
