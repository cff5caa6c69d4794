import { ParameterError } from '../errors.js'
import { exp, log } from '../math/index.js'
import type { Model } from './model.js'

/**
 * Log-Cholesky coordinates of a body's pseudo-inertia (Rucker & Wensing 2022, "Smooth parameterization of rigid-body
 * inertia", IEEE RA-L 7(2)): ten unconstrained numbers, every one of which is a physical body.
 *
 *   J = [[Sigma, h], [h', m]] = U U',  h = m c,  Sigma = tr(I)/2 - I about the body frame's origin
 *   U = e^alpha [[e^d1, s12, s13, t1], [0, e^d2, s23, t2], [0, 0, e^d3, t3], [0, 0, 0, 1]]
 */
export const PSEUDO_INERTIA = ['alpha', 'd1', 'd2', 'd3', 's12', 's13', 's23', 't1', 't2', 't3'] as const
/** units of PSEUDO_INERTIA: alpha is log(sqrt(kg)), d log(m) */
export const PSEUDO_INERTIA_UNITS = ['1', '1', '1', '1', 'm', 'm', 'm', 'm', 'm', 'm'] as const

/** A body's inertia in MuJoCo's fields: mass kg, ipos (3) m, iquat (4) w x y z, inertia (3) kg m^2 about the centre of mass. */
export interface BodyInertia {
  readonly mass: number
  readonly ipos: ArrayLike<number>
  readonly iquat: ArrayLike<number>
  readonly inertia: ArrayLike<number>
}

/** Rotation matrix (3, 3) row-major of a unit quaternion w x y z (MuJoCo mju_quat2Mat). */
export function quatToMat(q: ArrayLike<number>): Float64Array {
  const [w, x, y, z] = [q[0], q[1], q[2], q[3]]
  return Float64Array.of(
    w * w + x * x - y * y - z * z,
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    w * w - x * x + y * y - z * z,
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    w * w - x * x - y * y + z * z,
  )
}

/** Unit quaternion w x y z, first non-zero element positive, of a rotation matrix (Shepperd 1978: divide by the largest). */
export function matToQuat(m: ArrayLike<number>): Float64Array {
  const trace = m[0] + m[4] + m[8]
  const squares = [trace, m[0], m[4], m[8]]
  let k = 0
  for (let i = 1; i < 4; i++) if (squares[i] > squares[k]) k = i
  let q: number[]
  if (k === 0) q = [1 + trace, m[7] - m[5], m[2] - m[6], m[3] - m[1]]
  else if (k === 1) q = [m[7] - m[5], 1 + m[0] - m[4] - m[8], m[1] + m[3], m[2] + m[6]]
  else if (k === 2) q = [m[2] - m[6], m[1] + m[3], 1 - m[0] + m[4] - m[8], m[5] + m[7]]
  else q = [m[3] - m[1], m[2] + m[6], m[5] + m[7], 1 - m[0] - m[4] + m[8]]
  const norm = Math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
  const sign = (q.find(v => v !== 0) as number) < 0 ? -1 : 1
  return Float64Array.from(q, v => (sign * v) / norm)
}

/** Sweeps of Jacobi's method before giving up; convergence is quadratic and 4 to 6 suffice. */
const JACOBI_SWEEPS = 40
/** cosine between two rows below which they count as orthogonal: a few roundings of the three products */
const ORTHOGONAL = 1e-15
/** squared length of a row that counts as 0: its products would underflow */
const NO_ROW = 1e-280

/**
 * Eigenvalues and eigenvectors of the symmetric (3, 3) matrix l l' by one-sided Jacobi rotations (Hestenes 1958; Demmel &
 * Veselic 1992): rotate the rows of l until they are orthogonal. Never forms l l', so even the smallest eigenvalue keeps
 * its digits and none is negative. Only + - * / and sqrt: the same bits everywhere.
 *
 * @param l (3, 3) row-major, any square root of the matrix
 * @returns values, descending; vectors (3, 3), column k belonging to value k, a proper rotation
 */
export function eigenOfSquare3(l: ArrayLike<number>): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(l)
  const v = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)
  for (let sweep = 0, turned = true; turned; sweep++) {
    if (sweep === JACOBI_SWEEPS)
      throw new ParameterError('INERTIA', 'the principal axes of an inertia did not converge')
    turned = false
    for (let p = 0; p < 2; p++) for (let q = p + 1; q < 3; q++) if (orthogonalize(a, v, p, q)) turned = true
  }
  const squares = [0, 1, 2].map(i => a[3 * i] * a[3 * i] + a[3 * i + 1] * a[3 * i + 1] + a[3 * i + 2] * a[3 * i + 2])
  const order = [0, 1, 2].sort((i, j) => squares[j] - squares[i])
  const values = Float64Array.from(order, k => squares[k])
  const vectors = new Float64Array(9)
  for (let r = 0; r < 3; r++) for (let k = 0; k < 3; k++) vectors[3 * r + k] = v[3 * r + order[k]]
  // a left-handed set is no rotation: turn one vector round
  if (determinant3(vectors) < 0) for (let r = 0; r < 3; r++) vectors[3 * r + 2] *= -1
  return { values, vectors }
}

/** rotate rows p and q of a, and columns p and q of v, so that the rows become orthogonal; false when they were */
function orthogonalize(a: Float64Array, v: Float64Array, p: number, q: number): boolean {
  let [pp, qq, pq] = [0, 0, 0]
  for (let k = 0; k < 3; k++) {
    pp += a[3 * p + k] * a[3 * p + k]
    qq += a[3 * q + k] * a[3 * q + k]
    pq += a[3 * p + k] * a[3 * q + k]
  }
  if (pp < NO_ROW || qq < NO_ROW || !(Math.abs(pq) > ORTHOGONAL * Math.sqrt(pp) * Math.sqrt(qq))) return false
  const zeta = (qq - pp) / (2 * pq)
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(zeta * zeta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < 3; k++) {
    const [ap, aq] = [a[3 * p + k], a[3 * q + k]]
    a[3 * p + k] = c * ap - s * aq
    a[3 * q + k] = s * ap + c * aq
    const [vp, vq] = [v[3 * k + p], v[3 * k + q]]
    v[3 * k + p] = c * vp - s * vq
    v[3 * k + q] = s * vp + c * vq
  }
  return true
}

function determinant3(a: ArrayLike<number>): number {
  return a[0] * (a[4] * a[8] - a[5] * a[7]) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6])
}

/**
 * Pseudo-inertia J (4, 4), row-major, of a body in its own frame: symmetric, positive definite exactly when the body is
 * physical (a positive mass density somewhere has these moments).
 */
export function pseudoInertia(body: BodyInertia): Float64Array {
  const { mass, ipos, inertia } = body
  const r = quatToMat(body.iquat)
  const j = new Float64Array(16)
  // second moments about the centre of mass in the principal frame: (I2 + I3 - I1)/2 …
  const half = (inertia[0] + inertia[1] + inertia[2]) / 2
  for (let a = 0; a < 3; a++) {
    for (let b = 0; b < 3; b++) {
      let sum = 0
      for (let k = 0; k < 3; k++) sum += r[3 * a + k] * (half - inertia[k]) * r[3 * b + k]
      j[4 * a + b] = sum + mass * ipos[a] * ipos[b]
    }
    j[4 * a + 3] = mass * ipos[a]
    j[12 + a] = j[4 * a + 3]
  }
  j[15] = mass
  return j
}

/**
 * The ten log-Cholesky coordinates (order of PSEUDO_INERTIA) of a body.
 *
 * @returns undefined when the pseudo-inertia is not positive definite: no mass, a flat or a linear body, or moments
 *   against the triangle inequality
 */
export function logCholesky(body: BodyInertia): Float64Array | undefined {
  const { mass, ipos, inertia } = body
  if (!(mass > 0)) return undefined
  // Sigma about the centre of mass over m equals L L' with L the upper-left block of U / e^alpha
  const r = quatToMat(body.iquat)
  const half = (inertia[0] + inertia[1] + inertia[2]) / 2
  const s = new Float64Array(9)
  for (let a = 0; a < 3; a++) {
    for (let b = 0; b < 3; b++) {
      for (let k = 0; k < 3; k++) s[3 * a + b] += (r[3 * a + k] * (half - inertia[k]) * r[3 * b + k]) / mass
    }
  }
  // upper Cholesky from the last row up; a pivot lost in rounding is not positive
  const trace = s[0] + s[4] + s[8]
  const p3 = s[8]
  if (!(p3 > PIVOT * trace)) return undefined
  const u33 = Math.sqrt(p3)
  const u13 = s[2] / u33
  const u23 = s[5] / u33
  const p2 = s[4] - u23 * u23
  if (!(p2 > PIVOT * trace)) return undefined
  const u22 = Math.sqrt(p2)
  const u12 = (s[1] - u13 * u23) / u22
  const p1 = s[0] - u12 * u12 - u13 * u13
  if (!(p1 > PIVOT * trace)) return undefined
  const u11 = Math.sqrt(p1)
  return Float64Array.of(0.5 * log(mass), log(u11), log(u22), log(u33), u12, u13, u23, ipos[0], ipos[1], ipos[2])
}

/** Smallest share of the trace that a Cholesky pivot may have: below it lies rounding, not a body. */
const PIVOT = 1e-13

/** Body inertia of ten log-Cholesky coordinates (order of PSEUDO_INERTIA); inertia descending, as MuJoCo's compiler gives it. */
export function fromLogCholesky(theta: ArrayLike<number>): {
  mass: number
  ipos: Float64Array
  iquat: Float64Array
  inertia: Float64Array
} {
  const mass = exp(2 * theta[0])
  const [u11, u22, u33] = [exp(theta[1]), exp(theta[2]), exp(theta[3])]
  const [u12, u13, u23] = [theta[4], theta[5], theta[6]]
  // principal axes of the second moments m L L' are those of I; the smallest second moment has the largest inertia
  const { values, vectors } = eigenOfSquare3([u11, u12, u13, 0, u22, u23, 0, 0, u33])
  // reverse the columns (an odd permutation) and turn one round to stay a rotation
  const rotation = new Float64Array(9)
  for (let r = 0; r < 3; r++) {
    rotation[3 * r] = vectors[3 * r + 2]
    rotation[3 * r + 1] = vectors[3 * r + 1]
    rotation[3 * r + 2] = -vectors[3 * r]
  }
  nearestHalfTurn(rotation)
  return {
    mass,
    ipos: Float64Array.of(theta[7], theta[8], theta[9]),
    iquat: matToQuat(rotation),
    inertia: Float64Array.of(values[0] + values[1], values[0] + values[2], values[1] + values[2]).map(v => mass * v),
  }
}

/** Of the four rotations with the same principal axes keep the one that turns least (largest trace), in place. */
function nearestHalfTurn(rotation: Float64Array): void {
  const trace = (s: readonly number[]): number => s[0] * rotation[0] + s[1] * rotation[4] + s[2] * rotation[8]
  let best: readonly number[] = [1, 1, 1]
  for (const signs of [
    [1, -1, -1],
    [-1, 1, -1],
    [-1, -1, 1],
  ]) {
    if (trace(signs) > trace(best)) best = signs
  }
  for (let r = 0; r < 3; r++) for (let k = 0; k < 3; k++) rotation[3 * r + k] *= best[k]
}

/** The inertia of one body of a Model. */
export function bodyInertia(model: Model, body: number): BodyInertia {
  return {
    mass: model.field.body_mass[body],
    ipos: model.field.body_ipos.subarray(3 * body, 3 * body + 3),
    iquat: model.field.body_iquat.subarray(4 * body, 4 * body + 4),
    inertia: model.field.body_inertia.subarray(3 * body, 3 * body + 3),
  }
}

/** Bounds of MuJoCo's sysid toolbox: mass x[0.1, 10], stretch e^(2d) x[0.5, 2], shear and centre of mass +-0.5 m. */
export function pseudoInertiaBounds(theta: ArrayLike<number>, k: number): [min: number, max: number] {
  if (k === 0) return [theta[0] + 0.5 * log(0.1), theta[0] + 0.5 * log(10)]
  const half = k <= 3 ? 0.5 * log(2) : 0.5
  return [theta[k] - half, theta[k] + half]
}

/**
 * Coordinate-invariant distance of a body from a reference (algorithms §2.4; Lee & Park 2018):
 * tr(J J0^-1) - log det(J J0^-1) - 4, zero only when equal. For regularising towards CAD values.
 *
 * @throws {ParameterError} INERTIA when one of the two is not physical
 */
export function inertiaDivergence(body: BodyInertia, reference: BodyInertia): number {
  const a = logCholesky(body)
  const b = logCholesky(reference)
  if (a === undefined || b === undefined) {
    throw new ParameterError('INERTIA', 'a body without a positive definite pseudo-inertia has no distance')
  }
  // X = U0^-1 U is upper triangular, tr(J J0^-1) = |X|_F^2 and log det = 2 sum log X_ii
  const upper = (t: Float64Array): number[][] => {
    const e = exp(t[0])
    return [
      [e * exp(t[1]), e * t[4], e * t[5], e * t[7]],
      [0, e * exp(t[2]), e * t[6], e * t[8]],
      [0, 0, e * exp(t[3]), e * t[9]],
      [0, 0, 0, e],
    ]
  }
  const u = upper(a)
  const u0 = upper(b)
  let trace = 0
  for (let col = 0; col < 4; col++) {
    const x = [0, 0, 0, 0]
    for (let row = col; row >= 0; row--) {
      let value = u[row][col]
      for (let k = row + 1; k <= col; k++) value -= u0[row][k] * x[k]
      x[row] = value / u0[row][row]
      trace += x[row] * x[row]
    }
  }
  const logDet = 2 * (4 * (a[0] - b[0]) + (a[1] - b[1]) + (a[2] - b[2]) + (a[3] - b[3]))
  return trace - logDet - 4
}
