import type { RowFilter } from './map.js'

/** What a cell turned out to be. */
export const CELL = {
  /** this row has no sample of this column: key absent, or blank in a file that says blanks mean so */
  MISSING: 0,
  OK: 1,
  /** NaN, null or blank */
  NAN: 2,
  /** an infinity */
  INFINITE: 3,
  /** text that is no number, list too short … */
  BAD: 4,
} as const

/** One column asked of a file: a CSV column (name or position), or a field path. */
export interface Request {
  readonly select: string | number
  /** words and the numbers they stand for */
  readonly words?: Readonly<Record<string, number>>
  /** keep what rounding to float64 leaves over: time stamps */
  readonly exact?: boolean
}

/** One column of a file, a value and a state per row; grows as rows come. */
export class Column {
  values: Float64Array
  state: Uint8Array
  low: Float64Array | undefined
  /** some cell was true/false or a word: an event, not a measurement on a scale */
  logical = false
  /** read from ROS stamps { sec, nanosec }, and so in nanoseconds whatever the mapping says */
  nanoseconds = false
  /** the offending text of the first bad cells, by row */
  readonly texts = new Map<number, string>()

  constructor(
    readonly request: Request,
    capacity: number,
  ) {
    this.values = new Float64Array(capacity)
    this.state = new Uint8Array(capacity)
    this.low = request.exact ? new Float64Array(capacity) : undefined
  }

  grow(capacity: number): void {
    const values = new Float64Array(capacity)
    values.set(this.values)
    this.values = values
    const state = new Uint8Array(capacity)
    state.set(this.state)
    this.state = state
    if (this.low !== undefined) {
      const low = new Float64Array(capacity)
      low.set(this.low)
      this.low = low
    }
  }

  bad(row: number, text: string): void {
    this.state[row] = CELL.BAD
    if (this.texts.size < MAX_TEXTS) this.texts.set(row, text.length > 40 ? `${text.slice(0, 40)}…` : text)
  }

  /** Stores a word: a number by `words`, a boolean, a way to write NaN or infinity, or else a bad cell. */
  word(row: number, text: string): void {
    const { words } = this.request
    const lower = text.toLowerCase()
    if (words !== undefined) {
      this.logical = true
      if (Object.hasOwn(words, text)) this.number(row, words[text])
      else this.bad(row, text)
    } else if (lower === 'true' || lower === 'false') {
      this.logical = true
      this.number(row, lower === 'true' ? 1 : 0)
    } else if (NAN_WORDS.has(lower)) this.state[row] = CELL.NAN
    else if (/^[-+]?inf(inity)?$/.test(lower)) this.state[row] = CELL.INFINITE
    else this.bad(row, text)
  }

  number(row: number, value: number): void {
    this.values[row] = value
    this.state[row] = Number.isFinite(value) ? CELL.OK : Number.isNaN(value) ? CELL.NAN : CELL.INFINITE
  }
}

/** How programs write a number that is none. */
const NAN_WORDS: ReadonlySet<string> = new Set(['', 'nan', '+nan', '-nan', '-nan(ind)', 'null', 'none', 'na', 'n/a'])

const MAX_TEXTS = 100 // enough for any message; the count is kept by `state`

/** Columns taken out of one file (or one topic), row by row. */
export interface Table {
  /** file, or file and topic */
  readonly place: string
  /** what a row is called in messages: 'line', 'entry', 'message' */
  readonly noun: string
  readonly rows: number
  /** the number a reader would count to: line 12, entry 0, message 1 */
  rowNumber(row: number): number
  /** in the order of the requests */
  readonly columns: readonly Column[]
  /** one per filter: 1 where the row passes */
  readonly masks: readonly Uint8Array[]
  readonly warnings: readonly string[]
}

/** The alternatives of one filter entry. */
export function alternatives(filter: RowFilter, key: string): readonly (string | number | boolean)[] {
  const value = filter[key]
  return Array.isArray(value) ? value : [value as string | number | boolean]
}
