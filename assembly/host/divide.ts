/**
 * Tridiagonal eigenproblems by divide and conquer: almost all work is matrix products.
 *   source  Cuppen 1981; Gu & Eisenstat 1995, "A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem";
 *           the secular equation by the middle way of Li 1994 (LAPACK working note 89), inside a bracket
 */
import { matmul } from './dense'
import { EPSILON, implicitQL } from './ql'
import { at } from './vector'

/** Up to this size QL is as fast. */
const LEAF = 32
const MAX_STEPS = 100

/**
 * Eigenvalues and eigenvectors of the tridiagonal (d, e[1 ... n-1]). On return d holds the eigenvalues, order their ascending order
 * (32-bit), row j of V (n, n) the eigenvector of d[j]; e is destroyed.
 * work: (2 n + 8) ld doubles.
 *
 * @returns 0, or 1 + index of an eigenvalue that did not converge
 */
export function tridiagonalEigen(n: i32, d: usize, e: usize, v: usize, ld: i32, order: usize, work: usize): i32 {
  const r = (<usize>ld) << 3
  memory.fill(v, 0, <usize>n * r)
  for (let i = 0; i < n; i++) store<f64>(at(v + <usize>i * r, i), 1)
  return solve(0, n, d, e, v, ld, order, work)
}

/** Rows and columns begin ... end-1; order holds local indices. */
function solve(begin: i32, end: i32, d: usize, e: usize, v: usize, ld: i32, order: usize, work: usize): i32 {
  const n = end - begin
  if (n <= LEAF) {
    const failed = implicitQL(n, at(d, begin), at(e, begin), at(v + <usize>(begin * ld << 3), begin), ld, work)
    sortLeaf(n, at(d, begin), order + (<usize>begin << 2))
    return failed == 0 ? 0 : begin + failed
  }
  // an even split keeps every block's columns on 16 bytes
  const mid = begin + ((n >> 1) & ~3)
  const rho = load<f64>(at(e, mid))
  // T = (T1, T2) + |rho| u u', u = (0 ... 0, 1, sign rho, 0 ... 0)
  store<f64>(at(d, mid - 1), load<f64>(at(d, mid - 1)) - Math.abs(rho))
  store<f64>(at(d, mid), load<f64>(at(d, mid)) - Math.abs(rho))
  let failed = solve(begin, mid, d, e, v, ld, order, work)
  if (failed != 0) return failed
  failed = solve(mid, end, d, e, v, ld, order, work)
  if (failed != 0) return failed
  failed = merge(n, mid - begin, rho, at(d, begin), at(v + <usize>(begin * ld << 3), begin), ld, order + (<usize>begin << 2), work)
  return failed == 0 ? 0 : begin + failed
}

function index(p: usize, i: i32): i32 { return load<i32>(p + (<usize>i << 2)) }
function setIndex(p: usize, i: i32, value: i32): void { store<i32>(p + (<usize>i << 2), value) }

function sortLeaf(n: i32, d: usize, order: usize): void {
  for (let i = 0; i < n; i++) {
    const x = load<f64>(at(d, i))
    let k = i
    while (k > 0 && load<f64>(at(d, index(order, k - 1))) > x) {
      setIndex(order, k, index(order, k - 1))
      k--
    }
    setIndex(order, k, i)
  }
}

// where a row's entries may be nonzero: left columns, both, right columns
const LEFT = 0
const BOTH = 1
const RIGHT = 2

/**
 * Join the halves 0 ... m-1 and m ... n-1, whose eigenvectors stand in V's diagonal blocks: eigenvalues of D + |rho| z z'.
 */
function merge(n: i32, m: i32, rho: f64, d: usize, v: usize, ld: i32, order: usize, work: usize): i32 {
  const r = (<usize>ld) << 3
  // S: eigenvectors of the joined problem, G: rows of V gathered by kind; then vectors of length ld
  const S = work, G = S + <usize>n * r
  const z = G + <usize>n * r, pole = z + r, weight = pole + r, lambda = weight + r, row = lambda + r
  // sorted, kept, dropped, kind, place: 32-bit
  const sorted = row + r, kept = sorted + (r >> 1), dropped = kept + (r >> 1), kind = dropped + (r >> 1), place = kind + (r >> 1)

  // z = V u: last components of the left eigenvectors, first components of the right ones, to length 1
  const half = Math.sqrt(0.5)
  for (let i = 0; i < m; i++) store<f64>(at(z, i), half * load<f64>(at(v + <usize>i * r, m - 1)))
  const sign = rho < 0 ? -half : half
  for (let i = m; i < n; i++) store<f64>(at(z, i), sign * load<f64>(at(v + <usize>i * r, m)))
  rho = 2 * Math.abs(rho)

  // ascending order of both halves together
  let a = 0, b = m
  for (let i = 0; i < n; i++) {
    const left = b == n || (a < m && load<f64>(at(d, index(order, a))) <= load<f64>(at(d, m + index(order, b))))
    setIndex(sorted, i, left ? index(order, a++) : m + index(order, b++))
  }
  let largest = 0.0
  for (let i = 0; i < n; i++) {
    largest = Math.max(largest, Math.max(Math.abs(load<f64>(at(d, i))), Math.abs(load<f64>(at(z, i)))))
    setIndex(kind, i, i < m ? LEFT : RIGHT)
  }

  // deflation: a component too small to matter, or two poles too close to tell apart
  const tolerance = 8 * EPSILON * largest
  let k = 0, drop = 0, previous = -1
  for (let i = 0; i < n; i++) {
    const j = index(sorted, i)
    if (rho * Math.abs(load<f64>(at(z, j))) <= tolerance) {
      setIndex(dropped, drop++, j)
      continue
    }
    if (previous >= 0) {
      let s = load<f64>(at(z, previous)), c = load<f64>(at(z, j))
      const t = Math.sqrt(s * s + c * c)
      const gap = load<f64>(at(d, j)) - load<f64>(at(d, previous))
      c /= t
      s /= t
      if (Math.abs(gap * c * s) <= tolerance) {
        // rotate the pair so that the first has no component
        store<f64>(at(z, j), t)
        store<f64>(at(z, previous), 0)
        if (index(kind, j) != index(kind, previous)) {
          setIndex(kind, j, BOTH)
          setIndex(kind, previous, BOTH)
        }
        rotatePair(n, v + <usize>previous * r, v + <usize>j * r, c, s)
        const dp = load<f64>(at(d, previous)), dj = load<f64>(at(d, j))
        store<f64>(at(d, previous), dp * c * c + dj * s * s)
        store<f64>(at(d, j), dp * s * s + dj * c * c)
        setIndex(dropped, drop++, previous)
        setIndex(kept, k - 1, j)
        previous = j
        continue
      }
    }
    setIndex(kept, k++, j)
    previous = j
  }

  // rows by kind, so that the products skip the zero blocks; dropped rows behind
  let left = 0, both = 0
  for (let i = 0; i < k; i++) {
    const t = index(kind, index(kept, i))
    if (t == LEFT) left++
    else if (t == BOTH) both++
  }
  let nextLeft = 0, nextBoth = left, nextRight = left + both
  const bytes = (<usize>((n + 1) & ~1)) << 3
  for (let i = 0; i < k; i++) {
    const j = index(kept, i), t = index(kind, j)
    let p: i32
    if (t == LEFT) p = nextLeft++
    else if (t == BOTH) p = nextBoth++
    else p = nextRight++
    setIndex(place, i, p)
    memory.copy(G + <usize>p * r, v + <usize>j * r, bytes)
    store<f64>(at(pole, i), load<f64>(at(d, j)))
    store<f64>(at(weight, i), load<f64>(at(z, j)))
  }
  for (let i = 0; i < drop; i++) {
    const j = index(dropped, i)
    memory.copy(G + <usize>(k + i) * r, v + <usize>j * r, bytes)
    store<f64>(at(row, i), load<f64>(at(d, j)))
  }

  // roots; row j of S holds pole_i - lambda_j
  for (let j = 0; j < k; j++) {
    const origin = secular(k, j, rho, pole, weight, S + <usize>j * r)
    if (origin < 0) return 1 + j
    store<f64>(at(lambda, j), load<f64>(at(pole, origin)) - load<f64>(at(S + <usize>j * r, origin)))
  }
  // weights for which the computed roots are exact (Gu & Eisenstat), so that the eigenvectors are orthogonal
  for (let i = 0; i < k; i++) {
    const p = load<f64>(at(pole, i))
    let product = -load<f64>(at(S + <usize>i * r, i))
    for (let j = 0; j < k; j++) {
      if (j != i) product *= load<f64>(at(S + <usize>j * r, i)) / (p - load<f64>(at(pole, j)))
    }
    const w = Math.sqrt(Math.abs(product))
    store<f64>(at(z, i), load<f64>(at(weight, i)) < 0 ? -w : w)
  }
  for (let j = 0; j < k; j++) {
    const s = S + <usize>j * r
    let square = 0.0
    for (let i = 0; i < k; i++) {
      const t = load<f64>(at(z, i)) / load<f64>(at(s, i))
      store<f64>(at(weight, i), t)
      square += t * t
    }
    const inverse = 1 / Math.sqrt(square)
    for (let i = 0; i < k; i++) store<f64>(at(s, index(place, i)), load<f64>(at(weight, i)) * inverse)
  }

  // eigenvectors: left columns need kinds left and both, right columns both and right
  memory.fill(v, 0, <usize>(n - 1) * r + bytes)
  if (k > 0) {
    matmul(k, m, left + both, S, ld, G, ld, v, ld)
    matmul(k, n - m, k - left, at(S, left), ld, at(G + <usize>left * r, m), ld, at(v, m), ld)
  }
  for (let i = 0; i < drop; i++) {
    memory.copy(v + <usize>(k + i) * r, G + <usize>(k + i) * r, bytes)
    store<f64>(at(d, k + i), load<f64>(at(row, i)))
  }
  for (let j = 0; j < k; j++) store<f64>(at(d, j), load<f64>(at(lambda, j)))

  // roots ascend; insert the dropped ones
  for (let i = 0; i < n; i++) {
    const x = load<f64>(at(d, i))
    let q = i
    if (i >= k) {
      while (q > 0 && load<f64>(at(d, index(order, q - 1))) > x) {
        setIndex(order, q, index(order, q - 1))
        q--
      }
    }
    setIndex(order, q, i)
  }
  return 0
}

/** (p, q) = (c p - s q, s p + c q) */
function rotatePair(n: i32, p: usize, q: usize, c: f64, s: f64): void {
  for (let i = 0; i < n; i++) {
    const x = load<f64>(at(p, i)), y = load<f64>(at(q, i))
    store<f64>(at(p, i), c * x - s * y)
    store<f64>(at(q, i), s * x + c * y)
  }
}

/** Sums of weight^2/(pole - lambda) and of its derivative over begin ... end-1, left in the two words at `out`. */
function sums(begin: i32, end: i32, origin: f64, mu: f64, pole: usize, weight: usize, out: usize): void {
  const o = f64x2.splat(origin), t = f64x2.splat(mu)
  let f0 = f64x2.splat(0), f1 = f64x2.splat(0), g0 = f64x2.splat(0), g1 = f64x2.splat(0)
  let i = begin
  for (; i + 4 <= end; i += 4) {
    const p = at(pole, i), w = at(weight, i)
    const w0 = v128.load(w), w1 = v128.load(w, 16)
    const q0 = f64x2.div(w0, f64x2.sub(f64x2.sub(v128.load(p), o), t))
    const q1 = f64x2.div(w1, f64x2.sub(f64x2.sub(v128.load(p, 16), o), t))
    f0 = f64x2.add(f0, f64x2.mul(w0, q0))
    f1 = f64x2.add(f1, f64x2.mul(w1, q1))
    g0 = f64x2.add(g0, f64x2.mul(q0, q0))
    g1 = f64x2.add(g1, f64x2.mul(q1, q1))
  }
  f0 = f64x2.add(f0, f1)
  g0 = f64x2.add(g0, g1)
  let f = f64x2.extract_lane(f0, 0) + f64x2.extract_lane(f0, 1)
  let g = f64x2.extract_lane(g0, 0) + f64x2.extract_lane(g0, 1)
  for (; i < end; i++) {
    const w = load<f64>(at(weight, i))
    const q = w / (load<f64>(at(pole, i)) - origin - mu)
    f += w * q
    g += q * q
  }
  store<f64>(out, f)
  store<f64>(out, g, 8)
}

/**
 * Root j of 1/rho + sum weight_i^2/(pole_i - lambda), between pole_j and pole_(j+1) (beyond the last pole for j = k-1), as its
 * distance from the nearer pole, which keeps all differences accurate. delta (k, and two words of scratch) receives
 * pole_i - lambda.
 *
 * @returns index of the pole the distance is from, or -1 when there was no convergence
 */
function secular(k: i32, j: i32, rho: f64, pole: usize, weight: usize, delta: usize): i32 {
  const last = j == k - 1
  const dj = load<f64>(at(pole, j))
  // width of the interval the root is in
  let width: f64
  if (last) {
    width = 0
    for (let i = 0; i < k; i++) width += load<f64>(at(weight, i)) * load<f64>(at(weight, i))
    width *= rho
  } else width = load<f64>(at(pole, j + 1)) - dj
  const constant = 1 / rho
  // poles up to `split` lie below the root
  const split = last ? k - 1 : j + 1
  let origin = j
  let d0 = dj
  let mu = 0.5 * width
  let low = 0.0, high = width
  let step = 0
  for (; step < MAX_STEPS; step++) {
    sums(0, split, d0, mu, pole, weight, delta)
    const psi = load<f64>(delta), dpsi = load<f64>(delta, 8)
    sums(split, k, d0, mu, pole, weight, delta)
    const phi = load<f64>(delta), dphi = load<f64>(delta, 8)
    const f = constant + psi + phi
    if (step == 0 && !last && f < 0) {
      // the upper pole is nearer: measure from there
      origin = j + 1
      d0 = load<f64>(at(pole, origin))
      mu = -mu
      low = mu
      high = 0
    }
    if (f < 0) low = Math.max(low, mu)
    else high = Math.min(high, mu)
    // as good as rounding of the sums allows
    if (Math.abs(f) <= EPSILON * (constant + Math.abs(psi) + Math.abs(phi))) break
    let next: f64
    if (last) {
      // one pole and a constant
      const p = load<f64>(at(pole, k - 1)) - d0 - mu
      next = mu + (p * f) / (f - p * (dpsi + dphi))
    } else {
      // c + s/(p - lambda) + S/(q - lambda) with value and both derivatives of f
      const p = dj - d0 - mu, q = load<f64>(at(pole, j + 1)) - d0 - mu
      const c = f - p * dpsi - q * dphi
      const aa = (p + q) * f - p * q * (dpsi + dphi)
      const bb = p * q * f
      const root = Math.sqrt(Math.max(0, aa * aa - 4 * bb * c))
      next = mu + (aa <= 0 ? (aa - root) / (2 * c) : (2 * bb) / (aa + root))
    }
    // outside the bracket (or NaN): halve it
    if (!(next > low && next < high)) next = 0.5 * (low + high)
    const moved = Math.abs(next - mu)
    mu = next
    if (moved <= 2 * EPSILON * Math.abs(mu)) break
  }
  if (step == MAX_STEPS) return -1
  for (let i = 0; i < k; i++) store<f64>(at(delta, i), load<f64>(at(pole, i)) - d0 - mu)
  return origin
}
