import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { constraintCost } from '../../bindings/cli/mujoco-world.js'
import { openMujoco } from '../../bindings/model/mujoco.js'

type View = Float64Array | Float32Array | Int32Array | Uint8Array

let cached: Promise<MainModule> | undefined

/** The one MuJoCo instance of this process. */
export function mujoco(): Promise<MainModule> {
  cached ??= openMujoco()
  return cached
}

/** Thrown for misuse of the oracle: a wrong field name or length fails the test that has it. */
export class OracleError extends Error {}

/** What tests read of a contact; names, units and order are MuJoCo's. */
export interface Contact {
  readonly dist: number
  readonly dim: number
  readonly geom1: number
  readonly geom2: number
  /** first of its constraint rows; -1: it makes none */
  readonly efc_address: number
  readonly pos: Float64Array
  /** normal from geom1 to geom2, tangents */
  readonly frame: Float64Array
  readonly friction: Float64Array
}

/**
 * MuJoCo itself: one MjModel and one MjData, written and read by field name.
 * Reads are copies, because MuJoCo's memory moves when it grows.
 */
export class Oracle {
  readonly mj: MainModule
  readonly model: MjModel
  readonly data: MjData

  constructor(mj: MainModule, model: MjModel) {
    this.mj = mj
    this.model = model
    this.data = new mj.MjData(model)
  }

  get nq(): number {
    return this.model.nq
  }
  get nv(): number {
    return this.model.nv
  }
  get nu(): number {
    return this.model.nu
  }
  get na(): number {
    return this.model.na
  }

  /** the object that has this field, and the field's name there: data first, then model, `opt_x` and `stat_x` */
  private place(field: string): { object: object; name: string } {
    if (field.startsWith('opt_')) return { object: this.model.opt, name: field.slice(4) }
    if (field.startsWith('stat_')) return { object: this.model.stat, name: field.slice(5) }
    for (const object of [this.data, this.model]) if (field in object) return { object, name: field }
    throw new OracleError(`MuJoCo has no field '${field}'`)
  }

  /**
   * A copy of any numeric field of mjData or mjModel (`qpos`, `efc_J`, `body_mass`, `opt_timestep`), flat row-major.
   * `qM` is the dense symmetric inertia (nv, nv), `efc_J` the dense Jacobian (nefc, nv); bools are 0 or 1;
   * `time`, `ncon`, `nefc` … give one number.
   */
  get(field: string): Float64Array {
    if (field === 'qM') return this.fullM()
    if (field === 'efc_J') return this.denseJ()
    const { object, name } = this.place(field)
    const value = (object as Record<string, unknown>)[name]
    if (typeof value === 'number') return Float64Array.of(value)
    if (typeof value === 'boolean') return Float64Array.of(value ? 1 : 0)
    if (ArrayBuffer.isView(value)) return Float64Array.from(value as View)
    throw new OracleError(`MuJoCo's field '${field}' is not numeric`)
  }

  /**
   * Write a whole field of mjModel or mjData; a single number may be given for a scalar field.
   * Derived constants follow only on `setConst()`.
   */
  write(field: string, values: ArrayLike<number> | number): this {
    const { object, name } = this.place(field)
    const value = (object as Record<string, unknown>)[name]
    const list = typeof values === 'number' ? [values] : values
    if (typeof value === 'number' || typeof value === 'boolean') {
      if (list.length !== 1) throw new OracleError(`${field}: got length ${list.length}, expected 1`)
      const record = object as Record<string, number | boolean>
      record[name] = typeof value === 'boolean' ? list[0] !== 0 : list[0]
      return this
    }
    if (!ArrayBuffer.isView(value)) throw new OracleError(`MuJoCo's field '${field}' is not numeric`)
    const view = value as View
    if (view.length !== list.length) {
      throw new OracleError(`${field}: got length ${list.length}, expected ${view.length}`)
    }
    view.set(list)
    return this
  }

  /** mj_setConst: derived constants after a change of the model. Leaves the data at qpos0, so state is kept by us. */
  setConst(): this {
    const data = new this.mj.MjData(this.model)
    try {
      this.mj.mj_setConst(this.model, data)
    } finally {
      data.delete()
    }
    return this
  }

  /** mj_forward */
  forward(): this {
    this.mj.mj_forward(this.model, this.data)
    return this
  }

  /** mj_step, n times */
  step(n = 1): this {
    for (let i = 0; i < n; i++) this.mj.mj_step(this.model, this.data)
    return this
  }

  /** mj_resetData, or mj_resetDataKeyframe */
  reset(key?: number): this {
    if (key === undefined) this.mj.mj_resetData(this.model, this.data)
    else this.mj.mj_resetDataKeyframe(this.model, this.data, key)
    return this
  }

  /** MuJoCo raised a warning since the last reset (bad state, full arena …) */
  warned(): boolean {
    // a reference into mjData, not ours to delete; its elements are copies
    const list = this.data.warning
    for (let i = 0; i < list.size(); i++) {
      const stat = list.get(i)
      const raised = stat !== undefined && stat.number > 0
      stat?.delete()
      if (raised) return true
    }
    return false
  }

  /** the constraint cost of an acceleration after `forward()`, as MuJoCo's solvers count it (both cones), in double precision */
  cost(qacc: ArrayLike<number>): number {
    return constraintCost(this.mj, this.model, this.data, qacc)
  }

  /** the present contacts, in MuJoCo's order */
  contacts(): Contact[] {
    const list = this.data.contact
    return Array.from({ length: this.data.ncon }, (_, i) => {
      const contact = list.get(i)
      if (contact === undefined) throw new OracleError(`contact ${i} is missing`)
      const { dist, dim, geom1, geom2, efc_address } = contact
      const copy = {
        dist,
        dim,
        geom1,
        geom2,
        efc_address,
        pos: Float64Array.from(contact.pos),
        frame: Float64Array.from(contact.frame),
        friction: Float64Array.from(contact.friction),
      }
      contact.delete()
      return copy
    })
  }

  /** any function of MuJoCo's C interface that takes (model, data) first */
  call(run: (mj: MainModule, model: MjModel, data: MjData) => void): this {
    run(this.mj, this.model, this.data)
    return this
  }

  /** frees MuJoCo's memory; the oracle is dead afterwards */
  dispose(): void {
    this.data.delete()
    this.model.delete()
  }

  /** efc_J (nefc, nv), whether MuJoCo keeps it dense or sparse */
  private denseJ(): Float64Array {
    const { nv } = this
    const J = Float64Array.from(this.data.efc_J as Float64Array)
    if (this.mj.mj_isSparse(this.model) === 0) return J
    const [nnz, adr, col] = [this.get('efc_J_rownnz'), this.get('efc_J_rowadr'), this.get('efc_J_colind')]
    const dense = new Float64Array(nnz.length * nv)
    for (let i = 0; i < nnz.length; i++) {
      for (let k = adr[i]; k < adr[i] + nnz[i]; k++) dense[i * nv + col[k]] = J[k]
    }
    return dense
  }

  private fullM(): Float64Array {
    const buffer = new this.mj.DoubleBuffer(this.nv * this.nv)
    try {
      this.mj.mj_fullM(this.model, this.data, buffer)
      return Float64Array.from(buffer.GetView() as Float64Array)
    } finally {
      buffer.delete()
    }
  }
}

/** Compile XML text with MuJoCo. */
export async function openOracle(xml: string): Promise<Oracle> {
  const mj = await mujoco()
  return new Oracle(mj, mj.MjModel.from_xml_string(xml))
}

/** Everything that determines a forward pass. */
export interface State {
  readonly time: number
  readonly qpos: Float64Array
  readonly qvel: Float64Array
  readonly act: Float64Array
  readonly ctrl: Float64Array
  readonly qacc_warmstart: Float64Array
  /** delay buffers of actuators and sensors, as MuJoCo lays them out */
  readonly history: Float64Array
}

/** The state of the oracle's data now. */
export function stateOf(oracle: Oracle): State {
  return {
    time: oracle.data.time,
    qpos: oracle.get('qpos'),
    qvel: oracle.get('qvel'),
    act: oracle.get('act'),
    ctrl: oracle.get('ctrl'),
    qacc_warmstart: oracle.get('qacc_warmstart'),
    history: oracle.get('history'),
  }
}

/** Put a state into the oracle's data. */
export function setState(oracle: Oracle, state: State): void {
  oracle.data.time = state.time
  for (const field of ['qpos', 'qvel', 'act', 'ctrl', 'qacc_warmstart', 'history'] as const) {
    oracle.write(field, state[field])
  }
}

/** Seeded 32-bit integer generator (mulberry32), for tests only. `next()` is uniform on [0, 1). */
export function rng(seed: number): { next(): number; uniform(lo: number, hi: number): number; normal(): number } {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  // sum of 12 uniforms: near enough to normal for test states, and free of engine-dependent functions
  const normal = (): number => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += next()
    return sum
  }
  return { next, uniform: (lo, hi) => lo + (hi - lo) * next(), normal }
}

export interface RandomStateOptions {
  /** standard deviation of the velocity kick, rad/s or m/s; default 2 */
  readonly velocity?: number
  /** half width of the position kick of unlimited hinges and slides, rad or m; default 1 and 0.3 */
  readonly position?: number
  /** control bound where the model gives none; default 1 */
  readonly control?: number
  /** most steps taken after the kick; default 5 */
  readonly steps?: number
}

const JOINT = { free: 0, ball: 1, slide: 2, hinge: 3 } as const

/**
 * n random moving states: qpos kicked within the joint limits (or about qpos0), unit quaternions, random qvel, ctrl
 * within range and act, then 1 to `steps` mj_steps, so that each state lies on a trajectory and never is the rest pose.
 * A state at which MuJoCo warns (it diverged) is drawn again. The oracle is left reset.
 */
export function randomStates(oracle: Oracle, n: number, seed: number, options: RandomStateOptions = {}): State[] {
  const { velocity = 2, control = 1, steps = 5 } = options
  const random = rng(seed)
  const states: State[] = []
  for (let attempt = 0; states.length < n; attempt++) {
    if (attempt > 20 * n) throw new OracleError(`${n} random states: MuJoCo diverges from most kicks of this model`)
    oracle.reset()
    oracle.write('qpos', randomQpos(oracle, random, options))
    oracle.write(
      'qvel',
      oracle.get('qvel').map(() => velocity * random.normal()),
    )
    oracle.write('ctrl', randomControl(oracle, random, control))
    oracle.write('act', randomActivation(oracle, random))
    oracle.step(1 + Math.floor(steps * random.next()))
    const state = stateOf(oracle)
    const finite = [state.qpos, state.qvel, state.act].every(values => values.every(Number.isFinite))
    if (finite && !oracle.warned()) states.push(state)
  }
  oracle.reset()
  return states
}

type Random = ReturnType<typeof rng>

function randomQpos(oracle: Oracle, random: Random, options: RandomStateOptions): Float64Array {
  const qpos = oracle.get('qpos0')
  const type = oracle.get('jnt_type')
  const adr = oracle.get('jnt_qposadr')
  const limited = oracle.get('jnt_limited')
  const range = oracle.get('jnt_range')
  for (let j = 0; j < type.length; j++) {
    let quat = -1
    if (type[j] === JOINT.free) {
      for (let k = 0; k < 3; k++) qpos[adr[j] + k] += 0.3 * random.normal()
      quat = adr[j] + 3
    } else if (type[j] === JOINT.ball) quat = adr[j]
    else if (limited[j] !== 0) {
      // a little beyond the limits too, so that limit rows are active in some states
      const margin = 0.05 * (range[2 * j + 1] - range[2 * j])
      qpos[adr[j]] = random.uniform(range[2 * j] - margin, range[2 * j + 1] + margin)
    } else {
      const half = options.position ?? (type[j] === JOINT.slide ? 0.3 : 1)
      qpos[adr[j]] += random.uniform(-half, half)
    }
    if (quat >= 0) {
      const q = [random.normal(), random.normal(), random.normal(), random.normal()]
      const norm = Math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
      for (let k = 0; k < 4; k++) qpos[quat + k] = q[k] / norm
    }
  }
  return qpos
}

function randomControl(oracle: Oracle, random: Random, bound: number): Float64Array {
  const limited = oracle.get('actuator_ctrllimited')
  const range = oracle.get('actuator_ctrlrange')
  return oracle
    .get('ctrl')
    .map((_, i) => (limited[i] !== 0 ? random.uniform(range[2 * i], range[2 * i + 1]) : random.uniform(-bound, bound)))
}

function randomActivation(oracle: Oracle, random: Random): Float64Array {
  const act = oracle.get('act')
  const adr = oracle.get('actuator_actadr')
  const num = oracle.get('actuator_actnum')
  const limited = oracle.get('actuator_actlimited')
  const range = oracle.get('actuator_actrange')
  for (let i = 0; i < adr.length; i++) {
    for (let k = 0; k < num[i]; k++) {
      const last = k === num[i] - 1 && limited[i] !== 0
      act[adr[i] + k] = last ? random.uniform(range[2 * i], range[2 * i + 1]) : random.uniform(-0.5, 0.5)
    }
  }
  return act
}
