/**
 * Policies of four worlds at once. Where a parameter differs by world it is a quantity in `wide`; where all worlds share it
 * it is a scalar in `theta`. Products run over inputs in ascending order, so that every build of a policy rounds alike.
 */
import { exp4 } from '../math/exp'
import { sigmoid4, tanh4 } from '../math/tanh'
import { add, div, gt, ld, mad, max4, mul, sel, splat, st, sub, V } from '../math/v4'
import * as P from '../shared/program'

/** how parameters are stored: scalars shared by all, quantities, or shared matrices with factors of low rank */
const SHARED: i32 = 0
const WIDE: i32 = 1
const FACTORS: i32 = 2

/** y (m) += W x, W (m, n) shared */
function productShared(W: usize, m: i32, n: i32, x: usize, y: usize): void {
  const row: usize = 4 * <usize>n
  let o = 0
  for (; o + 4 <= m; o += 4) {
    const y0 = y + V * <usize>o
    let a = ld(y0), b = ld(y0 + V), c = ld(y0 + 2 * V), e = ld(y0 + 3 * V)
    let w: usize = W + row * <usize>o
    for (let p = x, end = x + V * <usize>n; p < end; p += V, w += 4) {
      const v = ld(p)
      a = mad(v128.load32_splat(w), v, a)
      b = mad(v128.load32_splat(w + row), v, b)
      c = mad(v128.load32_splat(w + 2 * row), v, c)
      e = mad(v128.load32_splat(w + 3 * row), v, e)
    }
    st(y0, a); st(y0 + V, b); st(y0 + 2 * V, c); st(y0 + 3 * V, e)
  }
  for (; o < m; o++) {
    const y0 = y + V * <usize>o
    let a = ld(y0), w: usize = W + row * <usize>o
    for (let p = x, end = x + V * <usize>n; p < end; p += V, w += 4) a = mad(v128.load32_splat(w), ld(p), a)
    st(y0, a)
  }
}

/** y (m) += W x, W (m, n) of each world */
function productWide(W: usize, m: i32, n: i32, x: usize, y: usize): void {
  const row: usize = V * <usize>n
  let o = 0
  for (; o + 4 <= m; o += 4) {
    const y0 = y + V * <usize>o
    let a = ld(y0), b = ld(y0 + V), c = ld(y0 + 2 * V), e = ld(y0 + 3 * V)
    let w: usize = W + row * <usize>o
    for (let p = x, end = x + row; p < end; p += V, w += V) {
      const v = ld(p)
      a = mad(ld(w), v, a)
      b = mad(ld(w + row), v, b)
      c = mad(ld(w + 2 * row), v, c)
      e = mad(ld(w + 3 * row), v, e)
    }
    st(y0, a); st(y0 + V, b); st(y0 + 2 * V, c); st(y0 + 3 * V, e)
  }
  for (; o < m; o++) {
    const y0 = y + V * <usize>o
    let a = ld(y0), w: usize = W + row * <usize>o
    for (let p = x, end = x + row; p < end; p += V, w += V) a = mad(ld(w), ld(p), a)
    st(y0, a)
  }
}

/** t (rank) = B' x, B (n, rank) of each world; y (m) += A t */
function productFactors(A: usize, B: usize, m: i32, n: i32, rank: i32, x: usize, y: usize, t: usize): void {
  for (let k = 0; k < rank; k++) {
    let sum = splat(0)
    for (let i = 0; i < n; i++) sum = mad(ld(B + V * <usize>(i * rank + k)), ld(x + V * <usize>i), sum)
    st(t + V * <usize>k, sum)
  }
  for (let o = 0; o < m; o++) {
    let sum = ld(y + V * <usize>o)
    for (let k = 0; k < rank; k++) sum = mad(ld(A + V * <usize>(o * rank + k)), ld(t + V * <usize>k), sum)
    st(y + V * <usize>o, sum)
  }
}

// @ts-ignore: decorator
@inline function vector(mode: i32, theta: usize, wide: usize, n: i32, y: usize): void {
  for (let i = 0; i < n; i++) st(y + V * <usize>i, mode == SHARED ? v128.load32_splat(theta + 4 * <usize>i) : ld(wide + V * <usize>i))
}

// @ts-ignore: decorator
@inline function product(mode: i32, theta: usize, wide: usize, m: i32, n: i32, rank: i32, x: usize, y: usize, t: usize): void {
  if (mode == WIDE) productWide(wide, m, n, x, y)
  else {
    productShared(theta, m, n, x, y)
    if (mode == FACTORS) productFactors(wide, wide + V * <usize>(m * rank), m, n, rank, x, y, t)
  }
}

/** quantities that a matrix takes in `wide` */
// @ts-ignore: decorator
@inline function wideSize(mode: i32, m: i32, n: i32, rank: i32): i32 { return mode == WIDE ? m * n : mode == FACTORS ? (m + n) * rank : 0 }

function activate(kind: i32, y: usize, n: i32): void {
  const end = y + V * <usize>n
  if (kind == P.ACTIVATION_TANH) for (let p = y; p < end; p += V) st(p, tanh4(ld(p)))
  else if (kind == P.ACTIVATION_RELU) for (let p = y; p < end; p += V) st(p, max4(ld(p), splat(0)))
  else if (kind == P.ACTIVATION_ELU) for (let p = y; p < end; p += V) {
    const v = ld(p)
    st(p, sel(gt(v, splat(0)), v, sub(exp4(v), splat(1))))
  }
  else if (kind == P.ACTIVATION_SOFTSIGN) for (let p = y; p < end; p += V) {
    const v = ld(p)
    st(p, div(v, add(splat(1), f32x4.abs(v))))
  }
}

/**
 * Gated recurrent unit (Cho et al. 2014, with the candidate's recurrent bias inside the reset gate):
 * z = s(W_z x + U_z h + b_z), r likewise, n = tanh(W_n x + b_n + r (U_n h + c_n)), h = (1 - z) n + z h.
 *   in-out  h (nout); y (nout) = h
 *   t       4 nout + rank quantities
 */
function gru(mode: i32, theta: usize, wide: usize, nin: i32, n: i32, rank: i32, x: usize, h: usize, y: usize, t: usize): void {
  const N = V * <usize>n, g = t, u = t + 3 * N, rest = t + 4 * N
  const W = theta, U = theta + 4 * <usize>(3 * n * nin), b = U + 4 * <usize>(3 * n * n), c = b + 4 * <usize>(3 * n)
  const wW = wide, wU = wide + V * <usize>wideSize(mode, 3 * n, nin, rank)
  const wb = wU + V * <usize>wideSize(mode, 3 * n, n, rank), wc = wb + 3 * N
  vector(mode, b, wb, 3 * n, g)
  product(mode, W, wW, 3 * n, nin, rank, x, g, rest)
  // the candidate's recurrent part stays apart until the reset gate is known
  vector(mode, c, wc, n, u)
  if (mode == FACTORS) {
    productShared(U, 2 * n, n, h, g)
    productShared(U + 4 * <usize>(2 * n * n), n, n, h, u)
    for (let k = 0; k < rank; k++) {
      let sum = splat(0)
      for (let i = 0; i < n; i++) sum = mad(ld(wU + V * <usize>(3 * n * rank + i * rank + k)), ld(h + V * <usize>i), sum)
      st(rest + V * <usize>k, sum)
    }
    for (let o = 0; o < 3 * n; o++) {
      const to = o < 2 * n ? g + V * <usize>o : u + V * <usize>(o - 2 * n)
      let sum = ld(to)
      for (let k = 0; k < rank; k++) sum = mad(ld(wU + V * <usize>(o * rank + k)), ld(rest + V * <usize>k), sum)
      st(to, sum)
    }
  } else if (mode == WIDE) {
    productWide(wU, 2 * n, n, h, g)
    productWide(wU + V * <usize>(2 * n * n), n, n, h, u)
  } else {
    productShared(U, 2 * n, n, h, g)
    productShared(U + 4 * <usize>(2 * n * n), n, n, h, u)
  }
  for (let i: usize = 0; i < N; i += V) {
    const z = sigmoid4(ld(g + i)), reset = sigmoid4(ld(g + N + i))
    const candidate = tanh4(mad(reset, ld(u + i), ld(g + 2 * N + i)))
    const next = mad(z, sub(ld(h + i), candidate), candidate)
    st(y + i, next)
  }
  for (let i: usize = 0; i < N; i += V) st(h + i, ld(y + i))
}

/**
 * Long short-term memory: gates i, f, g, o of W x + U h + b; c = s(f) c + s(i) tanh(g), h = s(o) tanh(c).
 *   in-out  h (nout), c (nout) behind it; y (nout) = h
 *   t       4 nout + rank quantities
 */
function lstm(mode: i32, theta: usize, wide: usize, nin: i32, n: i32, rank: i32, x: usize, h: usize, y: usize, t: usize): void {
  const N = V * <usize>n, g = t, rest = t + 4 * N, cell = h + N
  const U = theta + 4 * <usize>(4 * n * nin), b = U + 4 * <usize>(4 * n * n)
  const wU = wide + V * <usize>wideSize(mode, 4 * n, nin, rank), wb = wU + V * <usize>wideSize(mode, 4 * n, n, rank)
  vector(mode, b, wb, 4 * n, g)
  product(mode, theta, wide, 4 * n, nin, rank, x, g, rest)
  product(mode, U, wU, 4 * n, n, rank, h, g, rest)
  for (let i: usize = 0; i < N; i += V) {
    const c = mad(sigmoid4(ld(g + N + i)), ld(cell + i), mul(sigmoid4(ld(g + i)), tanh4(ld(g + 2 * N + i))))
    const next = mul(sigmoid4(ld(g + 3 * N + i)), tanh4(c))
    st(cell + i, c)
    st(h + i, next)
    st(y + i, next)
  }
}

/** quantities of memory that a layer takes */
function memoryOf(layer: usize): i32 {
  const kind = load<i32>(layer, P.LAYER_AT_KIND)
  return kind == P.LAYER_GRU ? load<i32>(layer, P.LAYER_AT_NOUT) : kind == P.LAYER_LSTM ? 2 * load<i32>(layer, P.LAYER_AT_NOUT) : 0
}

/** quantities of the buffers of forward: widest layer, and what recurrent ones need besides */
export function networkBuffer(r: usize): i32 {
  let widest = max(P.nobs(r), P.nact(r))
  for (let i = 0; i < P.nlayer(r); i++) widest = max(widest, load<i32>(<usize>P.network(r) + P.LAYER_BYTES * <usize>i, P.LAYER_AT_NOUT))
  return 6 * widest + P.rank(r)
}

/**
 * Actions of a block.
 *   in      x (nobs), theta (nparam), wide: parameters that differ by world
 *   in-out  memory (nmemory): states of recurrent layers
 *   buffer  networkBuffer quantities
 *   returns address of the action (nact)
 */
export function network(r: usize, x: usize, wide: usize, memory: usize, buffer: usize): usize {
  const perturb = P.perturb(r), rank = P.rank(r)
  const mode = perturb == P.PERTURB_NONE ? SHARED : perturb == P.PERTURB_LOWRANK ? FACTORS : WIDE
  const width = V * <usize>((networkBuffer(r) - rank) / 6)
  const temporary = buffer + 2 * width
  let input = x, output = buffer
  for (let l = 0; l < P.nlayer(r); l++) {
    const L = <usize>P.network(r) + P.LAYER_BYTES * <usize>l
    const kind = load<i32>(L, P.LAYER_AT_KIND), nin = load<i32>(L, P.LAYER_AT_NIN), nout = load<i32>(L, P.LAYER_AT_NOUT)
    const theta = <usize>P.theta(r) + 4 * <usize>load<i32>(L, P.LAYER_AT_OFFSET)
    if (kind == P.LAYER_DENSE) {
      const size = wideSize(mode, nout, nin, rank)
      if (load<i32>(L, P.LAYER_AT_BIAS)) {
        vector(mode, theta + 4 * <usize>(nin * nout), wide + V * <usize>size, nout, output)
        product(mode, theta, wide, nout, nin, rank, input, output, temporary)
        wide += V * <usize>nout
      } else {
        for (let i = 0; i < nout; i++) st(output + V * <usize>i, splat(0))
        product(mode, theta, wide, nout, nin, rank, input, output, temporary)
      }
      wide += V * <usize>size
      activate(load<i32>(L, P.LAYER_AT_ACTIVATION), output, nout)
    } else {
      const gates = kind == P.LAYER_GRU ? 3 : 4
      if (kind == P.LAYER_GRU) gru(mode, theta, wide, nin, nout, rank, input, memory, output, temporary)
      else lstm(mode, theta, wide, nin, nout, rank, input, memory, output, temporary)
      if (mode != SHARED) wide += V * <usize>(wideSize(mode, gates * nout, nin, rank) + wideSize(mode, gates * nout, nout, rank) + (kind == P.LAYER_GRU ? 4 : gates) * nout)
      memory += V * <usize>memoryOf(L)
    }
    input = output
    output = output == buffer ? buffer + width : buffer
  }
  return input
}

/** Walks the matrices and vectors of a policy in the order of theta: what member.ts needs of a layer. */
export function layerAt(r: usize, l: i32): usize { return <usize>P.network(r) + P.LAYER_BYTES * <usize>l }
// @ts-ignore: decorator
@inline export function kindOf(layer: usize): i32 { return load<i32>(layer, P.LAYER_AT_KIND) }
// @ts-ignore: decorator
@inline export function ninOf(layer: usize): i32 { return load<i32>(layer, P.LAYER_AT_NIN) }
// @ts-ignore: decorator
@inline export function noutOf(layer: usize): i32 { return load<i32>(layer, P.LAYER_AT_NOUT) }
// @ts-ignore: decorator
@inline export function hasBias(layer: usize): bool { return load<i32>(layer, P.LAYER_AT_BIAS) != 0 }
