import { ModelError } from '../errors.js'
import { fieldSize, modelFields, SIZES, type SizeName } from '../fields.js'
import { checkFinite } from './finite.js'
import type { Model, ModelNames } from './model.js'
import { checkIds } from './structure.js'
import { assembleModel, unsupported } from './support.js'

/*
 * Layout, all little-endian:
 *   0   8 bytes  magic
 *   8   u32      version of this layout
 *   12  u32      CRC-32 (ISO-HDLC, as in zip) of everything from byte 16 on
 *   16  u32      length of the header
 *   20  header   JSON: name, sizes, names, fields [[name, type, length] …], xml, unsupported
 *   then the fields in the header's order: 'f' as f64, 'i' as i32
 */
// '\x89' and '\r\n' in front and behind reveal transfers that touch line ends or the eighth bit, as in PNG
const MAGIC = Uint8Array.of(0x89, 0x53, 0x43, 0x4d, 0x44, 0x4c, 0x0d, 0x0a)
const VERSION = 2
const CRC_AT = 12
const BODY_AT = 16
const HEADER_AT = 20

const NAME_SIZES: Readonly<Record<keyof ModelNames, SizeName>> = {
  body: 'nbody',
  joint: 'njnt',
  geom: 'ngeom',
  site: 'nsite',
  equality: 'neq',
  actuator: 'nactuator',
  sensor: 'nsensor',
  key: 'nkey',
  tendon: 'ntendon',
  pair: 'npair',
  exclude: 'nexclude',
}

const KINDS = Object.keys(NAME_SIZES) as (keyof ModelNames)[]

interface Header {
  readonly name: string
  readonly sizes: Readonly<Record<SizeName, number>>
  readonly names: ModelNames
  readonly fields: readonly (readonly [name: string, type: 'f' | 'i', length: number])[]
  readonly xml: string
  readonly unsupported: readonly string[]
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c >>> 0
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/**
 * A Model as one small binary, which `loadModel` reads without MuJoCo, bit for bit.
 *
 * @param options.xml keep the XML text the Model was compiled from; default true
 */
export function saveModel(model: Model, options: { readonly xml?: boolean } = {}): Uint8Array {
  const header: Header = {
    name: model.name,
    sizes: pick<SizeName, number>(model, SIZES),
    names: model.names,
    fields: modelFields.map(({ name, type }) => [name, type, model.field[name].length] as const),
    xml: options.xml === false ? '' : model.xml,
    unsupported: unsupported(model),
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  let length = HEADER_AT + text.length
  for (const [, type, count] of header.fields) length += count * (type === 'f' ? 8 : 4)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(8, VERSION, true)
  view.setUint32(BODY_AT, text.length, true)
  bytes.set(text, HEADER_AT)
  let at = HEADER_AT + text.length
  for (const [name, type, count] of header.fields) {
    const values = model.field[name]
    for (let i = 0; i < count; i++) {
      if (type === 'f') view.setFloat64(at, values[i], true)
      else view.setInt32(at, values[i], true)
      at += type === 'f' ? 8 : 4
    }
  }
  view.setUint32(CRC_AT, crc32(bytes.subarray(BODY_AT)), true)
  return bytes
}

/** Whether bytes begin as saveModel's do. @internal */
export function isSavedModel(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte)
}

/**
 * The inverse of saveModel.
 *
 * @throws {ModelError} MODEL_CORRUPT when bytes are missing, changed or make no sense; MODEL_VERSION when another
 *   version of simcrank saved them
 * @internal
 */
export function readSavedModel(bytes: Uint8Array, place?: string): Model {
  const corrupt = (what: string, cause?: unknown): ModelError =>
    new ModelError('MODEL_CORRUPT', `the saved Model is damaged: ${what}; save it again`, { place, cause })
  const other = (what: string): ModelError =>
    new ModelError('MODEL_VERSION', `another version of simcrank saved this Model (${what}): compile it again`, {
      place,
    })

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_AT) throw corrupt(`it has ${bytes.length} bytes`)
  const version = view.getUint32(8, true)
  if (version !== VERSION) throw other(`layout ${version}, this one reads ${VERSION}`)
  if (view.getUint32(CRC_AT, true) !== crc32(bytes.subarray(BODY_AT))) throw corrupt('its checksum does not match')
  const header = parseHeader(bytes, view.getUint32(BODY_AT, true), corrupt)

  const expected = modelFields.map(field => `${field.name} ${field.type}`)
  const found = header.fields.map(([name, type]) => `${name} ${type}`)
  const difference = expected.find((row, i) => found[i] !== row) ?? found[expected.length]
  if (difference !== undefined) throw other(`field ${difference.split(' ')[0]} differs`)

  let at = HEADER_AT + view.getUint32(BODY_AT, true)
  const field: Record<string, Float64Array | Int32Array> = {}
  for (const [i, [name, type, count]] of header.fields.entries()) {
    const size = fieldSize(modelFields[i], header.sizes)
    if (count !== size) throw corrupt(`${name} has ${count} numbers, expected ${size}`)
    const end = at + count * (type === 'f' ? 8 : 4)
    if (end > bytes.length) throw corrupt(`it ends within ${name}`)
    const values = type === 'f' ? new Float64Array(count) : new Int32Array(count)
    for (let k = 0; k < count; k++) {
      values[k] = type === 'f' ? view.getFloat64(at + 8 * k, true) : view.getInt32(at + 4 * k, true)
    }
    field[name] = values
    at = end
  }
  if (at !== bytes.length) throw corrupt(`${bytes.length - at} bytes follow its end`)

  const { sizes, names } = header
  const numbers = { sizes, names, field }
  checkFinite(numbers)
  checkIds(numbers, corrupt)
  return assembleModel(numbers, header.name, header.xml, header.unsupported)
}

function pick<K extends string, T>(record: Readonly<Record<K, T>>, keys: readonly K[]): Record<K, T> {
  return Object.fromEntries(keys.map(key => [key, record[key]])) as Record<K, T>
}

const isStrings = (list: unknown): list is string[] => Array.isArray(list) && list.every(s => typeof s === 'string')

/** The header, with the types it must have. */
function parseHeader(
  bytes: Uint8Array,
  length: number,
  corrupt: (what: string, cause?: unknown) => ModelError,
): Header {
  if (HEADER_AT + length > bytes.length) throw corrupt('it ends within its header')
  let header: Header
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEADER_AT, HEADER_AT + length)))
  } catch (cause) {
    throw corrupt('its header is not JSON', cause)
  }
  for (const size of SIZES) {
    const value = header?.sizes?.[size]
    if (!Number.isInteger(value) || value < 0) throw corrupt(`size ${size} is ${value}`)
  }
  for (const kind of KINDS) {
    const list = header.names?.[kind]
    if (!isStrings(list) || list.length !== header.sizes[NAME_SIZES[kind]]) throw corrupt(`names of ${kind}`)
  }
  const fieldsValid = Array.isArray(header.fields) && header.fields.every(row => Array.isArray(row) && row.length === 3)
  if (!fieldsValid) throw corrupt('table of fields')
  if (typeof header.name !== 'string' || typeof header.xml !== 'string') throw corrupt('name or xml')
  if (!isStrings(header.unsupported)) throw corrupt('list of unsupported elements')
  // only what we know goes on
  return { ...header, sizes: pick(header.sizes, SIZES), names: pick(header.names, KINDS) }
}
