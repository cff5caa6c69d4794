import { RecordingError } from '../errors.js'
import type { Draft } from './extract.js'
import { medianPeriod } from './filter.js'
import type { ClockPolicy, NanPolicy } from './map.js'
import { few } from './nearest.js'
import type { Channel } from './recording.js'
import { CELL, type Column, type Table } from './table.js'
import { checkTarget, parseTarget } from './targets.js'
import { isSI, parseUnit, sameQuantity, toSI, type Unit } from './units.js'

export interface Policies {
  readonly onNaN: NanPolicy
  readonly onClock: ClockPolicy
  /** holes longer than this many median periods are reported */
  readonly gap: number
  /** leave out channels without a sample, with a warning, instead of refusing the file (no mapping named them) */
  readonly skipEmpty: boolean
}

/** `log.csv:12`, `log.json entry 12`. */
function rowPlace(table: Table, row: number): string {
  const number = table.rowNumber(row)
  return table.noun === 'line' ? `${table.place}:${number}` : `${table.place} ${table.noun} ${number}`
}

const NOUNS: Readonly<Record<string, string>> = { line: 'lines', entry: 'entries', message: 'messages' }

/** `line 12`, `lines 12, 15 and 3 more`. */
function rowList(table: Table, rows: ArrayLike<number>): string {
  const shown = Array.from({ length: Math.min(4, rows.length) }, (_, i) => table.rowNumber(rows[i]))
  return `${rows.length === 1 ? table.noun : NOUNS[table.noun]} ${few({ ...shown, length: rows.length })}`
}

/** Rows of a draft, still raw. */
interface Kept {
  readonly draft: Draft
  rows: Uint32Array
}

/** Rows that pass the filter and have a sample; refuses text, applies the NaN policy to values and stamps. */
function keepRows(draft: Draft, policies: Policies, warnings: string[]): Uint32Array {
  const { table, column, stamps, mask, key } = draft
  const rows = new Uint32Array(table.rows)
  const lost: number[] = []
  let passed = 0
  let count = 0
  for (let row = 0; row < table.rows; row++) {
    if (mask !== undefined && mask[row] === 0) continue
    passed++
    const state = column.state[row]
    if (state === CELL.MISSING) continue
    const stamp = stamps === undefined ? CELL.OK : stamps.state[row]
    if (state === CELL.OK && stamp === CELL.OK) rows[count++] = row
    else if (state === CELL.BAD) throw badCell(draft, column, row, `${key}: `)
    else if (stamp === CELL.BAD) throw badCell(draft, stamps!, row, 'time: ')
    else lost.push(row)
  }
  if (passed === 0 && table.rows > 0) {
    throw new RecordingError(
      'RECORDING_EMPTY',
      `${key}: no row passes the filter ${JSON.stringify(draft.map.rows ?? 'rows')}`,
      { place: table.place },
    )
  }
  if (lost.length > 0) {
    const stamp = column.state[lost[0]] === CELL.OK
    const what = `${key}: ${stamp ? 'no time' : 'NaN, blank or infinite'} at ${rowList(table, lost)}`
    if ((draft.map.onNaN ?? policies.onNaN) === 'error') {
      throw new RecordingError('RECORDING_NAN', `${what}; to leave such samples out say "onNaN": "drop"`, {
        place: rowPlace(table, lost[0]),
      })
    }
    warnings.push(`${table.place}: ${what}; left out`)
  }
  const used = count + lost.length
  if (used > 0 && used < passed && table.noun === 'entry') {
    warnings.push(`${table.place}: ${key}: ${passed - used} of ${passed} entries have no '${column.request.select}'`)
  }
  return rows.slice(0, count)
}

function badCell({ table }: Draft, column: Column, row: number, what: string): RecordingError {
  const { select, words } = column.request
  const where = typeof select === 'string' ? ` in '${select}'` : ''
  const rule = words === undefined ? 'is not a number' : `is none of ${Object.keys(words).join(', ')}`
  const text = column.texts.get(row)
  return new RecordingError('RECORDING_CELL', `${what}${text === undefined ? 'text' : `'${text}'`}${where} ${rule}`, {
    place: rowPlace(table, row),
  })
}

function noSamples({ table, key, column }: Draft, dropped: boolean): RecordingError {
  let why = `nothing at '${column.request.select}' in any ${table.noun}`
  if (dropped) why = 'no sample is left'
  else if (table.rows === 0) why = `there are no ${NOUNS[table.noun]} to read`
  return new RecordingError('RECORDING_EMPTY', `${key}: ${why}`, { place: table.place })
}

/** How a draft's raw stamps become seconds: ((raw - reference) * numerator) / denominator. */
interface Scale {
  readonly numerator: number
  readonly denominator: number
}

function timeScale(draft: Draft): Scale {
  const { time, timeUnit, table } = draft
  if (time.rate !== undefined) return { numerator: 1, denominator: time.rate }
  const stated = stampsCountNanoseconds(draft) ? 'ns' : (time.unit ?? timeUnit ?? 's')
  const unit = parseUnit(stated, table.place)
  if (unit.symbol !== 's')
    throw new RecordingError('RECORDING_UNIT_MISMATCH', `time is in ${stated}, which is no unit of time`, {
      place: table.place,
    })
  return { numerator: unit.numerator * (time.scale ?? 1), denominator: unit.denominator }
}

/** True for the stamps of MCAP messages and ROS headers. */
const stampsCountNanoseconds = (draft: Draft): boolean =>
  draft.stamps?.nanoseconds === true || (draft.format === 'mcap' && draft.timeUnit === 'ns')

/** Such stamps count from 1970: a common zero is the default, it keeps their digits. */
const originOf = (draft: Draft): 'zero' | 'keep' =>
  draft.time.origin ?? (stampsCountNanoseconds(draft) ? 'zero' : 'keep')

/** Earliest raw stamp of the rows. */
function earliest({ draft, rows }: Kept): { value: number; low: number } {
  const { stamps } = draft
  if (stamps === undefined) return { value: rows[0], low: 0 }
  let value = Infinity
  let low = 0
  for (const row of rows) {
    const v = stamps.values[row]
    const l = stamps.low![row]
    if (v < value || (v === value && l < low)) {
      value = v
      low = l
    }
  }
  return { value, low }
}

/** Seconds of each kept row, in log order. */
function seconds({ draft, rows }: Kept, zero: { value: number; low: number; rest: number } | undefined): Float64Array {
  const { stamps, shift } = draft
  const { numerator, denominator } = timeScale(draft)
  const value = zero?.value ?? 0
  const low = zero?.low ?? 0
  const rest = (zero?.rest ?? 0) + shift
  const out = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    const raw = stamps === undefined ? row - value : stamps.values[row] - value + (stamps.low![row] - low)
    const t = numerator === 1 ? raw / denominator : (raw * numerator) / denominator
    out[i] = rest === 0 ? t : t + rest
  }
  return out
}

/** Reference stamps per draft: the earliest of each clock whose origin is zero. */
function origins(kept: readonly Kept[]): Map<Kept, { value: number; low: number; rest: number }> {
  const groups = new Map<object, Kept[]>()
  for (const k of kept)
    if (originOf(k.draft) === 'zero') groups.set(k.draft.clock, [...(groups.get(k.draft.clock) ?? []), k])
  const result = new Map<Kept, { value: number; low: number; rest: number }>()
  for (const group of groups.values()) {
    const first = group.map(k => ({ k, at: earliest(k), scale: timeScale(k.draft) }))
    const same = first.every(
      f => f.scale.numerator === first[0].scale.numerator && f.scale.denominator === first[0].scale.denominator,
    )
    if (same) {
      const least = first.reduce((a, b) =>
        b.at.value < a.at.value || (b.at.value === a.at.value && b.at.low < a.at.low) ? b : a,
      ).at
      for (const { k } of first) result.set(k, { ...least, rest: 0 })
    } else {
      // files in different units: each counts from its own first stamp, whose distance to the earliest is added
      const start = (f: (typeof first)[number]) => ((f.at.value + f.at.low) * f.scale.numerator) / f.scale.denominator
      const least = first.reduce((t, f) => Math.min(t, start(f)), Infinity)
      for (const f of first) result.set(f.k, { ...f.at, rest: start(f) - least })
    }
  }
  return result
}

/** Which of the kept samples stay, in order of time; undefined when all stay as they are. */
function orderRows(k: Kept, time: Float64Array, policies: Policies, warnings: string[]): Uint32Array | undefined {
  const { table, key, map } = k.draft
  const policy = map.onClock ?? policies.onClock
  const late: number[] = []
  let newest = -Infinity
  let back = 0
  for (let i = 0; i < time.length; i++) {
    if (time[i] > newest) newest = time[i]
    else {
      late.push(i)
      if (time[i] < newest) back++
    }
  }
  if (late.length === 0) return undefined
  const rows = late.map(i => k.rows[i])
  const i = late[0]
  const kinds = back === 0 ? 'repeats' : back === late.length ? 'runs backwards' : 'repeats or runs backwards'
  const what = `${key}: time ${kinds} at ${rowList(table, rows)}`
  if (policy === 'error') {
    throw new RecordingError(
      'RECORDING_CLOCK',
      `${what}: ${time[i - 1]} s, then ${time[i]} s; say "onClock": "sort" to put samples in order, "drop" to leave the late ones out`,
      { place: rowPlace(table, rows[0]) },
    )
  }
  if (policy === 'drop') {
    warnings.push(`${table.place}: ${what}; left out`)
    const out = new Set(late)
    return Uint32Array.from(time, (_, n) => n).filter(n => !out.has(n))
  }
  // a stable sort, then the first of equal stamps
  const order = Uint32Array.from(time, (_, n) => n).sort((a, b) => time[a] - time[b] || a - b)
  const kept = order.filter((n, j) => j === 0 || time[n] !== time[order[j - 1]])
  const repeats = order.length - kept.length
  warnings.push(`${table.place}: ${what}; sorted${repeats > 0 ? `, ${repeats} of equal time left out` : ''}`)
  return kept
}

/** Registers run to 65535; the upper half are negative numbers. */
function signed16(values: Float64Array, rows: Uint32Array, draft: Draft): void {
  for (let i = 0; i < values.length; i++) {
    if (!(Number.isInteger(values[i]) && values[i] >= 0 && values[i] <= 65535)) {
      throw new RecordingError('RECORDING_CELL', `${draft.key}.signed16: ${values[i]} is no unsigned 16-bit number`, {
        place: rowPlace(draft.table, rows[i]),
      })
    }
    if (values[i] >= 32768) values[i] -= 65536
  }
}

function unitOf(draft: Draft, warnings: string[]): Unit | undefined {
  const { map, valueUnit, key, table } = draft
  if (map.unit === '') return undefined
  const header = valueUnit === undefined ? undefined : parseUnit(valueUnit, table.place)
  if (map.unit === undefined) {
    if (header?.symbol === 'counts' && map.scale !== undefined) {
      throw new RecordingError(
        'RECORDING_UNIT_MISMATCH',
        `${key}.unit: missing; a scale on counts needs the unit it leads to`,
        { place: table.place },
      )
    }
    return header
  }
  const unit = parseUnit(map.unit, `${table.place}, ${key}.unit`)
  // a unit over counts is the unit of one count: rev/4096
  if (header !== undefined && header.symbol !== 'counts' && map.scale === undefined) {
    if (!sameQuantity(unit, header)) {
      throw new RecordingError(
        'RECORDING_UNIT_MISMATCH',
        `${key}.unit: '${map.unit}', but the header says '${valueUnit}'; give a scale if this is meant`,
        {
          place: table.place,
        },
      )
    }
    if (unit.numerator * header.denominator !== header.numerator * unit.denominator || unit.offset !== header.offset) {
      warnings.push(`${table.place}: ${key}.unit: '${map.unit}' taken, though the header says '${valueUnit}'`)
    }
  }
  return unit
}

/** Period of wrap or unwrap in SI. */
function period(option: boolean | number, unit: Unit | undefined, key: string, place: string): number {
  if (typeof option === 'number') return unit === undefined ? option : (option * unit.numerator) / unit.denominator
  if (unit !== undefined && unit.symbol !== 'rad') {
    throw new RecordingError(
      'RECORDING_UNIT_MISMATCH',
      `${key}: true means a full turn, the channel is in ${unit.symbol}: give the period`,
      { place },
    )
  }
  return 2 * Math.PI
}

function turns(values: Float64Array, { map, key, table }: Draft, unit: Unit | undefined): void {
  if (map.unwrap !== undefined && map.unwrap !== false) {
    const turn = period(map.unwrap, unit, `${key}.unwrap`, table.place)
    let lap = 0
    let previous = values[0]
    for (let i = 1; i < values.length; i++) {
      lap -= Math.round((values[i] - previous) / turn)
      previous = values[i]
      values[i] += lap * turn
    }
  }
  if (map.wrap !== undefined && map.wrap !== false) {
    const turn = period(map.wrap, unit, `${key}.wrap`, table.place)
    for (let i = 0; i < values.length; i++) values[i] -= turn * Math.floor(values[i] / turn + 0.5)
  }
}

function finishChannel(k: Kept, time: Float64Array, order: Uint32Array | undefined, warnings: string[]): Channel {
  const { draft } = k
  const { map, column, key, table } = draft
  const rows = order === undefined ? k.rows : order.map(n => k.rows[n])
  const values = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i]]
  if (map.signed16) signed16(values, rows, draft)
  const { scale = 1, offset = 0 } = map
  if (scale !== 1) for (let i = 0; i < values.length; i++) values[i] *= scale
  if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] += offset
  const unit = unitOf(draft, warnings) ?? (column.logical && map.unit === undefined ? parseUnit('1') : undefined)
  if (unit !== undefined && !isSI(unit)) toSI(values, unit)
  turns(values, draft, unit)
  let { drives, measures } = map
  const named = parseTarget(draft.name)
  if (drives === undefined && measures === undefined) {
    if (named?.role === 'drives') drives = draft.name
    else if (named?.role === 'measures') measures = draft.name
  }
  if (drives === '') drives = undefined
  if (measures === '') measures = undefined
  const place = `${table.place}, ${key}`
  if (drives !== undefined) checkTarget(drives, 'drives', unit, place)
  if (measures !== undefined) checkTarget(measures, 'measures', unit, place)
  const event = column.logical || (drives !== undefined && parseTarget(drives)?.field === 'enable')
  return {
    name: draft.name,
    unit: unit?.symbol ?? '',
    time,
    values,
    interpolation: map.interpolation ?? (event ? 'hold' : 'linear'),
    ...(drives !== undefined && { drives }),
    ...(measures !== undefined && { measures }),
    ...(map.weight !== undefined && { weight: map.weight }),
  }
}

/** Time arrays that are equal become one, so that gaps are told once and grids compare by identity. */
class Times {
  private readonly known: { rows: Uint32Array; draft: Draft; time: Float64Array }[] = []

  share(draft: Draft, rows: Uint32Array, make: () => Float64Array): Float64Array {
    const same = this.known.find(
      k =>
        k.draft.table === draft.table &&
        k.draft.stamps === draft.stamps &&
        k.draft.shift === draft.shift &&
        k.rows.length === rows.length &&
        k.rows.every((r, i) => r === rows[i]),
    )
    if (same !== undefined && same.draft.time === draft.time) return same.time
    const time = make()
    this.known.push({ rows, draft, time })
    return time
  }
}

/** Median period above which a time column without a stated unit is doubted, and refused, s. */
const DOUBTFUL_PERIOD = 1
const ABSURD_PERIOD = 60

function inspectTimes(channels: readonly Channel[], drafts: readonly Draft[], gap: number, warnings: string[]): void {
  const seen = new Set<Float64Array>()
  channels.forEach((channel, i) => {
    const { time } = channel
    if (seen.has(time) || time.length < 3 || channel.interpolation === 'hold') return
    seen.add(time)
    const { table, time: map, timeUnit } = drafts[i]
    const names = channels.filter(c => c.time === time).map(c => `'${c.name}'`)
    const who = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
    const median = medianPeriod(time)
    if (median > DOUBTFUL_PERIOD && map.unit === undefined && map.rate === undefined && timeUnit === undefined) {
      const doubt = `time has no unit and was taken as s, which makes the median period of ${who} ${median} s; state it: \`time [ms]\` in the header or time.unit in the mapping`
      if (median > ABSURD_PERIOD) throw new RecordingError('RECORDING_TIME', doubt, { place: table.place })
      warnings.push(`${table.place}: ${doubt}`)
    }
    let holes = 0
    let longest = 0
    let at = 0
    for (let n = 1; n < time.length; n++) {
      const step = time[n] - time[n - 1]
      if (step <= gap * median) continue
      holes++
      if (step > longest) {
        longest = step
        at = time[n - 1]
      }
    }
    if (holes > 0) {
      warnings.push(
        `${table.place}: ${who}: ${holes === 1 ? 'a gap' : `${holes} gaps`} longer than ${gap} median periods of ${median} s; the longest is ${longest} s, after ${at} s`,
      )
    }
  })
}

/** A held channel that stops this many of its own periods before the others is reported. */
const STALE = 10

function inspectHolds(channels: readonly Channel[], warnings: string[]): void {
  const last = (c: Channel) => c.time[c.time.length - 1]
  const linear = channels.filter(c => c.interpolation === 'linear')
  const end = linear.reduce((t, c) => Math.min(t, last(c)), Infinity)
  for (const c of channels) {
    if (c.interpolation !== 'hold' || c.time.length < 10 || !Number.isFinite(end)) continue
    if (end - last(c) > STALE * medianPeriod(c.time))
      warnings.push(`channel '${c.name}' ends ${end - last(c)} s before the others; its last value is held`)
  }
}

/**
 * Turns drafts into channels: row filter, NaN and clock policies, one origin per clock, units to SI, turns.
 *
 * @throws {RecordingError} naming the mapping's key and the line, entry or message
 */
export function assemble(drafts: readonly Draft[], policies: Policies): { channels: Channel[]; warnings: string[] } {
  const warnings = [...new Set(drafts.flatMap(d => d.table.warnings))]
  const kept: Kept[] = []
  for (const draft of drafts) {
    const before = warnings.length
    const rows = keepRows(draft, policies, warnings)
    if (rows.length > 0) kept.push({ draft, rows })
    else if (!policies.skipEmpty) throw noSamples(draft, warnings.length > before)
    else warnings.push(`${draft.table.place}: ${draft.key} has no samples and is left out`)
  }
  if (kept.length === 0)
    throw new RecordingError('RECORDING_EMPTY', 'no channel has any sample', { place: drafts[0]?.table.place })
  const zero = origins(kept)
  const times = new Times()
  const channels = kept.map(k => {
    const time = seconds(k, zero.get(k))
    const order = orderRows(k, time, policies, warnings)
    const rows = order === undefined ? k.rows : order.map(n => k.rows[n])
    const shared = times.share(k.draft, rows, () =>
      order === undefined ? time : Float64Array.from(order, n => time[n]),
    )
    return finishChannel(k, shared, order, warnings)
  })
  inspectTimes(
    channels,
    kept.map(k => k.draft),
    policies.gap,
    warnings,
  )
  inspectHolds(channels, warnings)
  return { channels, warnings: [...new Set(warnings)] }
}
