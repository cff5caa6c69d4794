import { SimcrankError } from '../errors.js'
import { Philox, STREAM } from '../math/index.js'
import { JOINT } from '../model/enums.js'
import type { Model } from '../model/model.js'
import type { MujocoWorld } from './mujoco-world.js'

/** What a world must be given to stand where another stands. */
export const STATE_FIELDS = ['time', 'qpos', 'qvel', 'act', 'ctrl', 'history'] as const
export type State = Readonly<Record<(typeof STATE_FIELDS)[number], Float64Array>>

/** Kicks: standard deviation of velocity (rad/s, m/s), half width of unlimited positions (rad, m), control without range. */
const KICK = { velocity: 2, hinge: 1, slide: 0.3, control: 1, activation: 0.5 } as const

/** Steps taken after the kick, at most: states then lie on a trajectory. */
const SETTLE = 5

/**
 * Random moving states: positions kicked within the joint limits and a little beyond, velocities, controls within
 * range, then 1 to 5 steps of MuJoCo. A state from which MuJoCo diverges is drawn again. Values are rounded to
 * float32, so that both engines can hold them exactly.
 *
 * @throws {SimcrankError} when MuJoCo diverges from most kicks
 */
export function randomStates(model: Model, world: MujocoWorld, count: number, seed: number): State[] {
  const states: State[] = []
  const random = new Philox(seed, STREAM.check)
  for (let attempt = 0; states.length < count; attempt++) {
    if (attempt > 20 * count) {
      throw new SimcrankError(
        'CHECK_DIVERGES',
        'MuJoCo diverges from most random states of this model: lower its timestep',
      )
    }
    world.reset()
    let drawn = 0
    kick(model, world, () => random.uniform(drawn++, attempt, 0))
    world.step(1 + Math.floor(SETTLE * random.uniform(0, attempt, 1)))
    const state = Object.fromEntries(STATE_FIELDS.map(name => [name, world.get(name).map(Math.fround)])) as State
    if (!world.warned() && Object.values(state).every(values => values.every(Number.isFinite))) states.push(state)
  }
  return states
}

function kick(model: Model, world: MujocoWorld, uniform: () => number): void {
  const f = model.field
  // three uniform numbers are bell-shaped enough for a kick
  const bell = (): number => uniform() + uniform() + uniform() - 1.5
  const between = (low: number, high: number): number => low + (high - low) * uniform()
  const qpos = Float64Array.from(f.qpos0)
  for (let j = 0; j < model.njnt; j++) {
    const adr = f.jnt_qposadr[j]
    const type = f.jnt_type[j]
    if (type === JOINT.FREE) for (let k = 0; k < 3; k++) qpos[adr + k] += KICK.slide * 2 * bell()
    if (type === JOINT.FREE || type === JOINT.BALL) {
      const quat = type === JOINT.FREE ? adr + 3 : adr
      const q = [bell(), bell(), bell(), bell()]
      const norm = Math.sqrt(q.reduce((sum, x) => sum + x * x, 0))
      for (let k = 0; k < 4; k++) qpos[quat + k] = norm > 0 ? q[k] / norm : f.qpos0[quat + k]
    } else if (f.jnt_limited[j] !== 0) {
      // a little beyond the limits too, so that limits are active in some states
      const margin = 0.05 * (f.jnt_range[2 * j + 1] - f.jnt_range[2 * j])
      qpos[adr] = between(f.jnt_range[2 * j] - margin, f.jnt_range[2 * j + 1] + margin)
    } else {
      const half = type === JOINT.SLIDE ? KICK.slide : KICK.hinge
      qpos[adr] += between(-half, half)
    }
  }
  world.set('qpos', qpos)
  world.set(
    'qvel',
    Float64Array.from({ length: model.nv }, () => 2 * KICK.velocity * bell()),
  )
  const control = (i: number): number =>
    f.actuator_ctrllimited[i] !== 0
      ? between(f.actuator_ctrlrange[2 * i], f.actuator_ctrlrange[2 * i + 1])
      : between(-KICK.control, KICK.control)
  world.set(
    'ctrl',
    Float64Array.from({ length: model.nu }, (_, i) => control(i)),
  )
  const act = new Float64Array(model.na)
  for (let i = 0; i < model.nactuator; i++) {
    for (let k = 0; k < f.actuator_actnum[i]; k++) {
      const last = k === f.actuator_actnum[i] - 1 && f.actuator_actlimited[i] !== 0
      const [low, high] = last ? f.actuator_actrange.subarray(2 * i, 2 * i + 2) : [-KICK.activation, KICK.activation]
      act[f.actuator_actadr[i] + k] = between(low, high)
    }
  }
  world.set('act', act)
}
