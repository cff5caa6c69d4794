import { ParameterError } from '../errors.js'
import { globMatch, isGlob, nearestHint } from './glob.js'
import type { Model } from './model.js'
import { PROPERTIES, PSEUDO_FIELD } from './properties.js'
import { PATH_KINDS, type PathKind, type Property, type Target, type Write } from './property.js'

/** A path `kind/name/property[/component]` resolved against a Model: which scalars it writes, and their value now. */
export interface ModelPath {
  /** canonical form: every glob filled in, components by name (`joint/elbow/range/lower`) */
  readonly path: string
  readonly kind: PathKind
  /** name of the element, `#id` when it has none, '' for options */
  readonly name: string
  /** id of the element; 0 for options */
  readonly index: number
  /** the word of the path: `mass`, `kp`, `range` */
  readonly property: string
  /** row of MODEL_FIELDS of the first scalar written; `pseudo_inertia` stands for body_mass, _ipos, _iquat, _inertia */
  readonly field: string
  /** which scalar of the element; -1 when the path means all of them */
  readonly component: number
  readonly unit: string
  /** the model's value; of several scalars the first */
  readonly value: number
  /** values outside [lowest, highest] are refused; `open` refuses `lowest` itself too */
  readonly lowest: number
  readonly highest: number
  readonly open: boolean
  /** model.field[field][index] = factor * value + shift */
  readonly writes: readonly Write[]
}

export interface PathOptions {
  /** leave out the component to mean all of them, each in its own unit: for parameters that multiply the default */
  readonly whole?: boolean
}

/**
 * Resolve a path that may hold globs in its name and component (`joint/*\/damping`, `body/link?/ipos/{x,y}`).
 *
 * An exact name that has no such property is an error. A glob takes the elements that have it: `actuator/*\/kp` picks the
 * position servos. Bodies exclude the world. An unnamed element is `#id`. A glob that ends up with nothing is an error.
 *
 * @throws {ParameterError} PATH_* with the nearest names
 */
export function expandPath(model: Model, path: string, options: PathOptions = {}): ModelPath[] {
  const { kind, name, property, component } = split(model, path)
  if (kind === 'option') return components(model, path, kind, 0, '', property, component, options)
  const ids = matches(model, kind, name, path)
  const result: ModelPath[] = []
  let refused: ParameterError | undefined
  for (const id of ids) {
    try {
      result.push(...components(model, path, kind, id, elementName(model, kind, id), property, component, options))
    } catch (error) {
      // a glob passes over elements without the property; anything else is for the caller
      const lacks = error instanceof ParameterError && ['PATH_REFUSED', 'PATH_COMPONENT'].includes(error.code)
      if (!lacks || !isGlob(name)) throw error
      refused ??= error
    }
  }
  if (result.length === 0 && refused !== undefined) throw refused
  return result
}

/**
 * Resolve a path without globs: exactly one property of one element.
 *
 * @throws {ParameterError} PATH_* with the nearest names
 */
export function resolvePath(model: Model, path: string, options: PathOptions = {}): ModelPath {
  const found = expandPath(model, path, options)
  if (found.length !== 1) {
    throw new ParameterError('PATH_AMBIGUOUS', `'${path}' stands for ${found.length} parameters; name one of them`)
  }
  return found[0]
}

/** The name by which a path calls an element: its own, or `#id`. */
function elementName(model: Model, kind: Exclude<PathKind, 'option'>, id: number): string {
  return model.names[kind][id] || `#${id}`
}

function fail(code: string, message: string): never {
  throw new ParameterError(code, message)
}

interface Parts {
  readonly kind: PathKind
  readonly name: string
  readonly property: Property
  readonly component: string | undefined
}

/** take a path apart; names may contain '/', so the known properties decide where the name ends */
function split(model: Model, path: string): Parts {
  const [head, ...rest] = path.split('/')
  const kind = PATH_KINDS.find(k => k === head)
  if (kind === undefined) {
    fail('PATH_KIND', `nothing in a model is called '${head}' (in '${path}')${nearestHint(head, PATH_KINDS)}`)
  }
  const table = PROPERTIES[kind]
  if (kind === 'option') {
    const property = table.get(rest[0] ?? '')
    if (property === undefined || rest.length > 2) {
      fail(
        'PATH_PROPERTY',
        `there is no option '${rest.join('/')}' (in '${path}')${nearestHint(rest[0] ?? '', table.keys())}`,
      )
    }
    return { kind, name: '', property, component: rest[1] }
  }
  if (rest.length < 2) {
    fail('PATH_SHAPE', `'${path}' is not of the form ${kind}/<name>/<property>[/<component>]`)
  }
  const last = rest.length - 1
  const readings: Parts[] = []
  for (const k of [last - 1, last]) {
    const property = k >= 1 ? table.get(rest[k]) : undefined
    if (property !== undefined)
      readings.push({ kind, name: rest.slice(0, k).join('/'), property, component: rest[k + 1] })
  }
  if (readings.length === 0) {
    const has = (k: number): boolean => k >= 1 && matchIds(model, kind, rest.slice(0, k).join('/')).length > 0
    const word = has(last - 1) && !has(last) ? rest[last - 1] : rest[last]
    fail('PATH_PROPERTY', `a ${kind} has no '${word}' (in '${path}')${nearestHint(word, table.keys())}`)
  }
  return readings.find(r => matchIds(model, kind, r.name).length > 0) ?? readings[0]
}

/** ids of the elements a name or glob means; a body that is the world has no parameters */
function matchIds(model: Model, kind: Exclude<PathKind, 'option'>, pattern: string): number[] {
  const names = model.names[kind]
  const first = kind === 'body' ? 1 : 0
  const exact: number[] = []
  const globbed: number[] = []
  for (let id = first; id < names.length; id++) {
    const name = elementName(model, kind, id)
    if (name === pattern || pattern === `#${id}`) exact.push(id)
    else if (globMatch(pattern, name)) globbed.push(id)
  }
  return exact.length > 0 ? exact : globbed
}

function matches(model: Model, kind: Exclude<PathKind, 'option'>, pattern: string, path: string): number[] {
  const ids = matchIds(model, kind, pattern)
  if (ids.length > 0) return ids
  if (kind === 'body' && pattern === (model.names.body[0] || 'world')) {
    fail('PATH_NAME', `the world body has no parameters (in '${path}')`)
  }
  const all = model.names[kind].map((_, id) => elementName(model, kind, id)).slice(kind === 'body' ? 1 : 0)
  if (all.length === 0) fail('PATH_NAME', `the model has no ${kind} (in '${path}')`)
  // whole paths can be copied as they stand
  const tail = path.slice(kind.length + 1 + pattern.length)
  const what = isGlob(pattern) ? `matches '${pattern}'` : `is called '${pattern}'`
  fail(
    'PATH_NAME',
    `no ${kind} ${what} (in '${path}')${nearestHint(
      path,
      all.map(name => `${kind}/${name}${tail}`),
    )}`,
  )
}

/** the targets of one element */
function components(
  model: Model,
  path: string,
  kind: PathKind,
  index: number,
  name: string,
  property: Property,
  wanted: string | undefined,
  options: PathOptions,
): ModelPath[] {
  const base = name === '' ? `${kind}/${property.name}` : `${kind}/${name}/${property.name}`
  const refuse = (why: string): never =>
    fail('PATH_REFUSED', `'${base}': ${why}${base === path ? '' : ` (in '${path}')`}`)
  const names = property.components(model, index)
  if (typeof names === 'string') return refuse(names)
  const make = (component: number): ModelPath => {
    const target = property.target(model, index, component)
    if (typeof target === 'string') return refuse(target)
    const at = component < 0 ? base : `${base}/${names[component]}`
    return { path: at, kind, name, index, property: property.name, field: target.writes[0].field, component, ...target }
  }
  if (wanted === undefined) {
    if (names.length === 0 || property.whole) return [make(-1)]
    if (property.name === PSEUDO_FIELD) return names.map((_, k) => make(k))
    if (options.whole === true)
      return [
        merge(
          names.map((_, k) => make(k)),
          base,
        ),
      ]
    return fail('PATH_COMPONENT', `'${path}' has ${names.length} components: add one of ${list(names)}`)
  }
  if (names.length === 0) fail('PATH_COMPONENT', `'${base}' is one number and has no component '${wanted}'`)
  const chosen = names.flatMap((n, k) => (n === wanted || String(k) === wanted ? [k] : []))
  const found = chosen.length > 0 ? chosen : names.flatMap((n, k) => (globMatch(wanted, n) ? [k] : []))
  if (found.length === 0) fail('PATH_COMPONENT', `'${base}' has no component '${wanted}': it has ${list(names)}`)
  return found.map(make)
}

const list = (names: readonly string[]): string => names.map(n => `'${n}'`).join(', ')

/** several components as one target, for a common factor */
function merge(parts: readonly ModelPath[], path: string): ModelPath {
  return { ...parts[0], path, component: -1, writes: parts.flatMap((p: Target) => p.writes) }
}
