import { CSV_MARK } from './csv-header.js'
import type { ChannelMap } from './map.js'
import type { Channel, Recording } from './recording.js'
import { parseTarget } from './targets.js'
import { MARK, type Written } from './written.js'

/** The mapping entry that gives a channel its properties back. */
export function describeChannel(channel: Channel, where: ChannelMap): ChannelMap {
  const plain = channel.drives === undefined && channel.measures === undefined
  return {
    ...where,
    unit: channel.unit,
    interpolation: channel.interpolation,
    ...(channel.drives !== undefined && { drives: channel.drives }),
    ...(channel.measures !== undefined && { measures: channel.measures }),
    ...(plain && parseTarget(channel.name) !== undefined && { measures: '' }), // a name is not to be taken for a role
    ...(channel.weight !== undefined && { weight: channel.weight }),
  }
}

/** The shortest decimal that reads back as the same float64; -0 keeps its sign. */
export const decimal = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** All stamps of all channels, increasing, each once. */
export function allTimes(channels: readonly Channel[]): Float64Array {
  const distinct = [...new Set(channels.map(c => c.time))]
  if (distinct.length === 1) return distinct[0]
  const total = distinct.reduce((n, t) => n + t.length, 0)
  const merged = new Float64Array(total)
  let at = 0
  for (const time of distinct) {
    merged.set(time, at)
    at += time.length
  }
  merged.sort()
  let count = 0
  for (let i = 0; i < total; i++) if (i === 0 || merged[i] !== merged[count - 1]) merged[count++] = merged[i]
  return merged.subarray(0, count)
}

/** Quotes a cell where RFC 4180 or this reader's comments and trimming ask for it. */
function cell(text: string): string {
  return /[",;\t|\r\n]|^[\s#]|\s$|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Name of a key or column that is not taken yet. */
export function free(wanted: string, taken: ReadonlySet<string>): string {
  let name = wanted
  while (taken.has(name)) name += '_'
  return name
}

/** Lines joined in pieces, so that a long log does not become one long concatenation. */
class Lines {
  private readonly parts: string[] = []
  private part: string[] = []

  add(line: string): void {
    this.part.push(line)
    if (this.part.length === 4096) this.flush()
  }

  private flush(): void {
    if (this.part.length > 0) this.parts.push(`${this.part.join('\n')}\n`)
    this.part = []
  }

  toString(): string {
    this.flush()
    return this.parts.join('')
  }
}

const numbers = (constants: Readonly<Record<string, number>>): [string, number][] => Object.entries(constants)

/**
 * A recording as CSV: a comment line that keeps names, roles and constants, a header `name [unit]`, a row per stamp.
 * A channel without a sample at a stamp leaves its cell blank. readRecording gives the same recording back, bit for bit.
 */
export function writeCsv(recording: Recording): string {
  const { channels } = recording
  const time = allTimes(channels)
  const lines = new Lines()
  const sparse = channels.some(c => c.time.length !== time.length)
  const mark: Written = {
    version: 1,
    name: recording.name,
    constants: numbers(recording.constants),
    ...(sparse && { blank: 'missing' as const }),
    time: { column: 0, unit: 's', origin: 'keep' },
    channels: channels.map((c, i) => [c.name, describeChannel(c, { column: i + 1 })]),
  }
  lines.add(`# ${CSV_MARK}${JSON.stringify(mark)}`)
  const header = ['time [s]', ...channels.map(c => (c.unit === '' ? c.name : `${c.name} [${c.unit}]`))]
  lines.add(header.map(cell).join(','))
  const next = new Uint32Array(channels.length)
  for (const t of time) {
    let row = decimal(t)
    for (let i = 0; i < channels.length; i++) {
      const c = channels[i]
      const here = next[i] < c.time.length && c.time[next[i]] === t
      row += here ? `,${decimal(c.values[next[i]++])}` : ','
    }
    lines.add(row)
  }
  return lines.toString()
}

/**
 * A recording as JSON Lines: first an object that keeps names, units, roles and constants, then an object a stamp with
 * the values of the channels that have a sample there. readRecording gives the same recording back, bit for bit.
 */
export function writeJsonLines(recording: Recording): string {
  const { channels } = recording
  const stamp = free('time', new Set(channels.map(c => c.name)))
  const taken = new Set([stamp, MARK])
  const keys = channels.map(c => {
    const key = free(c.name === '' ? 'channel' : c.name, taken) // '' is the path of a whole object
    taken.add(key)
    return key
  })
  const mark: Written = {
    version: 1,
    name: recording.name,
    constants: numbers(recording.constants),
    time: { field: stamp, unit: 's', origin: 'keep' },
    channels: channels.map((c, i) => [c.name, describeChannel(c, { field: keys[i] })]),
  }
  const lines = new Lines()
  lines.add(`{${JSON.stringify(MARK)}:${JSON.stringify(mark)}}`)
  const quoted = keys.map(k => JSON.stringify(k))
  const next = new Uint32Array(channels.length)
  for (const t of allTimes(channels)) {
    let line = `{${JSON.stringify(stamp)}:${decimal(t)}`
    for (let i = 0; i < channels.length; i++) {
      const c = channels[i]
      if (next[i] < c.time.length && c.time[next[i]] === t) line += `,${quoted[i]}:${decimal(c.values[next[i]++])}`
    }
    lines.add(`${line}}`)
  }
  return lines.toString()
}

/** How writeMcap lays out messages. */
export interface McapOptions {
  /**
   * 'json' (default): a topic a channel, messages { time, value }.
   * 'joint-state': channels that measure joint/x/qpos and qvel become sensor_msgs/JointState messages (JSON) on
   * /joint_states, the others as above.
   */
  readonly layout?: 'json' | 'joint-state'
}

/**
 * A recording as an MCAP file. Log times are the stamps in ns, counted from the first stamp if that is negative; the
 * exact stamp stands in each message. readRecording gives the same recording back, bit for bit.
 */
export async function writeMcap(recording: Recording, options: McapOptions = {}): Promise<Uint8Array> {
  const { packMcap } = await import('./write-mcap.js')
  return packMcap(recording, options)
}
