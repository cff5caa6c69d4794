import { RecordingError } from '../errors.js'
import type { Policies } from './assemble.js'
import type { Content, SourceSpec } from './extract.js'
import { detectFormat, openSource, type Source } from './load.js'
import type { ClockPolicy, FileMap, NanPolicy, RecordingFormat, RecordingMap } from './map.js'
import { Recording } from './recording.js'

export interface ReadOptions {
  /** a mapping, or the path of a JSON file that holds one */
  readonly map?: RecordingMap | string | URL
  /** default: by extension, then by content */
  readonly format?: RecordingFormat
  /** name of the recording; default: the mapping's, or the file's name without extension */
  readonly name?: string
  /** samples that are NaN, blank or infinite; default: the mapping's, or 'error' */
  readonly onNaN?: NanPolicy
  /** stamps that do not increase; default: the mapping's, or 'error' */
  readonly onClock?: ClockPolicy
  /** other files of the recording by name, when the source is bytes */
  readonly files?: Readonly<Record<string, Uint8Array>>
  /** MCAP: decompressors by name ('zstd', 'lz4'); zstd is there by itself from Node 22.15 */
  readonly decompress?: Readonly<Record<string, (bytes: Uint8Array, size: bigint) => Uint8Array>>
}

/** Median periods a hole must exceed to be reported. */
const GAP = 5

/**
 * Reads a mapping file (JSON) and checks every key of it.
 *
 * @throws {RecordingError} RECORDING_FILE; RECORDING_JSON with the line; RECORDING_MAP naming each wrong key
 */
export async function readMap(source: string | URL | Uint8Array): Promise<RecordingMap> {
  const file = await openSource(source, 'mapping')
  const { parseDocument } = await import('./json.js')
  const value = parseDocument(await file.read(), file.place)
  const { checkMap } = await import('./map-schema.js')
  return checkMap(value, file.place)
}

async function mapOf(map: RecordingMap | string | URL | undefined): Promise<RecordingMap | undefined> {
  if (map === undefined) return undefined
  if (typeof map === 'string' || map instanceof URL) return readMap(map)
  const { checkMap } = await import('./map-schema.js')
  return checkMap(map, 'mapping')
}

async function open(source: Source, format: RecordingFormat | undefined, options: ReadOptions): Promise<Content> {
  const bytes = await source.read()
  if (bytes.length === 0) throw new RecordingError('RECORDING_EMPTY', 'the file is empty', { place: source.place })
  const as = format ?? detectFormat(source.file, bytes)
  if (as === 'csv' || as === 'jsonl') return { format: as, bytes }
  if (as === 'json') {
    const { parseDocument } = await import('./json.js')
    return { format: as, document: parseDocument(bytes, source.place) }
  }
  const { openMcap } = await import('./mcap.js')
  return { format: as, mcap: await openMcap(bytes, source.place, options.decompress) }
}

/** The file an entry of `files` means. */
function fileOf(source: Source, entry: FileMap, index: number): Source {
  if (entry.file !== undefined) return source.beside(entry.file)
  if (entry.replace !== undefined) {
    const [from, to] = entry.replace
    if (!source.file.includes(from)) {
      throw new RecordingError(
        'RECORDING_MAP',
        `files[${index}].replace: '${source.file}' does not contain '${from}'`,
        { place: source.place },
      )
    }
    return source.beside(source.file.replace(from, () => to))
  }
  if (!source.isFolder) return source
  throw new RecordingError('RECORDING_MAP', `files[${index}].file: missing; the source is a folder`, {
    place: source.place,
  })
}

async function mappedSpecs(source: Source, map: RecordingMap, options: ReadOptions): Promise<SourceSpec[]> {
  const clock = map.time ?? {}
  const shared = { csv: map.csv, entries: map.entries, time: map.time, rows: map.rows }
  const entries: readonly FileMap[] = map.files ?? [{ channels: map.channels ?? {} }]
  if (map.files === undefined && source.isFolder) {
    throw new RecordingError('RECORDING_FILE', 'is a folder: name the files to read in the mapping, under files', {
      place: source.place,
    })
  }
  const opened = new Map<string, Content>()
  const specs: SourceSpec[] = []
  for (const [i, entry] of entries.entries()) {
    const file = fileOf(source, entry, i)
    const format = entry.format ?? options.format ?? map.format
    const content = opened.get(file.place) ?? (await open(file, format, options))
    opened.set(file.place, content)
    specs.push({
      place: file.place,
      content,
      key: map.files === undefined ? 'channels' : `files[${i}].channels`,
      csv: entry.csv ?? shared.csv,
      entries: entry.entries ?? shared.entries,
      time: entry.time ?? shared.time,
      rows: entry.rows ?? shared.rows,
      shift: (map.shift ?? 0) + (entry.shift ?? 0),
      clock: entry.time ?? clock,
      channels: Object.entries(entry.channels),
    })
  }
  return specs
}

async function readMapped(source: Source, map: RecordingMap, options: ReadOptions): Promise<Recording> {
  const [{ extract, findConstants }, { assemble }] = await Promise.all([
    import('./extract.js'),
    import('./assemble.js'),
  ])
  const specs = await mappedSpecs(source, map, options)
  const policies: Policies = {
    onNaN: options.onNaN ?? map.onNaN ?? 'error',
    onClock: options.onClock ?? map.onClock ?? 'error',
    gap: map.gap ?? GAP,
    skipEmpty: false,
  }
  const constants = findConstants(map.constants ?? {}, specs[0])
  const { channels, warnings } = assemble(specs.flatMap(extract), policies)
  const pattern = options.name ?? map.name ?? '{file}'
  const name = pattern.replaceAll('{file}', source.stem).replaceAll('{folder}', source.folder)
  let recording = new Recording({ name, channels, constants, warnings: [...openingWarnings(specs), ...warnings] })
  if (map.derive !== undefined) {
    const { deriveVelocity } = await import('./filter.js')
    for (const [channel, rule] of Object.entries(map.derive))
      recording = deriveVelocity(recording, { ...rule, name: channel })
  }
  return recording
}

async function readUnmapped(source: Source, options: ReadOptions): Promise<Recording> {
  if (source.isFolder) {
    throw new RecordingError('RECORDING_FILE', 'is a folder: a mapping with files must say what to read in it', {
      place: source.place,
    })
  }
  const [{ extract }, { assemble }, { discover }] = await Promise.all([
    import('./extract.js'),
    import('./assemble.js'),
    import('./discover.js'),
  ])
  const content = await open(source, options.format, options)
  const found = discover({ place: source.place, content, key: '', shift: 0, clock: {}, channels: [] })
  const policies: Policies = {
    onNaN: options.onNaN ?? 'error',
    onClock: options.onClock ?? 'error',
    gap: GAP,
    skipEmpty: options.onNaN === 'drop',
  }
  const { channels, warnings } = assemble(extract(found.spec), policies)
  return new Recording({
    name: options.name ?? found.name ?? source.stem,
    channels,
    constants: found.constants,
    warnings: [...openingWarnings([found.spec]), ...found.warnings, ...warnings],
  })
}

const openingWarnings = (specs: readonly SourceSpec[]): string[] => [
  ...new Set(specs.flatMap(s => (s.content.format === 'mcap' ? s.content.mcap.warnings : []))),
]

/**
 * Reads a robot's log: CSV, JSON Lines, a JSON document, or MCAP (JSON messages of any schema, sensor_msgs/JointState as
 * JSON or CDR).
 *
 * With a mapping, its channels are read and nothing else. Without one, every column, field or topic that holds numbers
 * becomes a channel; one named as a model path ('joint/elbow/qpos', 'actuator/elbow/ctrl') measures or drives it, units
 * stand in brackets (`joint/elbow/qpos [deg]`), and time is the column or field named time, t, timestamp or stamp.
 *
 * @param source path of a file (or, with `files` in the mapping, a folder), URL, or bytes
 * @returns SI units, times in s; oddities of the log stand in `warnings`
 * @throws {RecordingError} with the file and the line, entry or message number: unreadable text, NaN, a clock that does
 * not increase, a unit that does not fit what the channel measures, a wrong key of the mapping
 */
export async function readRecording(source: string | URL | Uint8Array, options: ReadOptions = {}): Promise<Recording> {
  const map = await mapOf(options.map)
  const opened = await openSource(source, options.name, options.files)
  return map === undefined ? readUnmapped(opened, options) : readMapped(opened, map, options)
}
