/** Small tridiagonal eigenproblems by implicit QL. */
import { at } from './vector'

export const EPSILON: f64 = 2.220446049250313e-16
const MAX_SWEEPS = 60

/**
 * Eigenvalues of the tridiagonal (d, e[1 ... n-1]) by implicit QL with Wilkinson's shifts; each rotation of rows i, i+1 is applied to
 * V (n, n). On return d holds the eigenvalues, unsorted, row j of V the eigenvector of d[j] in the basis V had; e is destroyed, e[0]
 * included. An odd n counts up: column n of V is written.
 * work: 2 n doubles.
 *   source  Parlett 1998, "The symmetric eigenvalue problem", sections 8.11-8.13
 *
 * @returns 0, or 1 + index of an eigenvalue that did not converge
 */
export function implicitQL(n: i32, d: usize, e: usize, v: usize, ld: i32, work: usize): i32 {
  // e[i] couples i and i + 1 from here on
  for (let i = 1; i < n; i++) store<f64>(at(e, i - 1), load<f64>(at(e, i)))
  store<f64>(at(e, n - 1), 0)
  for (let l = 0; l < n; l++) {
    let sweeps = 0
    while (true) {
      // the block that ends at the first negligible coupling
      let m = l
      for (; m < n - 1; m++) {
        const scale = Math.abs(load<f64>(at(d, m))) + Math.abs(load<f64>(at(d, m + 1)))
        if (Math.abs(load<f64>(at(e, m))) <= EPSILON * scale) break
      }
      if (m == l) break
      if (sweeps++ == MAX_SWEEPS) return l + 1
      // Wilkinson's shift
      const dl = load<f64>(at(d, l)), el = load<f64>(at(e, l))
      let g = (load<f64>(at(d, l + 1)) - dl) / (2 * el)
      let r = Math.sqrt(g * g + 1)
      g = load<f64>(at(d, m)) - dl + el / (g + (g >= 0 ? r : -r))
      let s = 1.0, c = 1.0, p = 0.0
      let i = m - 1
      for (; i >= l; i--) {
        const ei = load<f64>(at(e, i))
        const f = s * ei, b = c * ei
        r = Math.sqrt(f * f + g * g)
        store<f64>(at(e, i + 1), r)
        if (r == 0) {
          // underflow: split here and start again
          store<f64>(at(d, i + 1), load<f64>(at(d, i + 1)) - p)
          store<f64>(at(e, m), 0)
          break
        }
        const inverse = 1 / r
        s = f * inverse
        c = g * inverse
        g = load<f64>(at(d, i + 1)) - p
        r = (load<f64>(at(d, i)) - g) * s + 2 * c * b
        p = s * r
        store<f64>(at(d, i + 1), g + p)
        g = c * r - b
        store<f64>(at(work, 2 * i), c)
        store<f64>(at(work, 2 * i + 1), s)
      }
      rotate(n, m, i + 1, work, v, ld)
      if (i >= l) continue
      store<f64>(at(d, l), load<f64>(at(d, l)) - p)
      store<f64>(at(e, l), g)
      store<f64>(at(e, m), 0)
    }
  }
  return 0
}

/** One sweep on V: rotations of rows i, i+1 for i = m-1 down to `begin`, (c, s) at rotations[2 i]; a strip of columns at a time. */
function rotate(n: i32, m: i32, begin: i32, rotations: usize, v: usize, ld: i32): void {
  const r = (<usize>ld) << 3
  let j = 0
  for (; j + 8 <= n; j += 8) {
    let cs = at(rotations, 2 * m - 2)
    let row = at(v + <usize>m * r, j)
    // row i+1 travels downwards in registers
    let y0 = v128.load(row), y1 = v128.load(row, 16), y2 = v128.load(row, 32), y3 = v128.load(row, 48)
    for (let i = m - 1; i >= begin; i--) {
      const c = v128.load64_splat(cs), s = v128.load64_splat(cs, 8)
      const above = row - r
      const x0 = v128.load(above), x1 = v128.load(above, 16), x2 = v128.load(above, 32), x3 = v128.load(above, 48)
      v128.store(row, f64x2.add(f64x2.mul(s, x0), f64x2.mul(c, y0)))
      v128.store(row, f64x2.add(f64x2.mul(s, x1), f64x2.mul(c, y1)), 16)
      v128.store(row, f64x2.add(f64x2.mul(s, x2), f64x2.mul(c, y2)), 32)
      v128.store(row, f64x2.add(f64x2.mul(s, x3), f64x2.mul(c, y3)), 48)
      y0 = f64x2.sub(f64x2.mul(c, x0), f64x2.mul(s, y0))
      y1 = f64x2.sub(f64x2.mul(c, x1), f64x2.mul(s, y1))
      y2 = f64x2.sub(f64x2.mul(c, x2), f64x2.mul(s, y2))
      y3 = f64x2.sub(f64x2.mul(c, x3), f64x2.mul(s, y3))
      row = above
      cs -= 16
    }
    v128.store(row, y0)
    v128.store(row, y1, 16)
    v128.store(row, y2, 32)
    v128.store(row, y3, 48)
  }
  for (; j < n; j += 2) {
    let cs = at(rotations, 2 * m - 2)
    let row = at(v + <usize>m * r, j)
    let y = v128.load(row)
    for (let i = m - 1; i >= begin; i--) {
      const c = v128.load64_splat(cs), s = v128.load64_splat(cs, 8)
      const above = row - r
      const x = v128.load(above)
      v128.store(row, f64x2.add(f64x2.mul(s, x), f64x2.mul(c, y)))
      y = f64x2.sub(f64x2.mul(c, x), f64x2.mul(s, y))
      row = above
      cs -= 16
    }
    v128.store(row, y)
  }
}
