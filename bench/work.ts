/** What a step of each side had to do: contacts, constraint rows, solver iterations, and how well it was solved. */
import { STATUS } from '../bindings/fields.js'
import type { Oracle } from '../test/support/oracle.js'
import type { MujocoSide, OurSide, Scene } from './scenes.js'
import { seconds } from './timing.js'

/** does a world with this status stand still until it is reset */
export const stopped = (status: number): boolean => (status & (STATUS.BADSTATE | STATUS.CONTACTS)) !== 0

/** means per step and world */
export interface Work {
  readonly contacts: number
  readonly rows: number
  /** of all islands together, where the solver works by island */
  readonly iterations: number
}

const sum = (values: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}

/** Plays one episode of our worlds, looking at every step. */
export async function ourWork(side: OurSide, scene: Scene): Promise<Work> {
  const { batch, nworld } = side
  const total = { ncon: 0, nefc: 0, solver_niter: 0 }
  side.restart()
  for (let step = 0; step < scene.reset; step++) {
    if (step % scene.fs === 0) side.control()
    await batch.step(1)
    for (const name of ['ncon', 'nefc', 'solver_niter'] as const) total[name] += sum(await batch.get(name))
  }
  const steps = scene.reset * nworld
  return { contacts: total.ncon / steps, rows: total.nefc / steps, iterations: total.solver_niter / steps }
}

/** Plays MuJoCo's episodes for some seconds, one at least, looking at every step. */
export function mujocoWork(side: MujocoSide, scene: Scene, target: number): Work {
  const { data } = side.oracle
  const total = { contacts: 0, rows: 0, iterations: 0 }
  const start = seconds()
  let steps = 0
  do {
    side.restart()
    for (let step = 0; step < scene.reset; step++) {
      if (step % scene.fs === 0) side.control()
      side.advance(1)
      total.contacts += data.ncon
      total.rows += data.nefc
      const niter = data.solver_niter as Int32Array
      for (let island = 0; island < Math.max(1, data.nisland); island++) total.iterations += niter[island]
    }
    steps += scene.reset
  } while (seconds() - start < target)
  return { contacts: total.contacts / steps, rows: total.rows / steps, iterations: total.iterations / steps }
}

const STATE = ['qpos', 'qvel', 'act', 'ctrl', 'qacc_warmstart'] as const

/** means per state, of one side */
interface Solved {
  readonly cost: number
  readonly contacts: number
  readonly rows: number
}

/**
 * Both engines at the same states and from the same warm start: states of our trajectories. The cost is the one that
 * MuJoCo's solvers minimise, at the acceleration where a solver stopped, in MuJoCo's arithmetic on both sides.
 *
 * @param worlds how many of our worlds to look at
 * @param moments how many times in the episode
 */
export async function sameStates(
  side: OurSide,
  scene: Scene,
  oracle: Oracle,
  worlds: number,
  moments: number,
): Promise<{ ours: Solved; mujoco: Solved; states: number }> {
  const { batch } = side
  const stride = Math.max(1, Math.floor(scene.reset / moments))
  const mine = { cost: 0, contacts: 0, rows: 0 }
  const theirs = { cost: 0, contacts: 0, rows: 0 }
  let states = 0
  side.restart()
  for (let step = 0; step < scene.reset; step++) {
    if (step % scene.fs === 0) side.control()
    if (step % stride !== stride - 1) {
      await batch.step(1)
      continue
    }
    const before = await Promise.all(STATE.map(name => batch.get(name)))
    await batch.step(1)
    const after = ['qacc', 'status', 'ncon', 'nefc'].map(name => batch.get(name))
    const [qacc, status, ncon, nefc] = await Promise.all(after)
    for (let w = 0; w < Math.min(worlds, batch.nworld); w++) {
      // a world that stands still has no acceleration of this state
      if (stopped(status[w])) continue
      oracle.reset()
      STATE.forEach((name, k) => {
        const size = before[k].length / batch.nworld
        oracle.write(name, before[k].subarray(w * size, (w + 1) * size))
      })
      oracle.forward()
      theirs.cost += oracle.cost(oracle.data.qacc as Float64Array)
      theirs.contacts += oracle.data.ncon
      theirs.rows += oracle.data.nefc
      mine.cost += oracle.cost(qacc.subarray(w * oracle.nv, (w + 1) * oracle.nv))
      mine.contacts += ncon[w]
      mine.rows += nefc[w]
      states++
    }
  }
  const mean = ({ cost, contacts, rows }: Solved): Solved => ({
    cost: cost / states,
    contacts: contacts / states,
    rows: rows / states,
  })
  return { ours: mean(mine), mujoco: mean(theirs), states }
}

/** contacts and rows at the same states that differ by more say the two do not see the same scene */
const ALIKE = 0.02
/** excess of our exit cost over MuJoCo's, relative, up to which it is the same solution */
const SOLVED = 1e-4

/** our cost over MuJoCo's, relative */
export const costAbove = ({ ours, mujoco }: { ours: Solved; mujoco: Solved }): number =>
  mujoco.cost > 0 ? (ours.cost - mujoco.cost) / mujoco.cost : 0

/** What spoils a comparison, in words; empty when nothing does. */
export function doubts(same: { ours: Solved; mujoco: Solved }, status: ArrayLike<number>): string {
  const { ours, mujoco } = same
  const still = Array.from(status).filter(stopped).length
  const words: string[] = []
  if (still > 0) words.push(`${still} of ${status.length} worlds stopped`)
  for (const what of ['contacts', 'rows'] as const) {
    if (Math.abs(ours[what] - mujoco[what]) > ALIKE * mujoco[what])
      words.push(`${what} differ: ${ours[what].toPrecision(3)} / ${mujoco[what].toPrecision(3)} at the same states`)
  }
  if (costAbove(same) > SOLVED) words.push('exit cost differs')
  return words.join('; ')
}
