import { ParameterError } from '../errors.js'
import { modelFields } from '../fields.js'
import type { Compiled } from './expression.js'
import { nearestHint } from './glob.js'
import { bodyInertia, fromLogCholesky, logCholesky } from './inertia.js'
import { applies, checkActive, type Derived, type Layout, outside, type Parameter } from './layout.js'
import type { Model } from './model.js'
import type { ModelPath } from './path.js'
import { PSEUDO_FIELD } from './properties.js'
import type { Write } from './property.js'

/** What a recording contributes: its name, which globs select, and the numbers of its metadata. */
export interface RecordingInfo {
  readonly name: string
  readonly constants: Readonly<Record<string, number>>
}

/** one array of the result: a whole model field, or the log-Cholesky coordinates of some bodies */
interface Column {
  readonly field: string
  readonly defaults: Float64Array
}

/** array[column][index] = factor * env[slot] + shift, in struct-of-arrays form */
class Operations {
  readonly slot: number[] = []
  readonly column: number[] = []
  readonly index: number[] = []
  readonly factor: number[] = []
  readonly shift: number[] = []

  add(slot: number, column: number, index: number, factor: number, shift: number): void {
    this.slot.push(slot)
    this.column.push(column)
    this.index.push(index)
    this.factor.push(factor)
    this.shift.push(shift)
  }

  run(env: Float64Array, arrays: readonly Float64Array[], bases: readonly number[]): void {
    const { slot, column, index, factor, shift } = this
    for (let i = 0; i < slot.length; i++) {
      const c = column[i]
      arrays[c][bases[c] + index[i]] = factor[i] * env[slot[i]] + shift[i]
    }
  }
}

/** what is done for every row of one recording */
interface Plan {
  /** env slots that are fixed for this recording, and their values */
  readonly fixed: readonly (readonly [slot: number, value: number])[]
  readonly derived: readonly { readonly rule: Derived; readonly value: Compiled; readonly slot: number }[]
  /** before the log-Cholesky coordinates become fields */
  readonly operations: Operations
  /** after it: fixed values of paths */
  readonly overrides: Operations
}

/** a vector that the model keeps at unit length, touched component by component */
interface UnitVector {
  readonly column: number
  readonly start: number
  readonly width: number
}

const UNIT_FIELDS: Readonly<Record<string, number>> = {
  body_quat: 4,
  body_iquat: 4,
  geom_quat: 4,
  site_quat: 4,
  jnt_axis: 3,
}

/**
 * The parameters of a space as precompiled writes into model fields.
 * `env` holds the values a row works with: parameters, then constants, then derived values.
 */
export class Scatter {
  /** model fields a row may change, in the order of MODEL_FIELDS */
  readonly touched: readonly string[]
  private readonly model: Model
  private readonly layout: Layout
  private readonly columns: readonly Column[]
  private readonly columnOf: ReadonlyMap<string, number>
  /** bodies with log-Cholesky coordinates, in ascending order */
  private readonly bodies: readonly number[]
  private readonly units: readonly UnitVector[]
  private readonly constants: readonly string[]
  private readonly rules: readonly { rule: Derived; value: Compiled; slot: number }[]
  private readonly env: Float64Array
  /** values each parameter may take without breaking a field, (nparam, 2); NaN and infinities never pass */
  private readonly domain: Float64Array
  private readonly plans = new WeakMap<RecordingInfo, Plan>()
  private planless: Plan | undefined

  constructor(model: Model, layout: Layout) {
    this.model = model
    this.layout = layout
    const targets = [
      ...layout.parameters.flatMap(p => p.targets),
      ...layout.derived.flatMap(d => d.targets),
      ...layout.overrides.flatMap(o => o.targets.map(t => t.target)),
    ]
    const fields = new Set(targets.flatMap(t => t.writes.map(w => w.field)))
    this.bodies = [...new Set(targets.filter(t => t.field === PSEUDO_FIELD).map(t => t.index))].sort((a, b) => a - b)
    if (this.bodies.length > 0) for (const f of ['body_mass', 'body_ipos', 'body_iquat', 'body_inertia']) fields.add(f)
    this.touched = modelFields.map(f => f.name).filter(f => fields.has(f))
    this.columns = [
      ...this.touched.map(field => ({ field, defaults: Float64Array.from(model.field[field]) })),
      ...(this.bodies.length > 0 ? [{ field: PSEUDO_FIELD, defaults: this.coordinates() }] : []),
    ]
    this.columnOf = new Map(this.columns.map((c, i) => [c.field, i]))
    this.units = this.unitVectors(targets)
    // the slots of env
    const { parameters, derived } = layout
    this.constants = [...new Set(derived.flatMap(d => d.constants))]
    const slots = new Map<string, number>()
    for (const name of [...parameters.map(p => p.name), ...this.constants]) slots.set(name, slots.size)
    const first = slots.size
    this.rules = derived.map((rule, i) => ({
      rule,
      value: rule.expression.compile(name => slots.get(name) as number),
      slot: first + i,
    }))
    // never empty: fixed writes read slot 0 and multiply it by 0
    this.env = new Float64Array(Math.max(first + derived.length, 1))
    this.domain = Float64Array.from(parameters.flatMap(domainOf))
  }

  /** names that recordings must supply because the space gives them no value everywhere */
  get needs(): string[] {
    return this.constants.filter(name => !this.layout.constants.has(name))
  }

  /**
   * Whole model fields for n parameter vectors, row after row.
   *
   * @param theta (n, nparam) natural units
   * @param rows the recording of each row
   * @returns (n, size of the field) per touched field, defaults where nothing was written
   */
  run(theta: Float64Array, n: number, rows?: readonly RecordingInfo[]): Map<string, Float64Array> {
    const { columns, env, domain } = this
    const nparam = this.layout.parameters.length
    const arrays = columns.map(c => repeat(c.defaults, n))
    const bases = columns.map(() => 0)
    let plan: Plan | undefined
    let info: RecordingInfo | undefined
    for (let row = 0; row < n; row++) {
      const next = rows?.[row]
      if (plan === undefined || next !== info) {
        info = next
        plan = this.plan(info)
      }
      for (let i = 0; i < nparam; i++) {
        const value = theta[row * nparam + i]
        if (!(value >= domain[2 * i] && value <= domain[2 * i + 1])) this.refuse(row, i, value)
        env[i] = value
      }
      for (const [slot, value] of plan.fixed) env[slot] = value
      for (const { rule, value, slot } of plan.derived) {
        const v = value(env)
        for (const target of rule.targets) this.checkDerived(rule, target, v, info)
        env[slot] = v
      }
      for (let c = 0; c < bases.length; c++) bases[c] = row * columns[c].defaults.length
      plan.operations.run(env, arrays, bases)
      if (this.bodies.length > 0) this.writeInertia(arrays, bases, row)
      plan.overrides.run(env, arrays, bases)
      for (const unit of this.units) this.normalizeUnit(unit, arrays, bases, row)
    }
    return new Map(this.touched.map((field, c) => [field, arrays[c]]))
  }

  private refuse(row: number, parameter: number, value: number): never {
    const { name, targets, scale } = this.layout.parameters[parameter]
    const fault = targets.map(t => outside(t, scale ? t.value * value : value)).find(f => f !== undefined)
    throw new ParameterError('PARAMETER_VALUE', `theta[${row}]: ${name} ${fault ?? `cannot be ${value}`}`)
  }

  /** the plan of a recording, made once */
  plan(info: RecordingInfo | undefined): Plan {
    if (info === undefined) {
      this.planless ??= this.makePlan(undefined)
      return this.planless
    }
    let plan = this.plans.get(info)
    if (plan === undefined) {
      plan = this.makePlan(info)
      this.plans.set(info, plan)
    }
    return plan
  }

  private makePlan(info: RecordingInfo | undefined): Plan {
    const { parameters, overrides } = this.layout
    const active = parameters.map(p => applies(p.recording, info?.name))
    const rules = this.rules.filter(r => r.rule.parameters.every(i => active[i]))
    const mine = overrides.filter(o => applies(o.recording, info?.name))
    if (info !== undefined && active.some((a, i) => a && parameters[i].recording !== undefined)) {
      checkActive(
        parameters.filter((_, i) => active[i]),
        rules.map(r => r.rule),
        info.name,
      )
    }
    const fixed: [number, number][] = []
    for (const o of mine) for (const [i, value] of o.parameters) fixed.push([i, value])
    this.constants.forEach((name, k) => {
      const users = rules.filter(r => r.rule.constants.includes(name))
      if (users.length > 0) fixed.push([parameters.length + k, this.constant(name, users[0].rule, mine, info)])
    })
    const operations = new Operations()
    parameters.forEach((p, i) => {
      if (!active[i]) return
      for (const target of p.targets) for (const w of target.writes) this.push(operations, i, w, p.scale)
    })
    for (const { rule, slot } of rules) {
      for (const target of rule.targets) for (const w of target.writes) this.push(operations, slot, w, false)
    }
    const after = new Operations()
    for (const { target, value } of mine.flatMap(o => o.targets)) {
      // a coordinate is overridden before it becomes fields, a field after it
      for (const w of target.writes) {
        const to = w.field === PSEUDO_FIELD ? operations : after
        to.add(0, this.column(w.field), this.offset(w), 0, w.factor * value + w.shift)
      }
    }
    return { fixed, derived: rules, operations, overrides: after }
  }

  /** the value of a constant for a recording: its overrides (the last wins), its metadata, the space's */
  private constant(name: string, rule: Derived, mine: Layout['overrides'], info: RecordingInfo | undefined): number {
    const overridden = mine.filter(o => o.constants.has(name)).at(-1)
    const value = overridden?.constants.get(name) ?? own(info?.constants, name) ?? this.layout.constants.get(name)
    const place = `derived '${rule.path}'`
    const where = info === undefined ? 'no recording was given' : `recording '${info.name}' has no such number`
    if (value === undefined) {
      const known = [...this.layout.parameters.map(p => p.name), ...this.layout.constants.keys()]
      const hint = nearestHint(name, [...known, ...Object.keys(info?.constants ?? {})])
      throw new ParameterError(
        'EXPRESSION_NAME',
        `'${name}' in '${rule.expression.text}' is neither a parameter nor a constant of the space, and ${where}${hint}`,
        { place },
      )
    }
    if (!Number.isFinite(value)) {
      throw new ParameterError('EXPRESSION_VALUE', `'${name}' is ${value} in recording '${info?.name}'`, { place })
    }
    return value
  }

  private push(operations: Operations, slot: number, w: Write, scale: boolean): void {
    const factor = scale ? this.model.field[w.field][w.index] : w.factor
    operations.add(slot, this.column(w.field), this.offset(w), factor, scale ? 0 : w.shift)
  }

  private column(field: string): number {
    return this.columnOf.get(field) as number
  }

  /** where a write goes within its column; coordinates are packed by body */
  private offset(w: Write): number {
    if (w.field !== PSEUDO_FIELD) return w.index
    return 10 * this.bodies.indexOf(Math.floor(w.index / 10)) + (w.index % 10)
  }

  private checkDerived(rule: Derived, target: ModelPath, value: number, info: RecordingInfo | undefined): void {
    const fault = outside(target, value)
    if (fault === undefined) return
    const where = info === undefined ? '' : ` for recording '${info.name}'`
    throw new ParameterError('EXPRESSION_VALUE', `'${rule.expression.text}'${where}: ${target.path} ${fault}`, {
      place: `derived '${rule.path}'`,
    })
  }

  /** log-Cholesky coordinates of the model's own bodies */
  private coordinates(): Float64Array {
    const all = new Float64Array(10 * this.bodies.length)
    // a path to a coordinate is refused for a body that has none
    this.bodies.forEach((body, b) => {
      all.set(logCholesky(bodyInertia(this.model, body)) as Float64Array, 10 * b)
    })
    return all
  }

  /** coordinates that differ from the model's become body_mass, body_ipos, body_iquat and body_inertia */
  private writeInertia(arrays: readonly Float64Array[], bases: readonly number[], row: number): void {
    const c = this.columns.length - 1
    const { defaults } = this.columns[c]
    this.bodies.forEach((body, b) => {
      const theta = arrays[c].subarray(bases[c] + 10 * b, bases[c] + 10 * b + 10)
      // the model's own numbers, to the last bit, when nothing moved
      if (theta.every((v, k) => v === defaults[10 * b + k])) return
      const { mass, ipos, iquat, inertia } = fromLogCholesky(theta)
      if (
        !(mass > 0 && mass < Number.POSITIVE_INFINITY && inertia.every(Number.isFinite) && iquat.every(Number.isFinite))
      ) {
        const name = this.model.names.body[body] || `#${body}`
        throw new ParameterError(
          'PARAMETER_VALUE',
          `theta[${row}]: the log-Cholesky coordinates of body '${name}' overflow: narrow their bounds`,
        )
      }
      const put = (field: string, values: ArrayLike<number>): void => {
        const k = this.column(field)
        arrays[k].set(values, bases[k] + body * values.length)
      }
      put('body_mass', [mass])
      put('body_ipos', ipos)
      put('body_iquat', iquat)
      put('body_inertia', inertia)
    })
  }

  private unitVectors(targets: readonly ModelPath[]): UnitVector[] {
    const found = new Map<string, UnitVector>()
    for (const w of targets.flatMap(t => t.writes)) {
      const width = UNIT_FIELDS[w.field]
      if (width === undefined) continue
      const start = w.index - (w.index % width)
      found.set(`${w.field}:${start}`, { column: this.column(w.field), start, width })
    }
    return [...found.values()]
  }

  /** quaternions and axes are normalised as MuJoCo's compiler does; untouched ones keep their bits */
  private normalizeUnit(
    unit: UnitVector,
    arrays: readonly Float64Array[],
    bases: readonly number[],
    row: number,
  ): void {
    const { column, start, width } = unit
    const { field, defaults } = this.columns[column]
    const from = bases[column] + start
    const v = arrays[column].subarray(from, from + width)
    if (v.every((x, k) => x === defaults[start + k])) return
    let square = 0
    for (let k = 0; k < width; k++) square += v[k] * v[k]
    if (!(square > UNIT_MIN * UNIT_MIN)) {
      throw new ParameterError(
        'PARAMETER_VALUE',
        `theta[${row}]: ${field}[${start}…] has length 0 and cannot be a direction`,
      )
    }
    const norm = Math.sqrt(square)
    for (let k = 0; k < width; k++) v[k] /= norm
  }
}

/** the interval of values that every target of a parameter takes */
function domainOf(parameter: Parameter): [number, number] {
  let [low, high] = [-Number.MAX_VALUE, Number.MAX_VALUE]
  for (const t of parameter.targets) {
    const factor = parameter.scale ? t.value : 1
    if (factor === 0) continue
    const lowest = t.lowest / factor
    // the next number above an open end
    const least = t.open
      ? lowest === 0
        ? Math.sign(factor) * Number.MIN_VALUE
        : lowest * (1 + Number.EPSILON)
      : lowest
    const most = t.highest / factor
    low = Math.max(low, factor > 0 ? least : most)
    high = Math.min(high, factor > 0 ? most : least)
  }
  return [low, high]
}

/** MuJoCo's mjMINVAL: shorter vectors have no direction */
const UNIT_MIN = 1e-15

/** n copies of a row, by doubling */
function repeat(row: Float64Array, n: number): Float64Array {
  const all = new Float64Array(n * row.length)
  if (all.length === 0) return all
  all.set(row)
  for (let done = row.length; done < all.length; done *= 2) all.copyWithin(done, 0, Math.min(done, all.length - done))
  return all
}

/** a record's own value: metadata may have a key called `constructor` */
function own(record: Readonly<Record<string, number>> | undefined, name: string): number | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}
