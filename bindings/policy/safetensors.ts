/**
 * The safetensors format: u64 length of the header (little-endian), the header as JSON (name → dtype, shape, data_offsets;
 * texts under __metadata__), then the numbers. Only F32 and F64, which is what policies are made of.
 *   source huggingface/safetensors, README, "Format"
 */
import { CheckpointError } from '../errors.js'

export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array | Float64Array
}

export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, Tensor>
}

const LENGTH_BYTES = 8
/** as in the reference implementation: no honest header is longer */
const MAX_HEADER = 100_000_000
const METADATA = '__metadata__'
const SIZES: Readonly<Record<string, number>> = { F32: 4, F64: 8 }

const dtypeOf = (values: Float32Array | Float64Array): string => (values instanceof Float64Array ? 'F64' : 'F32')
/** elements of a shape */
const product = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1)

/** Bytes of a tensor file. Wide numbers come first and the header is padded, so that everything is aligned. */
export function encodeTensors(metadata: Readonly<Record<string, string>>, tensors: readonly Tensor[]): Uint8Array {
  const sorted = [...tensors].sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT)
  const entries: Record<string, unknown> = { [METADATA]: metadata }
  let end = 0
  for (const { name, shape, values } of sorted) {
    const begin = end
    end += values.length * values.BYTES_PER_ELEMENT
    entries[name] = { dtype: dtypeOf(values), shape, data_offsets: [begin, end] }
  }
  const header = new TextEncoder().encode(JSON.stringify(entries))
  const length = Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(LENGTH_BYTES + length + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + length)
  bytes.set(header, LENGTH_BYTES)
  let at = LENGTH_BYTES + length
  for (const { values } of sorted) {
    writeNumbers(values, bytes, at)
    at += values.length * values.BYTES_PER_ELEMENT
  }
  return bytes
}

/** Numbers as the file holds them, little-endian. */
export function writeNumbers(values: Float32Array | Float64Array, bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at)
  for (let i = 0; i < values.length; i++) {
    if (values instanceof Float64Array) view.setFloat64(8 * i, values[i], true)
    else view.setFloat32(4 * i, values[i], true)
  }
}

/**
 * What encodeTensors, or another writer of the format, made. Trusts nothing: lengths, offsets and shapes are checked
 * before anything is allocated for them.
 *
 * @throws {CheckpointError} CHECKPOINT_TRUNCATED when bytes are missing; CHECKPOINT_HEADER when the header is too long or
 *   makes no sense; CHECKPOINT_DTYPE for numbers other than F32 and F64; CHECKPOINT_SHAPE when a shape and its bytes
 *   differ; CHECKPOINT_LAYOUT when tensors overlap or leave bytes over
 */
export function decodeTensors(bytes: Uint8Array, place?: string): TensorFile {
  const fail = (code: string, what: string, cause?: unknown): CheckpointError =>
    new CheckpointError(`CHECKPOINT_${code}`, what, { place, cause })
  if (bytes.length < LENGTH_BYTES) throw fail('TRUNCATED', `the file ends after ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getBigUint64(0, true)
  if (length > MAX_HEADER) throw fail('HEADER', `its header claims ${length} bytes: not a safetensors file`)
  const dataAt = LENGTH_BYTES + Number(length)
  if (dataAt > bytes.length)
    throw fail('TRUNCATED', `the file ends within its header: ${bytes.length} bytes, expected at least ${dataAt}`)
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataAt), fail)
  const available = bytes.length - dataAt
  const rows = [...Object.entries(header)]
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => parseEntry(name, entry, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
  const tensors = new Map<string, Tensor>()
  let at = 0
  for (const { name, dtype, shape, begin, end } of rows) {
    if (begin !== at) throw fail('LAYOUT', `tensor ${name} begins at byte ${begin}, the one before it ends at ${at}`)
    if (end > available)
      throw fail('TRUNCATED', `the file ends within tensor ${name}: ${available} bytes of numbers, expected ${end}`)
    at = end
    const count = (end - begin) / SIZES[dtype]
    const values = dtype === 'F64' ? new Float64Array(count) : new Float32Array(count)
    for (let i = 0; i < count; i++)
      values[i] =
        dtype === 'F64' ? view.getFloat64(dataAt + begin + 8 * i, true) : view.getFloat32(dataAt + begin + 4 * i, true)
    tensors.set(name, { name, shape, values })
  }
  if (at !== available) throw fail('LAYOUT', `${available - at} bytes follow its last tensor`)
  return { metadata: (header[METADATA] ?? {}) as Record<string, string>, tensors }
}

type Fail = (code: string, what: string, cause?: unknown) => CheckpointError

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x)

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw fail('HEADER', 'its header is not JSON', cause)
  }
  if (!isRecord(header)) throw fail('HEADER', 'its header is not a table of tensors')
  const metadata = header[METADATA] ?? {}
  if (!isRecord(metadata) || Object.values(metadata).some(text => typeof text !== 'string'))
    throw fail('HEADER', `${METADATA} holds something else than texts`)
  return header
}

/** One row of the header: a dtype and shape we know, and as many bytes as they need. */
function parseEntry(name: string, entry: unknown, fail: Fail) {
  const sizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every(n => Number.isSafeInteger(n) && n >= 0)
  if (!isRecord(entry)) throw fail('HEADER', `tensor ${name} is not described`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype))
    throw fail('DTYPE', `tensor ${name} has dtype ${dtype}, expected F32 or F64`)
  if (!sizes(shape) || !sizes(offsets) || offsets.length !== 2)
    throw fail('HEADER', `tensor ${name} has shape ${JSON.stringify(shape)} and offsets ${JSON.stringify(offsets)}`)
  const [begin, end] = offsets
  // product may be beyond exact integers; it then differs from any length
  if (product(shape) * SIZES[dtype] !== end - begin)
    throw fail('SHAPE', `tensor ${name} of shape [${shape}] and dtype ${dtype} has ${end - begin} bytes`)
  return { name, dtype, shape, begin, end }
}
