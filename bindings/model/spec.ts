import { Checker, type Key, show } from './checker.js'
import { parseLocated } from './json.js'

/** How a value maps to the axis on which it is sampled and optimised; see transform.ts. */
export const TRANSFORMS = ['linear', 'log', 'logit'] as const
export type Transform = (typeof TRANSFORMS)[number]

/** One parameter, or one per match of a glob. */
export interface ParameterSpec {
  /** `body/forearm/mass`, `joint/*\/frictionloss`; absent for a free variable used in `derived` */
  readonly path?: string
  /** default: the path; with a glob and no `tie`, `*` stands for the element's name. Required when there is no path */
  readonly name?: string
  /** natural units, or factors with `scale`; only `pseudo_inertia` has default bounds */
  readonly min?: number
  readonly max?: number
  /** default: the model's value (1 with `scale`) clipped into the bounds; the middle of the transformed range without path */
  readonly start?: number
  /** default linear */
  readonly transform?: Transform
  /** the value multiplies the model's default */
  readonly scale?: boolean
  /** with a glob: one value for all matches; default: one parameter per match */
  readonly tie?: boolean
  /** shown in tables; default: the unit of the path */
  readonly unit?: string
  /** glob on the recording's name: elsewhere the model keeps its default */
  readonly recording?: string
}

/** Parameters, what follows from them, and what differs between recordings. */
export interface SpaceSpec {
  readonly parameters: readonly ParameterSpec[]
  /**
   * path -> arithmetic expression of parameter names and constants (see expression.ts). It applies to the recordings that all
   * its parameters apply to. A name is a parameter, else a constant: of `recordings`, the recording's metadata, `constants`,
   * in this order.
   */
  readonly derived?: Readonly<Record<string, string>>
  readonly constants?: Readonly<Record<string, number>>
  /** glob on the recording's name -> constants, parameters by name, or paths, given these values for it; later globs win */
  readonly recordings?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

const SPACE_KEYS = ['parameters', 'derived', 'constants', 'recordings'] as const
const PARAMETER_KEYS = [
  'path',
  'name',
  'min',
  'max',
  'start',
  'transform',
  'scale',
  'tie',
  'unit',
  'recording',
] as const

/**
 * Read a space from JSON text or from a plain object: `{parameters, derived, constants, recordings}`, or the list of
 * parameters alone. Strict: unknown keys are errors. What needs the model (paths, default bounds) is checked by
 * ParameterSpace.from.
 *
 * @param place what the document is called in messages, e.g. its file name
 * @throws {ParameterError} JSON or SPEC with line, column and key
 */
export function parseSpace(source: unknown, place?: string): SpaceSpec {
  const located = typeof source === 'string' ? parseLocated(source, place) : undefined
  const check = new Checker(located, place)
  const value = located === undefined ? source : located.value
  if (Array.isArray(value)) return { parameters: value.map((v, i) => parameter(check, v, [i])) }
  const root = check.object(value, [], 'an object with "parameters", or a list of parameters')
  check.keys(root, SPACE_KEYS, [])
  if (!Array.isArray(root.parameters))
    check.fail(['parameters'], `expected a list of parameters, got ${show(root.parameters)}`)
  const number = (v: unknown, p: readonly Key[]): number => check.number(v, p)
  const text = (v: unknown, p: readonly Key[]): string => check.text(v, p)
  const optional = <T>(v: unknown, read: (v: unknown) => T): T | undefined => (v === undefined ? undefined : read(v))
  return {
    parameters: (root.parameters as unknown[]).map((v, i) => parameter(check, v, ['parameters', i])),
    derived: optional(root.derived, v => check.record(v, ['derived'], 'an object of path: expression', text)),
    constants: optional(root.constants, v => check.record(v, ['constants'], 'an object of name: number', number)),
    recordings: optional(root.recordings, v =>
      check.record(v, ['recordings'], 'an object of recording: values', (values, p) =>
        check.record(values, p, 'an object of name or path: number', number),
      ),
    ),
  }
}

function parameter(check: Checker, value: unknown, path: readonly Key[]): ParameterSpec {
  const p = check.object(value, path, 'an object describing a parameter')
  check.keys(p, PARAMETER_KEYS, path)
  const at = (key: string): readonly Key[] => [...path, key]
  const result: { -readonly [K in keyof ParameterSpec]: ParameterSpec[K] } = {}
  for (const key of ['path', 'name', 'unit', 'recording'] as const) {
    if (p[key] !== undefined) result[key] = check.text(p[key], at(key))
  }
  for (const key of ['min', 'max', 'start'] as const)
    if (p[key] !== undefined) result[key] = check.number(p[key], at(key))
  for (const key of ['scale', 'tie'] as const) if (p[key] !== undefined) result[key] = check.flag(p[key], at(key))
  if (p.transform !== undefined) {
    const transform = TRANSFORMS.find(t => t === p.transform)
    if (transform === undefined) {
      check.fail(at('transform'), `there is no transform ${show(p.transform)}; choose one of ${TRANSFORMS.join(', ')}`)
    }
    result.transform = transform
  }
  consistent(check, result, at, path)
  return result
}

/** what can be wrong with one parameter before a model is known */
function consistent(check: Checker, p: ParameterSpec, at: (key: string) => readonly Key[], path: readonly Key[]): void {
  const { min, max, start } = p
  if (p.path === undefined) {
    if (p.name === undefined) check.fail(path, 'a parameter needs a "path", or a "name" when it is a free variable')
    for (const key of ['scale', 'tie'] as const) {
      if (p[key] === true) check.fail(at(key), `"${key}" needs a "path"; '${p.name}' is a free variable`)
    }
  }
  if ((min === undefined) !== (max === undefined)) {
    check.fail(path, `"${min === undefined ? 'min' : 'max'}" is missing: give both bounds`)
  }
  if (min === undefined || max === undefined) return
  if (min > max) check.fail(at('min'), `the bounds are the wrong way round: min ${min} is greater than max ${max}`)
  if (min === max)
    check.fail(at('min'), `min and max are both ${min}: a parameter needs room; make a fixed value a constant`)
  if (start !== undefined && (start < min || start > max)) {
    check.fail(at('start'), `start ${start} is outside the bounds [${min}, ${max}]`)
  }
  if (p.transform === 'log' && min <= 0) {
    check.fail(at('min'), `the log transform needs bounds above 0, got min ${min}`)
  }
}
