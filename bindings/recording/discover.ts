import { RecordingError } from '../errors.js'
import { CSV_MARK, readCsvHeader, splitRow, splitUnit } from './csv-header.js'
import { eachObject, type SourceSpec, timeName } from './extract.js'
import type { ChannelMap, TimeMap } from './map.js'
import { checkWritten } from './map-schema.js'
import { carriesJointState, eachMessage, type Mcap, type Topic } from './mcap.js'
import { flatten, follow, itemStep, parsePath } from './path.js'
import { parseTarget } from './targets.js'
import { MARK, type Written } from './written.js'

/** What a file says about itself, as a mapping would. */
export interface Discovered {
  readonly spec: SourceSpec
  readonly name: string | undefined
  readonly constants: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
}

const LOOK_AHEAD = 1000 // rows looked at to tell numbers from text
const LONGEST_LIST = 64 // elements of a list that become channels by themselves

type Kind = 'number' | 'text' | { readonly list: number }

function kindOf(cell: string): Kind | undefined {
  if (cell === '') return undefined
  if (/^\[.*\]$/s.test(cell)) {
    const items = cell.slice(1, -1).trim()
    return { list: items === '' ? 0 : items.split(/\s*[,;]\s*|\s+/).length }
  }
  const word = /^([-+]?nan|null|none|n\/a|na|[-+]?inf(inity)?|true|false|-nan\(ind\))$/i.test(cell)
  return word || !Number.isNaN(Number(cell)) ? 'number' : 'text'
}

function discoverCsv(spec: SourceSpec, bytes: Uint8Array): Discovered {
  const header = readCsvHeader(bytes, spec.place, spec.csv)
  if (header.embedded !== undefined) return written(spec, header.embedded)
  const kinds: (Kind | undefined)[] = header.cells.map(() => undefined)
  const first: string[] = []
  let at = header.offset
  for (let row = 0; row < LOOK_AHEAD && at < bytes.length && kinds.some(k => k === undefined); row++) {
    const { cells, next, open } = splitRow(bytes, at, header.delimiter)
    if (open) break // reading will say where
    at = next
    if (cells[0].startsWith('#') || (cells.length === 1 && cells[0] === '')) continue
    cells.forEach((cell, i) => {
      if (i >= kinds.length || kinds[i] !== undefined) return
      kinds[i] = kindOf(cell)
      if (kinds[i] !== undefined) first[i] = cell
    })
  }
  const name = timeName(header.names)
  const time = name === undefined ? -1 : header.names.indexOf(name)
  const warnings: string[] = []
  const channels: [string, ChannelMap][] = []
  header.names.forEach((column, i) => {
    if (i === time || (column === '' && kinds[i] === undefined)) return
    const kind = kinds[i]
    if (kind === 'text') warnings.push(`${spec.place}: column '${column}' holds text ('${first[i]}') and is no channel`)
    else if (typeof kind === 'object') {
      if (kind.list > LONGEST_LIST)
        warnings.push(`${spec.place}: column '${column}' holds lists of ${kind.list} and is no channel`)
      else
        for (let e = 0; e < kind.list; e++) channels.push([`${column}[${e}]`, { column: `${header.cells[i]}[${e}]` }])
    } else channels.push([column, { column: i }])
  })
  return {
    spec: { ...spec, time: spec.time ?? (time < 0 ? undefined : { column: time }), channels },
    name: undefined,
    constants: {},
    warnings,
  }
}

/** Paths of all leaves that are numbers throughout, in order of appearance; the others are told about. */
class Leaves {
  private readonly kinds = new Map<string, 'number' | 'text' | 'null'>()

  add(object: unknown): void {
    flatten(object, (path, leaf) => {
      const kind =
        leaf === null ? 'null' : typeof leaf === 'string' && kindOf(leaf.trim()) !== 'number' ? 'text' : 'number'
      const known = this.kinds.get(path)
      if (known === undefined || (known !== 'text' && kind !== 'null')) this.kinds.set(path, kind)
    })
  }

  get paths(): string[] {
    return [...this.kinds.keys()]
  }

  numbers(place: string, warnings: string[]): string[] {
    const long = new Set<string>()
    const result: string[] = []
    for (const [path, kind] of this.kinds) {
      const list = /^(.*?)\[(\d+)\]/s.exec(path)
      if (list !== null && this.kinds.has(`${list[1]}[${LONGEST_LIST}]`)) long.add(list[1])
      else if (kind === 'number') result.push(path)
      else if (list === null)
        warnings.push(`${place}: '${path}' holds ${kind === 'text' ? 'text' : 'nothing but null'} and is no channel`)
    }
    for (const path of long)
      warnings.push(`${place}: '${path}' holds more than ${LONGEST_LIST} elements and is no channel`)
    return result
  }
}

const STAMP_PART = /(^|\.)stamp\.(secs?|nanosec|nsecs?)$/

function discoverJson(spec: SourceSpec): Discovered {
  const leaves = new Leaves()
  let first: unknown
  eachObject(spec, object => {
    first ??= object
    const ours = object === first && spec.content.format === 'jsonl' && Object.hasOwn(object as object, MARK)
    if (!ours) leaves.add(object)
    return ours
  })
  const mark = follow(first, parsePath(MARK))
  if (spec.content.format === 'jsonl' && mark !== undefined) return written(spec, JSON.stringify(mark))
  const warnings: string[] = []
  const columns = spec.content.format === 'json' && !Array.isArray(spec.content.document) && isColumnar(first)
  const paths = columns ? Object.keys(first as object) : leaves.numbers(spec.place, warnings)
  const stamp = leaves.paths.some(p => /^header\.stamp\.secs?$/.test(p)) ? 'header.stamp' : undefined
  const time: TimeMap | undefined =
    spec.time ?? (f => (f === undefined ? undefined : { field: f }))(timeName(paths) ?? stamp)
  const channels = paths
    .filter(p => p !== time?.field && !STAMP_PART.test(p))
    .map((p): [string, ChannelMap] => headed(p, { field: p }))
  return { spec: { ...spec, ...(time !== undefined && { time }), channels }, name: undefined, constants: {}, warnings }
}

/** `joint/elbow/qpos [deg]` as a key: the unit goes into the mapping. */
function headed(path: string, map: ChannelMap): [string, ChannelMap] {
  const { name, unit } = splitUnit(path)
  return unit === undefined ? [path, map] : [name, { ...map, unit }]
}

/** An object of lists of numbers, taken column by column. */
function isColumnar(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const lists = Object.values(value)
  return lists.length > 1 && lists.every(v => Array.isArray(v) && v.every(x => typeof x === 'number' || x === null))
}

function discoverMcap(spec: SourceSpec, mcap: Mcap): Discovered {
  const mark = mcap.metadata.get(MARK)?.get('recording')
  if (mark !== undefined) {
    const found = written(spec, mark)
    // a cut file may lack topics that came late
    const channels = found.spec.channels.filter(([, map]) => mcap.topics.has(map.topic ?? ''))
    const lost = found.spec.channels.length - channels.length
    if (lost === 0) return found
    return {
      ...found,
      spec: { ...found.spec, channels },
      warnings: [`${spec.place}: ${lost} of ${found.spec.channels.length} channels have no messages`],
    }
  }
  const warnings: string[] = []
  const channels: [string, ChannelMap][] = []
  const states = [...mcap.topics.values()].filter(carriesJointState)
  for (const topic of mcap.topics.values()) {
    if (topic.messages.length === 0) continue
    if (topic.encoding !== 'json' && !(topic.encoding === 'cdr' && carriesJointState(topic))) {
      warnings.push(
        `${spec.place}: topic '${topic.topic}' (${topic.schema || 'no schema'}, ${topic.encoding}) cannot be decoded and is left out`,
      )
    } else if (carriesJointState(topic)) channels.push(...jointChannels(mcap, topic, states.length > 1, warnings))
    else channels.push(...fieldChannels(mcap, topic, warnings))
  }
  return { spec: { ...spec, channels }, name: undefined, constants: {}, warnings }
}

const FIELDS = [
  ['position', 'qpos'],
  ['velocity', 'qvel'],
  ['effort', 'effort'],
] as const

/** Channels joint/<name>/qpos, qvel and effort of a JointState topic; with several such topics the topic goes before. */
function jointChannels(mcap: Mcap, topic: Topic, several: boolean, warnings: string[]): [string, ChannelMap][] {
  const found = new Map<string, ChannelMap>()
  const unnamed = new Set<string>()
  eachMessage(mcap, topic, message => {
    const state = message as Record<string, unknown>
    if (!Array.isArray(state.name)) return
    for (const joint of state.name.map(String)) {
      const step = itemStep(joint)
      if (step === undefined) unnamed.add(joint)
      for (const [field, quantity] of FIELDS) {
        const values = state[field]
        const name = `${several ? `${topic.topic}:` : ''}joint/${joint}/${quantity}`
        if (step === undefined || !Array.isArray(values) || values.length === 0 || found.has(name)) continue
        found.set(name, { topic: topic.topic, field: field + step })
      }
    }
  })
  for (const joint of unnamed) {
    warnings.push(`${mcap.place} ${topic.topic}: no field can name joint '${joint}', which is left out`)
  }
  if (several)
    warnings.push(
      `${mcap.place}: several topics carry JointState; a mapping must say what '${topic.topic}' measures or drives`,
    )
  return [...found]
}

function fieldChannels(mcap: Mcap, topic: Topic, warnings: string[]): [string, ChannelMap][] {
  const leaves = new Leaves()
  eachMessage(mcap, topic, message => leaves.add(message))
  const paths = leaves.numbers(`${mcap.place} ${topic.topic}`, warnings).filter(p => !STAMP_PART.test(p))
  const base = topic.topic.replace(/^\//, '')
  return paths.map(path => {
    const [bare, map] = headed(path, { topic: topic.topic, field: path })
    const name = parseTarget(bare) !== undefined ? bare : path === 'value' ? base : `${base}.${bare}`
    return [name, map]
  })
}

/** Takes what one of our writers said. */
function written(spec: SourceSpec, text: string): Discovered {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RecordingError(
      'RECORDING_JSON',
      `the line after '${CSV_MARK.trim()}' is not valid JSON; delete it to read the file without`,
      {
        place: spec.place,
        cause,
      },
    )
  }
  const mark: Written = checkWritten(value, spec.place)
  return {
    spec: {
      ...spec,
      time: mark.time,
      channels: mark.channels,
      ...(mark.blank !== undefined && { csv: { ...spec.csv, blank: mark.blank } }),
    },
    name: mark.name,
    constants: Object.fromEntries(mark.constants),
    warnings: [],
  }
}

/**
 * Makes the mapping a file without one stands for: what our writers left in it, or every column, field or topic that
 * holds numbers, model paths measuring or driving by their name.
 */
export function discover(spec: SourceSpec): Discovered {
  const { content } = spec
  const found =
    content.format === 'csv'
      ? discoverCsv(spec, content.bytes)
      : content.format === 'mcap'
        ? discoverMcap(spec, content.mcap)
        : discoverJson(spec)
  if (found.spec.channels.length > 0) return found
  throw new RecordingError('RECORDING_EMPTY', ['nothing in it is a channel', ...found.warnings].join('; '), {
    place: spec.place,
  })
}
