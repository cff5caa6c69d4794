import * as z from 'zod'
import { RecordingError } from '../errors.js'
import type { FilterSpec } from './filter.js'
import type { ChannelMap, DeriveMap, FileMap, RecordingMap, TimeMap } from './map.js'
import { nearest } from './nearest.js'
import type { Written } from './written.js'

const number = z.number()
const positive = z.number().positive()
const select = z.union([z.string(), z.int().nonnegative()])
const scalar = z.union([z.string(), z.number(), z.boolean()])
const rows = z.record(z.string(), z.union([scalar, z.array(scalar).min(1)]))
const format = z.enum(['csv', 'jsonl', 'json', 'mcap'])
const onNaN = z.enum(['error', 'drop'])
const onClock = z.enum(['error', 'sort', 'drop'])
const comment = z.string()

const csv = z
  .strictObject({
    delimiter: z.enum([',', ';', '\t', '|']),
    decimal: z.enum(['.', ',']),
    header: z.array(z.string()).min(1),
    blank: z.enum(['nan', 'missing']),
  })
  .partial()

const time: z.ZodType<TimeMap> = z
  .strictObject({
    column: select,
    field: z.string(),
    clock: z.enum(['log', 'publish']),
    unit: z.string(),
    scale: positive,
    rate: positive,
    origin: z.enum(['zero', 'keep']),
    comment,
  })
  .partial()

const channel: z.ZodType<ChannelMap> = z
  .strictObject({
    column: select,
    field: z.string(),
    topic: z.string(),
    unit: z.string(),
    scale: number,
    offset: number,
    wrap: z.union([z.boolean(), positive]),
    unwrap: z.union([z.boolean(), positive]),
    interpolation: z.enum(['linear', 'hold']),
    drives: z.string(),
    measures: z.string(),
    weight: z.number().nonnegative(),
    signed16: z.boolean(),
    enum: z.record(z.string(), number),
    rows,
    time,
    shift: number,
    onNaN,
    onClock,
    comment,
  })
  .partial()

const filter: z.ZodType<FilterSpec> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('savitzky-golay'), order: z.int().min(1).max(8), width: positive }),
  z.strictObject({ kind: z.literal('butterworth'), order: z.int().min(1).max(12), cutoff: positive }),
  z.strictObject({ kind: z.literal('difference') }),
])

const derive: z.ZodType<DeriveMap> = z.strictObject({
  from: z.string(),
  filter,
  measures: z.string().optional(),
  weight: z.number().nonnegative().optional(),
  comment: comment.optional(),
})

const file: z.ZodType<FileMap> = z.strictObject({
  file: z.string().optional(),
  replace: z.tuple([z.string().min(1), z.string()]).optional(),
  format: format.optional(),
  csv: csv.optional(),
  entries: z.string().optional(),
  time: time.optional(),
  rows: rows.optional(),
  shift: number.optional(),
  channels: z.record(z.string(), channel),
  comment: comment.optional(),
})

const recordingMap: z.ZodType<RecordingMap> = z
  .strictObject({
    name: z.string(),
    format,
    csv,
    entries: z.string(),
    time,
    rows,
    shift: number,
    channels: z.record(z.string(), channel),
    files: z.array(file).min(1),
    constants: z.record(z.string(), z.union([z.number(), z.string()])),
    derive: z.record(z.string(), derive),
    onNaN,
    onClock,
    gap: z.number().min(1),
    comment,
  })
  .partial()

const written: z.ZodType<Written> = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  constants: z.array(z.tuple([z.string(), z.number()])),
  blank: z.literal('missing').optional(),
  time: time.optional(),
  channels: z.array(z.tuple([z.string(), channel])),
})

/** Keys a strict object may have, for suggestions. */
const KEYS = {
  map: 'name format csv entries time rows shift channels files constants derive onNaN onClock gap comment'.split(' '),
  csv: 'delimiter decimal header blank'.split(' '),
  time: 'column field clock unit scale rate origin comment'.split(' '),
  channel:
    'column field topic unit scale offset wrap unwrap interpolation drives measures weight signed16 enum rows time shift onNaN onClock comment'.split(
      ' ',
    ),
  file: 'file replace format csv entries time rows shift channels comment'.split(' '),
  derive: 'from filter measures weight comment'.split(' '),
  filter: 'kind order width cutoff'.split(' '),
}

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const last = String(path.at(-1) ?? '')
  const above = String(path.at(-2) ?? '')
  if (path.length === 0) return KEYS.map
  if (last === 'csv' || last === 'time' || last === 'filter') return KEYS[last]
  if (above === 'channels') return KEYS.channel
  if (above === 'files') return KEYS.file
  return above === 'derive' ? KEYS.derive : []
}

const spell = (path: readonly PropertyKey[]): string =>
  path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i === 0 ? String(p) : `.${String(p)}`)).join('')

/** One issue of zod as a sentence that begins with the key; unions report the branch that came closest. */
function sentence(issue: z.core.$ZodIssue, prefix: readonly PropertyKey[] = []): string {
  const path = [...prefix, ...issue.path]
  const key = spell(path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map(k => {
        const near = nearest(k, keysAt(path), 1)
        return `${spell([...path, k])}: unknown key${near.length === 0 ? '' : `, did you mean '${near[0]}'?`}`
      })
      .join('; ')
  }
  const messages =
    issue.code === 'invalid_union' ? issue.errors.map(errors => errors[0]?.message ?? '') : [issue.message]
  const plain = messages.map(m =>
    m.replace(/^Invalid input(: )?/, '').replace(/, received undefined$/, ', but it is missing'),
  )
  const told = [...new Set(plain.filter(m => m !== ''))].join(', or ')
  return `${key === '' ? 'mapping' : key}: ${told === '' ? 'a value of the wrong kind' : told}`
}

function check<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new RecordingError('RECORDING_MAP', result.error.issues.map(issue => sentence(issue)).join('; '), {
    place,
    cause: result.error,
  })
}

/**
 * Checks a parsed mapping.
 *
 * @throws {RecordingError} RECORDING_MAP listing every key that is unknown or has a wrong value
 */
export function checkMap(value: unknown, place: string): RecordingMap {
  const map = check(recordingMap, value, place)
  const fail = (message: string) => new RecordingError('RECORDING_MAP', message, { place })
  if (map.channels !== undefined && map.files !== undefined)
    throw fail('channels: with files, each file has its own channels')
  if (map.channels === undefined && map.files === undefined)
    throw fail('channels: missing; say which columns or fields become channels')
  for (const [i, f] of (map.files ?? []).entries()) {
    if (f.file !== undefined && f.replace !== undefined)
      throw fail(`files[${i}]: file and replace are two ways to name one file; give one`)
  }
  for (const [key, t] of times(map)) {
    const ways = [t.column, t.field, t.clock].filter(w => w !== undefined).length
    if (ways > 1) throw fail(`${key}: column, field and clock are three sources of time; give one`)
    if (t.clock !== undefined && (t.unit !== undefined || t.scale !== undefined || t.rate !== undefined)) {
      throw fail(`${key}.clock: stamps of messages are in ns by themselves; leave out unit, scale and rate`)
    }
    if (t.rate !== undefined && (t.unit !== undefined || t.scale !== undefined))
      throw fail(`${key}.rate: replaces unit and scale`)
  }
  for (const [key, c] of channels(map)) {
    if (c.column !== undefined && (c.field !== undefined || c.topic !== undefined))
      throw fail(`${key}: column is for CSV, field and topic for JSON and MCAP; give one`)
    if (c.scale === 0) throw fail(`${key}.scale: 0 makes every value the same`)
    if (c.wrap !== undefined && c.wrap !== false && c.unwrap !== undefined && c.unwrap !== false)
      throw fail(`${key}: wrap and unwrap undo each other`)
  }
  return map
}

function* channels(map: RecordingMap): Generator<[string, ChannelMap]> {
  for (const [name, c] of Object.entries(map.channels ?? {})) yield [`channels.${name}`, c]
  for (const [i, f] of (map.files ?? []).entries()) {
    for (const [name, c] of Object.entries(f.channels)) yield [`files[${i}].channels.${name}`, c]
  }
}

function* times(map: RecordingMap): Generator<[string, TimeMap]> {
  if (map.time !== undefined) yield ['time', map.time]
  for (const [i, f] of (map.files ?? []).entries()) if (f.time !== undefined) yield [`files[${i}].time`, f.time]
  for (const [key, c] of channels(map)) if (c.time !== undefined) yield [`${key}.time`, c.time]
}

/** Checks what one of our writers left in a file. @throws {RecordingError} RECORDING_MAP */
export const checkWritten = (value: unknown, place: string): Written => check(written, value, place)
