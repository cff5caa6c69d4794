import { abs4, add, and, andnot, div, eq, ge, gt, ld, le, lt, mad, max4, mul, neg, not, or, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { coneLine } from './cone'
import { C_DIM, jpOf, sizeOf } from './contact'
import { ctcEnd, nefc } from './row'
import { CNSTR_EQUALITY, EFC_D, EFC_JAR, EFC_JP, EFC_LOSS, EFC_R, EFC_STRIDE, EFC_TYPE, isFriction } from './types'

/** smallest slope that single precision resolves, relative to the slope the search begins with */
const SLOPE: f32 = 1e-6
/** slope that does for a step that others follow: a longer search costs more than it saves them */
const ROUGH: f32 = 1e-2

// points of the search in tmp: alpha, derivative, second derivative, cost less that at alpha 0
const EVAL: usize = 0
const P1: usize = 8 * V
const P2: usize = 12 * V
const P1NEXT: usize = 16 * V
const P2NEXT: usize = 20 * V
const MID: usize = 24 * V

/** cost of friction loss at y, less that at x = y - dy (frictionCostDif) */
// @ts-ignore: decorator
@inline function frictionGain(D: v128, loss: v128, Rf: v128, x: v128, y: v128, dy: v128): v128 {
  const half = splat(0.5), ax = abs4(x), ay = abs4(y)
  const inx = lt(ax, Rf), iny = lt(ay, Rf)
  const both = mul(mul(half, D), mul(dy, add(x, y)))
  const offset = mul(half, mul(Rf, loss))
  const cx = sel(inx, mul(mul(half, D), mul(x, x)), sub(mul(loss, ax), offset))
  const cy = sel(iny, mul(mul(half, D), mul(y, y)), sub(mul(loss, ay), offset))
  const linear = mul(loss, sel(gt(y, splat(0)), dy, neg(dy)))
  const side = and(andnot(not(inx), iny), gt(mul(x, y), splat(0)))
  return sel(and(inx, iny), both, sel(side, linear, sub(cy, cx)))
}

/**
 * Cost along x + alpha p: derivative, second derivative and difference to alpha 0 (PrimalEval).
 *   g, h   Gauss part: g + alpha h
 *   out    point (4)
 */
export function evaluate(m: usize, s: usize, alpha: v128, g: v128, h: v128, elliptic: bool, point: usize): void {
  const out = f.tmp(m, s) + EVAL
  let d1 = mad(alpha, h, g), d2 = h, cost = mul(alpha, mad(mul(splat(0.5), alpha), h, g))
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE) {
    const Jp = ld(e + EFC_JP), D = ld(e + EFC_D), x = ld(e + EFC_JAR)
    const dy = mul(alpha, Jp)
    const y = add(x, dy)
    const type = load<i32>(e, EFC_TYPE)
    if (isFriction(type)) {
      const loss = ld(e + EFC_LOSS), Rf = mul(ld(e + EFC_R), loss)
      const quad = lt(abs4(y), Rf)
      d1 = mad(Jp, sel(quad, mul(D, y), sel(gt(y, splat(0)), loss, neg(loss))), d1)
      d2 = add(d2, and(quad, mul(D, mul(Jp, Jp))))
      cost = add(cost, frictionGain(D, loss, Rf, x, y, dy))
      continue
    }
    const all = type == CNSTR_EQUALITY ? i32x4.splat(-1) : i32x4.splat(0)
    const on = or(all, lt(y, splat(0))), was = or(all, lt(x, splat(0)))
    d1 = add(d1, and(on, mul(mul(D, y), Jp)))
    d2 = add(d2, and(on, mul(D, mul(Jp, Jp))))
    const change = sel(and(on, was), mul(dy, add(x, y)), sub(and(on, mul(y, y)), and(was, mul(x, x))))
    cost = mad(mul(splat(0.5), D), change, cost)
  }
  st(out, d1)
  st(out + V, d2)
  st(out + 2 * V, cost)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) coneLine(e, elliptic, jpOf(e, load<i32>(e, C_DIM)), alpha, out)
  st(point, alpha)
  st(point + V, ld(out))
  st(point + 2 * V, ld(out + V))
  st(point + 3 * V, ld(out + 2 * V))
}

// @ts-ignore: decorator
@inline function newton(point: usize): v128 { return sub(ld(point), div(ld(point + V), ld(point + 2 * V))) }

/** a = b in the worlds of a mask */
// @ts-ignore: decorator
@inline function assign(mask: v128, a: usize, b: usize): void {
  for (let k: usize = 0; k < 4; k++) st(a + V * k, sel(mask, ld(b + V * k), ld(a + V * k)))
}

/** bracket end p moves to candidates nearer the minimum on its side; its Newton point follows. Tells whether it moved. */
function updateBracket(m: usize, s: usize, act: v128, p: usize, next: usize, g: v128, h: v128, elliptic: bool): v128 {
  const tmp = f.tmp(m, s)
  let moved = i32x4.splat(0)
  for (let k = 0; k < 3; k++) {
    // the other end's Newton point is looked at as it was when the round began
    const c = tmp + (k == 2 ? MID : k == 0 ? 28 * V : 32 * V)
    const d = ld(p + V), dc = ld(c + V), zero = splat(0)
    const nearer = or(and(and(lt(d, zero), lt(dc, zero)), lt(d, dc)), and(and(gt(d, zero), gt(dc, zero)), gt(d, dc)))
    const take = and(act, nearer)
    assign(take, p, c)
    moved = or(moved, take)
  }
  if (v128.any_true(moved)) {
    evaluate(m, s, sel(moved, newton(p), ld(next)), g, h, elliptic, tmp + 36 * V)
    assign(moved, next, tmp + 36 * V)
  }
  return moved
}

/**
 * Exact line search: the root of the derivative of the cost along p, by Newton steps from both sides of a bracket, with
 * MuJoCo's tolerance and count of evaluations.
 *   g, h    Gauss part of the derivative: g + alpha h
 *   gtol    slope at which the search ends;  rough: to a hundredth of the first slope at most
 *   in      jar at x, and J p of all rows
 *   returns alpha; beside it the improvement of the cost, and the slope at alpha 0
 *   source  MuJoCo engine_solver.c, PrimalSearch
 */
export function lineSearch(m: usize, s: usize, g: v128, h: v128, gtol: v128, mask: v128, elliptic: bool, rough: bool): v128 {
  const tmp = f.tmp(m, s), zero = splat(0), one = splat(1)
  const limit = splat(<f32>load<i32>(f.opt_ls_iterations(m)))
  const p1 = tmp + P1, p2 = tmp + P2
  evaluate(m, s, zero, g, h, elliptic, p2)
  // returned in tmp[41], as the improvement is in tmp[40]
  st(tmp + 41 * V, ld(p2 + V))
  const tol = max4(gtol, mul(splat(rough ? ROUGH : SLOPE), abs4(ld(p2 + V))))
  // p of no length, or one whose square vanishes: the world stands at its minimum, and 0 / 0 is no step
  const still = not(gt(ld(p2 + 2 * V), zero))
  evaluate(m, s, andnot(newton(p2), still), g, h, elliptic, p1)
  let count = splat(2)
  let d = ld(p1 + V)
  let done = or(or(not(mask), still), and(lt(abs4(d), tol), or(eq(ld(p1), zero), lt(ld(p1 + 3 * V), zero))))
  let alpha = ld(p1), cost = ld(p1 + 3 * V)

  // one-sided: on until the slope changes its sign
  const ahead = lt(d, zero)
  let go = andnot(and(sel(ahead, le(d, neg(tol)), ge(d, tol)), lt(count, limit)), done)
  while (v128.any_true(go)) {
    assign(go, p2, p1)
    evaluate(m, s, sel(go, newton(p1), ld(p1)), g, h, elliptic, tmp + MID)
    assign(go, p1, tmp + MID)
    count = add(count, and(go, one))
    d = ld(p1 + V)
    const found = and(go, and(lt(abs4(d), tol), lt(ld(p1 + 3 * V), zero)))
    alpha = sel(go, ld(p1), alpha)
    cost = sel(go, ld(p1 + 3 * V), cost)
    done = or(done, found)
    go = andnot(and(go, and(sel(ahead, le(d, neg(tol)), ge(d, tol)), lt(count, limit))), found)
  }
  // no bracket within the count: the last point stands
  const spent = ge(count, limit)
  alpha = sel(done, alpha, ld(p1))
  cost = sel(done, cost, ld(p1 + 3 * V))
  done = or(done, spent)

  let act = not(done)
  if (v128.any_true(act)) {
    assign(i32x4.splat(-1), tmp + P2NEXT, p1)
    evaluate(m, s, newton(p1), g, h, elliptic, tmp + P1NEXT)
    count = add(count, and(act, one))
    let round = and(act, lt(count, limit))
    while (v128.any_true(round)) {
      evaluate(m, s, mul(splat(0.5), add(ld(p1), ld(p2))), g, h, elliptic, tmp + MID)
      count = add(count, and(round, one))
      // the best of the candidates that are flat enough
      let best = zero, found = i32x4.splat(0)
      for (let k = 0; k < 3; k++) {
        const c = tmp + (k == 0 ? P1NEXT : k == 1 ? P2NEXT : MID)
        const better = and(round, and(lt(abs4(ld(c + V)), tol), or(not(found), lt(ld(c + 3 * V), best))))
        best = sel(better, ld(c + 3 * V), best)
        alpha = sel(better, ld(c), alpha)
        cost = sel(better, ld(c + 3 * V), cost)
        found = or(found, better)
      }
      done = or(done, found)
      round = andnot(round, found)
      if (!v128.any_true(round)) {
        round = andnot(lt(count, limit), done)
        continue
      }
      assign(i32x4.splat(-1), tmp + 28 * V, tmp + P1NEXT)
      assign(i32x4.splat(-1), tmp + 32 * V, tmp + P2NEXT)
      const b1 = updateBracket(m, s, round, p1, tmp + P1NEXT, g, h, elliptic)
      const b2 = updateBracket(m, s, round, p2, tmp + P2NEXT, g, h, elliptic)
      count = add(add(count, and(b1, one)), and(b2, one))
      // neither end can move: the precision's end
      const stuck = andnot(round, or(b1, b2))
      alpha = sel(stuck, ld(tmp + MID), alpha)
      cost = sel(stuck, ld(tmp + MID + 3 * V), cost)
      done = or(done, stuck)
      round = andnot(lt(count, limit), done)
    }
    // the better end of the bracket, if it is any better than where the search began
    act = not(done)
    const c1 = ld(p1 + 3 * V), c2 = ld(p2 + 3 * V)
    const first = le(c1, c2)
    const end = sel(first, c1, c2), better = lt(end, zero)
    alpha = sel(act, and(better, sel(first, ld(p1), ld(p2))), alpha)
    cost = sel(act, and(better, end), cost)
  }
  st(tmp + 40 * V, neg(cost))
  return alpha
}
