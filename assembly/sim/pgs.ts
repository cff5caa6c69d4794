import { add, and, andnot, clip, div, ge, gt, ld, lt, mad, max4, mul, ne, neg, nmad, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { C_COL, C_D, C_DIM, C_FRI, C_HAS, C_J, C_MU, C_NNZ, arefOf, forceOf, jarOf, sizeOf } from './contact'
import { copyM, factorI, SMALL, solveLD } from './inertia'
import { ctcEnd, nefc } from './row'
import { addForces, rowForces } from './solve'
import {
  at, at2, CNSTR_EQUALITY, CONE_ELLIPTIC, DSBL_WARMSTART, EFC_AREF, EFC_D, EFC_FORCE, EFC_JAR, EFC_JP, EFC_LOSS, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE,
  i32at, isFriction, MINVAL,
} from './types'

/** passes over one elliptic cone in a sweep: normal and friction are solved for in turn */
const CONE_PASSES: i32 = 4
/** Newton steps on the multiplier of an elliptic cone's friction (mju_QCQP) */
const QCQP_ITERATIONS: i32 = 20
/** sweeps with momentum: stiff rows may keep it swinging for ever, plain sweeps only descend */
const MOMENTUM_SWEEPS: i32 = 100

// rows of pgs_B and pgs_A: scalar rows first, then the base rows of contacts in their order
// @ts-ignore: decorator
@inline function inverseRow(m: usize, s: usize, r: i32): usize { return f.pgs_B(m, s) + V * <usize>(r * f.nv(m)) }

/** number of edges of a contact: forces of its own that the sweeps move */
// @ts-ignore: decorator
@inline function edges(dim: i32, elliptic: bool): i32 { return dim == 1 ? 1 : elliptic ? dim : 2 * (dim - 1) }

/** J y of base row r of a contact */
// @ts-ignore: decorator
@inline function product(J: usize, col: usize, nnz: i32, r: i32, y: usize): v128 {
  const row = at(J, r * nnz)
  let sum = splat(0)
  for (let k = 0; k < nnz; k++) sum = mad(ld(at(row, k)), ld(at(y, i32at(col, k))), sum)
  return sum
}

/** out = J y - aref of three base rows */
// @ts-ignore: decorator
@inline function products3(J: usize, col: usize, nnz: i32, y: usize, aref: usize, out: usize): void {
  const step = V * <usize>nnz
  let a = neg(ld(aref)), b = neg(ld(aref + V)), c = neg(ld(aref + 2 * V))
  for (let k: usize = 0, i = col; k < step; k += V, i += 4) {
    const x = ld(y + V * <usize>load<i32>(i))
    a = mad(ld(J + k), x, a)
    b = mad(ld(J + step + k), x, b)
    c = mad(ld(J + 2 * step + k), x, c)
  }
  st(out, a)
  st(out + V, b)
  st(out + 2 * V, c)
}

/** y += B delta of three base rows */
// @ts-ignore: decorator
@inline function move3(nv: i32, y: usize, B: usize, delta: usize): void {
  const step = V * <usize>nv, a = ld(delta), b = ld(delta + V), c = ld(delta + 2 * V)
  for (let k: usize = 0; k < step; k += V) st(y + k, mad(ld(B + 2 * step + k), c, mad(ld(B + step + k), b, mad(ld(B + k), a, ld(y + k)))))
}

/** y += B delta */
// @ts-ignore: decorator
@inline function move1(nv: i32, y: usize, B: usize, delta: v128): void {
  for (let i = 0; i < nv; i++) st(at(y, i), mad(ld(at(B, i)), delta, ld(at(y, i))))
}

/**
 * B = M^-1 J' of all base rows, and A = J B: one number a scalar row (regularizer included), dim x dim a contact
 * (mj_projectConstraint).
 */
function project(m: usize, s: usize): void {
  const nv = f.nv(m), L = f.qH(m, s), dinv = f.qHDiagInv(m, s), J = f.efc_J(m, s), col = f.efc_colind(m, s)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), mcol = f.M_colind(m)
  if (nv > SMALL) {
    // the factor that qacc_smooth has left
    for (let i = 0; i < nv; i++) st(at(dinv, i), div(splat(1), ld(at2(L, nv, i, i))))
  } else {
    copyM(m, f.qM(m, s), L)
    factorI(nv, L, dinv, nnz, adr, mcol)
  }
  let r = 0, A = f.pgs_A(m, s)
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE, r++, A += V) {
    const B = inverseRow(m, s, r), a = load<i32>(e, EFC_ROWADR), n = load<i32>(e, EFC_ROWNNZ)
    for (let i = 0; i < nv; i++) st(at(B, i), splat(0))
    for (let k = a; k < a + n; k++) st(at(B, i32at(col, k)), ld(at(J, k)))
    solveLD(nv, L, dinv, B, nnz, adr, mcol)
    let sum = splat(0)
    for (let k = a; k < a + n; k++) sum = mad(ld(at(J, k)), ld(at(B, i32at(col, k))), sum)
    const D = ld(e + EFC_D), on = gt(D, splat(0))
    st(A, sel(on, add(sum, div(splat(1), sel(on, D, splat(1)))), splat(1)))
  }
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), n = load<i32>(e, C_NNZ)
    const Jc = at(J, load<i32>(e, C_J)), c = col + 4 * <usize>load<i32>(e, C_COL)
    for (let q = 0; q < dim; q++, r++) {
      const B = inverseRow(m, s, r)
      for (let i = 0; i < nv; i++) st(at(B, i), splat(0))
      for (let k = 0; k < n; k++) st(at(B, i32at(c, k)), ld(at(Jc, q * n + k)))
      solveLD(nv, L, dinv, B, nnz, adr, mcol)
      for (let t = 0; t < dim; t++) st(at(A, t * dim + q), product(Jc, c, n, t, B))
    }
    A += V * <usize>(dim * dim)
  }
}

/** forces of the sweeps from the zones at the warm start; out: their dual cost 1/2 f' (A + R) f + f' b */
function warmForces(m: usize, d: usize, s: usize, y: usize, elliptic: bool): v128 {
  const nv = f.nv(m), J = f.efc_J(m, s), col = f.efc_colind(m, s), a = f.qacc_smooth(m, s)
  rowForces(m, d, s, elliptic)
  for (let i = 0; i < nv; i++) st(at(y, i), ld(at(a, i)))
  let r = 0
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE, r++) move1(nv, y, inverseRow(m, s, r), ld(e + EFC_FORCE))
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM)
    for (let q = 0; q < dim; q++, r++) move1(nv, y, inverseRow(m, s, r), ld(at(forceOf(e, dim), q)))
  }
  // f'(J (y + a) / 2 - aref) + f' R f / 2
  const half = splat(0.5), one = splat(1)
  let cost = splat(0)
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE) {
    const force = ld(e + EFC_FORCE), D = ld(e + EFC_D)
    let sum = splat(0)
    for (let k = load<i32>(e, EFC_ROWADR), stop = k + load<i32>(e, EFC_ROWNNZ); k < stop; k++) {
      const i = i32at(col, k)
      sum = mad(ld(at(J, k)), add(ld(at(y, i)), ld(at(a, i))), sum)
    }
    const R = div(one, sel(gt(D, splat(0)), D, one))
    cost = mad(force, sub(mul(half, mad(R, force, sum)), ld(e + EFC_AREF)), cost)
  }
  let forces = f.pgs_f(m, s)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), n = load<i32>(e, C_NNZ), jar = jarOf(e, dim), out = forceOf(e, dim), aref = arefOf(e, dim)
    const Jc = at(J, load<i32>(e, C_J)), c = col + 4 * <usize>load<i32>(e, C_COL)
    const D = ld(e + C_D), R = div(one, sel(gt(D, splat(0)), D, one))
    for (let q = 0; q < dim; q++) {
      const sum = add(product(Jc, c, n, q, y), product(Jc, c, n, q, a))
      cost = mad(ld(at(out, q)), nmad(one, ld(at(aref, q)), mul(half, sum)), cost)
    }
    // forces of the edges, with their regularizer
    const count = edges(dim, elliptic)
    for (let k = 0; k < count; k++) {
      let force: v128, Rk = R
      if (dim == 1 || elliptic) {
        force = ld(at(out, k))
        if (k > 0) Rk = div(mul(R, mul(ld(e + C_MU), ld(e + C_MU))), mul(ld(e + C_FRI + V * <usize>(k - 1)), ld(e + C_FRI + V * <usize>(k - 1))))
      } else {
        const j = (k >> 1) + 1, t = mul(ld(e + C_FRI + V * <usize>(j - 1)), ld(at(jar, j)))
        const x = k & 1 ? sub(ld(jar), t) : add(ld(jar), t)
        force = and(lt(x, splat(0)), neg(mul(D, x)))
      }
      st(at(forces, k), force)
      cost = mad(mul(half, Rk), mul(force, force), cost)
    }
    forces += V * <usize>count
  }
  return cost
}

/** one scalar row: f minus its residual over its diagonal, clipped; returns the fall of the dual cost */
// @ts-ignore: decorator
@inline function sweepRow(nv: i32, e: usize, A: v128, B: usize, J: usize, col: usize, y: usize, active: v128): v128 {
  const D = ld(e + EFC_D), on = and(active, gt(D, splat(0))), old = ld(e + EFC_FORCE)
  let res = sub(div(old, sel(on, D, splat(1))), ld(e + EFC_AREF))
  for (let k = load<i32>(e, EFC_ROWADR), stop = k + load<i32>(e, EFC_ROWNNZ); k < stop; k++) res = mad(ld(at(J, k)), ld(at(y, i32at(col, k))), res)
  let force = sub(old, div(res, A))
  const type = load<i32>(e, EFC_TYPE)
  if (isFriction(type)) force = clip(force, neg(ld(e + EFC_LOSS)), ld(e + EFC_LOSS))
  else if (type != CNSTR_EQUALITY) force = max4(splat(0), force)
  const delta = and(on, sub(force, old))
  st(e + EFC_FORCE, add(old, delta))
  move1(nv, y, B, delta)
  return neg(mul(delta, mad(mul(splat(0.5), A), delta, res)))
}

/** a pyramid, edge by edge; local holds the base residual J y - aref as the edges move it, delta the change of base forces */
// @ts-ignore: decorator
@inline function sweepPyramid(e: usize, dim: i32, A: usize, forces: usize, local: usize, delta: usize, active: v128): v128 {
  const D = ld(e + C_D), on = and(active, and(ld(e + C_HAS), gt(D, splat(0))))
  const R = div(splat(1), sel(on, D, splat(1)))
  let fall = splat(0)
  const count = dim == 1 ? 1 : 2 * (dim - 1)
  for (let k = 0; k < count; k++) {
    const j = dim == 1 ? 0 : (k >> 1) + 1
    const mu = dim == 1 ? splat(0) : k & 1 ? neg(ld(e + C_FRI + V * <usize>(j - 1))) : ld(e + C_FRI + V * <usize>(j - 1))
    const old = ld(at(forces, k))
    const res = mad(R, old, mad(mu, ld(at(local, j)), ld(local)))
    const diag = add(R, mad(mu, mad(mu, ld(at(A, j * dim + j)), mul(splat(2), ld(at(A, j)))), ld(A)))
    const step = and(on, sub(max4(splat(0), sub(old, div(res, sel(on, diag, splat(1))))), old))
    st(at(forces, k), add(old, step))
    fall = sub(fall, mul(step, mad(mul(splat(0.5), diag), step, res)))
    const side = mul(mu, step)
    st(delta, add(ld(delta), step))
    if (dim > 1) st(at(delta, j), add(ld(at(delta, j)), side))
    for (let q = 0; q < dim; q++) st(at(local, q), mad(ld(at(A, q * dim)), step, mad(ld(at(A, q * dim + j)), side, ld(at(local, q)))))
  }
  return fall
}

/** Cholesky solve of (A + lambda) x = b, n <= 5, row stride 5; work: 25 */
function solveSmall(n: i32, A: usize, lambda: v128, b: usize, x: usize, work: usize): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = ld(at(A, 5 * i + j))
      if (i == j) sum = add(sum, lambda)
      for (let k = 0; k < j; k++) sum = nmad(ld(at(work, 5 * i + k)), ld(at(work, 5 * j + k)), sum)
      st(at(work, 5 * i + j), i == j ? sqrt4(max4(splat(MINVAL), sum)) : div(sum, ld(at(work, 5 * j + j))))
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = ld(at(b, i))
    for (let k = 0; k < i; k++) sum = nmad(ld(at(work, 5 * i + k)), ld(at(x, k)), sum)
    st(at(x, i), div(sum, ld(at(work, 5 * i + i))))
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = ld(at(x, i))
    for (let k = i + 1; k < n; k++) sum = nmad(ld(at(work, 5 * k + i)), ld(at(x, k)), sum)
    st(at(x, i), div(sum, ld(at(work, 5 * i + i))))
  }
}

/**
 * An elliptic cone: the normal force, the length of the whole force along its ray, then friction for that normal force as a
 * quadratic program on an ellipsoid. MuJoCo leaves out the first, and may stop short of the minimum.
 */
function sweepCone(e: usize, dim: i32, A: usize, forces: usize, local: usize, delta: usize, active: v128, w: usize): v128 {
  const D = ld(e + C_D), on = and(active, and(ld(e + C_HAS), gt(D, splat(0)))), zero = splat(0), one = splat(1)
  const R0 = div(one, sel(on, D, one)), mu2 = mul(ld(e + C_MU), ld(e + C_MU)), n = dim - 1
  // Ar = A + R (36), res (6), old (6), then the quadratic program: Q (25), b (5), x (5), t (5), work (25); what the first move adds (6)
  const Ar = w, res = w + 36 * V, old = w + 42 * V, Q = w + 48 * V, b = w + 73 * V, x = w + 78 * V, t = w + 83 * V, work = w + 88 * V, lift = w + 113 * V
  for (let i = 0; i < dim; i++) {
    const fri = i > 0 ? ld(e + C_FRI + V * <usize>(i - 1)) : one
    const R = i > 0 ? div(mul(R0, mu2), mul(fri, fri)) : R0
    for (let k = 0; k < dim; k++) st(at(Ar, i * dim + k), ld(at(A, i * dim + k)))
    st(at(Ar, i * dim + i), add(R, ld(at(A, i * dim + i))))
    const force = ld(at(forces, i))
    st(at(old, i), force)
    st(at(res, i), mad(R, force, ld(at(local, i))))
  }
  // the normal alone, as far as friction lets it: a ray cannot leave the cone's surface, and friction keeps the normal. From
  // the apex, where neither gets away, along the ray on which the cost falls fastest
  let tangent = zero, pull = zero
  for (let i = 1; i < dim; i++) {
    const fri = ld(e + C_FRI + V * <usize>(i - 1)), u = div(ld(at(old, i)), fri), v = mul(fri, ld(at(res, i)))
    tangent = mad(u, u, tangent)
    pull = mad(v, v, pull)
  }
  pull = sqrt4(pull)
  const start = ld(old), apex = and(on, and(lt(start, splat(MINVAL)), gt(pull, zero)))
  const normalLift = sub(max4(sqrt4(tangent), sub(start, div(ld(res), ld(Ar)))), start)
  st(lift, sel(apex, one, normalLift))
  for (let i = 1; i < dim; i++) {
    const fri = ld(e + C_FRI + V * <usize>(i - 1))
    st(at(lift, i), and(apex, neg(mul(mul(fri, fri), div(ld(at(res, i)), sel(apex, pull, one))))))
  }
  let along = zero, bend = zero
  for (let i = 0; i < dim; i++) {
    let sum = zero
    for (let k = 0; k < dim; k++) sum = mad(ld(at(Ar, i * dim + k)), ld(at(lift, k)), sum)
    along = mad(ld(at(lift, i)), ld(at(res, i)), along)
    bend = mad(ld(at(lift, i)), sum, bend)
  }
  const length = and(on, sel(apex, max4(zero, div(neg(along), max4(splat(MINVAL), bend))), one))
  let fall = neg(mul(length, mad(mul(splat(0.5), length), bend, along)))
  for (let i = 0; i < dim; i++) {
    st(at(lift, i), mul(length, ld(at(lift, i))))
    st(at(old, i), add(ld(at(old, i)), ld(at(lift, i))))
  }
  for (let i = 0; i < dim; i++) {
    let sum = ld(at(res, i))
    for (let k = 0; k < dim; k++) sum = mad(ld(at(Ar, i * dim + k)), ld(at(lift, k)), sum)
    st(at(res, i), sum)
  }

  const f0 = ld(old)
  const small = lt(f0, splat(MINVAL))
  // ray: x = -v' res / v' A v, not beyond the apex
  let vr = zero, vAv = zero
  for (let i = 0; i < dim; i++) {
    const v = ld(at(old, i))
    vr = mad(v, ld(at(res, i)), vr)
    let sum = zero
    for (let k = 0; k < dim; k++) sum = mad(ld(at(Ar, i * dim + k)), ld(at(old, k)), sum)
    vAv = mad(v, sum, vAv)
  }
  const steady = ge(vAv, splat(MINVAL))
  const ray = max4(splat(-1), and(steady, neg(div(vr, sel(steady, vAv, one)))))
  const normal = sel(small, max4(zero, sub(f0, div(ld(res), ld(Ar)))), mad(ray, f0, f0))
  st(forces, sel(on, normal, start))

  // friction: scaled so that the ellipsoid is a ball of radius normal
  for (let i = 0; i < n; i++) {
    const fi = ld(e + C_FRI + V * <usize>i)
    let c = ld(at(res, i + 1))
    for (let k = 0; k < n; k++) {
      const a = ld(at(Ar, (i + 1) * dim + k + 1))
      c = nmad(a, ld(at(old, k + 1)), c)
      st(at(Q, 5 * i + k), mul(mul(fi, ld(e + C_FRI + V * <usize>k)), a))
    }
    c = mad(ld(at(Ar, (i + 1) * dim)), sub(normal, f0), c)
    st(at(b, i), neg(mul(fi, c)))
  }
  let lambda = zero, open = on, inside = on
  const r2 = mul(normal, normal)
  for (let it = 0; it < QCQP_ITERATIONS; it++) {
    solveSmall(n, Q, lambda, b, x, work)
    let norm = zero
    for (let i = 0; i < n; i++) norm = mad(ld(at(x, i)), ld(at(x, i)), norm)
    const excess = sub(norm, r2)
    open = and(open, gt(excess, mul(splat(1e-6), add(r2, splat(1e-10)))))
    if (it == 0) inside = andnot(inside, open)
    if (!v128.any_true(open)) break
    solveSmall(n, Q, lambda, x, t, work)
    let slope = zero
    for (let i = 0; i < n; i++) slope = mad(ld(at(x, i)), ld(at(t, i)), slope)
    lambda = add(lambda, and(open, div(excess, mul(splat(2), max4(splat(MINVAL), slope)))))
  }
  let norm = zero
  for (let i = 0; i < n; i++) norm = mad(ld(at(x, i)), ld(at(x, i)), norm)
  const onto = sel(inside, one, div(normal, sqrt4(max4(splat(MINVAL), norm))))
  const none = lt(normal, splat(MINVAL))
  for (let i = 0; i < n; i++) {
    const fi = ld(e + C_FRI + V * <usize>i)
    st(at(forces, i + 1), sel(on, andnot(mul(mul(onto, ld(at(x, i))), fi), none), ld(at(forces, i + 1))))
  }
  for (let i = 0; i < dim; i++) st(at(old, i), and(on, sub(ld(at(forces, i)), ld(at(old, i)))))
  for (let i = 0; i < dim; i++) {
    const step = ld(at(old, i))
    let sum = zero, moved = ld(at(local, i))
    for (let k = 0; k < dim; k++) {
      sum = mad(ld(at(Ar, i * dim + k)), ld(at(old, k)), sum)
      moved = mad(ld(at(A, i * dim + k)), add(ld(at(lift, k)), ld(at(old, k))), moved)
    }
    st(at(local, i), moved)
    st(at(delta, i), add(ld(at(delta, i)), add(step, ld(at(lift, i)))))
    fall = sub(fall, mul(step, mad(splat(0.5), sum, ld(at(res, i)))))
  }
  return fall
}

/**
 * Keep the forces the last sweep arrived at, and go on from there by beta times the way since those kept before, back onto
 * the cones where that leaves them; y follows.
 *   first   nothing was kept before
 */
function remember(m: usize, s: usize, y: usize, elliptic: bool, beta: v128, first: bool): void {
  const nv = f.nv(m), kept = f.sol_x(m, s), zero = splat(0)
  for (let i = 0; i < nv; i++) {
    const now = ld(at(y, i))
    if (!first) st(at(y, i), mad(beta, sub(now, ld(at(kept, i))), now))
    st(at(kept, i), now)
  }
  let r = 0
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE, r++) {
    const ahead = extrapolate(e + EFC_FORCE, e + EFC_JP, beta, first), type = load<i32>(e, EFC_TYPE)
    const loss = ld(e + EFC_LOSS)
    const force = isFriction(type) ? clip(ahead, neg(loss), loss) : type == CNSTR_EQUALITY ? ahead : max4(zero, ahead)
    st(e + EFC_FORCE, force)
    st(e + EFC_JAR, force)
    const back = sub(force, ahead)
    if (v128.any_true(ne(back, zero))) move1(nv, y, inverseRow(m, s, r), back)
  }
  const step = V * <usize>f.npgsf(m), delta = f.cone(m, s)
  let forces = f.pgs_f(m, s)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), count = edges(dim, elliptic)
    let away = i32x4.splat(0)
    for (let q = 0; q < dim; q++) st(at(delta, q), zero)
    let shrink = splat(1), normal = zero
    if (elliptic && dim > 1) {
      // onto the ellipsoid of the normal force
      normal = max4(zero, ahead1(forces, step, beta, first))
      let sum = zero
      for (let k = 1; k < count; k++) {
        const t = div(ahead1(at(forces, k), step, beta, first), ld(e + C_FRI + V * <usize>(k - 1)))
        sum = mad(t, t, sum)
      }
      const n2 = mul(normal, normal)
      shrink = sel(gt(sum, n2), sqrt4(div(n2, max4(splat(MINVAL), sum))), shrink)
    }
    for (let k = 0; k < count; k++) {
      const ahead = extrapolate(at(forces, k), at(forces, k) + step, beta, first)
      const force = elliptic && dim > 1 ? (k == 0 ? normal : mul(shrink, ahead)) : max4(zero, ahead)
      st(at(forces, k), force)
      st(at(forces, k) + 2 * step, force)
      const back = sub(force, ahead)
      away = or(away, ne(back, zero))
      if (dim == 1 || elliptic) st(at(delta, k), back)
      else {
        const j = (k >> 1) + 1, side = mul(ld(e + C_FRI + V * <usize>(j - 1)), back)
        st(delta, add(ld(delta), back))
        st(at(delta, j), k & 1 ? sub(ld(at(delta, j)), side) : add(ld(at(delta, j)), side))
      }
    }
    if (v128.any_true(away)) for (let q = 0; q < dim; q++) move1(nv, y, inverseRow(m, s, r + q), ld(at(delta, q)))
    r += dim
    forces += V * <usize>count
  }
}

/** x + beta (x - kept), what was kept being step further */
// @ts-ignore: decorator
@inline function ahead1(x: usize, step: usize, beta: v128, first: bool): v128 {
  const now = ld(x)
  return first ? now : mad(beta, sub(now, ld(x + step)), now)
}

/** the same, and kept = x */
// @ts-ignore: decorator
@inline function extrapolate(x: usize, kept: usize, beta: v128, first: bool): v128 {
  const now = ld(x)
  const ahead = first ? now : mad(beta, sub(now, ld(kept)), now)
  st(kept, now)
  return ahead
}

/** scalar product of what the sweep changed with what momentum had added: negative where they disagree (O'Donoghue, Candes 2015) */
function agreement(m: usize, s: usize, elliptic: bool): v128 {
  let sum = splat(0)
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE) {
    const from = ld(e + EFC_JAR)
    sum = mad(sub(ld(e + EFC_FORCE), from), sub(from, ld(e + EFC_JP)), sum)
  }
  const step = V * <usize>f.npgsf(m)
  let forces = f.pgs_f(m, s)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const stop = forces + V * <usize>edges(load<i32>(e, C_DIM), elliptic)
    for (; forces < stop; forces += V) {
      const from = ld(forces + 2 * step)
      sum = mad(sub(ld(forces), from), sub(from, ld(forces + step)), sum)
    }
  }
  return sum
}

/**
 * Constraint forces by projected Gauss-Seidel on the dual with momentum, in the order of the rows: sweeps end when one
 * lowers the cost by less than opt_tolerance. MuJoCo visits the rows in a shuffled order; both arrive at the same forces.
 *   in      qM, qacc_smooth with its factor in qH; rows with residuals and zones at the warm start
 *   out     qacc, qfrc_constraint, forces of the rows, solver_niter
 *   returns whether a world ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solPGS; Todorov, A convex, smooth and invertible contact model (IROS 2011)
 */
export function solPGS(m: usize, d: usize, s: usize, has: v128): v128 {
  const nv = f.nv(m), y = f.qacc(m, d), J = f.efc_J(m, s), col = f.efc_colind(m, s), smooth = f.qacc_smooth(m, s)
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  const cone = f.cone(m, s), local = cone, delta = cone + 6 * V, work = f.pgs_w(m, s)
  project(m, s)

  // a warm start worse than no forces is left out
  const cost = warmForces(m, d, s, y, elliptic)
  let cold = gt(cost, splat(0))
  if (load<i32>(f.opt_disableflags(m)) & DSBL_WARMSTART) cold = i32x4.splat(-1)
  for (let i = 0; i < nv; i++) st(at(y, i), sel(cold, ld(at(smooth, i)), ld(at(y, i))))
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE) st(e + EFC_FORCE, andnot(ld(e + EFC_FORCE), cold))
  let forces = f.pgs_f(m, s)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const count = edges(load<i32>(e, C_DIM), elliptic)
    for (let k = 0; k < count; k++, forces += V) st(forces, andnot(ld(forces), cold))
  }

  const tolerance = splat(load<f32>(f.opt_tolerance(m)) * load<f32>(f.stat_meaninertia(m)) * <f32>max<i32>(1, nv))
  const iterations = load<i32>(f.opt_iterations(m))
  let active = has, niter = splat(0), age = splat(0)
  for (let it = 0; it < iterations && v128.any_true(active); it++) {
    // momentum: from where the last sweep began, through where it ended
    const pushed = and(active, gt(age, splat(it < MOMENTUM_SWEEPS ? 1 : Infinity)))
    const beta = and(pushed, div(sub(age, splat(1)), add(age, splat(2))))
    remember(m, s, y, elliptic, beta, it == 0)
    let fall = splat(0), r = 0, A = f.pgs_A(m, s)
    for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE, r++, A += V) {
      fall = add(fall, sweepRow(nv, e, ld(A), inverseRow(m, s, r), J, col, y, active))
    }
    forces = f.pgs_f(m, s)
    for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
      const dim = load<i32>(e, C_DIM), n = load<i32>(e, C_NNZ), aref = arefOf(e, dim)
      const Jc = at(J, load<i32>(e, C_J)), c = col + 4 * <usize>load<i32>(e, C_COL)
      if (dim == 3) products3(Jc, c, n, y, aref, local)
      else for (let q = 0; q < dim; q++) st(at(local, q), sub(product(Jc, c, n, q, y), ld(at(aref, q))))
      for (let q = 0; q < dim; q++) st(at(delta, q), splat(0))
      if (elliptic && dim > 1) {
        for (let pass = 0; pass < CONE_PASSES; pass++) fall = add(fall, sweepCone(e, dim, A, forces, local, delta, active, work))
      } else fall = add(fall, sweepPyramid(e, dim, A, forces, local, delta, active))
      if (dim == 3) move3(nv, y, inverseRow(m, s, r), delta)
      else for (let q = 0; q < dim; q++) move1(nv, y, inverseRow(m, s, r + q), ld(at(delta, q)))
      r += dim
      A += V * <usize>(dim * dim)
      forces += V * <usize>edges(dim, elliptic)
    }
    niter = add(niter, and(active, splat(1)))
    age = and(ge(agreement(m, s, elliptic), splat(0)), add(age, splat(1)))
    active = and(active, ge(fall, tolerance))
  }

  // base forces of contacts from those of their edges
  forces = f.pgs_f(m, s)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), out = forceOf(e, dim)
    const count = edges(dim, elliptic)
    if (dim == 1 || elliptic) {
      for (let q = 0; q < dim; q++) st(at(out, q), ld(at(forces, q)))
    } else {
      let sum = splat(0)
      for (let j = 1; j < dim; j++) {
        const a = ld(at(forces, 2 * j - 2)), b = ld(at(forces, 2 * j - 1))
        sum = add(sum, add(a, b))
        st(at(out, j), mul(ld(e + C_FRI + V * <usize>(j - 1)), sub(a, b)))
      }
      st(out, sum)
    }
    forces += V * <usize>count
  }
  addForces(m, d, s)
  st(f.solver_niter(m, d), niter)
  return active
}
