import { ParameterError } from '../errors.js'
import { type Expression, parseExpression, RESERVED } from './expression.js'
import { globMatch, nearestHint } from './glob.js'
import { pseudoInertiaBounds } from './inertia.js'
import type { Model } from './model.js'
import { expandPath, type ModelPath } from './path.js'
import { PSEUDO_FIELD } from './properties.js'
import type { ParameterSpec, SpaceSpec, Transform } from './spec.js'
import { makeScale } from './transform.js'

/** One coordinate of a space, resolved against its model. */
export interface Parameter {
  readonly name: string
  /** '1' for factors */
  readonly unit: string
  /** as written in the space, globs filled in unless tied; undefined for a free variable */
  readonly path: string | undefined
  readonly min: number
  readonly max: number
  readonly start: number
  readonly transform: Transform
  /** the value multiplies the model's default */
  readonly scale: boolean
  /** glob on the recordings it applies to; undefined: all */
  readonly recording: string | undefined
  /** what it writes; several when tied, none for a free variable */
  readonly targets: readonly ModelPath[]
}

/** A path whose value follows from an expression. */
export interface Derived {
  readonly path: string
  readonly expression: Expression
  readonly targets: readonly ModelPath[]
  /** parameters (by index) and constants (by name) it uses */
  readonly parameters: readonly number[]
  readonly constants: readonly string[]
}

/** Values for the recordings of one glob. */
export interface Override {
  readonly recording: string
  readonly parameters: ReadonlyMap<number, number>
  readonly constants: ReadonlyMap<string, number>
  readonly targets: readonly { readonly target: ModelPath; readonly value: number }[]
}

/** A whole space resolved against its model. */
export interface Layout {
  readonly parameters: readonly Parameter[]
  readonly derived: readonly Derived[]
  readonly constants: ReadonlyMap<string, number>
  readonly overrides: readonly Override[]
}

function fail(code: string, message: string, place?: string): never {
  throw new ParameterError(code, message, { place })
}

/**
 * Resolve a checked spec against a model.
 *
 * @throws {ParameterError} for a path, bound, name or expression that makes no sense
 */
export function resolveSpace(model: Model, spec: SpaceSpec): Layout {
  const parameters = spec.parameters.flatMap(p => resolveParameter(model, p))
  checkNames(parameters, Object.keys(spec.constants ?? {}))
  const derived = Object.entries(spec.derived ?? {}).map(([path, text]) =>
    resolveDerived(model, path, text, parameters),
  )
  const constants = new Map(Object.entries(spec.constants ?? {}))
  const used = new Set([...constants.keys(), ...derived.flatMap(d => d.constants)])
  const overrides = Object.entries(spec.recordings ?? {}).map(([recording, values]) =>
    resolveOverride(model, recording, values, parameters, used),
  )
  for (const [i, p] of parameters.entries()) {
    if (p.targets.length === 0 && !derived.some(d => d.parameters.includes(i))) {
      fail('PARAMETER_UNUSED', `'${p.name}' has no path and no expression in "derived" uses it`)
    }
  }
  checkDuplicates(claims(parameters, derived))
  checkOverrides(parameters, derived, overrides)
  return { parameters, derived, constants, overrides }
}

function resolveParameter(model: Model, spec: ParameterSpec): Parameter[] {
  const { path, recording } = spec
  const suffix = recording === undefined ? '' : `@${recording}`
  if (path === undefined) {
    const unit = spec.unit ?? '1'
    return [bounded(spec, { name: spec.name as string, path, unit, targets: [], fallback: undefined })]
  }
  const scale = spec.scale === true
  let found = expandPath(model, path, { whole: scale })
  if (found.some(t => t.field === PSEUDO_FIELD)) checkPseudo(spec, path)
  if (scale) found = scalable(model, found, path)
  const unit = (t: ModelPath): string => spec.unit ?? (scale ? '1' : t.unit)
  if (spec.tie === true) {
    const fallback = scale ? 1 : found.reduce((sum, t) => sum + t.value, 0) / found.length
    return [bounded(spec, { name: spec.name ?? path + suffix, path, unit: unit(found[0]), targets: found, fallback })]
  }
  if (found.length > 1 && spec.name !== undefined && !spec.name.includes('*')) {
    const remedy = `give all of them one value with "tie", or put * into the name for the element's`
    fail(
      'PARAMETER_NAME',
      `'${path}' makes ${found.length} parameters, which cannot all be called '${spec.name}': ${remedy}`,
    )
  }
  // several scalars of one element: its name alone would not tell them apart
  const several = new Set(found.map(t => t.index)).size < found.length
  return found.map(target => {
    const element = several ? `${target.name}/${target.path.slice(target.path.lastIndexOf('/') + 1)}` : target.name
    const name = found.length > 1 ? spec.name?.replaceAll('*', element) : spec.name
    const fallback = scale ? 1 : target.value
    return bounded(spec, {
      name: name ?? target.path + suffix,
      path: target.path,
      unit: unit(target),
      targets: [target],
      fallback,
    })
  })
}

function checkPseudo(spec: ParameterSpec, path: string): void {
  for (const key of ['scale', 'tie'] as const) {
    if (spec[key] === true) fail('PARAMETER_PSEUDO', `log-Cholesky coordinates cannot be used with "${key}"`, path)
  }
  if (spec.transform !== undefined && spec.transform !== 'linear') {
    fail('PARAMETER_PSEUDO', 'log-Cholesky coordinates are logarithms already: leave the transform linear', path)
  }
  if (spec.min !== undefined && path.endsWith(PSEUDO_FIELD)) {
    fail(
      'PARAMETER_PSEUDO',
      'ten coordinates cannot share bounds: leave them out, or name the coordinates one by one',
      path,
    )
  }
}

/** the targets that a factor can change: not those whose default is 0 */
function scalable(model: Model, found: readonly ModelPath[], path: string): ModelPath[] {
  const kept = found.filter(t => t.writes.some(w => model.field[w.field][w.index] !== 0 && w.shift === 0))
  if (kept.length === 0) {
    fail('PARAMETER_SCALE', `the model's value is 0, so a factor has no effect: leave out "scale"`, path)
  }
  return kept
}

interface Draft {
  readonly name: string
  readonly path: string | undefined
  readonly unit: string
  readonly targets: readonly ModelPath[]
  /** start when the spec gives none */
  readonly fallback: number | undefined
}

/** bounds, start and domain */
function bounded(spec: ParameterSpec, draft: Draft): Parameter {
  const { name, targets, fallback } = draft
  const transform = spec.transform ?? 'linear'
  const scale = spec.scale === true
  const [min, max] = bounds(spec, draft)
  for (const t of targets) {
    const factor = scale ? t.value : 1
    for (const [what, bound] of [
      ['min', min],
      ['max', max],
    ] as const) {
      const fault = outside(t, factor * bound)
      if (fault !== undefined) fail('PARAMETER_BOUNDS', `${what} ${bound} of '${name}': ${t.path} ${fault}`)
    }
  }
  const middle = (): number => makeScale(transform, min, max).fromZ(0)
  const start = spec.start ?? (fallback === undefined ? middle() : Math.min(Math.max(fallback, min), max))
  return { ...draft, min, max, start, transform, scale, recording: spec.recording }
}

function bounds(spec: ParameterSpec, draft: Draft): [number, number] {
  const { min, max } = spec
  if (min !== undefined && max !== undefined) return [min, max]
  const [target] = draft.targets
  if (target?.field !== PSEUDO_FIELD) {
    return fail('PARAMETER_BOUNDS', `'${draft.name}' has no bounds: give "min" and "max"`)
  }
  const theta = new Float64Array(10)
  theta[target.component] = target.value
  return pseudoInertiaBounds(theta, target.component)
}

/** why a value cannot be written to a path; undefined when it can */
export function outside(target: ModelPath, value: number): string | undefined {
  if (!Number.isFinite(value)) return `cannot be ${value}`
  const { lowest, highest, open } = target
  if (value < lowest || (open && value <= lowest))
    return `must be ${open ? 'above' : 'at least'} ${lowest}, got ${value}`
  return value > highest ? `must be at most ${highest}, got ${value}` : undefined
}

function checkNames(parameters: readonly Parameter[], constants: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const name of RESERVED) seen.set(name, 'a word of expressions')
  const add = (name: string, what: string): void => {
    const other = seen.get(name)
    if (other !== undefined)
      fail('PARAMETER_NAME', `the name '${name}' of ${what} is taken by ${other}: give another "name"`)
    seen.set(name, what)
  }
  for (const p of parameters) add(p.name, 'a parameter')
  for (const name of constants) add(name, 'a constant')
}

function resolveDerived(model: Model, path: string, text: string, parameters: readonly Parameter[]): Derived {
  const expression = parseExpression(text, path)
  const indices = new Map(parameters.map((p, i) => [p.name, i]))
  return {
    path,
    expression,
    targets: expandPath(model, path),
    parameters: expression.names.flatMap(name => indices.get(name) ?? []),
    constants: expression.names.filter(name => !indices.has(name)),
  }
}

function resolveOverride(
  model: Model,
  recording: string,
  values: Readonly<Record<string, number>>,
  parameters: readonly Parameter[],
  used: ReadonlySet<string>,
): Override {
  const byName = new Map<number, number>()
  const constants = new Map<string, number>()
  const targets: { target: ModelPath; value: number }[] = []
  const place = `recordings '${recording}'`
  for (const [key, value] of Object.entries(values)) {
    const index = parameters.findIndex(p => p.name === key)
    if (index >= 0) {
      for (const t of parameters[index].targets) {
        refuse(t, parameters[index].scale ? t.value * value : value, place)
      }
      byName.set(index, value)
    } else if (used.has(key)) constants.set(key, value)
    else if (key.includes('/')) {
      for (const target of expandPath(model, key)) {
        refuse(target, value, place)
        targets.push({ target, value })
      }
    } else {
      const known = [...parameters.map(p => p.name), ...used]
      fail('PARAMETER_NAME', `'${key}' is no parameter and no expression uses it${nearestHint(key, known)}`, place)
    }
  }
  return { recording, parameters: byName, constants, targets }
}

function refuse(target: ModelPath, value: number, place: string): void {
  const fault = outside(target, value)
  if (fault !== undefined) fail('PARAMETER_BOUNDS', `${target.path} ${fault}`, place)
}

// ---------------------------------------------------------------- duplicates

/** the scalars of the model a target decides on, as `field:index` */
function scalars(target: ModelPath): string[] {
  const own = target.writes.map(w => `${w.field}:${w.index}`)
  if (target.field !== PSEUDO_FIELD) return own
  const body = target.index
  const all = [...own, `body_mass:${body}`]
  for (let k = 0; k < 3; k++) all.push(`body_ipos:${3 * body + k}`, `body_inertia:${3 * body + k}`)
  for (let k = 0; k < 4; k++) all.push(`body_iquat:${4 * body + k}`)
  return all
}

/** a writer of scalars; coordinates of the same log-Cholesky body share its real fields */
interface Claim {
  readonly who: string
  readonly body: number
  readonly recording: string | undefined
}

const overlap = (a: string | undefined, b: string | undefined): boolean => a === undefined || b === undefined || a === b

/** Everything that writes in this space, as pairs of a name and its targets. */
function claims(parameters: readonly Parameter[], derived: readonly Derived[]): [Claim, ModelPath][] {
  const pairs: [Claim, ModelPath][] = []
  const add = (who: string, recording: string | undefined, targets: readonly ModelPath[]): void => {
    for (const t of targets) pairs.push([{ who, recording, body: t.field === PSEUDO_FIELD ? t.index : -1 }, t])
  }
  for (const p of parameters) add(`parameter '${p.name}'`, p.recording, p.targets)
  for (const d of derived) {
    // a derived value applies where all its parameters do
    const limited = d.parameters.map(i => parameters[i].recording).find(r => r !== undefined)
    add(`derived '${d.path}'`, limited, d.targets)
  }
  return pairs
}

/** one scalar, one writer: refuse what no order of writing could make right */
function checkDuplicates(pairs: readonly [Claim, ModelPath][]): void {
  const taken = new Map<string, Claim[]>()
  for (const [claim, target] of pairs) {
    for (const key of scalars(target)) {
      const others = taken.get(key) ?? []
      const shared = (o: Claim): boolean => o.body >= 0 && o.body === claim.body && !key.startsWith(PSEUDO_FIELD)
      const other = others.find(o => !shared(o) && overlap(o.recording, claim.recording))
      if (other !== undefined) failDuplicate(claim.who, other.who, key)
      taken.set(key, [...others, claim])
    }
  }
}

function failDuplicate(a: string, b: string, key: string): never {
  const [field, index] = key.split(':')
  fail('PARAMETER_DUPLICATE', `${a} and ${b} both write ${field}[${index}]: keep one of them`)
}

/** an override of one of the four fields of a log-Cholesky body would leave a body that is neither */
function checkOverrides(
  parameters: readonly Parameter[],
  derived: readonly Derived[],
  overrides: readonly Override[],
): void {
  const pseudo = claims(parameters, derived).filter(([claim]) => claim.body >= 0)
  for (const override of overrides) {
    for (const { target } of override.targets) {
      if (target.field === PSEUDO_FIELD) continue
      const mine = new Set(scalars(target))
      for (const [claim, t] of pseudo) {
        const key = scalars(t).find(s => mine.has(s))
        if (key !== undefined) failDuplicate(`recordings '${override.recording}'`, claim.who, key)
      }
    }
  }
}

/**
 * For one recording the globs are known: of the parameters and derived values that apply to it no two may write one scalar.
 *
 * @throws {ParameterError} PARAMETER_DUPLICATE
 */
export function checkActive(parameters: readonly Parameter[], derived: readonly Derived[], recording: string): void {
  const pairs = claims(parameters, []).concat(
    claims(
      [],
      derived.map(d => ({ ...d, parameters: [] })),
    ),
  )
  try {
    checkDuplicates(pairs.map(([claim, target]) => [{ ...claim, recording: undefined }, target]))
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error
    throw new ParameterError(error.code, error.message, { place: `recording '${recording}'`, cause: error })
  }
}

/** Does a parameter with this `recording` glob apply to a recording? */
export function applies(glob: string | undefined, recording: string | undefined): boolean {
  return glob === undefined || (recording !== undefined && globMatch(glob, recording))
}
