/**
 * Rows to draw of several series over one time axis, so that no extreme is lost: the axis is cut into intervals of
 * equal duration, and of each interval the first and the last row and the rows of every series' minimum and maximum
 * are kept. Rows where a series begins or ends a gap (NaN) are kept as well.
 *
 * @param time increasing, s, length n
 * @param series each of length n; NaN where there is no value
 * @param intervals number of intervals, at least 1
 * @returns increasing row numbers; all of them when there are no more than would be kept at most
 */
export function decimate(time: ArrayLike<number>, series: readonly ArrayLike<number>[], intervals: number): Int32Array {
  const n = time.length
  if (n <= (2 + 2 * series.length) * intervals) return Int32Array.from({ length: n }, (_, i) => i)
  const width = (time[n - 1] - time[0]) / intervals
  const keep = new Uint8Array(n)
  const place = (i: number): number => Math.min(intervals - 1, Math.floor((time[i] - time[0]) / width))
  for (let begin = 0, end = 0; begin < n; begin = end) {
    const interval = place(begin)
    for (end = begin + 1; end < n && place(end) === interval; ) end++
    keep[begin] = 1
    keep[end - 1] = 1
    for (const values of series) {
      let low = -1
      let high = -1
      for (let i = begin; i < end; i++) {
        if (Number.isNaN(values[i])) continue
        if (low < 0 || values[i] < values[low]) low = i
        if (high < 0 || values[i] > values[high]) high = i
      }
      if (low >= 0) keep[low] = keep[high] = 1
    }
  }
  for (const values of series) {
    for (let i = 1; i < n; i++) if (Number.isNaN(values[i]) !== Number.isNaN(values[i - 1])) keep[i - 1] = keep[i] = 1
  }
  const rows: number[] = []
  for (let i = 0; i < n; i++) if (keep[i] === 1) rows.push(i)
  return Int32Array.from(rows)
}
