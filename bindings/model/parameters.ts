import { ParameterError, SizeError } from '../errors.js'
import { applies, type Parameter, resolveSpace } from './layout.js'
import type { Model } from './model.js'
import { type RecordingInfo, Scatter } from './scatter.js'
import { type ParameterSpec, parseSpace, type SpaceSpec } from './spec.js'
import { makeScale, type Scale } from './transform.js'

export type { Parameter } from './layout.js'
export type { RecordingInfo } from './scatter.js'
export { type ParameterSpec, parseSpace, type SpaceSpec, type Transform } from './spec.js'

/** How far beyond a bound a value may lie to count as rounding: relative to the width in z. */
const ROUNDING = 1e-9

/**
 * Some physical parameters of a model, named, bounded and scaled: the space in which simcrank identifies, randomises and
 * adapts. Vectors `theta` are in natural units, coordinates `z` in [-1, 1] after each parameter's transform.
 *
 * A path is `kind/name/property[/component]`:
 *   body      mass (the inertia in proportion) mass_only inertia/0..2 ipos|com/x..z iquat/w..z pos quat gravcomp
 *             pseudo_inertia[/alpha d1 d2 d3 s12 s13 s23 t1 t2 t3] (log-Cholesky; see inertia.ts)
 *   joint     damping armature frictionloss (of all its dofs, or /0..5) dampingpoly solref_friction solimp_friction
 *             stiffness stiffnesspoly springref ref range/lower|upper margin solref_limit solimp_limit pos axis actfrcrange
 *             offset (zero offset of an encoder: model angle = qpos + offset; springref and range stay as qpos counts them)
 *   actuator  kp kv (gain and bias together) gain gainprm/0..9 biasprm/0..9 dynprm/0..9 timeconst gear/0..5
 *             ctrlrange forcerange actrange delay damping dampingpoly armature; dcmotor: R K kp ki kd Vmax imax slewmax;
 *             pid: kp kv ki imax slewmax
 *   tendon    stiffness stiffnesspoly damping dampingpoly armature frictionloss range/lower|upper margin lengthspring
 *             actfrcrange coef/<joint> solref_limit solimp_limit solref_friction solimp_friction
 *   geom      friction/sliding|torsional|rolling solref solimp solmix margin gap size pos quat
 *   pair      friction/sliding1|sliding2|torsional|rolling1|rolling2 solref solref_friction solimp margin gap
 *   equality  solref solimp data/0..10; of a joint polycoef/0..4, of a weld torquescale
 *   sensor    delay interval/period|phase cutoff noise
 *   site, option   every field a world may have of its own: site/x/pos/z, option/gravity/z, option/impratio, option/density
 */
export class ParameterSpace {
  readonly model: Model
  /** each coordinate with its path, bounds and transform */
  readonly parameters: readonly Parameter[]
  readonly nparam: number
  readonly names: readonly string[]
  /** '1' for factors */
  readonly units: readonly string[]
  /** bounds and start, natural units, (nparam) */
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly start: Float64Array
  /** model fields that `fields` returns, in the order of MODEL_FIELDS */
  readonly touched: readonly string[]
  /** names in expressions that each recording must supply among its constants */
  readonly needs: readonly string[]
  private readonly scatter: Scatter
  private readonly scales: readonly Scale[]

  private constructor(model: Model, spec: SpaceSpec) {
    const layout = resolveSpace(model, spec)
    const { parameters } = layout
    this.model = model
    this.parameters = parameters
    this.nparam = parameters.length
    this.names = parameters.map(p => p.name)
    this.units = parameters.map(p => p.unit)
    this.lower = Float64Array.from(parameters, p => p.min)
    this.upper = Float64Array.from(parameters, p => p.max)
    this.start = Float64Array.from(parameters, p => p.start)
    this.scales = parameters.map(p => makeScale(p.transform, p.min, p.max))
    this.scatter = new Scatter(model, layout)
    this.touched = this.scatter.touched
    this.needs = this.scatter.needs
  }

  /**
   * A space over a model. The order of parameters is that of the spec, globs expanded in id order.
   *
   * @throws {ParameterError} for an unknown key or path (with the nearest names), bounds the wrong way round, a start outside
   *   them, a name given twice, two parameters that write one scalar, or an expression that cannot be read
   */
  static from(model: Model, spec: SpaceSpec | readonly ParameterSpec[]): ParameterSpace {
    return new ParameterSpace(model, parseSpace(spec))
  }

  /**
   * Natural values (k * nparam) to coordinates in [-1, 1].
   *
   * @throws {ParameterError} for a value outside its bounds; rounding is clipped
   */
  normalize(theta: Float64Array): Float64Array {
    return this.each(theta, 'theta', (value, i) => {
      const z = this.scales[i].toZ(value)
      const { name, min, max } = this.parameters[i]
      // a value far outside may have no coordinate at all (log of a negative)
      if (!(Math.abs(z) <= 1 + ROUNDING)) {
        throw new ParameterError('PARAMETER_VALUE', `${name} is ${value}, outside its bounds [${min}, ${max}]`)
      }
      if (value <= min) return -1
      return value >= max ? 1 : Math.min(Math.max(z, -1), 1)
    })
  }

  /**
   * Coordinates (k * nparam) to natural values: the inverse of normalize. -1 and 1 are the bounds to the last bit.
   *
   * @throws {ParameterError} for a coordinate outside [-1, 1]; rounding is clipped
   */
  denormalize(z: Float64Array): Float64Array {
    return this.each(z, 'z', (value, i) => {
      const { name, min, max } = this.parameters[i]
      if (!(Math.abs(value) <= 1 + ROUNDING)) {
        throw new ParameterError('PARAMETER_VALUE', `the coordinate of ${name} is ${value}, outside [-1, 1]`)
      }
      if (value <= -1) return min
      return value >= 1 ? max : Math.min(Math.max(this.scales[i].fromZ(value), min), max)
    })
  }

  /** d theta / d z of each parameter at natural values (k * nparam): turns standard errors in z into natural ones. */
  derivative(theta: Float64Array): Float64Array {
    return this.each(theta, 'theta', (value, i) => this.scales[i].slope(value))
  }

  /** The transform of one parameter without bounds: what a distribution over z needs beyond [-1, 1]. */
  transform(parameter: number): Scale {
    return this.scales[parameter]
  }

  /** Does a parameter apply to a recording of this name? (its `recording` glob; without one, always) */
  appliesTo(parameter: number, recording: string): boolean {
    return applies(this.parameters[parameter].recording, recording)
  }

  /**
   * The model fields of n worlds: whole fields, defaults where nothing is written. Only touched fields are there.
   * Derived constants (as mj_setConst computes) are not; the engine and MuJoCo make them from these.
   *
   * @param theta (n, nparam) natural units; bounds are not enforced
   * @param rows the recording each row belongs to (n): selects `recording` globs and overrides, supplies constants.
   *   Without it no recording glob matches.
   * @returns field -> (n, size of the field), row-major
   * @throws {SizeError} when the lengths do not fit
   * @throws {ParameterError} for a value that is not finite, an expression without a value, or one outside what a field takes
   */
  fields(theta: Float64Array, rows?: readonly RecordingInfo[]): Map<string, Float64Array> {
    const n = this.nparam === 0 ? (rows?.length ?? 1) : theta.length / this.nparam
    if (!Number.isInteger(n) || theta.length !== n * this.nparam) {
      throw new SizeError('SIZE', `theta: got length ${theta.length}, expected n * nparam = n * ${this.nparam}`)
    }
    if (rows !== undefined && rows.length !== n) {
      throw new SizeError('SIZE', `rows: got ${rows.length} recordings, expected one for each of ${n} rows of theta`)
    }
    return this.scatter.run(theta, n, rows)
  }

  /**
   * The model with one parameter vector written in. Its derived constants (body_subtreemass, dof_M0 …) still are those of the
   * original; createBatch and mj_setConst recompute them.
   *
   * @param theta (nparam) natural units
   */
  apply(theta: Float64Array, row?: RecordingInfo): Model {
    if (theta.length !== this.nparam) {
      throw new SizeError('SIZE', `theta: got length ${theta.length}, expected nparam = ${this.nparam}`)
    }
    const changed = this.fields(theta, row === undefined ? undefined : [row])
    return { ...this.model, field: { ...this.model.field, ...Object.fromEntries(changed) } }
  }

  /** Index of a parameter by name, -1 when there is none. */
  index(name: string): number {
    return this.names.indexOf(name)
  }

  private each(values: Float64Array, what: string, map: (value: number, parameter: number) => number): Float64Array {
    if (values.length % Math.max(this.nparam, 1) !== 0 || (this.nparam === 0 && values.length > 0)) {
      throw new SizeError(
        'SIZE',
        `${what}: got length ${values.length}, expected a multiple of nparam = ${this.nparam}`,
      )
    }
    return values.map((v, k) => map(v, k % this.nparam))
  }
}
