/**
 * Plain data (numbers, words, truth values, lists, objects, typed arrays) as bytes and back, bit for bit: NaN, -0 and
 * infinities included, typed arrays as they lie in memory.
 *
 *   0   u32   length of the text
 *   4   text  JSON; a typed array stands as {"$": [type, byte offset, length]}, a number JSON lacks as {"$": "-0"}
 *   then the arrays, each from a multiple of 8 bytes behind the text; everything little-endian
 */
import { SizeError } from '../errors.js'

const TYPES = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u32: Uint32Array, u8: Uint8Array } as const
type TypeName = keyof typeof TYPES
type Numbers = InstanceType<(typeof TYPES)[TypeName]>

const ALIGN = 8
const aligned = (at: number): number => Math.ceil(at / ALIGN) * ALIGN

function typeOf(view: ArrayBufferView): TypeName {
  for (const [name, type] of Object.entries(TYPES)) if (view instanceof type) return name as TypeName
  throw new SizeError('PACK', `cannot save ${view.constructor.name}: expected one of ${Object.keys(TYPES).join(', ')}`)
}

/** The bytes of a plain value. @throws {SizeError} PACK for what is not plain */
export function pack(value: unknown): Uint8Array {
  const arrays: Numbers[] = []
  let length = 0
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'number' && (!Number.isFinite(item) || Object.is(item, -0)))
      return { $: Object.is(item, -0) ? '-0' : String(item) }
    if (ArrayBuffer.isView(item)) {
      const type = typeOf(item)
      const offset = aligned(length)
      arrays.push(item as Numbers)
      length = offset + item.byteLength
      return { $: [type, offset, (item as Numbers).length] }
    }
    if (typeof item === 'function' || typeof item === 'bigint' || typeof item === 'symbol')
      throw new SizeError('PACK', `cannot save a ${typeof item}`)
    return item
  })
  const head = new TextEncoder().encode(text)
  const base = aligned(4 + head.length)
  const bytes = new Uint8Array(base + length)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, 4)
  let at = base
  for (const array of arrays) {
    at = base + aligned(at - base)
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += array.byteLength
  }
  return bytes
}

/** The value pack() was given. @throws {RangeError} or {SyntaxError} when these are not its bytes */
export function unpack(bytes: Uint8Array): unknown {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
  if (4 + length > bytes.length) throw new RangeError(`text of ${length} bytes, there are ${bytes.length - 4}`)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + length))
  const base = aligned(4 + length)
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || !('$' in item)) return item
    const { $ } = item
    if (typeof $ === 'string') return Number($)
    const [type, offset, count] = $ as [TypeName, number, number]
    const begin = base + offset
    const end = begin + count * TYPES[type].BYTES_PER_ELEMENT
    if (!(offset >= 0 && count >= 0 && end <= bytes.length)) throw new RangeError(`array ends at byte ${end}`)
    // a copy of its own, aligned whatever the bytes lie in; slice() of a Node Buffer would be none
    return new TYPES[type](new Uint8Array(bytes.subarray(begin, end)).buffer)
  })
}
