// The globals come first: what follows finds them as it would in React Native.
import './native-globals.js'
import '../../networks/page/traffic.js'
