import { modelFields, SIZES, type SizeName } from '../fields.js'
import type { Model, ModelNames } from './model.js'
import { unsupported } from './support.js'

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
export const VERSION = 2
export const CRC_AT = 12
export const BODY_AT = 16
export const HEADER_AT = 20

export const NAME_SIZES: Readonly<Record<keyof ModelNames, SizeName>> = {
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

export const KINDS = Object.keys(NAME_SIZES) as (keyof ModelNames)[]

export interface Header {
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

export function crc32(bytes: Uint8Array): number {
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

export function pick<K extends string, T>(record: Readonly<Record<K, T>>, keys: readonly K[]): Record<K, T> {
  return Object.fromEntries(keys.map(key => [key, record[key]])) as Record<K, T>
}
