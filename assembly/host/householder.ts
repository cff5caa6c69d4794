/** Householder reduction of a symmetric matrix to tridiagonal form, and back. */
import { at, axpy, dot } from './vector'

/**
 * Householder reduction of the symmetric A (lower triangle) to tridiagonal form: diagonal d, subdiagonal e[1 ... n-1].
 * Row k of A keeps reflector k: u in columns 0 ... k-1; h[k] = |u|^2 / 2, or 0 where nothing had to be reflected.
 * work: 2 n doubles.
 *   source  Golub & Van Loan 2013, algorithm 8.3.1, from the last row up
 *
 * The update by one reflector and the product with the next share a single pass over the triangle.
 */
export function tridiagonalize(n: i32, a: usize, ld: i32, d: usize, e: usize, h: usize, work: usize): void {
  const r = (<usize>ld) << 3
  const p = work
  // reflector of the previous step, and its partner w: A -= u w' + w u'
  let u: usize = 0
  const w = at(work, ld)
  store<f64>(e, 0)
  store<f64>(h, 0)
  for (let k = n - 1; k >= 0; k--) {
    const x = a + <usize>k * r
    if (u != 0) {
      axpy(k + 1, -load<f64>(at(u, k)), w, x)
      axpy(k + 1, -load<f64>(at(w, k)), u, x)
    }
    store<f64>(at(d, k), load<f64>(at(x, k)))
    if (k == 0) break
    // reflector that takes row k to (0 ... 0, beta)
    const tail = dot(k - 1, x, x)
    const alpha = load<f64>(at(x, k - 1))
    let half = 0.0
    if (tail == 0) {
      store<f64>(at(e, k), alpha)
      // an empty reflector: the pass below then only applies the pending update
      memory.fill(x, 0, (<usize>k) << 3)
    } else {
      const norm = Math.sqrt(alpha * alpha + tail)
      const beta = alpha > 0 ? -norm : norm
      half = norm * (norm + Math.abs(alpha))
      store<f64>(at(e, k), beta)
      store<f64>(at(x, k - 1), alpha - beta)
    }
    store<f64>(at(h, k), half)
    memory.fill(p, 0, (<usize>ld) << 3)
    updateAndMultiply(k, a, r, u, w, x, p)
    u = x
    if (half == 0) {
      memory.fill(w, 0, (<usize>ld) << 3)
      continue
    }
    const inverse = 1 / half
    const K = dot(k, x, p) * inverse * inverse * 0.5
    for (let j = 0; j < k; j++) store<f64>(at(w, j), load<f64>(at(p, j)) * inverse - K * load<f64>(at(x, j)))
  }
}

/** For the leading (k, k) block: A -= u w' + w u' (when u is not null), then p += A x. */
function updateAndMultiply(k: i32, a: usize, r: usize, u: usize, w: usize, x: usize, p: usize): void {
  let i = 0
  for (; i + 2 <= k; i += 2) {
    const a0 = a + <usize>i * r, a1 = a0 + r
    const x0 = load<f64>(at(x, i)), x1 = load<f64>(at(x, i + 1))
    const vx0 = f64x2.splat(x0), vx1 = f64x2.splat(x1)
    let s0 = f64x2.splat(0), s1 = f64x2.splat(0)
    if (u != 0) {
      const u0 = load<f64>(at(u, i)), u1 = load<f64>(at(u, i + 1))
      const w0 = load<f64>(at(w, i)), w1 = load<f64>(at(w, i + 1))
      const vu0 = f64x2.splat(u0), vu1 = f64x2.splat(u1), vw0 = f64x2.splat(w0), vw1 = f64x2.splat(w1)
      const end = (<usize>i) << 3
      for (let o: usize = 0; o < end; o += 16) {
        const vu = v128.load(u + o), vw = v128.load(w + o), vx = v128.load(x + o)
        const t0 = f64x2.sub(v128.load(a0 + o), f64x2.add(f64x2.mul(vu0, vw), f64x2.mul(vw0, vu)))
        const t1 = f64x2.sub(v128.load(a1 + o), f64x2.add(f64x2.mul(vu1, vw), f64x2.mul(vw1, vu)))
        v128.store(a0 + o, t0)
        v128.store(a1 + o, t1)
        s0 = f64x2.add(s0, f64x2.mul(t0, vx))
        s1 = f64x2.add(s1, f64x2.mul(t1, vx))
        v128.store(p + o, f64x2.add(v128.load(p + o), f64x2.add(f64x2.mul(t0, vx0), f64x2.mul(t1, vx1))))
      }
      store<f64>(at(a0, i), load<f64>(at(a0, i)) - 2 * u0 * w0)
      store<f64>(at(a1, i), load<f64>(at(a1, i)) - (u1 * w0 + w1 * u0))
      store<f64>(at(a1, i + 1), load<f64>(at(a1, i + 1)) - 2 * u1 * w1)
    } else {
      const end = (<usize>i) << 3
      for (let o: usize = 0; o < end; o += 16) {
        const vx = v128.load(x + o), t0 = v128.load(a0 + o), t1 = v128.load(a1 + o)
        s0 = f64x2.add(s0, f64x2.mul(t0, vx))
        s1 = f64x2.add(s1, f64x2.mul(t1, vx))
        v128.store(p + o, f64x2.add(v128.load(p + o), f64x2.add(f64x2.mul(t0, vx0), f64x2.mul(t1, vx1))))
      }
    }
    const d0 = load<f64>(at(a0, i)), o1 = load<f64>(at(a1, i)), d1 = load<f64>(at(a1, i + 1))
    store<f64>(at(p, i), f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1) + d0 * x0 + o1 * x1)
    store<f64>(at(p, i + 1), f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1) + o1 * x0 + d1 * x1)
  }
  if (i < k) {
    const a0 = a + <usize>i * r
    const x0 = load<f64>(at(x, i))
    if (u != 0) {
      axpy(i + 1, -load<f64>(at(u, i)), w, a0)
      axpy(i + 1, -load<f64>(at(w, i)), u, a0)
    }
    axpy(i, x0, a0, p)
    store<f64>(at(p, i), dot(i, a0, x) + load<f64>(at(a0, i)) * x0)
  }
}

/**
 * Rows of V (n, n), eigenvectors of T, become eigenvectors of A = Q T Q': V = V Q' with the reflectors tridiagonalize left in A.
 * work: n doubles.
 */
export function backTransform(n: i32, a: usize, ld: i32, h: usize, v: usize, work: usize): void {
  const r = (<usize>ld) << 3
  // two reflectors at a time: k and k + 1, of lengths k and k + 1; their products u1 . u2 first
  for (let k = 1; k + 1 < n; k += 2) store<f64>(at(work, k), dot(k, a + <usize>k * r, a + <usize>(k + 1) * r))
  let i = 0
  for (; i + 4 <= n; i += 4) {
    const v0 = v + <usize>i * r, v1 = v0 + r, v2 = v1 + r, v3 = v2 + r
    let k = 1
    for (; k + 1 < n; k += 2) {
      const p = a + <usize>k * r, q = p + r
      const even = (<usize>(k - 1)) << 3
      let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0)
      let t0 = f64x2.splat(0), t1 = f64x2.splat(0), t2 = f64x2.splat(0), t3 = f64x2.splat(0)
      for (let o: usize = 0; o < even; o += 16) {
        const up = v128.load(p + o), uq = v128.load(q + o)
        let x = v128.load(v0 + o)
        s0 = f64x2.add(s0, f64x2.mul(x, up))
        t0 = f64x2.add(t0, f64x2.mul(x, uq))
        x = v128.load(v1 + o)
        s1 = f64x2.add(s1, f64x2.mul(x, up))
        t1 = f64x2.add(t1, f64x2.mul(x, uq))
        x = v128.load(v2 + o)
        s2 = f64x2.add(s2, f64x2.mul(x, up))
        t2 = f64x2.add(t2, f64x2.mul(x, uq))
        x = v128.load(v3 + o)
        s3 = f64x2.add(s3, f64x2.mul(x, up))
        t3 = f64x2.add(t3, f64x2.mul(x, uq))
      }
      // columns k - 1 and k by hand, k being odd
      const pe = load<f64>(p + even), qe = load<f64>(q + even), qf = load<f64>(q + even, 8)
      const hp = load<f64>(at(h, k)), hq = load<f64>(at(h, k + 1))
      const tp = hp == 0 ? 0 : -1 / hp, tq = hq == 0 ? 0 : -1 / hq
      const g = load<f64>(at(work, k))
      let x = load<f64>(v0 + even), y = load<f64>(v0 + even, 8)
      const f0 = tp * (f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1) + x * pe)
      const g0 = tq * (f64x2.extract_lane(t0, 0) + f64x2.extract_lane(t0, 1) + x * qe + y * qf + f0 * g)
      store<f64>(v0 + even, x + f0 * pe + g0 * qe)
      store<f64>(v0 + even, y + g0 * qf, 8)
      x = load<f64>(v1 + even), y = load<f64>(v1 + even, 8)
      const f1 = tp * (f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1) + x * pe)
      const g1 = tq * (f64x2.extract_lane(t1, 0) + f64x2.extract_lane(t1, 1) + x * qe + y * qf + f1 * g)
      store<f64>(v1 + even, x + f1 * pe + g1 * qe)
      store<f64>(v1 + even, y + g1 * qf, 8)
      x = load<f64>(v2 + even), y = load<f64>(v2 + even, 8)
      const f2 = tp * (f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1) + x * pe)
      const g2 = tq * (f64x2.extract_lane(t2, 0) + f64x2.extract_lane(t2, 1) + x * qe + y * qf + f2 * g)
      store<f64>(v2 + even, x + f2 * pe + g2 * qe)
      store<f64>(v2 + even, y + g2 * qf, 8)
      x = load<f64>(v3 + even), y = load<f64>(v3 + even, 8)
      const f3 = tp * (f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1) + x * pe)
      const g3 = tq * (f64x2.extract_lane(t3, 0) + f64x2.extract_lane(t3, 1) + x * qe + y * qf + f3 * g)
      store<f64>(v3 + even, x + f3 * pe + g3 * qe)
      store<f64>(v3 + even, y + g3 * qf, 8)
      s0 = f64x2.splat(f0), t0 = f64x2.splat(g0)
      s1 = f64x2.splat(f1), t1 = f64x2.splat(g1)
      s2 = f64x2.splat(f2), t2 = f64x2.splat(g2)
      s3 = f64x2.splat(f3), t3 = f64x2.splat(g3)
      for (let o: usize = 0; o < even; o += 16) {
        const up = v128.load(p + o), uq = v128.load(q + o)
        v128.store(v0 + o, f64x2.add(v128.load(v0 + o), f64x2.add(f64x2.mul(s0, up), f64x2.mul(t0, uq))))
        v128.store(v1 + o, f64x2.add(v128.load(v1 + o), f64x2.add(f64x2.mul(s1, up), f64x2.mul(t1, uq))))
        v128.store(v2 + o, f64x2.add(v128.load(v2 + o), f64x2.add(f64x2.mul(s2, up), f64x2.mul(t2, uq))))
        v128.store(v3 + o, f64x2.add(v128.load(v3 + o), f64x2.add(f64x2.mul(s3, up), f64x2.mul(t3, uq))))
      }
    }
    for (; k < n; k++) {
      reflect(k, a + <usize>k * r, load<f64>(at(h, k)), v0)
      reflect(k, a + <usize>k * r, load<f64>(at(h, k)), v1)
      reflect(k, a + <usize>k * r, load<f64>(at(h, k)), v2)
      reflect(k, a + <usize>k * r, load<f64>(at(h, k)), v3)
    }
  }
  for (; i < n; i++) for (let k = 1; k < n; k++) reflect(k, a + <usize>k * r, load<f64>(at(h, k)), v + <usize>i * r)
}

/** row -= (row . u / half) u, length k */
function reflect(k: i32, u: usize, half: f64, row: usize): void {
  if (half != 0) axpy(k, dot(k, row, u) / -half, u, row)
}
