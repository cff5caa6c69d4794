/** A number with so many significant digits, without needless zeros; very small and large ones in powers of ten. */
export function significant(x: number, digits = 4): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'n/a' : x > 0 ? '∞' : '-∞'
  if (x === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(x)))
  if (magnitude < -4 || magnitude >= 6)
    return x
      .toExponential(digits - 1)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e')
  return String(Number(x.toPrecision(digits)))
}

/**
 * A value and the half width of its interval, written to the same decimal place: the half width keeps two significant
 * digits. Without a usable half width the value has four.
 */
export function withHalfWidth(value: number, half: number | undefined): { value: string; half: string } {
  if (half === undefined || !Number.isFinite(half) || half <= 0) return { value: significant(value), half: '' }
  const magnitude = Math.floor(Math.log10(Math.max(Math.abs(value), half)))
  if (magnitude < -4 || magnitude >= 6) return { value: significant(value), half: significant(half, 2) }
  // a value far more precise than six digits is not worth printing in full
  const decimals = Math.max(0, Math.min(5 - magnitude, 1 - Math.floor(Math.log10(half))))
  const rounded = half.toFixed(decimals)
  return { value: value.toFixed(decimals), half: Number(rounded) === 0 ? significant(half, 2) : rounded }
}

/** A count for people: `812`, `50.2 k`, `12.3 M`, `4.56 G`. */
export function count(n: number): string {
  if (!Number.isFinite(n)) return significant(n)
  for (const [unit, name] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    // what rounds to 1000 of a unit is 1 of the next
    if (Math.abs(n) >= 0.9995 * unit) return `${Number((n / unit).toPrecision(3))} ${name}`
  }
  return significant(n, 3)
}

/** Seconds for people: `640 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole > 3600) {
    const minutes = Math.round(seconds / 60)
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
  }
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** How much smaller (or larger) an error became: `-84 %`, `+3 %`. */
export function change(before: number, after: number): string {
  if (!(before > 0) || !Number.isFinite(after)) return ''
  const percent = (after / before - 1) * 100
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent).toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`
}

/** The values of some rows with six significant digits, more than a screen shows; null where there is no value, as JSON has no NaN. */
export function compact(values: ArrayLike<number>, rows: ArrayLike<number>, digits = 6): (number | null)[] {
  return Array.from(rows, row => (Number.isFinite(values[row]) ? Number(values[row].toPrecision(digits)) : null))
}
