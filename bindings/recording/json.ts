import { RecordingError } from '../errors.js'
import type { RowFilter } from './map.js'
import { suggestion } from './nearest.js'
import { follow, parsePath, SHORT, walk } from './path.js'
import { RowCollector } from './rows.js'
import type { Request, Table } from './table.js'
import { MARK } from './written.js'

const LF = 10

/**
 * JSON.parse that also takes the bare NaN, Infinity and -Infinity other languages write; they become null, which a
 * channel reports as NaN.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error
    // a string, or a bare word outside strings
    const plain = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/gs, word =>
      word.startsWith('"') ? word : 'null',
    )
    return JSON.parse(plain)
  }
}

const TOKEN =
  /\s*(?:("(?:[^"\\\n]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity)|([{}[\],:]))/y

/** Where a text stops being JSON; engines do not agree on telling it. */
function errorOffset(text: string): number {
  const token = new RegExp(TOKEN)
  const open: string[] = []
  let expected = 'value'
  for (let at = 0; ; at = token.lastIndex) {
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)
    const [, string, , mark] = match
    const here = token.lastIndex - (mark ?? '').length
    const top = open.at(-1)
    if (mark === undefined) {
      if (expected === 'key' || expected === 'key or end') {
        if (string === undefined) return at
        expected = ':'
      } else if (expected === 'value' || expected === 'value or end') expected = ', or end'
      else return at
    } else if ((mark === '{' || mark === '[') && expected.startsWith('value')) {
      open.push(mark)
      expected = mark === '{' ? 'key or end' : 'value or end'
    } else if (mark === ':' && expected === ':') expected = 'value'
    else if (mark === ',' && expected === ', or end' && top !== undefined) expected = top === '{' ? 'key' : 'value'
    else if (expected.endsWith('end') && top === (mark === '}' ? '{' : '[') && mark !== ',' && mark !== ':') {
      open.pop()
      expected = ', or end'
    } else return here
  }
}

/** Its line, from 1. */
function errorLine(text: string): number {
  const end = errorOffset(text)
  let line = 1
  for (let i = 0; i < end; i++) if (text.charCodeAt(i) === LF) line++
  return line
}

/** Decodes a JSON file. */
export function parseDocument(bytes: Uint8Array, place: string): unknown {
  const text = decode(bytes, place)
  try {
    return parseJson(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new RecordingError('RECORDING_JSON', `not valid JSON: ${message}`, {
      place: `${place}:${errorLine(text)}`,
      cause: error,
    })
  }
}

function decode(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new RecordingError('RECORDING_JSON', 'the text is not UTF-8, or too large for one string', { place, cause })
  }
}

/** Calls `visit` with each object of a JSON Lines file and its line number; blank lines are passed over. */
export function eachLine(bytes: Uint8Array, place: string, visit: (object: unknown, line: number) => void): string[] {
  const decoder = new TextDecoder()
  const warnings: string[] = []
  let line = 0
  for (let at = 0; at < bytes.length; ) {
    let end = bytes.indexOf(LF, at)
    const ended = end >= 0
    if (!ended) end = bytes.length
    line++
    const text = decoder.decode(bytes.subarray(at, end)).trim()
    at = end + 1
    if (text === '') continue
    let object: unknown
    try {
      object = parseJson(text)
    } catch (cause) {
      if (!ended && line > 1) {
        warnings.push(`${place}:${line}: the last line is cut off and left out`)
        break
      }
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new RecordingError('RECORDING_JSON', `not a JSON object: ${message}`, { place: `${place}:${line}`, cause })
    }
    if (typeof object !== 'object' || object === null) {
      throw new RecordingError('RECORDING_JSON', 'expected one JSON object a line', { place: `${place}:${line}` })
    }
    visit(object, line)
  }
  return warnings
}

/** Reads the asked fields of a JSON Lines file. */
export function readJsonLines(
  bytes: Uint8Array,
  place: string,
  requests: readonly Request[],
  filters: readonly RowFilter[],
): Table {
  const collector = new RowCollector(place, 'line', requests, filters)
  const warnings = eachLine(bytes, place, (object, line) => {
    if (!Object.hasOwn(object as object, MARK)) collector.push(object, line) // what our writer says of the file is no sample
  })
  return collector.table(warnings)
}

type Entries = { readonly rows: readonly unknown[] } | { readonly columns: Record<string, unknown> }

/**
 * The rows of a JSON document: the list at `pointer`, the document if it is a list, or its only list of objects.
 * An object of equally long lists is taken column by column.
 *
 * @throws {RecordingError} RECORDING_ENTRIES when it is not clear which; names the lists there are
 */
export function findEntries(document: unknown, pointer: string | undefined, place: string): Entries {
  let found: unknown = document
  if (pointer !== undefined) {
    found = follow(document, parsePath(pointer))
    if (found === undefined || found === SHORT) {
      const keys = typeof document === 'object' && document !== null ? Object.keys(document).map(k => `/${k}`) : []
      throw new RecordingError(
        'RECORDING_ENTRIES',
        `the document has nothing at '${pointer}'${suggestion(pointer, keys)}`,
        { place },
      )
    }
  }
  if (Array.isArray(found)) return { rows: found }
  if (typeof found !== 'object' || found === null) {
    throw new RecordingError(
      'RECORDING_ENTRIES',
      `'${pointer ?? ''}' is neither a list of entries nor an object of lists`,
      { place },
    )
  }
  const object = found as Record<string, unknown>
  if (pointer !== undefined) return { columns: object }
  const lists = Object.keys(object).filter(k => Array.isArray(object[k]))
  const ofObjects = lists.filter(k =>
    (object[k] as unknown[]).some(v => typeof v === 'object' && v !== null && !Array.isArray(v)),
  )
  if (ofObjects.length === 1) return { rows: object[ofObjects[0]] as unknown[] }
  if (lists.length > 0 && ofObjects.length === 0) return { columns: object }
  const there = lists.length === 0 ? 'there is none' : `there are ${lists.map(k => `'/${k}'`).join(', ')}`
  throw new RecordingError(
    'RECORDING_ENTRIES',
    `which list holds the entries? ${there}: name it in the mapping, "entries": "/…"`,
    { place },
  )
}

/**
 * One row of a column-wise document: asking it for `q[1]` gives q[row][1]. Paths enter the first list they meet by row.
 */
function columnRows(
  columns: Record<string, unknown>,
  place: string,
  requests: readonly Request[],
  filters: readonly RowFilter[],
): unknown[] {
  const wanted = [...requests.map(r => String(r.select)), ...filters.flatMap(f => Object.keys(f))]
  const rows: Record<string, unknown>[] = []
  for (const text of new Set(wanted)) {
    const path = parsePath(text)
    const literal = Object.hasOwn(columns, text)
    let list: unknown = literal ? columns[text] : columns
    let step = literal ? path.steps.length : 0
    while (!literal && !Array.isArray(list) && step < path.steps.length) {
      list = walk(list, [path.steps[step++]])
    }
    if (list === undefined) continue // reported as a field that is nowhere
    if (!Array.isArray(list)) throw new RecordingError('RECORDING_ENTRIES', `'${text}' holds no list`, { place })
    for (let i = 0; i < list.length; i++) {
      rows[i] ??= {}
      rows[i][text] = walk(list[i], path.steps.slice(step))
    }
  }
  return rows
}

/** Reads the asked fields of a JSON document's entries. */
export function readEntries(
  document: unknown,
  pointer: string | undefined,
  place: string,
  requests: readonly Request[],
  filters: readonly RowFilter[],
): Table {
  const entries = findEntries(document, pointer, place)
  const rows = 'rows' in entries ? entries.rows : columnRows(entries.columns, place, requests, filters)
  const collector = new RowCollector(place, 'entry', requests, filters)
  for (let i = 0; i < rows.length; i++) collector.push(rows[i], i)
  return collector.table()
}
