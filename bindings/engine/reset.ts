/** Worlds put back to a known state: the reference pose, a keyframe, or a draw around either. */
import { ParameterError, SizeError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import { cos, normalQuantile, Philox, STREAM, sin } from '../math/index.js'
import type { ParameterDistribution } from '../model/distribution.js'
import { JOINT } from '../model/enums.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import { checkValues, writableField } from './access.js'
import type { Backend } from './backend.js'
import type { Worlds } from './worlds.js'

/**
 * What is added to a field at a reset, drawn for every number of it: uniform in [-scale, scale] or [low, high], or normal
 * with a standard deviation. One number serves all, or there is one for each: (nv) for qpos and qvel, (na), (nu).
 */
export type Noise =
  | { readonly kind: 'uniform'; readonly scale: number | ArrayLike<number> }
  | { readonly kind: 'uniform'; readonly low: number | ArrayLike<number>; readonly high: number | ArrayLike<number> }
  | { readonly kind: 'normal'; readonly std: number | ArrayLike<number> }

/** Draws of initial states, and of the physics of a world. */
export interface ResetDistribution {
  /** moves qpos as a velocity would in unit time: a ball or free joint turns by this rotation vector in its own frame */
  readonly qpos?: Noise
  readonly qvel?: Noise
  readonly act?: Noise
  readonly ctrl?: Noise
  /** a draw of the model's parameters for each world, written into its model fields */
  readonly parameters?: ParameterDistribution
}

export interface ResetOptions {
  /** which worlds; default all */
  readonly worlds?: Worlds
  /** index or name of a keyframe, or an index for each chosen world, -1 being none; default none: qpos0 at rest */
  readonly keyframe?: number | string | ArrayLike<number>
  /** what is drawn on top; default nothing */
  readonly distribution?: ResetDistribution
  /** default the batch's */
  readonly seed?: number
}

/** Fields that take noise, in the order of their random numbers, with how many there are: a draw of one moves no other. */
const NOISY = [
  ['qpos', 'nv'],
  ['qvel', 'nv'],
  ['act', 'na'],
  ['ctrl', 'nu'],
] as const

/**
 * The whole of a reset.
 *
 * @param worlds their numbers; undefined: all
 * @param counts (nworld) earlier resets of each world, which choose the random numbers together with seed and world
 * @throws {ParameterError} KEYFRAME, NOISE, NOT_FINITE; @throws {SizeError} SIZE
 */
export function reset(
  store: Backend,
  worlds: Int32Array | undefined,
  options: ResetOptions,
  counts: Uint32Array,
  seed: number,
): void {
  const { model, nworld } = store
  const list = worlds ?? new Int32Array(nworld).map((_, w) => w)
  // everything that can be refused is, before anything is written
  const keys = keyframes(model, options.keyframe, list)
  const noise = noises(model, options.distribution)
  const parameters = options.distribution?.parameters
  if (list.length === 0) return
  const fields =
    parameters && parameters.space.nparam > 0 ? drawFields(store, parameters, list, counts, seed) : undefined

  for (const [name, values] of fields ?? []) store.writeModel(name, values, values.length / list.length, true, worlds)
  store.restart(worlds)
  if (keys) writeKeyframes(store, keys, list)
  if (noise.length > 0) writeNoise(store, noise, keys, list, counts, seed)
  const episode = new Float32Array(list.length)
  for (let i = 0; i < list.length; i++) episode[i] = counts[list[i]]++
  store.writeWorld('episode', episode, 1, true, worlds)
}

// ---------------------------------------------------------------- keyframes

/** keyframe of each listed world; undefined: none of any */
function keyframes(model: Model, keyframe: ResetOptions['keyframe'], list: Int32Array): Int32Array | undefined {
  if (keyframe === undefined) return undefined
  if (typeof keyframe === 'string') {
    const key = model.names.key.indexOf(keyframe)
    if (key < 0)
      throw new ParameterError(
        'KEYFRAME',
        `the model has no keyframe '${keyframe}'${nearestHint(keyframe, model.names.key)}`,
      )
    return new Int32Array(list.length).fill(key)
  }
  const one = typeof keyframe === 'number'
  if (!one && keyframe.length !== list.length)
    throw new SizeError(
      'SIZE',
      `keyframe: got length ${keyframe.length}, expected one for each of ${list.length} worlds`,
    )
  return Int32Array.from(list, (w, i) => {
    const key = one ? keyframe : keyframe[i]
    if (!Number.isInteger(key) || key < -1 || key >= model.nkey)
      throw new ParameterError(
        'KEYFRAME',
        `keyframe: got ${key}, expected a whole number from 0 to nkey - 1 = ${model.nkey - 1}, or -1 for none`,
        one ? {} : { place: `world ${w}` },
      )
    return key
  })
}

/** time, position, velocity, activation, control and mocap poses of a keyframe (mj_resetDataKeyframe) */
function writeKeyframes(store: Backend, keys: Int32Array, list: Int32Array): void {
  const chosen = list.filter((_, i) => keys[i] >= 0)
  const used = keys.filter(key => key >= 0)
  const { field } = store.model
  for (const [name, from] of [
    ['time', 'key_time'],
    ['qpos', 'key_qpos'],
    ['qvel', 'key_qvel'],
    ['act', 'key_act'],
    ['ctrl', 'key_ctrl'],
    ['mocap_pos', 'key_mpos'],
    ['mocap_quat', 'key_mquat'],
  ]) {
    const size = worldSize(store, name)
    const values = new Float64Array(used.length * size)
    used.forEach((key, i) => {
      values.set(field[from].subarray(key * size, (key + 1) * size), i * size)
    })
    store.writeWorld(name, values, size, true, chosen)
  }
}

function worldSize(store: Backend, name: string): number {
  const row = worldFields.find(f => f.name === name)
  if (row === undefined) throw new TypeError(`no field ${name}`)
  return fieldSize(row, store.layout.sizes)
}

// ---------------------------------------------------------------- distributions

interface FieldNoise {
  readonly name: (typeof NOISY)[number][0]
  /** of its random numbers among those of a world */
  readonly first: number
  readonly n: number
  readonly normal: boolean
  /** value = low + (high - low) u, or std z */
  readonly low: Float64Array
  readonly high: Float64Array
}

/** What to draw, checked. @throws {ParameterError} NOISE; @throws {SizeError} SIZE */
function noises(model: Model, distribution: ResetDistribution | undefined): FieldNoise[] {
  if (distribution === undefined) return []
  const known = [...NOISY.map(([name]) => name as string), 'parameters']
  for (const key of Object.keys(distribution))
    if (!known.includes(key))
      throw new ParameterError('NOISE', `distribution: there is no '${key}'${nearestHint(key, known)}`)
  const list: FieldNoise[] = []
  let first = 0
  for (const [name, size] of NOISY) {
    const n = model[size]
    const spec = distribution[name]
    if (spec !== undefined) list.push({ name, first, n, ...readNoise(name, spec, n) })
    first += n
  }
  return list
}

function readNoise(name: string, spec: Noise, n: number): Pick<FieldNoise, 'normal' | 'low' | 'high'> {
  const numbers = (key: string, value: number | ArrayLike<number> | undefined): Float64Array => {
    if (value === undefined) throw new ParameterError('NOISE', `${name}: a ${spec.kind} draw needs '${key}'`)
    if (typeof value !== 'number' && value.length !== n)
      throw new SizeError('SIZE', `${name}.${key}: got length ${value.length}, expected ${n}, or one number`)
    return Float64Array.from({ length: n }, (_, i) => {
      const x = typeof value === 'number' ? value : value[i]
      if (!Number.isFinite(Math.fround(x)))
        throw new ParameterError('NOT_FINITE', `${name}.${key}: ${x} is not a finite number`)
      return x
    })
  }
  const positive = (key: string, values: Float64Array): Float64Array => {
    const bad = values.find(x => x < 0)
    if (bad !== undefined) throw new ParameterError('NOISE', `${name}.${key}: got ${bad}, expected 0 or more`)
    return values
  }
  if (spec.kind === 'normal') {
    const std = positive('std', numbers('std', spec.std))
    return { normal: true, low: std, high: std }
  }
  if (spec.kind !== 'uniform')
    throw new ParameterError(
      'NOISE',
      `${name}: got kind '${String((spec as Noise).kind)}', expected 'uniform' or 'normal'`,
    )
  if ('scale' in spec) {
    const scale = positive('scale', numbers('scale', spec.scale))
    return { normal: false, low: scale.map(x => -x), high: scale }
  }
  const [low, high] = [numbers('low', spec.low), numbers('high', spec.high)]
  const i = low.findIndex((x, k) => x > high[k])
  if (i >= 0) throw new ParameterError('NOISE', `${name}: low is ${low[i]}, above high, ${high[i]}`)
  return { normal: false, low, high }
}

/** A field of the listed worlds as restart and keyframes leave it. */
function startingValues(
  store: Backend,
  name: FieldNoise['name'],
  size: number,
  keys: Int32Array | undefined,
  list: Int32Array,
): Float64Array {
  const { field } = store.model
  const values =
    name === 'qpos' ? Float64Array.from(store.parameter('qpos0', size, list)) : new Float64Array(list.length * size)
  keys?.forEach((key, i) => {
    // as the engine holds it
    if (key >= 0) values.set(Float32Array.from(field[`key_${name}`].subarray(key * size, (key + 1) * size)), i * size)
  })
  return values
}

/** Add what is drawn for (seed, world, earlier resets) to the fields of each listed world. */
function writeNoise(
  store: Backend,
  noise: readonly FieldNoise[],
  keys: Int32Array | undefined,
  list: Int32Array,
  counts: Uint32Array,
  seed: number,
): void {
  const { model } = store
  const random = new Philox(seed, STREAM.reset)
  const total = Math.max(...noise.map(({ first, n }) => first + n))
  const uniform = new Float64Array(list.length * total)
  list.forEach((w, i) => {
    random.fillUniform(uniform, w, counts[w], i * total, (i + 1) * total)
  })
  for (const { name, first, n, normal, low, high } of noise) {
    const size = worldSize(store, name)
    const values = startingValues(store, name, size, keys, list)
    const delta = new Float64Array(n)
    for (let i = 0; i < list.length; i++) {
      for (let e = 0; e < n; e++) {
        const u = uniform[i * total + first + e]
        delta[e] = normal ? low[e] * normalQuantile(u) : low[e] + (high[e] - low[e]) * u
      }
      const row = values.subarray(i * size, (i + 1) * size)
      if (name === 'qpos') integratePos(model, row, delta)
      else for (let e = 0; e < n; e++) row[e] += delta[e]
    }
    store.writeWorld(name, values, size, true, list)
  }
}

/** qpos moved by a displacement of its tangent space (mj_integratePos over unit time) */
function integratePos(model: Model, qpos: Float64Array, delta: Float64Array): void {
  const { jnt_type, jnt_qposadr, jnt_dofadr } = model.field
  for (let j = 0; j < model.njnt; j++) {
    const [q, v] = [jnt_qposadr[j], jnt_dofadr[j]]
    const linear = jnt_type[j] === JOINT.FREE ? 3 : jnt_type[j] === JOINT.BALL ? 0 : 1
    for (let k = 0; k < linear; k++) qpos[q + k] += delta[v + k]
    if (linear !== 1) turn(qpos.subarray(q + linear, q + linear + 4), delta.subarray(v + linear, v + linear + 3))
  }
}

/** quat times the rotation by a vector in its own frame (mju_quatIntegrate) */
function turn(quat: Float64Array, by: Float64Array): void {
  const angle = Math.sqrt(by[0] * by[0] + by[1] * by[1] + by[2] * by[2])
  if (angle === 0) return
  const s = sin(0.5 * angle) / angle
  const [b0, b1, b2, b3] = [cos(0.5 * angle), s * by[0], s * by[1], s * by[2]]
  const [a0, a1, a2, a3] = quat
  const out = [
    a0 * b0 - a1 * b1 - a2 * b2 - a3 * b3,
    a0 * b1 + a1 * b0 + a2 * b3 - a3 * b2,
    a0 * b2 - a1 * b3 + a2 * b0 + a3 * b1,
    a0 * b3 + a1 * b2 - a2 * b1 + a3 * b0,
  ]
  const norm = Math.sqrt(out[0] * out[0] + out[1] * out[1] + out[2] * out[2] + out[3] * out[3])
  for (let k = 0; k < 4; k++) quat[k] = out[k] / norm
}

/** Model fields of the listed worlds, drawn for (seed, world, earlier resets), checked. */
function drawFields(
  store: Backend,
  parameters: ParameterDistribution,
  list: Int32Array,
  counts: Uint32Array,
  seed: number,
): Map<string, Float64Array> {
  const { nparam } = parameters.space
  const theta = new Float64Array(list.length * nparam)
  // the row of a world and reset: its low and high word of the counter
  list.forEach((w, i) => {
    theta.set(parameters.sample(1, seed, counts[w] * 4294967296 + w), i * nparam)
  })
  const fields = parameters.space.fields(theta)
  for (const [name, values] of fields) checkValues(writableField(name), values, store.layout, list.length, list)
  return fields
}
