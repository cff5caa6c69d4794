/**
 * Orthogonal directions from Gaussian ones (Choromanski et al. 2018, "Structured evolution with compact architectures").
 */
import { direction, type NoiseKey } from './noise-kernel.js'

/**
 * Lengths of orthogonal directions: 'chi', those of Gaussian vectors, so that each direction alone is Gaussian; 'sqrt', all sqrt(d),
 * less variance.
 */
export type Norms = 'chi' | 'sqrt'
export const NORMS: readonly Norms[] = ['chi', 'sqrt']

/** a vector counts as dependent on those before it when this share of its length is left */
const DEPENDENT = 1e-9

/**
 * Directions (count, nparam) that are orthogonal within each block of nparam rows. Row p is made from the normal numbers of pair p
 * and of the pairs before it in its block; its chi length is that of its own normal vector, which is independent of all directions.
 */
export function orthogonalDirections(key: NoiseKey, count: number, norms: Norms): Float32Array {
  const { nparam: d } = key
  const rows = new Float32Array(count * d)
  const z = new Float32Array(d)
  for (let begin = 0; begin < count; begin += d) {
    const m = Math.min(d, count - begin)
    const q = new Float64Array(m * d)
    const length = new Float64Array(m)
    for (let p = 0; p < m; p++) {
      direction(key, begin + p, z)
      q.set(z, p * d)
      length[p] = norms === 'sqrt' ? Math.sqrt(d) : norm(q, p * d, d)
    }
    orthonormalize(q, m, d)
    for (let p = 0, a = 0; p < m; p++) for (let j = 0; j < d; j++, a++) rows[begin * d + a] = length[p] * q[a]
  }
  return rows
}

/**
 * Make rows (m, d), m <= d, orthonormal in place: Gram-Schmidt, each row twice (Kahan: twice is enough). A row that depends on
 * those before it is replaced by the axis that does least.
 */
export function orthonormalize(q: Float64Array, m: number, d: number): void {
  for (let p = 0; p < m; p++) {
    const at = p * d
    const before = norm(q, at, d)
    project(q, p, d)
    if (!(norm(q, at, d) > DEPENDENT * before)) {
      q.fill(0, at, at + d)
      q[at + freeAxis(q, p, d)] = 1
      project(q, p, d)
    }
    scale(q, at, d)
    project(q, p, d)
    scale(q, at, d)
  }
}

/** Take from row p its parts along rows 0 ... p-1. */
function project(q: Float64Array, p: number, d: number): void {
  const at = p * d
  for (let r = 0; r < p; r++) {
    let s = 0
    for (let j = 0, a = r * d; j < d; j++, a++) s += q[a] * q[at + j]
    for (let j = 0, a = r * d; j < d; j++, a++) q[at + j] -= s * q[a]
  }
}

/** The axis with the smallest part in the span of rows 0 ... p-1. */
function freeAxis(q: Float64Array, p: number, d: number): number {
  let axis = 0
  let least = Number.POSITIVE_INFINITY
  for (let j = 0; j < d; j++) {
    let s = 0
    for (let a = j; a < p * d; a += d) s += q[a] * q[a]
    if (s < least) {
      least = s
      axis = j
    }
  }
  return axis
}

function norm(q: Float64Array, at: number, d: number): number {
  let s = 0
  for (let a = at; a < at + d; a++) s += q[a] * q[a]
  return Math.sqrt(s)
}

function scale(q: Float64Array, at: number, d: number): void {
  const s = 1 / norm(q, at, d)
  for (let a = at; a < at + d; a++) q[a] *= s
}
