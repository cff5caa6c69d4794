/**
 * Physics steps per second against the official MuJoCo in the same run, one core each: the same model text, solver and
 * options, integrator Euler on both sides. Beside the speed stands what a step had to do on either side.
 */
import { fileURLToPath } from 'node:url'
import { ModelError } from '../bindings/errors.js'
import { peakFlops } from './peak.js'
import { type BenchOptions, type Row, table } from './run.js'
import { mujocoSide, ours, type Scene, sceneOf, takeTurns } from './scenes.js'
import { cpuSeconds, geometricMean, median, quantile, seconds } from './timing.js'
import { costAbove, doubts, mujocoWork, ourWork, sameStates } from './work.js'

interface Case {
  /** least ratio to MuJoCo's steps per second */
  readonly target?: number
  /** counted operations of one step, generic algorithms (README of the models) */
  readonly kflop?: number
  readonly nworld: number
}

/** the models the geometric mean is taken over: contact-rich, or the arm */
const NINE: Readonly<Record<string, Case>> = {
  hopper: { target: 8, kflop: 3.4, nworld: 256 },
  half_cheetah: { target: 8, kflop: 5.3, nworld: 256 },
  walker2d: { target: 8, kflop: 5.5, nworld: 256 },
  ant: { target: 8, kflop: 9.5, nworld: 256 },
  // asks for 50 iterations of PGS
  humanoid: { target: 5, kflop: 34.9, nworld: 256 },
  humanoid_mjwarp: { target: 8, kflop: 25.8, nworld: 256 },
  go2: { target: 8, kflop: 16.0, nworld: 256 },
  panda: { target: 15, kflop: 6.3, nworld: 256 },
  puck: { target: 8, kflop: 3.6, nworld: 256 },
}

const OTHERS: Readonly<Record<string, Case>> = {
  cartpole: { target: 50, kflop: 1.2, nworld: 1024 },
  acrobot: { target: 25, kflop: 1.3, nworld: 1024 },
  reacher: { target: 20, kflop: 2.4, nworld: 1024 },
  swimmer: { nworld: 256 },
  humanoid_dm: { nworld: 256 },
}

const MEAN_TARGET = 12
const LEAST_TARGET = 8

const CASES: Readonly<Record<string, Case>> = { ...NINE, ...OTHERS }

const short = (x: number): string => (Math.abs(x) < 1e4 ? String(Number(x.toPrecision(3))) : x.toExponential(2))

/** One model: both sides in turns, then what they did. */
export async function measure(scene: Scene, test: Case, peak: number, quick = false): Promise<Row> {
  using us = await ours(scene, test.nworld)
  using peer = await mujocoSide(scene)
  // MuJoCo's module needs seconds to be compiled by the host's optimising tier
  const timing = quick
    ? { warm: [0.3, 2], slice: 0.2, turns: 5, now: cpuSeconds }
    : { warm: [1, 2.5], slice: 0.5, turns: 7, now: seconds }
  const [mine, theirs] = await takeTurns([us, peer], scene, timing)
  const ratios = mine.map((x, k) => x / theirs[k])
  const value = median(mine)
  const status = await us.batch.get('status')
  const [work, peerWork] = [await ourWork(us, scene), mujocoWork(peer, scene, quick ? 0.3 : 1)]
  const same = await sameStates(us, scene, peer.oracle, quick ? 8 : 32, 20)
  const both = (a: number, b: number): string => `${short(a)} / ${short(b)}`
  return {
    name: `${scene.id}, nworld ${test.nworld}`,
    value,
    unit: 'steps/s',
    peer: median(theirs),
    peerName: '@mujoco/mujoco',
    ratio: median(ratios),
    ...(test.target && { target: `≥ ${test.target}×` }),
    details: {
      quartiles: `${quantile(ratios, 0.25).toFixed(1)} to ${quantile(ratios, 0.75).toFixed(1)}`,
      'of the peak': test.kflop ? `${((100 * value * test.kflop * 1e3) / peak).toFixed(0)} %` : '',
      contacts: both(work.contacts, peerWork.contacts),
      rows: both(work.rows, peerWork.rows),
      iterations: both(work.iterations, peerWork.iterations),
      'exit cost': both(same.ours.cost, same.mujoco.cost),
      'cost above': costAbove(same).toExponential(1),
    },
    note: doubts(same, status),
  }
}

/** The rows over the nine, as far as they were measured. */
function summary(rows: ReadonlyMap<string, Row>): Row[] {
  const nine = Object.keys(NINE).flatMap(id => {
    const row = rows.get(id)
    return row === undefined ? [] : [{ id, ratio: row.ratio as number }]
  })
  if (nine.length < 2) return []
  const mean = geometricMean(nine.map(r => r.ratio))
  const rest = nine.filter(r => r.id !== 'humanoid')
  const least = rest.reduce((a, b) => (b.ratio < a.ratio ? b : a))
  return [
    {
      name: `geometric mean of ${nine.length === 9 ? 'the nine' : `${nine.length} of the nine`}: ${nine.map(r => r.id).join(', ')}`,
      value: mean,
      unit: '×',
      ratio: mean,
      target: `≥ ${MEAN_TARGET}×`,
    },
    {
      name: `the least of them without humanoid: ${least.id}`,
      value: least.ratio,
      unit: '×',
      ratio: least.ratio,
      target: `≥ ${LEAST_TARGET}×`,
    },
  ]
}

/** Every row of the table; models the engine refuses are named on the error stream and left out. */
export async function benchPhysics({ scenes: only, quick }: BenchOptions = {}): Promise<Row[]> {
  const peak = await peakFlops()
  const rows = new Map<string, Row>()
  for (const id of only ?? Object.keys(CASES)) {
    const test = CASES[id]
    if (test === undefined) throw new Error(`physics has no '${id}': there are ${Object.keys(CASES).join(', ')}`)
    try {
      const row = await measure(sceneOf(id), test, peak, quick)
      rows.set(id, row)
      console.error(`${id}: ${row.ratio?.toFixed(2)}×`)
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      console.error(`${id} is refused: ${error.message}`)
    }
  }
  return [
    { name: 'f32x4 multiply-add peak of one core, WebAssembly', value: peak / 1e9, unit: 'GFLOP/s' },
    ...rows.values(),
    ...summary(rows),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv.slice(2)
  console.log(table(await benchPhysics({ scenes: only.length ? only : undefined, quick: true })))
}
