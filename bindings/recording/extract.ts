import { RecordingError } from '../errors.js'
import { readCsv } from './csv.js'
import { type CsvHeader, findColumn, readCsvHeader } from './csv-header.js'
import { eachLine, findEntries, readEntries, readJsonLines } from './json.js'
import type { ChannelMap, CsvMap, RecordingFormat, RowFilter, TimeMap } from './map.js'
import { type Mcap, type MessageClock, readTopic } from './mcap.js'
import { follow, parsePath, SHORT } from './path.js'
import type { Column, Request, Table } from './table.js'

/** A file's content, opened as its format asks. */
export type Content =
  | { readonly format: 'csv'; readonly bytes: Uint8Array }
  | { readonly format: 'jsonl'; readonly bytes: Uint8Array }
  | { readonly format: 'json'; readonly document: unknown }
  | { readonly format: 'mcap'; readonly mcap: Mcap }

/** One file and what to take from it. */
export interface SourceSpec {
  readonly place: string
  readonly content: Content
  /** where this stands in the mapping, for messages: 'channels', 'files[1].channels'; '' without a mapping */
  readonly key: string
  readonly csv?: CsvMap
  readonly entries?: string
  readonly time?: TimeMap
  readonly rows?: RowFilter
  readonly shift: number
  /** files with the same object here share a clock, and so an origin */
  readonly clock: object
  readonly channels: readonly (readonly [string, ChannelMap])[]
}

/** A channel still in raw numbers: what assemble() turns into a Channel. */
export interface Draft {
  readonly name: string
  readonly key: string
  readonly map: ChannelMap
  readonly format: RecordingFormat
  readonly table: Table
  readonly column: Column
  /** undefined: time is the row's index over time.rate */
  readonly stamps: Column | undefined
  readonly mask: Uint8Array | undefined
  readonly time: TimeMap
  /** unit of the time column in the header; stamps of messages are in ns */
  readonly timeUnit: string | undefined
  readonly valueUnit: string | undefined
  readonly clock: object
  readonly shift: number
}

const TIME_NAMES = ['time', 't', 'timestamp', 'stamp', 'header.stamp']

/** The name that looks like time, by TIME_NAMES, in any case. */
export function timeName(names: readonly string[]): string | undefined {
  for (const wanted of TIME_NAMES) {
    const found = names.find(n => n.toLowerCase() === wanted)
    if (found !== undefined) return found
  }
  return undefined
}

/** Requests and filters without repeats. */
class Wanted {
  readonly requests: Request[] = []
  readonly filters: RowFilter[] = []
  private readonly known = new Map<string, number>()

  request(request: Request): number {
    return this.once(
      JSON.stringify(['request', request.select, request.words, request.exact]),
      () => this.requests.push(request) - 1,
    )
  }

  filter(filter: RowFilter | undefined): number {
    if (filter === undefined || Object.keys(filter).length === 0) return -1
    return this.once(JSON.stringify(['filter', filter]), () => this.filters.push(filter) - 1)
  }

  private once(key: string, add: () => number): number {
    const index = this.known.get(key) ?? add()
    this.known.set(key, index)
    return index
  }
}

const keyOf = (spec: SourceSpec, name: string): string => (spec.key === '' ? `'${name}'` : `${spec.key}.${name}`)

function noTime(spec: SourceSpec, names: readonly string[]): RecordingError {
  return new RecordingError(
    'RECORDING_TIME',
    `which ${spec.content.format === 'csv' ? 'column' : 'field'} is time? None is named ${TIME_NAMES.join(', ')}; there are ${names.slice(0, 20).join(', ')}: say so in the mapping under time`,
    { place: spec.place },
  )
}

const DEFAULT_TIME: TimeMap = {}

/** A channel's own time entry replaces the file's, but stays on its clock. */
const timeOf = (spec: SourceSpec, map: ChannelMap): TimeMap =>
  map.time === undefined
    ? (spec.time ?? DEFAULT_TIME)
    : { ...(spec.time?.origin !== undefined && { origin: spec.time.origin }), ...map.time }

function wrongKey(spec: SourceSpec, key: string, message: string): RecordingError {
  return new RecordingError('RECORDING_MAP', `${key}: ${message}`, { place: spec.place })
}

/** Takes everything a file's channels need out of it, in one pass (MCAP: one per topic). */
export function extract(spec: SourceSpec): Draft[] {
  for (const [name, map] of spec.channels) {
    const key = keyOf(spec, name)
    const { format } = spec.content
    if (format === 'csv' && map.field !== undefined)
      throw wrongKey(spec, `${key}.field`, 'a CSV file has columns; write column')
    if (format !== 'csv' && map.column !== undefined)
      throw wrongKey(spec, `${key}.column`, `a ${format} file has fields; write field`)
    if (format !== 'mcap' && map.topic !== undefined)
      throw wrongKey(spec, `${key}.topic`, `a ${format} file has no topics`)
    if (format === 'mcap' && map.topic === undefined) throw wrongKey(spec, key, 'say which topic carries it')
  }
  if (spec.content.format === 'csv') return extractCsv(spec, spec.content.bytes)
  if (spec.content.format === 'mcap') return extractMcap(spec, spec.content.mcap)
  return extractJson(spec, spec.content)
}

function extractCsv(spec: SourceSpec, bytes: Uint8Array): Draft[] {
  const header = readCsvHeader(bytes, spec.place, spec.csv)
  const wanted = new Wanted()
  const plans = spec.channels.map(([name, map]) => {
    const time = timeOf(spec, map)
    if (time.field !== undefined || time.clock !== undefined)
      throw wrongKey(spec, 'time', 'a CSV file has columns; write column')
    const select = map.column ?? name
    const stamp = csvTime(spec, header, time)
    return {
      name,
      map,
      time,
      value: wanted.request({ select, words: map.enum }),
      stamp: stamp === undefined ? -1 : wanted.request({ select: stamp, exact: true }),
      filter: wanted.filter(map.rows ?? spec.rows),
      valueUnit: header.units[findColumn(header, select).column],
      timeUnit: stamp === undefined ? undefined : header.units[findColumn(header, stamp).column],
    }
  })
  const table = readCsv(bytes, header, wanted.requests, wanted.filters, spec.csv)
  return plans.map(p => draft(spec, table, p))
}

/** The time column to read; undefined when rows are counted instead. */
function csvTime(spec: SourceSpec, header: CsvHeader, time: TimeMap): string | number | undefined {
  if (time.column !== undefined) return time.column
  if (time.rate !== undefined) return undefined
  const name = timeName(header.names)
  if (name === undefined) throw noTime(spec, header.names)
  return name
}

function extractJson(spec: SourceSpec, content: Extract<Content, { format: 'json' | 'jsonl' }>): Draft[] {
  const wanted = new Wanted()
  let found: string | undefined
  const plans = spec.channels.map(([name, map]) => {
    const time = timeOf(spec, map)
    if (time.column !== undefined || time.clock !== undefined)
      throw wrongKey(spec, 'time', `a ${content.format} file has fields; write field`)
    let stamp = time.field
    if (stamp === undefined && time.rate === undefined) stamp = found ??= peekTime(spec, content)
    return {
      name,
      map,
      time,
      value: wanted.request({ select: map.field ?? name, words: map.enum }),
      stamp: stamp === undefined ? -1 : wanted.request({ select: stamp, exact: true }),
      filter: wanted.filter(map.rows ?? spec.rows),
    }
  })
  const table =
    content.format === 'jsonl'
      ? readJsonLines(content.bytes, spec.place, wanted.requests, wanted.filters)
      : readEntries(content.document, spec.entries, spec.place, wanted.requests, wanted.filters)
  return plans.map(p => draft(spec, table, p))
}

class Found extends Error {}

/** Calls `visit` with the objects of a JSON file until it returns true. */
export function eachObject(spec: SourceSpec, visit: (object: unknown) => boolean): void {
  const { content } = spec
  if (content.format === 'jsonl') {
    try {
      eachLine(content.bytes, spec.place, object => {
        if (visit(object)) throw new Found()
      })
    } catch (error) {
      if (!(error instanceof Found)) throw error
    }
  } else if (content.format === 'json') {
    const entries = findEntries(content.document, spec.entries, spec.place)
    if ('columns' in entries) visit(entries.columns)
    else entries.rows.some(visit)
  }
}

function peekTime(spec: SourceSpec, content: Content): string {
  let found: string | undefined
  let keys: string[] = []
  eachObject(spec, object => {
    keys = typeof object === 'object' && object !== null ? Object.keys(object) : []
    found = timeName(keys)
    if (found === undefined && follow(object, parsePath('header.stamp')) !== undefined) found = 'header.stamp'
    return found !== undefined
  })
  if (found === undefined) throw noTime({ ...spec, content }, keys)
  return found
}

function extractMcap(spec: SourceSpec, mcap: Mcap): Draft[] {
  const byTopic = new Map<string, number[]>()
  spec.channels.forEach(([, map], i) => {
    byTopic.set(map.topic!, [...(byTopic.get(map.topic!) ?? []), i])
  })
  const drafts: Draft[] = new Array(spec.channels.length)
  for (const [topic, entries] of byTopic) {
    const wanted = new Wanted()
    const clocks = new Map<number, MessageClock>()
    const plans = entries.map(index => {
      const [name, map] = spec.channels[index]
      const time = timeOf(spec, map)
      if (time.column !== undefined)
        throw wrongKey(spec, 'time.column', 'an MCAP file has fields; write field or clock')
      let stamp = -1
      if (time.field !== undefined) stamp = wanted.request({ select: time.field, exact: true })
      else if (time.rate === undefined || time.clock !== undefined) {
        const clock = time.clock ?? 'log'
        stamp = wanted.request({ select: ` ${clock} time`, exact: true })
        clocks.set(stamp, clock)
      }
      return {
        index,
        name,
        map,
        time,
        value: wanted.request({ select: map.field ?? 'value', words: map.enum }),
        stamp,
        filter: wanted.filter(map.rows ?? spec.rows),
        timeUnit: clocks.has(stamp) ? 'ns' : undefined,
      }
    })
    const table = readTopic(mcap, topic, wanted.requests, wanted.filters, clocks)
    for (const plan of plans) drafts[plan.index] = draft(spec, table, plan)
  }
  return drafts
}

interface Plan {
  readonly name: string
  readonly map: ChannelMap
  readonly time: TimeMap
  readonly value: number
  readonly stamp: number
  readonly filter: number
  readonly valueUnit?: string
  readonly timeUnit?: string
}

function draft(spec: SourceSpec, table: Table, plan: Plan): Draft {
  const stamps = plan.stamp < 0 ? undefined : table.columns[plan.stamp]
  return {
    name: plan.name,
    key: keyOf(spec, plan.name),
    map: plan.map,
    format: spec.content.format,
    table,
    column: table.columns[plan.value],
    stamps,
    mask: plan.filter < 0 ? undefined : table.masks[plan.filter],
    time: plan.time,
    timeUnit: stamps?.nanoseconds ? 'ns' : plan.timeUnit,
    valueUnit: plan.valueUnit,
    clock: spec.clock,
    shift: spec.shift + (plan.map.shift ?? 0),
  }
}

/**
 * Constants of a mapping: numbers as they are, paths looked up in the document, the first JSON line that has them, or
 * the MCAP metadata ('/record name/key').
 *
 * @throws {RecordingError} RECORDING_CONSTANT for a path that leads to no number
 */
export function findConstants(
  constants: Readonly<Record<string, number | string>>,
  spec: SourceSpec,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, value]) => [
      name,
      typeof value === 'number' ? value : lookUp(name, value, spec),
    ]),
  )
}

function lookUp(name: string, text: string, spec: SourceSpec): number {
  const { content } = spec
  const path = parsePath(text)
  let value: unknown
  if (content.format === 'json') value = follow(content.document, path)
  else if (content.format === 'jsonl') {
    eachObject(spec, object => {
      value = follow(object, path)
      return value !== undefined && value !== SHORT
    })
  } else if (content.format === 'mcap') {
    const records = Object.fromEntries([...content.mcap.metadata].map(([k, v]) => [k, Object.fromEntries(v)]))
    value = follow(records, path)
  } else {
    throw new RecordingError(
      'RECORDING_CONSTANT',
      `constants.${name}: a CSV file has no place for '${text}'; give the number`,
      { place: spec.place },
    )
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return number
  const what = value === undefined || value === SHORT ? 'nothing' : JSON.stringify(value)?.slice(0, 40)
  throw new RecordingError('RECORDING_CONSTANT', `constants.${name}: at '${text}' stands ${what}, not a number`, {
    place: spec.place,
  })
}
