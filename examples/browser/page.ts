/** The page: choices, the figure, the picture. `?backend=webgpu&model=ant&nworld=16384` begins with other choices. */
import { loadModel } from 'simcrank'
import { Picture, SHOWN } from './scene.js'
import { Simulation } from './simulation.js'

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T
const [figure, status, choices] = [find('figure'), find('status'), find<HTMLFormElement>('choices')]

const query = new URLSearchParams(location.search)
for (const select of choices.querySelectorAll('select')) select.value = query.get(select.name) ?? select.value

/** ms between two figures */
const READABLE = 200

let picture: Picture | undefined
/** counts choices: what an earlier one still does is of no interest */
let chosen = 0

function fail(error: unknown): void {
  figure.textContent = '–'
  status.className = 'failed'
  status.textContent = error instanceof Error ? error.message : String(error)
  document.body.dataset.state = 'failed'
}

async function run(): Promise<void> {
  const mine = ++chosen
  const choice = Object.fromEntries(new FormData(choices)) as {
    model: string
    backend: 'wasm' | 'webgpu'
    nworld: string
  }
  const { backend } = choice
  figure.textContent = '–'
  status.className = ''
  status.textContent = backend === 'webgpu' ? 'compiling kernels' : 'starting'
  document.body.dataset.state = 'starting'
  let simulation: Simulation | undefined
  try {
    picture ??= new Picture(find('picture'))
    // compiled when the page was built: the compiler stays at home
    const model = await loadModel(new URL(`models/${choice.model}.simcrank`, document.baseURI))
    simulation = await Simulation.open(model, { backend, nworld: Number(choice.nworld) })
    if (mine === chosen) picture.show(choice.model, model)
    for (let said = 0; mine === chosen; ) {
      const { xpos, xquat } = await simulation.advance()
      if (mine !== chosen) break
      picture.draw(xpos, xquat)
      if (simulation.speed > 0 && performance.now() - said > READABLE) {
        said = performance.now()
        figure.textContent = Math.round(simulation.speed).toLocaleString('en')
        status.textContent = `${simulation.words}; ${SHOWN} of them shown, ${simulation.pace.toPrecision(2)} × real time`
        document.body.dataset.state = 'running'
      }
      await new Promise(requestAnimationFrame)
    }
  } catch (error) {
    if (mine === chosen) fail(error)
  } finally {
    simulation?.dispose()
  }
}

choices.onchange = () => void run()
void run()
