/** What the definition of a task sees of its world: the accessors `s`. */
import { ParameterError } from '../errors.js'
import type { Model } from '../model/model.js'
import { resolvePath } from '../model/path.js'
import { ActuatorView, BodyView, GeomView, JointView, SiteView, TendonView } from './elements.js'
import { Expr, type ExprLike, literal, type Reading, type Scalar, scalar, total, Vec, vec } from './expr.js'
import { type Fault, faultOf, poison } from './fault.js'
import {
  component,
  fail,
  interpolate,
  Memory,
  type Noise,
  overAll,
  past,
  type Shaped,
  type StateOptions,
  type VariableOptions,
} from './memory.js'
import { constant } from './node.js'
import { dimOf, findId, type NamedKind, ofNode, parameter, sensorReading, wholeField } from './quantities.js'
import { fieldDim, NUMBER, parseDim } from './units.js'

/** more past values of one number than this are a mistake */
const MAX_HISTORY = 256

/** @internal What a scope is made for. */
export interface ScopeSetting {
  readonly model: Model
  readonly frameSkip: number
  /** -1: qpos0 at rest */
  readonly keyframe: number
  readonly nact: number
  /** bounds of each action; undefined: none */
  readonly clip: readonly [number, number] | undefined
}

/** State an episode starts from before the task's reset terms. */
export interface Initial {
  readonly qpos: Vec
  readonly qvel: Vec
  readonly act: Vec
  readonly ctrl: Vec
  readonly mocap_pos: Vec
  readonly mocap_quat: Vec
}

/**
 * The world of a task, as expressions. A wrong name or unit is reported with the term in which it ends up.
 *
 * Quantities are those of the moment in which a term is computed: observations see the state s_t before the action, rewards,
 * metrics and terminations the state s_t+1 after it. Results (sensors, forces, qacc) are those of the last timestep.
 */
export class Scope {
  readonly model: Model
  /** @internal */
  readonly memory = new Memory()
  /** wrong names so far @internal */
  readonly faults: Fault[] = []
  readonly #setting: ScopeSetting
  #biases = 0

  /** @internal */
  constructor(setting: ScopeSetting) {
    this.#setting = setting
    this.model = setting.model
  }

  // ------------------------------------------------------------------------------------------------------------- time

  /** timestep of the world, s */
  get timestep(): Expr {
    return parameter('opt_timestep', 0, dimOf('s'))
  }
  /** control period: timestep times frame skip, s */
  get dt(): Expr {
    return this.timestep.mul(this.#substeps)
  }
  /** control steps since the start of the episode; the same in the reward as in the observation before it */
  get step(): Expr {
    return ofNode({ op: 'step' }, NUMBER)
  }
  /** step times dt, s */
  get time(): Expr {
    return this.step.mul(this.dt)
  }
  /** angle that turns once in `period` seconds, in [0, 2 pi), rad */
  phase(period: Scalar): Expr {
    const turns = this.time.unitless().div(scalar('MUL', period, 1).unitless())
    return turns
      .sub(turns.floor())
      .mul(2 * Math.PI)
      .as('rad')
  }

  get #substeps(): number {
    return Math.max(this.#setting.frameSkip, 1)
  }
  /** control period of the model's own timestep, s */
  get #period(): number {
    return this.model.field.opt_timestep[0] * this.#substeps
  }

  // ------------------------------------------------------------------------------------------------------------ fields

  /** joint positions (nq), m, rad or 1 */
  get qpos(): Vec {
    return wholeField(this.model, 'qpos')
  }
  /** joint velocities (nv), m/s or rad/s */
  get qvel(): Vec {
    return wholeField(this.model, 'qvel')
  }
  /** joint accelerations at the last timestep (nv) */
  get qacc(): Vec {
    return wholeField(this.model, 'qacc')
  }
  /** controls (nu) */
  get ctrl(): Vec {
    return wholeField(this.model, 'ctrl')
  }
  /** activations (na) */
  get act(): Vec {
    return wholeField(this.model, 'act')
  }
  /** forces of the actuators at the last timestep (nout), N or N*m */
  get actuatorForce(): Vec {
    return wholeField(this.model, 'actuator_force')
  }
  /** sensor readings at the last timestep (nsensordata) */
  get sensordata(): Vec {
    return wholeField(this.model, 'sensordata')
  }
  /** a world field or a model field that may differ by world, by MuJoCo's name, flat */
  field(name: string): Vec {
    return this.#known(wholeField(this.model, name))
  }
  /** state an episode starts from: the task's keyframe, or qpos0 at rest */
  get initial(): Initial {
    return {
      qpos: this.#initial('qpos', 'key_qpos'),
      qvel: this.#initial('qvel', 'key_qvel'),
      act: this.#initial('act', 'key_act'),
      ctrl: this.#initial('ctrl', 'key_ctrl'),
      mocap_pos: this.#initial('mocap_pos', 'key_mpos'),
      mocap_quat: this.#initial('mocap_quat', 'key_mquat'),
    }
  }

  #initial(field: string, key: string): Vec {
    const { model } = this
    const { keyframe } = this.#setting
    return new Vec(
      Array.from(wholeField(model, field), (x, index) => {
        const size = model.field[key].length / Math.max(model.nkey, 1)
        const otherwise =
          keyframe >= 0 ? constant(model.field[key][keyframe * size + index]) : this.#default(field, index)
        return ofNode({ op: 'initial', field, index, otherwise }, x.dim)
      }),
    )
  }

  #default(field: string, index: number) {
    if (field === 'qpos') return parameter('qpos0', index, undefined).node
    if (!field.startsWith('mocap')) return constant(0)
    const [own, size] = field === 'mocap_pos' ? ['body_pos', 3] : ['body_quat', 4]
    const body = (this.model.field.body_mocapid as Int32Array).indexOf(Math.floor(index / size))
    return parameter(own, size * body + (index % size), undefined).node
  }

  // ---------------------------------------------------------------------------------------------------------- elements

  /** position of a joint with one coordinate, m or rad; of others use joint(name).qpos */
  jointPos(name: string | number): Expr {
    return this.#element('joint', name, id => new JointView(this.model, id).position)
  }
  /** velocity of a joint with one coordinate, m/s or rad/s; of others use joint(name).qvel */
  jointVel(name: string | number): Expr {
    return this.#element('joint', name, id => new JointView(this.model, id).velocity)
  }
  joint(name: string | number): JointView {
    return this.#element('joint', name, id => new JointView(this.model, id))
  }
  body(name: string | number): BodyView {
    return this.#element('body', name, id => new BodyView(this.model, id))
  }
  geom(name: string | number): GeomView {
    return this.#element('geom', name, id => new GeomView(id))
  }
  site(name: string | number): SiteView {
    return this.#element('site', name, id => new SiteView(this.model, id))
  }
  actuator(name: string | number): ActuatorView {
    return this.#element('actuator', name, id => new ActuatorView(this.model, id))
  }
  tendon(name: string | number): TendonView {
    return this.#element('tendon', name, id => new TendonView(this.model, id))
  }
  /** reading of a sensor at the last timestep: one number, a vector, or w x y z */
  sensor(name: string | number): Reading {
    return this.#element('sensor', name, id => sensorReading(this.model, id) as Reading)
  }
  /** z component of a body's z axis: 1 upright, -1 upside down */
  up(name: string | number): Expr {
    return this.body(name).up.z
  }
  /** centre of mass of all bodies (3), m */
  centerOfMass(): Vec {
    return this.#weighted(body => body.xipos)
  }
  /** velocity of the centre of mass of all bodies (3), m/s */
  comVelocity(): Vec {
    return this.#weighted(body => body.comVel)
  }
  /** a physical parameter of this world, by its path: 'body/torso/mass', 'actuator/knee/kp', 'option/gravity/z' */
  param(path: string): Expr {
    const found = this.#resolve(path)
    if (faultOf(found) !== undefined) return found as unknown as Expr
    const [write] = found.writes
    const value = parameter(write.field, write.index, undefined)
    return ofNode(value.sub(write.shift).div(write.factor).node, fieldDim(found.unit))
  }

  #resolve(path: string): ReturnType<typeof resolvePath> {
    try {
      const found = resolvePath(this.model, path)
      if (found.writes.length > 0 && found.field in this.model.field) return found
      return this.#known(poison('UNSUPPORTED', `'${path}' is no single number of the model`))
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error
      return this.#known(poison('NAME_UNKNOWN', error.message))
    }
  }

  #weighted(of: (body: BodyView) => Vec): Vec {
    const { model } = this
    const bodies = Array.from({ length: model.nbody }, (_, id) => new BodyView(model, id))
    const massive = bodies.filter(({ id }) => id > 0 && model.field.body_mass[id] > 0)
    if (massive.length === 0) return poison('UNSUPPORTED', 'no body of the model has mass')
    const mass = total(massive.map(body => body.mass))
    const part = (k: number): Expr => total(massive.map(body => body.mass.mul(of(body)[k]))).div(mass)
    return vec(part(0), part(1), part(2))
  }

  #element<T>(kind: NamedKind, name: string | number, make: (id: number) => T): T {
    const id = findId(this.model, kind, name, this.faults)
    return typeof id === 'number' ? make(id) : poison(id.code, id.message)
  }

  /** remembers a mistake, so that it is one even where nothing comes of it */
  #known<T>(value: T): T {
    const fault = faultOf(value)
    if (fault !== undefined) this.faults.push(fault)
    return value
  }

  // ----------------------------------------------------------------------------------------------------------- actions

  /** component i of the action of this control step, after clipping; not in observations */
  action(i: number): Expr {
    return this.actions.at(i)
  }
  /** action of this control step (nact), after clipping; not in observations */
  get actions(): Vec {
    const { clip } = this.#setting
    return this.rawActions.map(x => (clip === undefined ? x : x.clip(clip[0], clip[1])))
  }
  /** action of this control step as the policy gave it, noise included (nact) */
  get rawActions(): Vec {
    return this.#ofActions(index => ofNode({ op: 'action', index }, NUMBER))
  }
  /** action of the control step before, after clipping; 0 in the first one */
  lastAction(i: number): Expr {
    return this.lastActions.at(i)
  }
  get lastActions(): Vec {
    return this.#ofActions(index => ofNode({ op: 'lastAction', index }, NUMBER))
  }

  #ofActions(make: (index: number) => Expr): Vec {
    return new Vec(Array.from({ length: this.#setting.nact }, (_, i) => make(i)))
  }

  // ------------------------------------------------------------------------------------------------------------ memory

  /** a number of this unit; `s.const(30, 'deg')` is 0.52 rad. Default unit '1' */
  const(value: number, unit = '1'): Expr {
    const parsed = parseDim(unit)
    if (parsed === undefined) return poison('VALUE', `'${unit}' is no unit`)
    const number = literal(value * parsed.factor + parsed.offset)
    return faultOf(number) ? number : new Expr(number.node, { dim: parsed.dim })
  }
  /** a command, goal or latent: drawn when an episode begins, and anew if asked for */
  variable<T extends ExprLike>(name: string, options: VariableOptions<T>): Shaped<T> {
    return this.memory.variable(name, options, seconds => this.#periods(seconds, true))
  }
  /** a quantity with dynamics of its own, advanced once a control step, after the timesteps */
  state<T extends ExprLike>(name: string, options: StateOptions<T>): Shaped<T> {
    return this.memory.state(name, options)
  }
  /** a number, or with n a vector, given to each episode from outside; default 0 */
  input(name: string): Expr
  input(name: string, n: undefined, value: number): Expr
  input(name: string, n: number, value?: number | readonly number[]): Vec
  input(name: string, n?: number, value?: number | readonly number[]): Expr | Vec {
    return this.memory.input(name, n, value)
  }
  /** value at the observation of the control step before: in a reward that of s_t; at the start that of the first state */
  prev<T extends Expr | Vec>(x: T): T {
    return overAll(x, y => past(y, 1))
  }
  /** x now, one step ago … n - 1 steps ago: n numbers, or n vectors one after the other */
  history(x: Expr | Vec, n: number): Vec {
    if (!Number.isInteger(n) || n < 1 || n > MAX_HISTORY)
      return poison('VALUE', `history: got ${n} steps, expected a whole number from 1 to ${MAX_HISTORY}`)
    return vec(...Array.from({ length: n }, (_, k) => (k === 0 ? x : overAll(x, y => past(y, k)))))
  }
  /** change of x since the control step before, per second */
  rate<T extends Expr | Vec>(x: T): T {
    return overAll(x, y => y.sub(past(y, 1)).div(this.dt))
  }
  /**
   * x as it was some seconds ago, between two control steps on the line through them.
   *
   * @param seconds a number (counted in control periods of the model's own timestep), or an expression
   * @param max longest delay, s; needed with an expression, which is held to it
   */
  delayed<T extends Expr | Vec>(x: T, seconds: Scalar, max?: number): T {
    const longest = max ?? (typeof seconds === 'number' ? seconds : Number.NaN)
    const steps = Math.ceil(this.#count(longest))
    if (!(longest >= 0 && steps < MAX_HISTORY)) {
      return poison(
        'VALUE',
        `delayed: got a longest delay of ${longest} s, expected one from 0 to ${MAX_HISTORY - 1} control steps`,
      )
    }
    const at = this.#periods(seconds, false)
    return overAll(x, y => {
      const taps = Array.from({ length: steps + 1 }, (_, k) => (k === 0 ? y : past(y, k)))
      if (typeof at !== 'number') return interpolate(taps, at)
      const low = Math.min(Math.max(Math.floor(at), 0), steps)
      const part = at - low
      if (part === 0 || low === steps) return taps[low]
      return taps[low].mul(1 - part).add(taps[low + 1].mul(part))
    })
  }

  /** control periods, whole ones where rounding is all that is missing */
  #count(seconds: number): number {
    const exact = seconds / this.#period
    const whole = Math.round(exact)
    return Math.abs(exact - whole) < 1e-6 * Math.max(1, whole) ? whole : exact
  }

  #periods(seconds: Scalar, whole: boolean): Scalar {
    if (typeof seconds === 'number') {
      const count = this.#count(seconds)
      return whole ? Math.max(1, Math.round(count)) : count
    }
    const exact = seconds.unitless().div(this.dt.unitless())
    return whole ? exact.add(0.5).floor().max(1) : exact
  }

  // ------------------------------------------------------------------------------------------------------------ chance

  /** a number drawn uniformly between lo and hi. Each call is a number of its own, drawn whenever its term is computed */
  uniform(lo: Scalar, hi: Scalar): Expr {
    const u = ofNode({ op: 'random', normal: false }, undefined)
    const width = scalar('SUB', hi, lo)
    return faultOf(width) ? width : scalar('ADD', lo, ofNode(u.mul(width).node, width.dim))
  }
  /** a normal number; default of mean 0 and standard deviation 1 */
  normal(mean: Scalar = 0, std: Scalar = 1): Expr {
    const z = ofNode({ op: 'random', normal: true }, undefined)
    const spread = scalar('ADD', std, 0)
    return faultOf(spread) ? spread : scalar('ADD', mean, ofNode(z.mul(spread).node, spread.dim))
  }
  /** x with noise drawn anew at every control step: normal of standard deviation std, or uniform within +-uniform */
  noisy<T extends Expr | Vec>(x: T, noise: Noise): T {
    return overAll(x, (y, k) => y.add(this.#noise(noise, k)))
  }
  /** x with an offset drawn when an episode begins */
  biased<T extends Expr | Vec>(x: T, noise: Noise): T {
    return overAll(x, (y, k) => {
      const drawn = this.#noise(noise, k)
      const fault = faultOf(drawn)
      return fault ? drawn : y.add(this.variable(`bias ${this.#biases++}`, { reset: drawn }))
    })
  }

  #noise(noise: Noise, k: number): Expr {
    if ('std' in noise) return this.normal(0, component(noise.std, k, 'std'))
    const width = component(noise.uniform, k, 'uniform')
    return faultOf(width) ? width : this.uniform(width.neg(), width)
  }

  // --------------------------------------------------------------------------------------------------------- internals

  /** commands after their delay @internal */
  delayedCommands(n: number): Vec {
    return new Vec(Array.from({ length: n }, (_, index) => ofNode({ op: 'delayed', index }, undefined)))
  }
  /** everything that waited for all names to be known @internal */
  settle(): void {
    // a definition may make memory while it is worked out
    for (let i = 0; i < this.memory.later.length; i++) this.memory.later[i]()
  }
  /** @throws {TaskError} when a name was wrong that no term came to use @internal */
  checkNames(): void {
    const [fault] = this.faults
    if (fault !== undefined) fail(fault.code, fault.message, 'define')
  }
}
