import type { RowFilter } from './map.js'
import { follow, type Path, parsePath, SHORT } from './path.js'
import { alternatives, CELL, Column, type Request, type Table } from './table.js'

/** A whole number of nanoseconds may exceed 2^53: value + low keeps it. */
export interface Stamp {
  readonly value: number
  readonly low: number
}

const BILLION = 1_000_000_000

/** Splits an integer into the float64 nearest to it and the rest. */
export function splitInteger(integer: bigint): Stamp {
  const value = Number(integer)
  return { value, low: Number(integer - BigInt(value)) }
}

/**
 * Collects columns from parsed objects: lines of JSON Lines, entries of a document, messages of a topic.
 * push() each in turn, then table().
 */
export class RowCollector {
  private readonly paths: Path[]
  private readonly filterPaths: { mask: number; path: Path; values: readonly (string | number | boolean)[] }[] = []
  private capacity = 256
  private rows = 0
  private readonly columns: Column[]
  private readonly masks: Uint8Array[]
  private numbers = new Float64Array(this.capacity)

  constructor(
    private readonly place: string,
    private readonly noun: string,
    requests: readonly Request[],
    filters: readonly RowFilter[],
  ) {
    this.columns = requests.map(r => new Column(r, this.capacity))
    this.paths = requests.map(r => parsePath(String(r.select)))
    this.masks = filters.map(() => new Uint8Array(this.capacity))
    filters.forEach((filter, mask) => {
      for (const key of Object.keys(filter))
        this.filterPaths.push({ mask, path: parsePath(key), values: alternatives(filter, key) })
    })
  }

  /** Adds a row; `stamps` gives the value of requests that are not fields (an MCAP message's log time), by request. */
  push(object: unknown, number: number, stamps?: ReadonlyMap<number, Stamp>): void {
    if (this.rows === this.capacity) this.grow()
    const row = this.rows++
    this.numbers[row] = number
    for (const mask of this.masks) mask[row] = 1
    for (const { mask, path, values } of this.filterPaths) {
      if (!values.includes(follow(object, path) as string)) this.masks[mask][row] = 0
    }
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i]
      const stamp = stamps?.get(i)
      if (stamp !== undefined) {
        column.number(row, stamp.value)
        column.low![row] = stamp.low
      } else put(column, row, follow(object, this.paths[i]))
    }
  }

  private grow(): void {
    this.capacity *= 2
    for (const column of this.columns) column.grow(this.capacity)
    this.masks.forEach((old, i) => {
      this.masks[i] = new Uint8Array(this.capacity)
      this.masks[i].set(old)
    })
    const numbers = new Float64Array(this.capacity)
    numbers.set(this.numbers)
    this.numbers = numbers
  }

  table(warnings: readonly string[] = []): Table {
    const { place, noun, rows, columns, masks, numbers } = this
    return { place, noun, rows, rowNumber: r => numbers[r], columns, masks, warnings }
  }
}

/** Stores one JSON value in a column. */
function put(column: Column, row: number, value: unknown): void {
  if (typeof value === 'number' && column.request.words === undefined) column.number(row, value)
  else if (value === undefined) column.state[row] = CELL.MISSING
  else if (value === null) column.state[row] = CELL.NAN
  else if (value === SHORT) column.bad(row, 'the list is shorter')
  else if (typeof value === 'boolean' || typeof value === 'number') column.word(row, String(value))
  else if (typeof value === 'string') putText(column, row, value.trim())
  else if (Array.isArray(value)) column.bad(row, `a list of ${value.length}: say which element, [0]`)
  else if (!column.request.exact || !putStamp(column, row, value as Record<string, unknown>)) {
    column.bad(row, 'an object: say which field of it')
  }
}

/** Numbers that were written as strings, and words. */
function putText(column: Column, row: number, text: string): void {
  if (column.request.words === undefined && column.request.exact && /^[-+]?\d{16,}$/.test(text)) {
    const { value, low } = splitInteger(BigInt(text))
    column.number(row, value)
    column.low![row] = low
  } else if (column.request.words === undefined && /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) {
    column.number(row, Number(text))
  } else column.word(row, text)
}

/** A ROS stamp { sec, nanosec } (ROS 1: secs, nsecs), stored in nanoseconds. */
function putStamp(column: Column, row: number, value: Record<string, unknown>): boolean {
  const seconds = value.sec ?? value.secs
  const nanoseconds = value.nanosec ?? value.nsec ?? value.nsecs
  if (!Number.isSafeInteger(seconds) || !Number.isSafeInteger(nanoseconds)) return false
  const stamp = splitInteger(BigInt(seconds as number) * BigInt(BILLION) + BigInt(nanoseconds as number))
  column.number(row, stamp.value)
  column.low![row] = stamp.low
  column.nanoseconds = true
  return true
}
