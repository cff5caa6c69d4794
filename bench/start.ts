import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadModel } from '../bindings/model/load.js'
import { saveModel } from '../bindings/model/save.js'
import { pendulumLog, pendulumXml, SPACE, Workshop } from '../test/cli/workshop.js'
import type { Row } from './run.js'

const RUNS = 7

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]

/** Runs a program and reads the JSON it prints. */
function json(words: readonly string[]): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: code ${status}\n${stderr}`)
  return JSON.parse(stdout)
}

/** MuJoCo alone: start of the process to a compiled model with its data, s. */
const MUJOCO = `
const { default: load } = await import('@mujoco/mujoco')
const mj = await load()
const model = mj.MjModel.from_xml_string(process.argv[1])
const data = new mj.MjData(model)
console.log(JSON.stringify({ seconds: performance.now() / 1000, nv: model.nv, time: data.time }))`

/**
 * Cold start of the command line: from the start of the process to the end of CMA-ES's first generation, seen by the
 * program's own clock, which starts with the process. Beside it what MuJoCo needs to start and compile the same model.
 * Needs `npm run build`.
 */
export async function benchStart(): Promise<Row[]> {
  const main = fileURLToPath(new URL('../dist/bindings/cli/main.js', import.meta.url))
  if (!existsSync(main)) throw new Error('dist/ is missing: npm run build')
  using shop = new Workshop()
  const xml = pendulumXml()
  const files = [shop.file('pendulum.xml', xml), shop.file('pendulum.simcrank', saveModel(await loadModel(xml)))]
  const log = shop.file('swing.csv', await pendulumLog(0.3, 10))
  const space = shop.file('space.json', SPACE)
  const first = (model: string): number => {
    const result = json([
      main,
      'identify',
      model,
      log,
      '--space',
      space,
      '--method',
      'cma-es',
      '--evaluations',
      '50',
      '--json',
    ])
    const { firstProgress } = result.timings as { firstProgress?: number }
    if (firstProgress === undefined) throw new Error('the fit reported no generation')
    return firstProgress
  }
  // in turn, so that all meet the same machine
  const times: [xml: number[], saved: number[], mujoco: number[]] = [[], [], []]
  for (let run = 0; run < RUNS; run++) {
    files.forEach((file, k) => {
      times[k].push(first(file))
    })
    times[2].push(json(['--input-type=module', '-e', MUJOCO, xml]).seconds as number)
  }
  const [fromXml, fromSaved, mujoco] = times.map(median)
  const peer = { peer: mujoco, peerName: '@mujoco/mujoco: start and compile' }
  const note = `median of ${RUNS}; pendulum, 10 s of log at 200 Hz`
  return [
    {
      name: 'identify, MJCF: process start to first generation',
      value: fromXml,
      unit: 's',
      ...peer,
      target: '< 1.5 s',
      note,
    },
    {
      name: 'identify, saved Model: process start to first generation',
      value: fromSaved,
      unit: 's',
      ...peer,
      target: '< 1.5 s',
      note,
    },
  ]
}
