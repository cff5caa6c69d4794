import { RecordingError } from '../errors.js'
import { type CsvHeader, findColumn } from './csv-header.js'
import type { CsvMap, RowFilter } from './map.js'
import { NumberReader } from './number.js'
import { alternatives, CELL, Column, type Request, type Table } from './table.js'

const LF = 10
const CR = 13
const QUOTE = 34
const HASH = 35
const OPEN = 91
const CLOSE = 93

/** What to do with the cells of one column. */
interface Plan {
  readonly plain: Column[]
  /** columns taken from elements of a list in this cell, by element */
  readonly lists: { readonly element: number; readonly column: Column }[]
  readonly filters: {
    readonly mask: number
    readonly bytes: Uint8Array[]
    readonly numbers: number[]
    readonly logical: boolean[]
  }[]
}

function plan(header: CsvHeader, requests: readonly Request[], filters: readonly RowFilter[], capacity: number) {
  const plans: (Plan | undefined)[] = new Array(header.cells.length).fill(undefined)
  const at = (column: number): Plan => {
    plans[column] ??= { plain: [], lists: [], filters: [] }
    return plans[column]
  }
  const columns = requests.map(request => {
    const column = new Column(request, capacity)
    const found = findColumn(header, request.select)
    if (found.element === undefined) at(found.column).plain.push(column)
    else at(found.column).lists.push({ element: found.element, column })
    return column
  })
  filters.forEach((filter, mask) => {
    for (const key of Object.keys(filter)) {
      const found = findColumn(header, key)
      if (found.element !== undefined) {
        throw new RecordingError('RECORDING_MAP', `rows: '${key}' is an element of a list; filter by a whole column`, {
          place: header.place,
        })
      }
      const values = alternatives(filter, key)
      at(found.column).filters.push({
        mask,
        bytes: values.map(v => new TextEncoder().encode(String(v))),
        numbers: values.filter(v => typeof v === 'number'),
        logical: values.filter(v => typeof v === 'boolean'),
      })
    }
  })
  return { plans, columns }
}

/** Reads the cells of rows; holds what the row loop needs at hand. */
class CellReader {
  private readonly number = new NumberReader()
  private readonly stamp = new NumberReader(true)
  private readonly decoder = new TextDecoder()

  constructor(
    private readonly point: number,
    private readonly blankState: number,
    private readonly masks: Uint8Array[],
  ) {}

  /** One cell of a planned column: bytes[start, end), trimmed, quotes gone. */
  cell(plan: Plan, row: number, bytes: Uint8Array, start: number, end: number): void {
    for (const column of plan.plain) this.value(column, row, bytes, start, end)
    if (plan.lists.length > 0) this.list(plan, row, bytes, start, end)
    for (const filter of plan.filters) {
      if (!this.passes(filter, bytes, start, end)) this.masks[filter.mask][row] = 0
    }
  }

  private value(column: Column, row: number, bytes: Uint8Array, start: number, end: number): void {
    if (start === end) {
      column.state[row] = this.blankState
      return
    }
    const { words, exact } = column.request
    const reader = exact ? this.stamp : this.number
    if (words === undefined && reader.read(bytes, start, end, this.point)) {
      column.number(row, reader.value)
      if (exact) column.low![row] = reader.low
      return
    }
    column.word(row, this.text(bytes, start, end))
  }

  private text(bytes: Uint8Array, start: number, end: number): string {
    return this.decoder.decode(bytes.subarray(start, end))
  }

  /** `[0.1, 0.2]`, `0.1 0.2`: numbers between brackets, commas, semicolons or spaces. */
  private list(plan: Plan, row: number, bytes: Uint8Array, start: number, end: number): void {
    if (start === end) {
      for (const { column } of plan.lists) column.state[row] = this.blankState
      return
    }
    let at = start
    let stop = end
    if (bytes[at] === OPEN || bytes[at] === 40) {
      at++
      const close = bytes[stop - 1]
      if (close === CLOSE || close === 41) stop--
      else {
        for (const { column } of plan.lists) column.bad(row, this.text(bytes, start, end))
        return
      }
    }
    let element = 0
    for (;;) {
      while (at < stop && isBlank(bytes[at])) at++
      if (at >= stop) break
      const from = at
      while (at < stop && !isBreak(bytes[at])) at++
      for (const item of plan.lists) if (item.element === element) this.value(item.column, row, bytes, from, at)
      element++
      while (at < stop && (bytes[at] === 32 || bytes[at] === 9)) at++
      if (at < stop && (bytes[at] === 44 || bytes[at] === 59)) at++
    }
    for (const item of plan.lists) {
      if (item.element >= element) item.column.bad(row, `list of ${element}, no element [${item.element}]`)
    }
  }

  private passes(filter: Plan['filters'][number], bytes: Uint8Array, start: number, end: number): boolean {
    for (const wanted of filter.bytes) {
      if (wanted.length !== end - start) continue
      let i = 0
      while (i < wanted.length && wanted[i] === bytes[start + i]) i++
      if (i === wanted.length) return true
    }
    if (filter.numbers.length > 0 && this.number.read(bytes, start, end, this.point))
      return filter.numbers.includes(this.number.value)
    return (
      filter.logical.length > 0 && filter.logical.some(v => this.text(bytes, start, end).toLowerCase() === String(v))
    )
  }
}

const isBlank = (c: number): boolean => c === 32 || c === 9 || c === LF || c === CR
const isBreak = (c: number): boolean => c === 44 || c === 59 || isBlank(c)

/** "a ""b""" without its doubled quotes. */
function undouble(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const out = new Uint8Array(end - start)
  let n = 0
  for (let i = start; i < end; i++) {
    out[n++] = bytes[i]
    if (bytes[i] === QUOTE) i++
  }
  return out.subarray(0, n)
}

/**
 * Reads the asked columns of a CSV file in one pass over its bytes. RFC 4180 quoting, `#` comment lines, blank lines,
 * \n, \r\n or \r. A last line that ends early without a line end (a log cut off by power loss) is left out with a warning.
 *
 * @throws {RecordingError} RECORDING_CSV: a row with too few or too many cells, an unclosed quote; names the line
 */
export function readCsv(
  bytes: Uint8Array,
  header: CsvHeader,
  requests: readonly Request[],
  filters: readonly RowFilter[],
  options: CsvMap = {},
): Table {
  const { delimiter, place } = header
  const width = header.cells.length
  const point = options.decimal === ',' ? 44 : 46
  if (point === delimiter)
    throw new RecordingError('RECORDING_MAP', "csv.decimal ',' needs another delimiter than ','", { place })
  let capacity = Math.max(16, Math.ceil((bytes.length - header.offset) / Math.max(64, 8 * width)))
  const { plans, columns } = plan(header, requests, filters, capacity)
  const masks = filters.map(() => new Uint8Array(capacity).fill(1))
  const cells = new CellReader(point, options.blank === 'missing' ? CELL.MISSING : CELL.NAN, masks)
  let lines = new Uint32Array(capacity)
  const warnings: string[] = []
  const tab = delimiter === 9
  const size = bytes.length
  let row = 0
  let line = header.line
  let at = header.offset
  while (at < size) {
    const c = bytes[at]
    if (c === LF || c === CR) {
      at += c === CR && bytes[at + 1] === LF ? 2 : 1
      line++
      continue
    }
    if (c === HASH) {
      while (at < size && bytes[at] !== LF && bytes[at] !== CR) at++
      continue
    }
    if (row === capacity) {
      capacity = Math.ceil(capacity * 1.6)
      for (const column of columns) column.grow(capacity)
      masks.forEach((old, i) => {
        masks[i] = new Uint8Array(capacity).fill(1)
        masks[i].set(old)
      })
      const grown = new Uint32Array(capacity)
      grown.set(lines)
      lines = grown
    }
    lines[row] = line
    let column = 0
    let blank = true // nothing in this row so far
    for (;;) {
      while (at < size && (bytes[at] === 32 || (!tab && bytes[at] === 9))) at++
      const plan = column < width ? plans[column] : undefined
      if (at < size && bytes[at] === QUOTE) {
        blank = false
        const start = ++at
        let doubled = false
        while (at < size) {
          const q = bytes[at]
          if (q === QUOTE) {
            if (bytes[at + 1] !== QUOTE) break
            doubled = true
            at++
          } else if (q === LF) line++
          at++
        }
        if (at >= size)
          throw new RecordingError('RECORDING_CSV', 'a quote opened here is never closed', {
            place: `${place}:${lines[row]}`,
          })
        if (plan !== undefined) {
          let from = start
          let to = at
          while (from < to && isBlank(bytes[from])) from++
          while (to > from && isBlank(bytes[to - 1])) to--
          if (doubled) {
            const plain = undouble(bytes, from, to)
            cells.cell(plan, row, plain, 0, plain.length)
          } else cells.cell(plan, row, bytes, from, to)
        }
        at++
        while (at < size && (bytes[at] === 32 || (!tab && bytes[at] === 9))) at++
        if (at < size && bytes[at] !== delimiter && bytes[at] !== LF && bytes[at] !== CR) {
          throw new RecordingError('RECORDING_CSV', 'text after a closing quote: double a quote inside quotes', {
            place: `${place}:${line}`,
          })
        }
      } else {
        const start = at
        while (at < size) {
          const d = bytes[at]
          if (d === delimiter || d === LF || d === CR) break
          at++
        }
        if (at > start) blank = false
        else if (column >= width) column-- // an empty cell after the last one is a trailing delimiter
        if (plan !== undefined) {
          let end = at
          while (end > start && (bytes[end - 1] === 32 || bytes[end - 1] === 9)) end--
          cells.cell(plan, row, bytes, start, end)
        }
      }
      column++
      if (at >= size || bytes[at] !== delimiter) break
      at++
    }
    const ended = at < size
    if (column === 1 && width > 1 && blank) {
      for (const mask of masks) mask[row] = 1 // a line of spaces: not a row
      continue
    }
    if (column !== width) {
      if (!ended && column < width) {
        warnings.push(`${place}:${lines[row]}: the last line is cut off (${column} of ${width} cells) and left out`)
        for (const c of columns) c.state[row] = CELL.MISSING
        break
      }
      throw new RecordingError('RECORDING_CSV', `this row has ${column} cells, the header ${width}${hint(delimiter)}`, {
        place: `${place}:${lines[row]}`,
      })
    }
    row++
  }
  return { place, noun: 'line', rows: row, rowNumber: r => lines[r], columns, masks, warnings }
}

function hint(delimiter: number): string {
  return delimiter === 44 ? '; quote cells that hold commas' : ''
}
