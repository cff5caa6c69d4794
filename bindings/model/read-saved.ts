/** Reads what saveModel wrote. Loaded when there is a saved Model to read: a page that has none does not ship it. */
import { ModelError } from '../errors.js'
import { fieldSize, modelFields, SIZES } from '../fields.js'
import { checkFinite } from './finite.js'
import type { Model } from './model.js'
import { BODY_AT, CRC_AT, crc32, HEADER_AT, type Header, KINDS, NAME_SIZES, pick, VERSION } from './save.js'
import { checkIds } from './structure.js'
import { assembleModel } from './support.js'

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
