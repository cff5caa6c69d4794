/**
 * A policy as one .safetensors file: its parameters as tensors that other tools read, everything else in the metadata.
 *
 *   tensors    layers.K.NAME (F32): NAME and shape as parameterBlocks gives them
 *              normalizer.count [] normalizer.mean [nobs] normalizer.m2 [nobs] (F64)
 *   metadata   simcrank "policy", version, network, normalizer (its rule), observation, action, meta: JSON
 *              crc32: of these entries, sorted, as lines KEY=TEXT, then the bytes of the tensors, sorted by name;
 *              so the order of tensors, other entries and the spelling of the header do not matter
 */
import { CheckpointError, SimcrankError } from '../errors.js'
import { crc32 } from '../model/save.js'
import { ACTIVATION, type Network } from '../program.js'
import { type Block, type LayerShape, parameterBlocks, stackLayers } from './network.js'
import { Normalizer, type NormalizerRule } from './normalizer.js'
import { Policy, type PolicyMeta } from './policy.js'
import { decodeTensors, encodeTensors, type Tensor, writeNumbers } from './safetensors.js'

const FORMAT = 'policy'
const VERSION = '1'
/** entries of the metadata under the checksum, sorted */
const COVERED = ['action', 'meta', 'network', 'normalizer', 'observation', 'simcrank', 'version']
/** names of LAYER kinds, and of ACTIVATION */
const KINDS = ['dense', 'gru', 'lstm']
const ACTIVATIONS = Object.keys(ACTIVATION)

const tensorName = ({ layer, name }: Block): string => `layers.${layer}.${name}`
const tensorShape = ({ rows, cols, matrix }: Block): number[] => (matrix ? [rows, cols] : [rows])

/** A policy as bytes that readPolicy turns back into it, bit for bit. */
export function savePolicy(policy: Policy): Uint8Array {
  const { network, theta, normalizer, observation, action, meta } = policy
  const tensors: Tensor[] = [
    { name: 'normalizer.count', shape: [], values: Float64Array.of(normalizer.count) },
    { name: 'normalizer.mean', shape: [network.nobs], values: normalizer.mean },
    { name: 'normalizer.m2', shape: [network.nobs], values: normalizer.m2 },
    ...parameterBlocks(network).map(block => ({
      name: tensorName(block),
      shape: tensorShape(block),
      values: theta.subarray(block.offset, block.offset + block.rows * block.cols),
    })),
  ]
  const metadata: Record<string, string> = {
    simcrank: FORMAT,
    version: VERSION,
    network: JSON.stringify({
      nobs: network.nobs,
      layers: network.layers.map(({ kind, nout, activation, bias }) => ({
        kind: KINDS[kind],
        units: nout,
        activation: ACTIVATIONS[activation],
        bias,
      })),
    }),
    normalizer: normalizer.rule,
    observation: JSON.stringify(observation),
    action: JSON.stringify(action),
    meta: JSON.stringify(meta),
  }
  return encodeTensors({ ...metadata, crc32: checksum(metadata, tensors) }, tensors)
}

/**
 * The inverse of savePolicy.
 *
 * @param place file name, for messages
 * @throws {CheckpointError} as decodeTensors; CHECKPOINT_FORMAT when the file holds something else than a policy of ours;
 *   CHECKPOINT_VERSION when another version saved it; CHECKPOINT_META when its description makes no sense;
 *   CHECKPOINT_TENSOR when a tensor is missing or unknown; CHECKPOINT_DTYPE, CHECKPOINT_SHAPE when one is not what the
 *   network needs; CHECKPOINT_CRC when bytes were changed; CHECKPOINT_VALUE when a number is not finite
 */
export function readPolicy(bytes: Uint8Array, place?: string): Policy {
  const fail = (code: string, what: string, cause?: unknown): CheckpointError =>
    new CheckpointError(`CHECKPOINT_${code}`, what, { place, cause })
  const { metadata, tensors } = decodeTensors(bytes, place)
  if (metadata.simcrank !== FORMAT) throw fail('FORMAT', 'the file holds tensors, but not a policy of simcrank')
  if (metadata.version !== VERSION)
    throw fail('VERSION', `the policy has version ${metadata.version}, this simcrank reads ${VERSION}: save it again`)
  const json = (key: string): unknown => {
    try {
      return JSON.parse(metadata[key])
    } catch (cause) {
      throw fail('META', `metadata entry ${key} is not JSON`, cause)
    }
  }
  const network = parseNetwork(json('network'), fail)

  // every tensor the network needs, and no other
  const blocks = parameterBlocks(network)
  const known = new Set([...blocks.map(tensorName), 'normalizer.count', 'normalizer.mean', 'normalizer.m2'])
  for (const name of tensors.keys()) if (!known.has(name)) throw fail('TENSOR', `unknown tensor ${name}`)
  const values = (name: string, dtype: typeof Float32Array | typeof Float64Array, shape: readonly number[]) => {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw fail('TENSOR', `tensor ${name} is missing`)
    if (!(tensor.values instanceof dtype)) throw fail('DTYPE', `tensor ${name} is not made of ${dtype.name} numbers`)
    if (tensor.shape.length !== shape.length || shape.some((n, i) => n !== tensor.shape[i]))
      throw fail('SHAPE', `tensor ${name}: got shape [${tensor.shape}], expected [${shape}]`)
    return tensor.values
  }
  const [count] = values('normalizer.count', Float64Array, [])
  const mean = values('normalizer.mean', Float64Array, [network.nobs]) as Float64Array
  const m2 = values('normalizer.m2', Float64Array, [network.nobs]) as Float64Array
  const parameters = blocks.map(block => values(tensorName(block), Float32Array, tensorShape(block)))
  if (metadata.crc32 !== checksum(metadata, [...tensors.values()]))
    throw fail('CRC', 'its checksum does not match: bytes were changed')

  const theta = new Float32Array(network.nparam)
  for (const [i, { offset }] of blocks.entries()) theta.set(parameters[i], offset)
  const [observation, action] = ['observation', 'action'].map(key => parseNames(key, json(key), fail))
  const meta = parseMeta(json('meta'), fail)
  try {
    const normalizer = new Normalizer(metadata.normalizer as NormalizerRule, { count, mean, m2 })
    return new Policy({ network, theta, normalizer, observation, action, meta })
  } catch (cause) {
    if (cause instanceof SimcrankError) throw fail('VALUE', cause.message, cause)
    throw cause
  }
}

/** Eight hexadecimal digits over what we wrote. @internal */
export function checksum(metadata: Readonly<Record<string, string>>, tensors: readonly Tensor[]): string {
  const text = new TextEncoder().encode(COVERED.map(key => `${key}=${metadata[key]}\n`).join(''))
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1))
  const size = sorted.reduce((sum, { values }) => sum + values.length * values.BYTES_PER_ELEMENT, text.length)
  const bytes = new Uint8Array(size)
  bytes.set(text)
  let at = text.length
  for (const { values } of sorted) {
    writeNumbers(values, bytes, at)
    at += values.length * values.BYTES_PER_ELEMENT
  }
  return crc32(bytes).toString(16).padStart(8, '0')
}

type Fail = (code: string, what: string, cause?: unknown) => CheckpointError

const isStrings = (list: unknown): list is string[] => Array.isArray(list) && list.every(s => typeof s === 'string')

function parseNetwork(value: unknown, fail: Fail): Network {
  const { nobs, layers } = (value ?? {}) as { nobs?: unknown; layers?: unknown }
  if (typeof nobs !== 'number' || !Array.isArray(layers)) throw fail('META', 'network: nobs or layers are missing')
  const shapes = layers.map((layer, i): LayerShape => {
    const { kind, units, activation, bias } = (layer ?? {}) as Record<string, unknown>
    const index = KINDS.indexOf(kind as string)
    const recurrent = index > 0
    const known =
      index >= 0 && typeof units === 'number' && ACTIVATIONS.includes(activation as string) && typeof bias === 'boolean'
    if (!known || (recurrent && (activation !== 'none' || !bias)))
      throw fail('META', `network: layer ${i} is ${JSON.stringify(layer)}`)
    return { kind: index, nout: units, activation: ACTIVATIONS.indexOf(activation as string), bias }
  })
  try {
    return stackLayers(nobs, shapes)
  } catch (cause) {
    throw fail('META', `network: ${(cause as Error).message}`, cause)
  }
}

function parseNames(key: string, value: unknown, fail: Fail): string[] {
  if (!isStrings(value)) throw fail('META', `metadata entry ${key} is not a list of names`)
  return value
}

/** Only what we know goes on. */
function parseMeta(value: unknown, fail: Fail): PolicyMeta {
  const { task, controlPeriod, observationUnits, actionUnits, notes } = (value ?? {}) as PolicyMeta
  const optional = (x: unknown, test: boolean): boolean => x === undefined || test
  const valid =
    optional(task, typeof task === 'string') &&
    optional(controlPeriod, typeof controlPeriod === 'number') &&
    optional(observationUnits, isStrings(observationUnits)) &&
    optional(actionUnits, isStrings(actionUnits)) &&
    optional(notes, typeof notes === 'object' && notes !== null && !Array.isArray(notes))
  if (!valid) throw fail('META', 'metadata entry meta: an entry has the wrong type')
  return { task, controlPeriod, observationUnits, actionUnits, notes }
}
