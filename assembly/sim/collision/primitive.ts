/**
 * Closed forms between planes, spheres, capsules and boxes, four worlds at once.
 *
 * All pair functions share one signature:
 *   A, B     poses of geom 1 and geom 2: rotation 9, position 3
 *   sa, sb   their geom_size (3)
 *   margin   contacts are reported up to this distance (margin + gap)
 *   act      mask of the worlds to look at
 *   out      first contact record: CON_HAS, CON_DIST, CON_POS, CON_FRAME rows 0 and 1 (a hint, or zeros) are written
 *   tmp      64 quantities of scratch
 * and return how many records they wrote. Contact k of every world goes to record k, so that worlds share records.
 *   source   MuJoCo engine_collision_primitive.c
 */
import {
  add, and, any, clip, cross1, div, dot3, gt, ld, le, lt, mad, mul, neg, nmad, none, not, or, sel, splat, sqrt4, st, sub, V, zero,
} from '../../math/v4'
import { CON_DIST, CON_HAS, CON_POS, CON_STRIDE, GEOM_POS } from '../types'
import { MINLEN, normalize3, setAxes } from './frame'

/** squared sine of the angle below which single precision cannot tell two axes from parallel ones */
const PARALLEL: f32 = 1.6e-13
/** MuJoCo's bound on the determinant of the lines of two capsules (mjMINVAL) */
const MINDET: f32 = 1e-15

/** one record: that it is had, distance, position */
// @ts-ignore: decorator
@inline export function put(out: usize, has: v128, dist: v128, x: v128, y: v128, z: v128): void {
  st(out + CON_HAS, has)
  st(out + CON_DIST, dist)
  st(out + CON_POS, x)
  st(out + CON_POS + V, y)
  st(out + CON_POS + 2 * V, z)
}

/** plane : sphere */
export function planeSphere(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const n0 = ld(A + 2 * V), n1 = ld(A + 5 * V), n2 = ld(A + 8 * V)
  const x = ld(B + GEOM_POS), y = ld(B + GEOM_POS + V), z = ld(B + GEOM_POS + 2 * V)
  const height = dot3(sub(x, ld(A + GEOM_POS)), sub(y, ld(A + GEOM_POS + V)), sub(z, ld(A + GEOM_POS + 2 * V)), n0, n1, n2)
  const radius = ld(sb)
  const has = and(act, le(height, add(margin, radius)))
  if (!any(has)) return 0
  const dist = sub(height, radius)
  const shift = nmad(splat(0.5), dist, neg(radius))
  put(out, has, dist, mad(shift, n0, x), mad(shift, n1, y), mad(shift, n2, z))
  setAxes(out, n0, n1, n2, zero(), zero(), zero())
  return 1
}

/** plane : capsule, both ends; the first tangent follows the capsule */
export function planeCapsule(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const n0 = ld(A + 2 * V), n1 = ld(A + 5 * V), n2 = ld(A + 8 * V)
  const a0 = ld(B + 2 * V), a1 = ld(B + 5 * V), a2 = ld(B + 8 * V)
  const x = ld(B + GEOM_POS), y = ld(B + GEOM_POS + V), z = ld(B + GEOM_POS + 2 * V)
  const height = dot3(sub(x, ld(A + GEOM_POS)), sub(y, ld(A + GEOM_POS + V)), sub(z, ld(A + GEOM_POS + 2 * V)), n0, n1, n2)
  const radius = ld(sb), half = ld(sb + V)
  const rise = mul(half, dot3(a0, a1, a2, n0, n1, n2))
  const limit = add(margin, radius)
  const up = add(height, rise), down = sub(height, rise)
  const has1 = and(act, le(up, limit)), has2 = and(act, le(down, limit))
  const first = or(has1, has2)
  if (!any(first)) return 0

  // where only the second end touches, it comes first
  const dist1 = sub(sel(has1, up, down), radius), shift1 = nmad(splat(0.5), dist1, neg(radius))
  const s0 = mul(half, a0), s1 = mul(half, a1), s2 = mul(half, a2)
  const e0 = sub(x, s0), e1 = sub(y, s1), e2 = sub(z, s2)
  put(out, first, dist1, mad(shift1, n0, sel(has1, add(x, s0), e0)), mad(shift1, n1, sel(has1, add(y, s1), e1)),
    mad(shift1, n2, sel(has1, add(z, s2), e2)))
  setAxes(out, n0, n1, n2, a0, a1, a2)
  const both = and(has1, has2)
  if (!any(both)) return 1
  const dist2 = sub(down, radius), shift2 = nmad(splat(0.5), dist2, neg(radius))
  put(out + CON_STRIDE, both, dist2, mad(shift2, n0, e0), mad(shift2, n1, e1), mad(shift2, n2, e2))
  setAxes(out + CON_STRIDE, n0, n1, n2, a0, a1, a2)
  return 2
}

/** plane : box, at most the first four corners of the side that faces the plane */
export function planeBox(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const n0 = ld(A + 2 * V), n1 = ld(A + 5 * V), n2 = ld(A + 8 * V)
  const x = ld(B + GEOM_POS), y = ld(B + GEOM_POS + V), z = ld(B + GEOM_POS + 2 * V)
  const height = dot3(sub(x, ld(A + GEOM_POS)), sub(y, ld(A + GEOM_POS + V)), sub(z, ld(A + GEOM_POS + 2 * V)), n0, n1, n2)
  const l0 = ld(sb), l1 = ld(sb + V), l2 = ld(sb + 2 * V)
  const u0 = mul(l0, ld(B)), u1 = mul(l0, ld(B + 3 * V)), u2 = mul(l0, ld(B + 6 * V))
  const v0 = mul(l1, ld(B + V)), v1 = mul(l1, ld(B + 4 * V)), v2 = mul(l1, ld(B + 7 * V))
  const w0 = mul(l2, ld(B + 2 * V)), w1 = mul(l2, ld(B + 5 * V)), w2 = mul(l2, ld(B + 8 * V))
  const ru = dot3(u0, u1, u2, n0, n1, n2), rv = dot3(v0, v1, v2, n0, n1, n2), rw = dot3(w0, w1, w2, n0, n1, n2)

  let count = i32x4.splat(0), n = 0
  for (let i = 0; i < 8; i++) {
    const p = (i & 1) != 0, q = (i & 2) != 0, r = (i & 4) != 0
    const rise = add(add(p ? ru : neg(ru), q ? rv : neg(rv)), r ? rw : neg(rw))
    const dist = add(height, rise)
    const has = and(and(and(act, le(dist, margin)), le(rise, zero())), i32x4.lt_s(count, i32x4.splat(4)))
    if (!any(has)) continue
    const shift = mul(splat(-0.5), dist)
    const x0 = mad(shift, n0, add(x, add(add(p ? u0 : neg(u0), q ? v0 : neg(v0)), r ? w0 : neg(w0))))
    const x1 = mad(shift, n1, add(y, add(add(p ? u1 : neg(u1), q ? v1 : neg(v1)), r ? w1 : neg(w1))))
    const x2 = mad(shift, n2, add(z, add(add(p ? u2 : neg(u2), q ? v2 : neg(v2)), r ? w2 : neg(w2))))
    // each world puts the corner into its own next record
    for (let k = 0; k < 4; k++) {
      const hit = and(has, i32x4.eq(count, i32x4.splat(k)))
      if (!any(hit)) continue
      const record = out + CON_STRIDE * <usize>k
      if (k == n) {
        put(record, hit, dist, x0, x1, x2)
        setAxes(record, n0, n1, n2, zero(), zero(), zero())
        n++
      } else {
        put(record, or(hit, ld(record + CON_HAS)), sel(hit, dist, ld(record + CON_DIST)), sel(hit, x0, ld(record + CON_POS)),
          sel(hit, x1, ld(record + CON_POS + V)), sel(hit, x2, ld(record + CON_POS + 2 * V)))
      }
    }
    count = i32x4.sub(count, has)
  }
  return n
}

/**
 * Two spheres at p and q; a and b: rotations whose z axes give the normal where the centres coincide.
 * Writes a record where there is a contact, and returns whether there is.
 */
// @ts-ignore: decorator
@inline export function spheres(
  p0: v128, p1: v128, p2: v128, r1: v128, q0: v128, q1: v128, q2: v128, r2: v128,
  a: usize, b: usize, margin: v128, act: v128, out: usize,
): v128 {
  const d0 = sub(q0, p0), d1 = sub(q1, p1), d2 = sub(q2, p2)
  const dd = dot3(d0, d1, d2, d0, d1, d2)
  const reach = add(add(margin, r1), r2)
  const has = and(act, le(dd, mul(reach, reach)))
  if (!any(has)) return has
  const len = sqrt4(dd)
  const tiny = lt(len, splat(MINLEN))
  const scale = div(splat(1), sel(tiny, splat(1), len))
  let n0 = mul(d0, scale), n1 = mul(d1, scale), n2 = mul(d2, scale)
  if (any(and(tiny, has))) {
    const a0 = ld(a + 2 * V), a1 = ld(a + 5 * V), a2 = ld(a + 8 * V)
    const b0 = ld(b + 2 * V), b1 = ld(b + 5 * V), b2 = ld(b + 8 * V)
    normalize3(out + CON_POS, cross1(a1, b2, a2, b1), cross1(a2, b0, a0, b2), cross1(a0, b1, a1, b0))
    n0 = sel(tiny, ld(out + CON_POS), n0)
    n1 = sel(tiny, ld(out + CON_POS + V), n1)
    n2 = sel(tiny, ld(out + CON_POS + 2 * V), n2)
  }
  const dist = sub(sub(len, r1), r2)
  const shift = mad(splat(0.5), dist, r1)
  put(out, has, dist, mad(shift, n0, p0), mad(shift, n1, p1), mad(shift, n2, p2))
  setAxes(out, n0, n1, n2, zero(), zero(), zero())
  return has
}

/** sphere : sphere */
export function sphereSphere(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const has = spheres(ld(A + GEOM_POS), ld(A + GEOM_POS + V), ld(A + GEOM_POS + 2 * V), ld(sa),
    ld(B + GEOM_POS), ld(B + GEOM_POS + V), ld(B + GEOM_POS + 2 * V), ld(sb), A, B, margin, act, out)
  return any(has) ? 1 : 0
}

/** sphere : capsule, the sphere against the nearest point of the segment */
export function sphereCapsule(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const x = ld(A + GEOM_POS), y = ld(A + GEOM_POS + V), z = ld(A + GEOM_POS + 2 * V)
  const c0 = ld(B + GEOM_POS), c1 = ld(B + GEOM_POS + V), c2 = ld(B + GEOM_POS + 2 * V)
  const a0 = ld(B + 2 * V), a1 = ld(B + 5 * V), a2 = ld(B + 8 * V)
  const half = ld(sb + V)
  const t = clip(dot3(a0, a1, a2, sub(x, c0), sub(y, c1), sub(z, c2)), neg(half), half)
  const has = spheres(x, y, z, ld(sa), mad(t, a0, c0), mad(t, a1, c1), mad(t, a2, c2), ld(sb), A, B, margin, act, out)
  return any(has) ? 1 : 0
}

/**
 * capsule : capsule. One contact between the nearest points of the segments; up to two where the axes are parallel.
 * The nearest points of the lines come from the cross product of the unit axes, which keeps its digits at small angles.
 */
export function capsuleCapsule(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const p0 = ld(A + GEOM_POS), p1 = ld(A + GEOM_POS + V), p2 = ld(A + GEOM_POS + 2 * V)
  const q0 = ld(B + GEOM_POS), q1 = ld(B + GEOM_POS + V), q2 = ld(B + GEOM_POS + 2 * V)
  const a0 = ld(A + 2 * V), a1 = ld(A + 5 * V), a2 = ld(A + 8 * V)
  const b0 = ld(B + 2 * V), b1 = ld(B + 5 * V), b2 = ld(B + 8 * V)
  const r1 = ld(sa), r2 = ld(sb), h1 = ld(sa + V), h2 = ld(sb + V)
  const d0 = sub(q0, p0), d1 = sub(q1, p1), d2 = sub(q2, p2)
  const da = dot3(d0, d1, d2, a0, a1, a2), db = dot3(d0, d1, d2, b0, b1, b2), ab = dot3(a0, a1, a2, b0, b1, b2)

  // the common normal of the lines; its squared length is the squared sine of their angle
  const n0 = cross1(a1, b2, a2, b1), n1 = cross1(a2, b0, a0, b2), n2 = cross1(a0, b1, a1, b0)
  const nn = dot3(n0, n1, n2, n0, n1, n2)
  const hh = mul(h1, h2)
  const parallel = or(lt(nn, splat(PARALLEL)), lt(mul(mul(hh, hh), nn), splat(MINDET)))
  const general = and(act, not(parallel))
  let has = none()
  if (any(general)) {
    const inv = div(splat(1), sel(parallel, splat(1), nn))
    // signed lengths along the axes: ((q - p) x b) n / nn and ((q - p) x a) n / nn
    let s = mul(inv, dot3(cross1(d1, b2, d2, b1), cross1(d2, b0, d0, b2), cross1(d0, b1, d1, b0), n0, n1, n2))
    let t = mul(inv, dot3(cross1(d1, a2, d2, a1), cross1(d2, a0, d0, a2), cross1(d0, a1, d1, a0), n0, n1, n2))
    // beyond an end of the first segment: its end, and the point of the second line nearest to that
    const out1 = gt(f32x4.abs(s), h1)
    s = clip(s, neg(h1), h1)
    t = sel(out1, sub(mul(ab, s), db), t)
    const out2 = gt(f32x4.abs(t), h2)
    t = clip(t, neg(h2), h2)
    s = sel(out2, clip(mad(ab, t, da), neg(h1), h1), s)
    has = spheres(mad(s, a0, p0), mad(s, a1, p1), mad(s, a2, p2), r1, mad(t, b0, q0), mad(t, b1, q1), mad(t, b2, q2), r2,
      A, B, margin, general, out)
  }
  const rest = and(act, parallel)
  const n = any(has) ? 1 : 0
  return any(rest) ? parallelCapsules(A, sa, B, sb, margin, rest, out, n, tmp) : n
}

/** parallel capsules: each end against the other segment, until there are two contacts */
function parallelCapsules(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, n: i32, tmp: usize): i32 {
  const p0 = ld(A + GEOM_POS), p1 = ld(A + GEOM_POS + V), p2 = ld(A + GEOM_POS + 2 * V)
  const q0 = ld(B + GEOM_POS), q1 = ld(B + GEOM_POS + V), q2 = ld(B + GEOM_POS + 2 * V)
  const a0 = ld(A + 2 * V), a1 = ld(A + 5 * V), a2 = ld(A + 8 * V)
  const b0 = ld(B + 2 * V), b1 = ld(B + 5 * V), b2 = ld(B + 8 * V)
  const r1 = ld(sa), r2 = ld(sb), h1 = ld(sa + V), h2 = ld(sb + V)
  const d0 = sub(q0, p0), d1 = sub(q1, p1), d2 = sub(q2, p2)
  const da = dot3(d0, d1, d2, a0, a1, a2), db = dot3(d0, d1, d2, b0, b1, b2), ab = dot3(a0, a1, a2, b0, b1, b2)

  let count = i32x4.splat(0)
  for (let k = 0; k < 4; k++) {
    const open = and(act, i32x4.lt_s(count, i32x4.splat(2)))
    if (!any(open)) break
    let s: v128, t: v128
    if (k < 2) {
      s = k == 0 ? h1 : neg(h1)
      t = clip(sub(mul(ab, s), db), neg(h2), h2)
    } else {
      t = k == 2 ? h2 : neg(h2)
      s = clip(mad(ab, t, da), neg(h1), h1)
    }
    const has = spheres(mad(s, a0, p0), mad(s, a1, p1), mad(s, a2, p2), r1, mad(t, b0, q0), mad(t, b1, q1), mad(t, b2, q2), r2,
      A, B, margin, open, tmp)
    if (!any(has)) continue
    for (let slot = 0; slot < 2; slot++) {
      const hit = and(has, i32x4.eq(count, i32x4.splat(slot)))
      if (!any(hit)) continue
      const record = out + CON_STRIDE * <usize>slot
      if (slot == n) {
        memory.copy(record, tmp, CON_STRIDE)
        st(record + CON_HAS, hit)
        n++
      } else {
        st(record + CON_HAS, or(hit, ld(record + CON_HAS)))
        for (let i: usize = CON_DIST; i < 11 * V; i += V) st(record + i, sel(hit, ld(tmp + i), ld(record + i)))
      }
    }
    count = i32x4.sub(count, has)
  }
  return n
}
