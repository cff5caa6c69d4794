/**
 * The page: a learning curve that grows, and the newest policy at work. `?seed=3` is another run, `?workers=0` evaluates in the
 * worker that trains.
 */
import { drawCurve, drawWorld, type Point } from './draw.js'
import type { News, Order } from './messages.js'

/** a perfect episode */
const MOST = 1000

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const status = find('status')
const query = new URLSearchParams(location.search)
const seed = Number(query.get('seed') ?? 0)
// one core is for people
const workers = Number(query.get('workers') ?? Math.max(1, navigator.hardwareConcurrency - 1))

/** s, that an episode is shown while there will soon be a better one */
const GLANCE = 4

const curve: Point[] = []
let solved = 0
let learning = true
let episode: Extract<News, { kind: 'episode' }> | undefined
/** when its first frame was shown, ms */
let begin = 0
/** the next one is on its way */
let asked = false

const trainer = new Worker(new URL('./trainer.js', import.meta.url), { type: 'module' })
const order = (it: Order): void => trainer.postMessage(it)
const failed = (words: string): void => {
  status.textContent = `failed: ${words}`
  console.error(words)
}
trainer.onerror = event => failed(event.message || 'the worker cannot be loaded')

const thousands = (x: number): string => Math.round(x).toLocaleString('en')

trainer.onmessage = ({ data }: MessageEvent<News>) => {
  if (data.kind === 'ready') {
    solved = data.solved
    order({ kind: 'train', seed, workers })
    order({ kind: 'show' })
  } else if (data.kind === 'generation') {
    const { generation, steps, stepsPerSecond, evalReturn } = data
    if (evalReturn !== undefined) curve.push({ steps, value: evalReturn })
    const who = workers === 0 ? 'one worker' : `${workers} ${workers === 1 ? 'worker' : 'workers'}`
    status.textContent = `generation ${generation}, ${thousands(steps)} steps, ${thousands(stepsPerSecond)} a second with ${who}`
    document.body.dataset.generation = String(generation)
    document.body.dataset.evaluations = JSON.stringify(curve)
  } else if (data.kind === 'episode') {
    episode = data
    asked = false
    begin = performance.now()
    find('episode').textContent = `policy of generation ${data.generation}: return ${data.return.toFixed(0)}`
  } else if (data.kind === 'done') {
    status.textContent = data.words
    learning = false
    document.body.dataset.done = 'true'
    const link = find<HTMLAnchorElement>('policy')
    link.href = URL.createObjectURL(new Blob([data.policy.slice()]))
    link.hidden = false
    find('stop').hidden = true
    find('again').hidden = false
  } else failed(data.words)
}

find('stop').onclick = () => order({ kind: 'stop' })
find('again').onclick = () => {
  query.set('seed', String(seed + 1))
  location.search = query.toString()
}

function frame(): void {
  if (episode === undefined) drawWorld(find('world'), 0, Math.PI)
  else {
    const { qpos, dt } = episode
    const frames = qpos.length / 2
    const seconds = (performance.now() - begin) / 1000
    const k = Math.min(Math.floor(seconds / dt), frames - 1)
    drawWorld(find('world'), qpos[2 * k], qpos[2 * k + 1])
    const over = k === frames - 1 || (learning && seconds > GLANCE)
    if (over && !asked) {
      asked = true
      order({ kind: 'show' })
    }
  }
  drawCurve(find('curve'), curve, solved, MOST)
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)
