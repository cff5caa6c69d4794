import { RecordingError } from '../errors.js'
import type { CsvMap } from './map.js'
import { few, suggestion } from './nearest.js'
import { parseTarget } from './targets.js'
import { tryUnit } from './units.js'

/** Mark of the comment line in which writeCsv keeps what a header cannot say. */
export const CSV_MARK = 'simcrank-recording '

/** What stands before the rows of a CSV file. */
export interface CsvHeader {
  readonly place: string
  readonly delimiter: number
  /** the header cells as written, trimmed */
  readonly cells: readonly string[]
  /** cells without their unit */
  readonly names: readonly string[]
  /** units in brackets; undefined where none is stated */
  readonly units: readonly (string | undefined)[]
  /** where the first row begins, and its line */
  readonly offset: number
  readonly line: number
  /** JSON that writeCsv left, if the file is one of ours */
  readonly embedded: string | undefined
}

const LF = 10
const CR = 13
const QUOTE = 34
const HASH = 35
const DELIMITERS: Readonly<Record<string, number>> = { ',': 44, ';': 59, '\t': 9, '|': 124 }

/**
 * `joint/elbow/qpos [deg]` -> name and unit. Brackets that hold no unit belong to the name.
 *
 * @param strict refuse an unknown unit behind a model path
 */
export function splitUnit(cell: string, place?: string, strict = true): { name: string; unit: string | undefined } {
  const match = /^(.*?)(\s*)(?:\[([^[\]]*)\]|\(([^()]*(?:\([^()]*\))?[^()]*)\))$/su.exec(cell)
  if (match === null || match[1] === '') return { name: cell, unit: undefined }
  const text = (match[3] ?? match[4]).trim()
  const index = match[2] === '' && /^\d+$/.test(text) // positions[2] is an element, not a unit
  if (!index && tryUnit(text) !== undefined) return { name: match[1], unit: text }
  if (strict && !index && parseTarget(match[1]) !== undefined) {
    throw new RecordingError(
      'RECORDING_UNIT',
      `header '${cell}': '${text}' is no known unit${suggestion(text, ['rad', 'deg', 'm', 'rad/s', 'deg/s', 'N*m', 'V', 'A'])}`,
      { place },
    )
  }
  return { name: cell, unit: undefined }
}

/**
 * One row as strings: RFC 4180 quoting, spaces around cells trimmed.
 *
 * @returns cells, the offset after the row's line end, how many lines the row took, and whether a quote was left open
 */
export function splitRow(
  bytes: Uint8Array,
  start: number,
  delimiter: number,
): { cells: string[]; next: number; lines: number; open: boolean } {
  const decoder = new TextDecoder()
  const cells: string[] = []
  let at = start
  let lines = 1
  let open = false
  for (;;) {
    while (bytes[at] === 32 || (bytes[at] === 9 && delimiter !== 9)) at++
    let text: string
    if (bytes[at] === QUOTE) {
      const from = ++at
      let doubled = false
      for (; at < bytes.length; at++) {
        if (bytes[at] === LF) lines++
        if (bytes[at] !== QUOTE) continue
        if (bytes[at + 1] !== QUOTE) break
        doubled = true
        at++
      }
      open = at >= bytes.length
      text = decoder.decode(bytes.subarray(from, at++))
      if (doubled) text = text.replaceAll('""', '"')
      while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) at++
    } else {
      const from = at
      while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) at++
      text = decoder.decode(bytes.subarray(from, at)).trim()
    }
    cells.push(text)
    if (bytes[at] !== delimiter || at >= bytes.length) break
    at++
  }
  if (bytes[at] === CR) at++
  if (bytes[at] === LF) at++
  return { cells, next: Math.min(at, bytes.length), lines, open }
}

/** The separator found most often in the first row, outside quotes and lists; a comma when none is. */
function detectDelimiter(bytes: Uint8Array, start: number): number {
  const counts = new Map(Object.values(DELIMITERS).map(d => [d, 0]))
  let quoted = false
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const c = bytes[at]
    if (c === QUOTE) quoted = !quoted
    else if (quoted) continue
    else if (c === LF || c === CR) break
    else if (c === 91 || c === 40) depth++
    else if (c === 93 || c === 41) depth--
    else if (depth <= 0 && counts.has(c)) counts.set(c, counts.get(c)! + 1)
  }
  let best = DELIMITERS[',']
  for (const [d, n] of counts) if (n > counts.get(best)!) best = d
  return best
}

/**
 * Reads comment lines and the header of a CSV file.
 *
 * @throws {RecordingError} RECORDING_CSV when the file is empty, is UTF-16, or its first row is numbers, not names
 */
export function readCsvHeader(bytes: Uint8Array, place: string, options: CsvMap = {}): CsvHeader {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0 // UTF-8 byte order mark
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new RecordingError('RECORDING_CSV', 'the file is UTF-16: save it as UTF-8', { place })
  }
  let line = 1
  let embedded: string | undefined
  while (at < bytes.length) {
    const c = bytes[at]
    if (c === CR || c === LF) {
      at += c === CR && bytes[at + 1] === LF ? 2 : 1
      line++
    } else if (c === HASH) {
      let end = at
      while (end < bytes.length && bytes[end] !== LF && bytes[end] !== CR) end++
      const comment = new TextDecoder().decode(bytes.subarray(at + 1, end)).trim()
      if (comment.startsWith(CSV_MARK)) embedded = comment.slice(CSV_MARK.length)
      at = end
    } else break
  }
  if (at >= bytes.length) throw new RecordingError('RECORDING_CSV', 'the file holds no rows', { place })
  const delimiter = options.delimiter === undefined ? detectDelimiter(bytes, at) : DELIMITERS[options.delimiter]
  const first = splitRow(bytes, at, delimiter)
  if (options.header !== undefined) {
    const cells = options.header
    return describe({ place, delimiter, cells, offset: at, line, embedded: undefined })
  }
  const numeric = first.cells.filter(c => c !== '' && !Number.isNaN(Number(c)))
  if (numeric.length === first.cells.filter(c => c !== '').length) {
    throw new RecordingError(
      'RECORDING_CSV',
      'the first row holds numbers, not names: add a header line, or name the columns in the mapping under csv.header',
      { place: `${place}:${line}` },
    )
  }
  return describe({ place, delimiter, cells: first.cells, offset: first.next, line: line + first.lines, embedded })
}

function describe(header: Omit<CsvHeader, 'names' | 'units'>): CsvHeader {
  const split = header.cells.map(cell => splitUnit(cell, header.place, header.embedded === undefined))
  return { ...header, names: split.map(s => s.name), units: split.map(s => s.unit) }
}

/** A CSV column, or one element of a column that holds lists. */
export interface CsvColumn {
  readonly column: number
  readonly element: number | undefined
}

/**
 * Finds a column by position, by header cell, by name without unit, or as an element `positions[2]` of a list column.
 *
 * @throws {RecordingError} RECORDING_COLUMN when there is none or more than one; names the nearest
 */
export function findColumn(header: CsvHeader, select: string | number): CsvColumn {
  if (typeof select === 'number') {
    if (select < header.cells.length) return { column: select, element: undefined }
    throw new RecordingError(
      'RECORDING_COLUMN',
      `column ${select} does not exist: the file has ${header.cells.length}, counted from 0`,
      {
        place: header.place,
      },
    )
  }
  for (const names of [header.cells, header.names]) {
    const at = names.flatMap((n, i) => (n === select ? [i] : []))
    if (at.length === 1) return { column: at[0], element: undefined }
    if (at.length > 1) {
      throw new RecordingError(
        'RECORDING_COLUMN',
        `column '${select}' stands at positions ${few(at)} (from 0): select it by position`,
        {
          place: header.place,
        },
      )
    }
  }
  const list = /^(.+)\[(\d+)\]$/s.exec(select)
  if (list !== null && (header.names.includes(list[1]) || header.cells.includes(list[1]))) {
    return { column: findColumn(header, list[1]).column, element: Number(list[2]) }
  }
  throw new RecordingError('RECORDING_COLUMN', `no column '${select}'${suggestion(select, header.names)}`, {
    place: header.place,
  })
}
