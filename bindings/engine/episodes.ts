/** What the rollouts of both backends have in common: lengths that fit, the table of parameters, how far back commands reach. */
import { SizeError, TaskError } from '../errors.js'
import type { Model } from '../model/model.js'
import { LAYER, type Network, OUT, PERTURB, type Program } from '../program.js'
import type { Episodes, FrozenNormalizer, Members, RolloutResult, RolloutSettings } from './rollout.js'
import { boundingRadii } from './store.js'

/** Numbers of a member that differ by world: parameters, or factors and vectors of a perturbation of low rank. */
export function wideSize(network: Network, perturb: number, rank: number): number {
  if (perturb === PERTURB.NONE) return 0
  if (perturb !== PERTURB.LOWRANK) return network.nparam
  let n = 0
  for (const { kind, nin, nout, bias } of network.layers) {
    const gates = kind === LAYER.DENSE ? 1 : kind === LAYER.GRU ? 3 : 4
    n += (gates * nout + nin) * rank
    if (kind === LAYER.DENSE) n += bias ? nout : 0
    else n += (gates * nout + nout) * rank + (kind === LAYER.GRU ? 4 : gates) * nout
  }
  return n
}

/** Model fields that differ by episode, with what follows from them at once. */
export function variedFields(varied: Iterable<string> = []): ReadonlySet<string> {
  const out = new Set(varied)
  if (out.has('geom_size')) out.add('geom_rbound')
  return out
}

/** Initial positions follow from parameters that differ by episode. */
export function startsFromParameters(varied: ReadonlySet<string>, keyframe: number | string | undefined): boolean {
  return keyframe === undefined && (varied.has('qpos0') || varied.has('body_pos') || varied.has('body_quat'))
}

/** Where a number of a parameter stands; undefined: nowhere. */
export type PlaceOf = (field: string, e: number) => number | undefined

/** Addresses of everything that may differ by episode. */
export function parameterPlaces(model: Model, varied: ReadonlySet<string>, placeOf: PlaceOf): Int32Array {
  const places: number[] = []
  for (const name of varied) {
    const { length } = model.field[name]
    for (let e = 0; e < length; e++) {
      const at = placeOf(name, e)
      if (at !== undefined) places.push(at)
    }
  }
  return Int32Array.from(places)
}

/**
 * Values of the parameters of every row, and the rows of the list with a row of the table each. Every field that may differ by
 * episode stands in it, so that nothing of an earlier episode stays; the last row is the model's own.
 *
 * @throws {TaskError} PARAMETERS for a field not announced, DELAY; @throws {SizeError} SIZE
 */
export function parameterTable(
  model: Model,
  varied: ReadonlySet<string>,
  placeOf: PlaceOf,
  { program, settings }: { readonly program: Program; readonly settings: RolloutSettings },
  { rows, parameters = new Map() }: Episodes,
): { values: Float32Array; rows: Int32Array } {
  const sizes = parameters.get('geom_size')
  const given = sizes ? new Map([...parameters, ['geom_rbound', boundingRadii(model, sizes)]]) : parameters
  for (const name of given.keys())
    if (!varied.has(name) || placeOf(name, 0) === undefined)
      throw new TaskError('PARAMETERS', `parameters: '${name}' was not announced when the rollout was opened`)
  refuseDelays(model, program, settings, parameters.get('actuator_delay'))
  let nrow = given.size === 0 ? 0 : -1
  let width = 0
  const columns: { values: Float64Array | undefined; own: Float64Array; size: number }[] = []
  for (const name of varied) {
    const own = model.field[name] as Float64Array
    const size = own.length
    if (size === 0 || placeOf(name, 0) === undefined) continue
    const values = given.get(name)
    if (values !== undefined) {
      const found = values.length / size
      if (!Number.isInteger(found) || (nrow >= 0 && found !== nrow))
        throw new SizeError(
          'SIZE',
          `parameters: ${name} has length ${values.length}, expected ${nrow >= 0 ? nrow : 'rows'} * ${size}`,
        )
      nrow = found
    }
    width += size
    columns.push({ values, own, size })
  }
  const table = new Float32Array((nrow + 1) * width)
  for (let i = 0, o = 0; i <= nrow; i++)
    for (const { values, own, size } of columns) {
      table.set(i < nrow && values ? values.subarray(i * size, (i + 1) * size) : own, o)
      o += size
    }
  const n = rows.length / 4
  const each = rows.slice()
  for (let i = 0; i < n; i++) {
    const row = rows[4 * i + 3]
    if (row >= nrow || row < -1) throw new SizeError('SIZE', `parameters: got ${nrow} rows, an episode asks for ${row}`)
    if (row === -1 && width > 0) each[4 * i + 3] = nrow
  }
  return { values: table, rows: each }
}

/** Delays that differ by episode, of actuators without history whose commands are not delayed by them, would do nothing. */
function refuseDelays(
  { field, nactuator, names }: Model,
  program: Program,
  settings: RolloutSettings,
  delays: Float64Array | undefined,
): void {
  if (delays === undefined) return
  const int = (name: string) => field[name] as Int32Array
  const own = field.actuator_delay as Float64Array
  for (let a = 0; a < nactuator; a++) {
    if (int('actuator_history')[2 * a] > 0) continue
    if (!settings.delay && settings.delayOf?.includes(a)) continue
    const adr = int('actuator_ctrladr')[a]
    const moved = program.control.subarray(adr, adr + int('actuator_ctrlnum')[a]).some(register => register >= 0)
    let differs = false
    for (let i = a; i < delays.length && !differs; i += nactuator) differs = delays[i] !== own[a]
    if (moved && differs)
      throw new TaskError(
        'DELAY',
        `parameters: actuator_delay of actuator '${names.actuator[a] || a}' differs by episode, but the action has a ` +
          "delay of its own or commands that are not controls: say delay: 'actuator_delay', or give the actuator a history " +
          '(nsample)',
        { place: 'action' },
      )
  }
}

/** Rows of the ring of commands: enough for the longest delay of any episode; 0 when nothing is delayed. */
export function ringRows(
  { nactuator, field }: Model,
  settings: RolloutSettings,
  parameters: ReadonlyMap<string, Float64Array> | undefined,
): number {
  const { delay = 0, delayOf = new Int32Array(0) } = settings
  const delays = parameters?.get('actuator_delay') ?? (field.actuator_delay as Float64Array)
  const steps = parameters?.get('opt_timestep') ?? (field.opt_timestep as Float64Array)
  let shortest = Number.POSITIVE_INFINITY
  for (const h of steps) shortest = Math.min(shortest, h)
  let longest = delay
  if (delay === 0)
    for (let i = 0; i < delays.length; i++) if (delayOf.includes(i % nactuator)) longest = Math.max(longest, delays[i])
  return longest === 0 ? 0 : Math.ceil(longest / (shortest * settings.frameSkip)) + 2
}

const f32 = new Float32Array(1)
/** The word of a single-precision number. */
export function bits(x: number): number {
  f32[0] = x
  return new Int32Array(f32.buffer)[0]
}

/** @throws {SizeError} POLICY_SIZE, SIZE when program, policy and model do not fit each other */
export function checkProgram(model: Model, program: Program, network: Network): void {
  if (network.nobs !== program.observation.length || network.nact !== program.nact)
    throw new SizeError(
      'POLICY_SIZE',
      `policy: it maps ${network.nobs} observations to ${network.nact} actions, the task has ` +
        `${program.observation.length} and ${program.nact}`,
    )
  if (program.control.length !== model.nu)
    throw new SizeError('SIZE', `program: it has ${program.control.length} controls, the model nu = ${model.nu}`)
}

/** @throws {SizeError} SIZE when a length does not fit */
export function checkLengths(
  network: Network,
  program: Program,
  { rows, inputs }: Episodes,
  members: Members,
  normalizer: FrozenNormalizer | undefined,
): void {
  const expect = (name: string, got: number, expected: number) => {
    if (got !== expected) throw new SizeError('SIZE', `${name}: got length ${got}, expected ${expected}`)
  }
  if (rows.length === 0 || rows.length % 4 !== 0)
    throw new SizeError('SIZE', `episodes: got ${rows.length} numbers, expected four an episode`)
  const n = rows.length / 4
  if (members.perturb !== PERTURB.ROWS) expect('theta', members.theta.length, network.nparam)
  if (members.sigmas) expect('sigmas', members.sigmas.length, network.nparam)
  if (members.perturb === PERTURB.ROWS) {
    const have = (members.members?.length ?? 0) / network.nparam
    for (let i = 0; i < n; i++)
      if (rows[4 * i] >= have)
        throw new SizeError('SIZE', `members: got ${have} rows, an episode asks for ${rows[4 * i]}`)
  }
  if (program.ninput > 0) expect('inputs', inputs?.length ?? 0, n * program.ninput)
  if (normalizer) {
    expect('center', normalizer.center.length, network.nobs)
    expect('scale', normalizer.scale.length, network.nobs)
  }
}

/** Results from their rows, one an episode: OUT, then terms and metrics. */
export function resultOf(
  rows: Float32Array,
  n: number,
  { terms, metrics }: Program,
  rest: Pick<RolloutResult, 'observations' | 'tracks'>,
): RolloutResult {
  const nout = OUT.FIRST + terms.length + metrics.length
  const column = (k: number) => Float32Array.from({ length: n }, (_, i) => rows[i * nout + k])
  const block = (first: number, size: number) => {
    const values = new Float32Array(n * size)
    for (let i = 0; i < n; i++) values.set(rows.subarray(i * nout + first, i * nout + first + size), i * size)
    return values
  }
  return {
    returns: column(OUT.RETURN),
    lengths: Int32Array.from(column(OUT.LENGTH)),
    ends: Int32Array.from(column(OUT.END)),
    terms: block(OUT.FIRST, terms.length),
    metrics: block(OUT.FIRST + terms.length, metrics.length),
    ...rest,
  }
}
