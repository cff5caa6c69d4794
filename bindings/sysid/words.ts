import type { Statistics } from './statistics.js'

/** A number as a sentence shows it: three significant digits. */
export function short(x: number): string {
  return String(Number(x.toPrecision(3)))
}

/** Share of the weakest direction's largest component below which a parameter is not mentioned. */
const MENTION = 0.2
/** Relative changes this close to equal or opposite make a ratio or a product. */
const ALIKE = 0.1
/** Condition of the scaled information beyond which a direction is worth a sentence. */
const POOR = 1e4

interface Part {
  readonly name: string
  /** scaled participation: what the direction costs in residuals if it were this parameter alone */
  readonly share: number
  /** relative change of the value along the direction, or absolute where the value is 0 */
  readonly change: number
  readonly relative: boolean
}

/**
 * The weakest direction of a fit in words: which parameters trade off against each other, and how; undefined when the
 * data determine everything well (condition of the scaled information up to 1e4, no undetermined direction).
 *
 * @param value natural units (p)
 * @param slope d value / d z (p)
 */
export function weakestDirection(
  statistics: Statistics,
  names: readonly string[],
  value: Float64Array,
  slope: Float64Array,
): string | undefined {
  const p = names.length
  if (statistics.gauge.length === 0 && statistics.condition <= POOR) return undefined
  const { vectors } = statistics.eigen
  let largest = 0
  for (let j = 0; j < p; j++) if (statistics.effect[j]) largest = Math.max(largest, Math.abs(vectors[j]))
  const parts: Part[] = []
  for (let j = 0; j < p; j++) {
    if (!statistics.effect[j] || Math.abs(vectors[j]) < MENTION * largest) continue
    const dz = vectors[j] / statistics.sensitivity[j]
    const absolute = dz * slope[j]
    const relative = value[j] !== 0
    parts.push({ name: names[j], share: vectors[j], change: relative ? absolute / value[j] : absolute, relative })
  }
  parts.sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
  if (parts.length === 0) return undefined
  const strength =
    statistics.gauge.length > 0
      ? 'cannot be told apart'
      : `are hard to tell apart (condition ${short(statistics.condition)})`
  if (parts.length === 1) return `${parts[0].name} is hardly determined by these recordings`
  const list = parts.map(part => part.name).join(', ')
  if (parts.length === 2 && parts.every(part => part.relative)) {
    const [a, b] = parts
    const ratio = b.change / a.change
    if (Math.abs(ratio - 1) < ALIKE)
      return `${list} ${strength}: the data determine only their ratio ${a.name} / ${b.name}`
    if (Math.abs(ratio + 1) < ALIKE)
      return `${list} ${strength}: the data determine only their product ${a.name} * ${b.name}`
    return `${list} ${strength}: ${a.name} +1 % with ${b.name} ${signed(ratio)} % leaves the fit unchanged`
  }
  const first = parts[0].relative ? parts[0].change : 1
  const moves = parts.map(part =>
    part.relative
      ? `${part.name} ${signed(part.change / first)} %`
      : `${part.name} ${signed((0.01 * part.change) / first)}`,
  )
  return `${list} ${strength}: changing them together (${moves.join(', ')}) leaves the fit unchanged`
}

function signed(x: number): string {
  return x < 0 ? `-${short(-x)}` : `+${short(x)}`
}

/** Correlations so close to ±1 that one of the two parameters might be fixed instead. */
export function strongCorrelations(correlation: Float64Array, names: readonly string[], threshold = 0.95): string[] {
  const p = names.length
  const found: { text: string; size: number }[] = []
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < a; b++) {
      const c = correlation[a * p + b]
      if (Math.abs(c) >= threshold)
        found.push({ text: `${names[b]} and ${names[a]} are correlated ${short(c)}`, size: Math.abs(c) })
    }
  }
  return found.sort((a, b) => b.size - a.size).map(f => f.text)
}
