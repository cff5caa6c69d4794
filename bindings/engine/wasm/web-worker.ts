/** Entry of a worker thread in a browser: the first message is its Start, the second the generation it begins with. */
import { instantiate, serve } from './control.js'
import type { Start } from './thread.js'

const once = (listener: (event: MessageEvent) => void): void => addEventListener('message', listener, { once: true })

once(event => {
  const start: Start = event.data
  const exports = instantiate(start)
  once(({ data }) => serve(start, exports, data))
  postMessage('ready')
})
