/**
 * The bytes of a checkpoint: named sections, each with its own check sum, so that damage is found and said where.
 *
 *   0    8 bytes  magic
 *   8    u32      version of this layout
 *   12   u32      sections
 *   16   u32      CRC-32 (ISO-HDLC, as in zip) of bytes 0 to 15
 *   20   sections, one after the other, nothing behind the last:
 *          u32    CRC-32 of what follows in this section
 *          u32    length of the name
 *          u32    length of the content
 *          name   UTF-8
 *          content
 * Little-endian. The first 20 bytes are the same in every version.
 */
import { CheckpointError } from '../errors.js'
import { crc32 } from '../model/save.js'

// '\x89' in front and '\r\n' behind reveal transfers that touch line ends or the eighth bit, as in PNG
const MAGIC = Uint8Array.of(0x89, 0x53, 0x43, 0x52, 0x55, 0x4e, 0x0d, 0x0a)
/** Version of the layout and of what the sections hold. */
export const CHECKPOINT_VERSION = 1
const COUNT_AT = 12
const CRC_AT = 16
const HEADER = 20
/** words in front of a section's name */
const SECTION = 12

export type Sections = ReadonlyMap<string, Uint8Array>

/** One file's worth of bytes. */
export function writeSections(sections: Sections): Uint8Array {
  const names = [...sections.keys()].map(name => new TextEncoder().encode(name))
  let length = HEADER
  for (const [i, content] of [...sections.values()].entries()) length += SECTION + names[i].length + content.length
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(8, CHECKPOINT_VERSION, true)
  view.setUint32(COUNT_AT, sections.size, true)
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)), true)
  let at = HEADER
  for (const [i, content] of [...sections.values()].entries()) {
    const end = at + SECTION + names[i].length + content.length
    view.setUint32(at + 4, names[i].length, true)
    view.setUint32(at + 8, content.length, true)
    bytes.set(names[i], at + SECTION)
    bytes.set(content, end - content.length)
    view.setUint32(at, crc32(bytes.subarray(at + 4, end)), true)
    at = end
  }
  return bytes
}

/**
 * The sections of a file.
 *
 * @param place the file's name, for messages
 * @throws {CheckpointError} CHECKPOINT_TRUNCATED, CHECKPOINT_FORMAT (no checkpoint at all), CHECKPOINT_VERSION,
 *   CHECKPOINT_DAMAGED naming the section
 */
export function readSections(bytes: Uint8Array, place?: string): Map<string, Uint8Array> {
  const fail = (code: string, message: string): never => {
    throw new CheckpointError(code, message, { place })
  }
  const truncated = (where: string): never =>
    fail('CHECKPOINT_TRUNCATED', `the checkpoint is cut: it has ${bytes.length} bytes and ends within ${where}`)
  const damaged = (what: string): never => fail('CHECKPOINT_DAMAGED', `the checkpoint is damaged: ${what}`)

  if (bytes.length < HEADER) return truncated('its header')
  if (!MAGIC.every((byte, i) => bytes[i] === byte))
    return fail('CHECKPOINT_FORMAT', 'this is no checkpoint of simcrank, or its first bytes are damaged')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(CRC_AT, true) !== crc32(bytes.subarray(0, CRC_AT))) return damaged('the sum of its header')
  const version = view.getUint32(8, true)
  if (version !== CHECKPOINT_VERSION)
    return fail(
      'CHECKPOINT_VERSION',
      `the checkpoint has layout ${version}, this simcrank reads ${CHECKPOINT_VERSION}: go on with the one that wrote it`,
    )

  const sections = new Map<string, Uint8Array>()
  let at = HEADER
  for (let i = 0; i < view.getUint32(COUNT_AT, true); i++) {
    if (at + SECTION > bytes.length) return truncated(`section ${i + 1}`)
    const length = view.getUint32(at + 4, true)
    const end = at + SECTION + length + view.getUint32(at + 8, true)
    if (end > bytes.length) return truncated(`section ${i + 1}`)
    const name = new TextDecoder().decode(bytes.subarray(at + SECTION, at + SECTION + length))
    if (view.getUint32(at, true) !== crc32(bytes.subarray(at + 4, end)))
      return damaged(`the sum of section ${i + 1} ('${name.slice(0, 32)}')`)
    // a copy: slice() of a Node Buffer would be none
    sections.set(name, new Uint8Array(bytes.subarray(at + SECTION + length, end)))
    at = end
  }
  if (at !== bytes.length) return damaged(`${bytes.length - at} bytes follow its end`)
  return sections
}
