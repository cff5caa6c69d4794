/** Friction cones: zone, force, Hessian and cost of one contact, given its base residual jar. */
import { abs4, add, and, andnot, div, eq, gt, ge, ld, le, lt, mad, mul, ne, neg, nmad, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { arefOf, C_COL, C_D, C_DIM, C_FRI, C_HAS, C_J, C_MU, C_NNZ, C_ZONE, jarOf } from './contact'
import { at, i32at } from './types'

// zones of an elliptic cone; of a pyramid the zone is a set of bits, one an edge whose residual is negative
const BOTTOM: i32 = 1
const CONE: i32 = 2

/** out (dim) = J x - aref */
export function residual(e: usize, J: usize, col: usize, x: usize, out: usize): void {
  times(e, J, col, x, true, out)
}

/** out (dim) = J x */
export function product(e: usize, J: usize, col: usize, x: usize, out: usize): void {
  times(e, J, col, x, false, out)
}

// @ts-ignore: decorator
@inline function times(e: usize, J: usize, col: usize, x: usize, less: bool, out: usize): void {
  const dim = load<i32>(e, C_DIM), nnz = load<i32>(e, C_NNZ)
  let row = at(J, load<i32>(e, C_J))
  let c = col + 4 * <usize>load<i32>(e, C_COL)
  const end = c + 4 * <usize>nnz
  const aref = arefOf(e, dim), zero = splat(0)
  if (dim == 3) {
    const step = V * <usize>nnz
    let a = less ? neg(ld(aref)) : zero, b = less ? neg(ld(aref + V)) : zero, t = less ? neg(ld(aref + 2 * V)) : zero
    for (; c < end; c += 4, row += V) {
      const y = ld(x + V * <usize>load<i32>(c))
      a = mad(ld(row), y, a)
      b = mad(ld(row + step), y, b)
      t = mad(ld(row + 2 * step), y, t)
    }
    st(out, a)
    st(out + V, b)
    st(out + 2 * V, t)
    return
  }
  for (let r = 0; r < dim; r++) {
    let a = less ? neg(ld(at(aref, r))) : zero
    for (let i = c; i < end; i += 4, row += V) a = mad(ld(row), ld(x + V * <usize>load<i32>(i)), a)
    st(at(out, r), a)
  }
}

// @ts-ignore: decorator
@inline function bit(mask: v128, k: i32): v128 { return and(mask, i32x4.splat(1 << k)) }
// @ts-ignore: decorator
@inline function edge(zone: v128, k: i32): v128 { return i32x4.ne(and(zone, i32x4.splat(1 << k)), i32x4.splat(0)) }

/** length of the tangential residual, each component times its friction */
// @ts-ignore: decorator
@inline function tangent(e: usize, dim: i32, jar: usize): v128 {
  let sum = splat(0)
  for (let j = 1; j < dim; j++) {
    const u = mul(ld(at(jar, j)), ld(e + C_FRI + V * <usize>(j - 1)))
    sum = mad(u, u, sum)
  }
  return sqrt4(sum)
}

/** zone at a residual (mj_constraintUpdate) */
export function zoneAt(e: usize, jar: usize, elliptic: bool): v128 {
  const dim = load<i32>(e, C_DIM), has = ld(e + C_HAS)
  const n = ld(jar), zero = splat(0)
  if (dim == 1) return and(has, bit(lt(n, zero), 0))
  if (elliptic) {
    const mu = ld(e + C_MU), N = mul(n, mu), T = tangent(e, dim, jar)
    const flat = le(T, zero)
    const top = or(ge(N, mul(mu, T)), and(flat, ge(N, zero)))
    const bottom = or(le(mad(mu, N, T), zero), and(flat, lt(N, zero)))
    return and(andnot(has, top), sel(bottom, i32x4.splat(BOTTOM), i32x4.splat(CONE)))
  }
  let zone = i32x4.splat(0)
  for (let j = 1; j < dim; j++) {
    const t = mul(ld(e + C_FRI + V * <usize>(j - 1)), ld(at(jar, j)))
    zone = or(zone, or(bit(lt(add(n, t), zero), 2 * j - 2), bit(lt(sub(n, t), zero), 2 * j - 1)))
  }
  return and(has, zone)
}

/** is the cost no quadratic around here */
// @ts-ignore: decorator
@inline export function curved(e: usize): v128 { return i32x4.eq(ld(e + C_ZONE), i32x4.splat(CONE)) }

/** base force of a contact from its zone and residual, -ds/djar; out (dim) */
export function force(e: usize, elliptic: bool, out: usize): void {
  const dim = load<i32>(e, C_DIM), jar = jarOf(e, dim)
  const D = ld(e + C_D), zone = ld(e + C_ZONE), n = ld(jar), zero = splat(0)
  if (dim == 1) {
    st(out, and(edge(zone, 0), neg(mul(D, n))))
    return
  }
  if (elliptic) {
    const mu = ld(e + C_MU), mu2 = mul(mu, mu), N = mul(n, mu), T = tangent(e, dim, jar)
    const cone = i32x4.eq(zone, i32x4.splat(CONE)), bottom = i32x4.eq(zone, i32x4.splat(BOTTOM))
    const scale = div(D, mu2)
    const f0 = neg(mul(mul(div(scale, add(splat(1), mu2)), sub(N, mul(mu, T))), mu))
    st(out, or(and(cone, f0), and(bottom, neg(mul(D, n)))))
    const k = neg(div(f0, sel(gt(T, zero), T, splat(1))))
    for (let j = 1; j < dim; j++) {
      const fri = ld(e + C_FRI + V * <usize>(j - 1)), f2 = mul(fri, fri), x = ld(at(jar, j))
      st(at(out, j), or(and(cone, mul(mul(k, x), f2)), and(bottom, neg(mul(mul(scale, f2), x)))))
    }
    return
  }
  let sum = zero
  for (let j = 1; j < dim; j++) {
    const fri = ld(e + C_FRI + V * <usize>(j - 1)), t = mul(fri, ld(at(jar, j)))
    const a = and(edge(zone, 2 * j - 2), neg(mul(D, add(n, t)))), b = and(edge(zone, 2 * j - 1), neg(mul(D, sub(n, t))))
    sum = add(sum, add(a, b))
    st(at(out, j), mul(fri, sub(a, b)))
  }
  st(out, sum)
}

/**
 * Second derivative of the cost in the base residual, and C aref: the gradient of the cost at x is J'(C (J x - aref)) on
 * every zone, because a cone's cost is homogeneous.
 *   out   C (dim, dim), then C aref (dim)
 */
export function coneHessian(e: usize, elliptic: bool, out: usize): void {
  const dim = load<i32>(e, C_DIM), jar = jarOf(e, dim), aref = arefOf(e, dim)
  const D = ld(e + C_D), zone = ld(e + C_ZONE), zero = splat(0)
  if (dim == 1) {
    const c = and(edge(zone, 0), D)
    st(out, c)
    st(out + V, mul(c, ld(aref)))
    return
  }
  if (!elliptic) {
    // the edges of a pyramid couple each tangent with the normal alone
    let c00 = zero, p0 = zero
    for (let k = 1; k < dim * dim; k++) st(at(out, k), zero)
    const push = at(out, dim * dim), a0 = ld(aref)
    for (let j = 1; j < dim; j++) {
      const fri = ld(e + C_FRI + V * <usize>(j - 1)), aj = ld(at(aref, j))
      const a = and(edge(zone, 2 * j - 2), D), b = and(edge(zone, 2 * j - 1), D)
      const both = add(a, b), c0 = mul(fri, sub(a, b)), cj = mul(mul(fri, fri), both)
      c00 = add(c00, both)
      p0 = mad(c0, aj, p0)
      st(at(out, j), c0)
      st(at(out, j * dim), c0)
      st(at(out, j * dim + j), cj)
      st(at(push, j), mad(c0, a0, mul(cj, aj)))
    }
    st(out, c00)
    st(push, mad(c00, a0, p0))
    return
  }
  const mu = ld(e + C_MU), mu2 = mul(mu, mu), N = mul(ld(jar), mu), T = tangent(e, dim, jar)
  const cone = i32x4.eq(zone, i32x4.splat(CONE)), bottom = i32x4.eq(zone, i32x4.splat(BOTTOM))
  const scale = div(D, mu2), Dm = div(scale, add(splat(1), mu2))
  const inv = div(splat(1), sel(gt(T, zero), T, splat(1)))
  const NT = mul(mul(mu, N), inv), round = sub(mu2, NT), cube = mul(NT, mul(inv, inv))
  st(out, or(and(cone, mul(Dm, mu2)), and(bottom, D)))
  for (let j = 1; j < dim; j++) {
    const fj = ld(e + C_FRI + V * <usize>(j - 1)), Uj = mul(fj, ld(at(jar, j))), f2 = mul(fj, fj)
    const c0 = and(cone, neg(mul(mul(Dm, mul(mu2, fj)), mul(inv, Uj))))
    st(at(out, j), c0)
    st(at(out, j * dim), c0)
    for (let k = 1; k < j; k++) {
      const fk = ld(e + C_FRI + V * <usize>(k - 1)), Uk = mul(fk, ld(at(jar, k)))
      const c = and(cone, mul(mul(Dm, mul(fj, fk)), mul(cube, mul(Uj, Uk))))
      st(at(out, j * dim + k), c)
      st(at(out, k * dim + j), c)
    }
    st(at(out, j * dim + j), or(and(cone, mul(mul(Dm, f2), mad(cube, mul(Uj, Uj), round))), and(bottom, mul(scale, f2))))
  }
  const push = at(out, dim * dim)
  for (let r = 0; r < dim; r++) {
    let sum = zero
    for (let k = 0; k < dim; k++) sum = mad(ld(at(out, r * dim + k)), ld(at(aref, k)), sum)
    st(at(push, r), sum)
  }
}

/** cost of a one-sided quadratic at y, less that at x; dy = y - x (exact where their difference is small) */
// @ts-ignore: decorator
@inline function gain(D: v128, x: v128, y: v128, dy: v128): v128 {
  const zero = splat(0)
  const inx = lt(x, zero), iny = lt(y, zero)
  const both = mul(dy, add(x, y))
  return mul(mul(splat(0.5), D), sel(and(inx, iny), both, sub(and(iny, mul(y, y)), and(inx, mul(x, x)))))
}

/**
 * Cost of a contact along jar + alpha jp, less that at alpha 0: adds derivative, second derivative and difference to out
 * (PrimalEval).
 */
export function coneLine(e: usize, elliptic: bool, jp: usize, alpha: v128, out: usize): void {
  const dim = load<i32>(e, C_DIM), jar = jarOf(e, dim), has = ld(e + C_HAS)
  const D = ld(e + C_D), zero = splat(0)
  let d1 = ld(out), d2 = ld(out + V), cost = ld(out + 2 * V)
  const n0 = ld(jar), v0 = ld(jp)
  if (dim == 1) {
    const y = mad(alpha, v0, n0), on = lt(y, zero)
    d1 = add(d1, and(on, mul(mul(D, y), v0)))
    d2 = add(d2, and(on, mul(D, mul(v0, v0))))
    cost = add(cost, gain(D, n0, y, mul(alpha, v0)))
  } else if (!elliptic) {
    for (let j = 1; j < dim; j++) {
      const fri = ld(e + C_FRI + V * <usize>(j - 1))
      const t = mul(fri, ld(at(jar, j))), w = mul(fri, ld(at(jp, j)))
      let x = add(n0, t), v = add(v0, w), dy = mul(alpha, v), y = add(x, dy), on = lt(y, zero)
      d1 = add(d1, and(on, mul(mul(D, y), v)))
      d2 = add(d2, and(on, mul(D, mul(v, v))))
      cost = add(cost, gain(D, x, y, dy))
      x = sub(n0, t); v = sub(v0, w); dy = mul(alpha, v); y = add(x, dy); on = lt(y, zero)
      d1 = add(d1, and(on, mul(mul(D, y), v)))
      d2 = add(d2, and(on, mul(D, mul(v, v))))
      cost = add(cost, gain(D, x, y, dy))
    }
  } else {
    const mu = ld(e + C_MU), mu2 = mul(mu, mu)
    const N0 = mul(n0, mu), N1 = mul(v0, mu), N = mad(alpha, N1, N0)
    let UU = zero, UV = zero, VV = zero
    for (let j = 1; j < dim; j++) {
      const fri = ld(e + C_FRI + V * <usize>(j - 1))
      const u = mul(fri, ld(at(jar, j))), v = mul(fri, ld(at(jp, j)))
      UU = mad(u, u, UU); UV = mad(u, v, UV); VV = mad(v, v, VV)
    }
    const TT = mad(alpha, mad(alpha, VV, mul(splat(2), UV)), UU)
    const T0 = sqrt4(UU), T = sqrt4(sel(gt(TT, zero), TT, zero))
    const scale = div(D, mu2), Dm = div(scale, add(splat(1), mu2)), half = splat(0.5)
    const flat = le(T, zero)
    const top = or(ge(N, mul(mu, T)), and(flat, ge(N, zero)))
    const bottom = andnot(or(le(mad(mu, N, T), zero), and(flat, lt(N, zero))), top)
    const cone = v128.not(or(top, bottom))
    const flat0 = le(T0, zero)
    const top0 = or(ge(N0, mul(mu, T0)), and(flat0, ge(N0, zero)))
    const bottom0 = andnot(or(le(mad(mu, N0, T0), zero), and(flat0, lt(N0, zero))), top0)
    const cone0 = v128.not(or(top0, bottom0))
    // bottom: all rows quadratic, D_j = D friction_j^2 / mu^2
    const q1 = mul(scale, mad(N, N1, mad(alpha, VV, UV))), q2 = mul(scale, mad(N1, N1, VV))
    const q0 = mul(half, mul(scale, mad(N0, N0, UU))), q = mul(half, mul(scale, mad(N, N, TT)))
    // middle: Dm / 2 (N - mu T)^2
    const inv = div(splat(1), sel(gt(T, zero), T, splat(1)))
    const T1 = mul(mad(alpha, VV, UV), inv), T2 = mul(sub(VV, mul(T1, T1)), inv)
    const A = nmad(mu, T, N), A1 = nmad(mu, T1, N1), B = nmad(mu, T0, N0)
    const c1 = mul(Dm, mul(A, A1)), c2 = mul(Dm, sub(mul(A1, A1), mul(mul(mu, A), T2)))
    const c0 = mul(half, mul(Dm, mul(B, B))), c = mul(half, mul(Dm, mul(A, A)))
    const sum = add(T, T0)
    const dT = div(mul(alpha, mad(alpha, VV, mul(splat(2), UV))), sel(gt(sum, zero), sum, splat(1)))
    const dc = mul(half, mul(Dm, mul(nmad(mu, dT, mul(alpha, N1)), add(A, B))))
    const dq = mul(mul(half, scale), mad(mul(alpha, N1), add(N, N0), mul(alpha, mad(alpha, VV, mul(splat(2), UV)))))
    const mixed = sub(or(and(bottom, q), and(cone, c)), or(and(bottom0, q0), and(cone0, c0)))
    const same = or(and(and(cone, cone0), dc), and(and(bottom, bottom0), dq))
    const agree = or(or(and(cone, cone0), and(bottom, bottom0)), and(top, top0))
    d1 = add(d1, and(has, or(and(bottom, q1), and(cone, c1))))
    d2 = add(d2, and(has, or(and(bottom, q2), and(cone, c2))))
    cost = add(cost, and(has, sel(agree, same, mixed)))
  }
  st(out, d1)
  st(out + V, d2)
  st(out + 2 * V, cost)
}
