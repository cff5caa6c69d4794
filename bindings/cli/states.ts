import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { SimcrankError } from '../errors.js'
import { Philox, STREAM } from '../math/index.js'
import { JOINT } from '../model/enums.js'
import type { Model } from '../model/model.js'
import type { MujocoWorld } from './mujoco-world.js'

/** What a world must be given to stand where another stands. */
export const STATE_FIELDS = [
  'time',
  'qpos',
  'qvel',
  'act',
  'ctrl',
  'qacc_warmstart',
  'mocap_pos',
  'mocap_quat',
  'eq_active',
  'history',
] as const
export type State = Readonly<Record<(typeof STATE_FIELDS)[number], Float64Array>>

/** How MuJoCo is driven while states are taken; the fields are those of an entry of protocol.json. */
export interface Protocol {
  /** physics steps a control is held */
  readonly fs: number
  /** share of the control range that controls are drawn from */
  readonly cs: number
  /** physics steps between resets */
  readonly reset: number
  /** keyframe to start from; default: qpos0 */
  readonly key?: number
  /** standard deviation of the velocity after each reset, rad/s and m/s; default 0 */
  readonly kick?: number
}

/** Kicks: standard deviation of velocity (rad/s, m/s), half width of unlimited positions (rad, m), control without range. */
const KICK = { velocity: 2, hinge: 1, slide: 0.3, control: 1, activation: 0.5 } as const

/** Steps taken after the kick, at most: states then lie on a trajectory. */
const AFTER_KICK = 5

/** Steps from one state to the next; prime, so that all phases of held controls come up. */
const STRIDE = 7

/** of worlds without controls, which would else run the same trajectory after each reset, rad/s and m/s */
const RESET_KICK = { chosen: 0.1, plain: 1 } as const

/** Which use of the random numbers; 0 and 1 are the kicks'. */
const LANE = { drive: 2, settle: 3, disturb: 4 } as const

/**
 * The protocol of a model: its entry in a `protocol.json` beside it (`[{ "file", "fs", "cs", "reset", "key"? }]`), or
 * controls over the whole range, held for 4 steps, from the first keyframe if there is one.
 */
export function protocolOf(model: Model, file: string): Protocol & { readonly chosen: boolean } {
  const beside = join(dirname(file), 'protocol.json')
  const name = basename(file, extname(file))
  const still = (cs: number): boolean => model.nu === 0 || cs === 0
  if (existsSync(beside)) {
    const entries = JSON.parse(readFileSync(beside, 'utf8')) as readonly (Protocol & { readonly file: string })[]
    const entry = entries.find(it => it.file === name)
    if (entry !== undefined) return { kick: still(entry.cs) ? RESET_KICK.chosen : 0, ...entry, chosen: true }
  }
  const kick = still(1) ? RESET_KICK.plain : 0
  return { fs: 4, cs: 1, reset: 500, kick, key: model.nkey > 0 ? 0 : undefined, chosen: false }
}

/** Three uniform numbers are bell-shaped enough for a kick; standard deviation 1. */
const bell = (uniform: () => number): number => 2 * (uniform() + uniform() + uniform() - 1.5)

/** A stream of uniform numbers of its own for every (kind, index). */
function stream(seed: number, lane: number, index: number): () => number {
  const random = new Philox(seed, STREAM.check)
  let drawn = 0
  return () => random.uniform(drawn++, index, lane)
}

/** The state MuJoCo stands in, rounded to float32 so that both engines can hold it; undefined when it diverged. */
function stateOf(world: MujocoWorld): State | undefined {
  const state = Object.fromEntries(STATE_FIELDS.map(name => [name, world.get(name).map(Math.fround)])) as State
  return world.warned() || !Object.values(state).every(values => values.every(Number.isFinite)) ? undefined : state
}

/** Put MuJoCo into a state. */
export function placeOne(world: MujocoWorld, state: State): void {
  world.reset()
  for (const name of STATE_FIELDS) if (state[name].length > 0) world.set(name, state[name])
}

/** A control uniform over a share of its range; without a range, of -1 to 1. */
function control(model: Model, i: number, share: number, uniform: () => number): number {
  const { actuator_ctrllimited: limited, actuator_ctrlrange: range } = model.field
  const [low, high] = limited[i] !== 0 ? [range[2 * i], range[2 * i + 1]] : [-KICK.control, KICK.control]
  return share * (low + (high - low) * uniform())
}

/** Back to the start of the protocol, kicked. */
function restart(world: MujocoWorld, protocol: Protocol, uniform: () => number): void {
  world.reset(protocol.key)
  const { kick = 0 } = protocol
  if (kick > 0)
    world.set(
      'qvel',
      world.get('qvel').map(v => v + kick * bell(uniform)),
    )
}

/**
 * States along trajectories of MuJoCo under random held controls, from reset to reset; contacts happen as they happen.
 * Trajectories that diverge are left at once for the next.
 *
 * @throws {SimcrankError} CHECK_DIVERGES when most trajectories diverge at once
 */
export function protocolStates(
  model: Model,
  world: MujocoWorld,
  count: number,
  seed: number,
  protocol: Protocol,
): State[] {
  const { fs, cs, reset } = protocol
  const states: State[] = []
  for (let episode = 0; states.length < count; episode++) {
    if (episode > 20 + 20 * count) throw diverges()
    const uniform = stream(seed, LANE.drive, episode)
    restart(world, protocol, uniform)
    for (let t = 0; t < reset && states.length < count; t++) {
      if (model.nu > 0 && cs > 0 && t % fs === 0) {
        world.set(
          'ctrl',
          Float64Array.from({ length: model.nu }, (_, i) => control(model, i, cs, uniform)),
        )
      }
      world.step()
      if (t % STRIDE !== STRIDE - 1) continue
      const state = stateOf(world)
      if (state === undefined) break
      states.push(state)
    }
  }
  return states
}

/** Steps a world is left alone before it counts as settled, from one settled state to the next, and the kick before. */
const SETTLE = { steps: 1000, between: 25, states: 4, kick: 0.3 } as const

/**
 * States in which contacts have settled: MuJoCo left alone from a kicked reset, controls at 0 or the keyframe's.
 *
 * @throws {SimcrankError} CHECK_DIVERGES
 */
export function settledStates(world: MujocoWorld, count: number, seed: number, protocol: Protocol): State[] {
  const states: State[] = []
  for (let episode = 0; states.length < count; episode++) {
    if (episode > 20 + 20 * count) throw diverges()
    // a world that starts in an unstable balance must leave it
    restart(world, { ...protocol, kick: SETTLE.kick }, stream(seed, LANE.settle, episode))
    world.step(SETTLE.steps)
    for (let k = 0; k < SETTLE.states && states.length < count; k++) {
      if (k > 0) world.step(SETTLE.between)
      const state = stateOf(world)
      if (state === undefined) break
      states.push(state)
    }
  }
  return states
}

const diverges = (): SimcrankError =>
  new SimcrankError(
    'CHECK_DIVERGES',
    'MuJoCo diverges from most states of this model that were tried: lower its timestep',
  )

/**
 * Random moving states: positions kicked within the joint limits and a little beyond, velocities, controls within
 * range, then 1 to 5 steps of MuJoCo. A state from which MuJoCo diverges is drawn again.
 *
 * @throws {SimcrankError} CHECK_DIVERGES when MuJoCo diverges from most kicks
 */
export function kickedStates(model: Model, world: MujocoWorld, count: number, seed: number): State[] {
  const states: State[] = []
  const random = new Philox(seed, STREAM.check)
  for (let attempt = 0; states.length < count; attempt++) {
    if (attempt > 20 * count) throw diverges()
    world.reset()
    let drawn = 0
    kick(model, world, () => random.uniform(drawn++, attempt, 0))
    world.step(1 + Math.floor(AFTER_KICK * random.uniform(0, attempt, 1)))
    const state = stateOf(world)
    if (state !== undefined) states.push(state)
  }
  return states
}

function kick(model: Model, world: MujocoWorld, uniform: () => number): void {
  const f = model.field
  const between = (low: number, high: number): number => low + (high - low) * uniform()
  const qpos = Float64Array.from(f.qpos0)
  for (let j = 0; j < model.njnt; j++) {
    const adr = f.jnt_qposadr[j]
    const type = f.jnt_type[j]
    if (type === JOINT.FREE) for (let k = 0; k < 3; k++) qpos[adr + k] += KICK.slide * bell(uniform)
    if (type === JOINT.FREE || type === JOINT.BALL) {
      const quat = type === JOINT.FREE ? adr + 3 : adr
      const q = [bell(uniform), bell(uniform), bell(uniform), bell(uniform)]
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
    Float64Array.from({ length: model.nv }, () => KICK.velocity * bell(uniform)),
  )
  world.set(
    'ctrl',
    Float64Array.from({ length: model.nu }, (_, i) => control(model, i, 1, uniform)),
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

/** How far a state is disturbed to see whether MuJoCo itself is sure of its answer, units in the last place of float32. */
const DISTURBANCE = 3

/** The state with every position and velocity moved by 3 ulp of float32, up or down at random. */
export function disturbed(state: State, seed: number, world: number, turn: number): State {
  const random = new Philox(seed, STREAM.check)
  let drawn = 0
  const move = (x: number): number =>
    x + (random.uniform(drawn++, world, LANE.disturb + turn) < 0.5 ? -DISTURBANCE : DISTURBANCE) * ulp(x)
  return { ...state, qpos: state.qpos.map(move), qvel: state.qvel.map(move) }
}

/** The distance from |x| to the next float32. */
function ulp(x: number): number {
  const word = new Int32Array(Float32Array.of(Math.abs(x)).buffer)
  const here = new Float32Array(word.buffer)[0]
  word[0]++
  return new Float32Array(word.buffer)[0] - here
}
