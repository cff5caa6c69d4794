import { RecordingError } from '../errors.js'

/** A decoded sensor_msgs/JointState (ROS 2), in the shape its JSON form has. */
export interface JointState {
  readonly header: { readonly stamp: { readonly sec: number; readonly nanosec: number }; readonly frame_id: string }
  readonly name: readonly string[]
  readonly position: readonly number[]
  readonly velocity: readonly number[]
  readonly effort: readonly number[]
}

/** Encapsulations of plain CDR, the odd ones little-endian; XCDR2 has two numbers for each (RTPS 2.5, XTypes 1.3). */
const CDR = [0x00, 0x01]
const CDR2 = [0x06, 0x07, 0x10, 0x11]
const HEADER = 4 // encapsulation: two bytes of representation, two of options

/** OMG CDR (DDS-XTypes 1.3, 7.4): primitives aligned to their size, counted from the end of the encapsulation header. */
class CdrReader {
  private readonly view: DataView
  private readonly little: boolean
  private readonly widest: number
  private readonly decoder = new TextDecoder()
  private at = HEADER

  constructor(
    private readonly bytes: Uint8Array,
    private readonly place: string,
  ) {
    if (bytes.length < HEADER) throw this.error('the message is shorter than its encapsulation header')
    const kind = bytes[0] * 256 + bytes[1]
    if (!CDR.includes(kind) && !CDR2.includes(kind)) {
      throw this.error(`encapsulation 0x${kind.toString(16).padStart(4, '0')} is not plain CDR`)
    }
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.little = kind % 2 === 1
    this.widest = CDR.includes(kind) ? 8 : 4 // XCDR2 aligns 8-byte values to 4
  }

  private error(message: string): RecordingError {
    return new RecordingError('RECORDING_CDR', `not a sensor_msgs/JointState: ${message}`, { place: this.place })
  }

  private take(size: number, count = 1): number {
    const alignment = Math.min(size, this.widest)
    const over = (this.at - HEADER) % alignment
    const start = over === 0 ? this.at : this.at + alignment - over
    if (count * size > this.bytes.length - start)
      throw this.error(`needs ${count * size} bytes at ${start}, has ${Math.max(0, this.bytes.length - start)}`)
    this.at = start + count * size
    return start
  }

  int32(): number {
    return this.view.getInt32(this.take(4), this.little)
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), this.little)
  }

  string(): string {
    const length = this.uint32() // counts the closing zero
    const start = this.take(1, length)
    return this.decoder.decode(this.bytes.subarray(start, start + Math.max(0, length - 1)))
  }

  strings(): string[] {
    const count = this.uint32()
    if (count > this.bytes.length) throw this.error(`a list of ${count} strings in ${this.bytes.length} bytes`)
    return Array.from({ length: count }, () => this.string())
  }

  doubles(): number[] {
    const count = this.uint32()
    if (count === 0) return []
    const start = this.take(8, count)
    return Array.from({ length: count }, (_, i) => this.view.getFloat64(start + 8 * i, this.little))
  }
}

/**
 * Decodes a CDR-encoded sensor_msgs/msg/JointState: std_msgs/Header header; string[] name; float64[] position, velocity,
 * effort (ROS 2 common_interfaces).
 *
 * @throws {RecordingError} RECORDING_CDR when the bytes are too short or not plain CDR
 */
export function decodeJointState(bytes: Uint8Array, place: string): JointState {
  const cdr = new CdrReader(bytes, place)
  const sec = cdr.int32()
  const nanosec = cdr.uint32()
  const frame_id = cdr.string()
  const name = cdr.strings()
  const position = cdr.doubles()
  const velocity = cdr.doubles()
  const effort = cdr.doubles()
  return { header: { stamp: { sec, nanosec }, frame_id }, name, position, velocity, effort }
}
