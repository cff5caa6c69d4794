/**
 * Closed forms of cylinders, ellipsoids and boxes against planes and spheres, four worlds at once; arguments and results
 * as in primitive.ts.
 *   source   MuJoCo engine_collision_primitive.c, engine_collision_box.c, engine_collision_convex.c (mjc_PlaneConvex)
 */
import {
  abs4, add, and, andnot, any, clip, cross1, div, dot3, ge, gt, ld, le, lt, mad, mul, neg, nmad, not, or, sel, splat, sqrt4, st, sub, V,
  zero,
} from '../../math/v4'
import { CON_STRIDE, GEOM_POS } from '../types'
import { MINLEN, setAxes } from './frame'
import { put, spheres } from './primitive'

/** squared sine of a tilt that has no direction (mjMINVAL squared) */
const MINTILT2: f32 = 1e-30
const SQRT3_2: f32 = 0.8660254037844386

/**
 * plane : cylinder. The lowest point of the disk nearer to the plane, the point above it on the other disk, and two
 * more on the near disk that make a triangle with the first.
 */
export function planeCylinder(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const n0 = ld(A + 2 * V), n1 = ld(A + 5 * V), n2 = ld(A + 8 * V)
  const x = ld(B + GEOM_POS), y = ld(B + GEOM_POS + V), z = ld(B + GEOM_POS + 2 * V)
  const height = dot3(sub(x, ld(A + GEOM_POS)), sub(y, ld(A + GEOM_POS + V)), sub(z, ld(A + GEOM_POS + 2 * V)), n0, n1, n2)
  const radius = ld(sb), half = ld(sb + V)
  // the axis towards the plane
  let a0 = ld(B + 2 * V), a1 = ld(B + 5 * V), a2 = ld(B + 8 * V)
  const along = dot3(n0, n1, n2, a0, a1, a2)
  const flip = sel(gt(along, zero()), splat(-1), splat(1))
  a0 = mul(flip, a0); a1 = mul(flip, a1); a2 = mul(flip, a2)
  const rise = mul(half, neg(abs4(along)))

  // from the axis to the lowest point of the rim: a x (a x n), which keeps the digits of a small tilt
  const c0 = cross1(a1, n2, a2, n1), c1 = cross1(a2, n0, a0, n2), c2 = cross1(a0, n1, a1, n0)
  let v0 = cross1(a1, c2, a2, c1), v1 = cross1(a2, c0, a0, c2), v2 = cross1(a0, c1, a1, c0)
  const tilt2 = dot3(v0, v1, v2, v0, v1, v2)
  const tilted = ge(tilt2, splat(MINTILT2))
  const scale = div(radius, sqrt4(sel(tilted, tilt2, splat(1))))
  v0 = sel(tilted, mul(scale, v0), mul(radius, ld(B)))
  v1 = sel(tilted, mul(scale, v1), mul(radius, ld(B + 3 * V)))
  v2 = sel(tilted, mul(scale, v2), mul(radius, ld(B + 6 * V)))
  const drop = dot3(v0, v1, v2, n0, n1, n2)

  const dist1 = add(add(height, rise), drop)
  const first = and(act, le(dist1, margin))
  if (!any(first)) return 0
  const h0 = mul(half, a0), h1 = mul(half, a1), h2 = mul(half, a2)
  let shift = mul(splat(-0.5), dist1)
  put(out, first, dist1, mad(shift, n0, add(add(x, v0), h0)), mad(shift, n1, add(add(y, v1), h1)), mad(shift, n2, add(add(z, v2), h2)))
  setAxes(out, n0, n1, n2, zero(), zero(), zero())

  const dist2 = add(sub(height, rise), drop)
  const second = and(first, le(dist2, margin))
  const dist3 = nmad(splat(0.5), drop, add(height, rise))
  const third = and(first, le(dist3, margin))
  if (!any(or(second, third))) return 1
  shift = mul(splat(-0.5), dist2)
  const p0 = mad(shift, n0, sub(add(x, v0), h0)), p1 = mad(shift, n1, sub(add(y, v1), h1)), p2 = mad(shift, n2, sub(add(z, v2), h2))
  // sideways: v x a, of length radius sqrt(3) / 2
  const s = splat(SQRT3_2)
  const w0 = mul(s, cross1(v1, a2, v2, a1)), w1 = mul(s, cross1(v2, a0, v0, a2)), w2 = mul(s, cross1(v0, a1, v1, a0))
  shift = mul(splat(-0.5), dist3)
  const m0 = mad(shift, n0, nmad(splat(0.5), v0, add(x, h0)))
  const m1 = mad(shift, n1, nmad(splat(0.5), v1, add(y, h1)))
  const m2 = mad(shift, n2, nmad(splat(0.5), v2, add(z, h2)))

  // where there is no second point, the triangle's follow at once
  let record = out + CON_STRIDE
  put(record, or(second, third), sel(second, dist2, dist3), sel(second, p0, add(m0, w0)), sel(second, p1, add(m1, w1)), sel(second, p2, add(m2, w2)))
  setAxes(record, n0, n1, n2, zero(), zero(), zero())
  if (!any(third)) return 2
  record += CON_STRIDE
  put(record, third, dist3, sel(second, add(m0, w0), sub(m0, w0)), sel(second, add(m1, w1), sub(m1, w1)), sel(second, add(m2, w2), sub(m2, w2)))
  setAxes(record, n0, n1, n2, zero(), zero(), zero())
  const fourth = and(second, third)
  if (!any(fourth)) return 3
  record += CON_STRIDE
  put(record, fourth, dist3, sub(m0, w0), sub(m1, w1), sub(m2, w2))
  setAxes(record, n0, n1, n2, zero(), zero(), zero())
  return 4
}

/** plane : ellipsoid, its lowest point */
export function planeEllipsoid(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const n0 = ld(A + 2 * V), n1 = ld(A + 5 * V), n2 = ld(A + 8 * V)
  const x = ld(B + GEOM_POS), y = ld(B + GEOM_POS + V), z = ld(B + GEOM_POS + 2 * V)
  const height = dot3(sub(x, ld(A + GEOM_POS)), sub(y, ld(A + GEOM_POS + V)), sub(z, ld(A + GEOM_POS + 2 * V)), n0, n1, n2)
  // the normal in the axes of the ellipsoid, scaled by its sizes; the support point is against it
  const l0 = ld(sb), l1 = ld(sb + V), l2 = ld(sb + 2 * V)
  const e0 = mul(l0, dot3(ld(B), ld(B + 3 * V), ld(B + 6 * V), n0, n1, n2))
  const e1 = mul(l1, dot3(ld(B + V), ld(B + 4 * V), ld(B + 7 * V), n0, n1, n2))
  const e2 = mul(l2, dot3(ld(B + 2 * V), ld(B + 5 * V), ld(B + 8 * V), n0, n1, n2))
  const depth = sqrt4(dot3(e0, e1, e2, e0, e1, e2))
  const dist = sub(height, depth)
  const has = and(act, le(dist, margin))
  if (!any(has)) return 0
  const scale = div(splat(-1), depth)
  const p0 = mul(mul(scale, l0), e0), p1 = mul(mul(scale, l1), e1), p2 = mul(mul(scale, l2), e2)
  const shift = mul(splat(-0.5), dist)
  put(out, has, dist,
    mad(shift, n0, add(x, dot3(ld(B), ld(B + V), ld(B + 2 * V), p0, p1, p2))),
    mad(shift, n1, add(y, dot3(ld(B + 3 * V), ld(B + 4 * V), ld(B + 5 * V), p0, p1, p2))),
    mad(shift, n2, add(z, dot3(ld(B + 6 * V), ld(B + 7 * V), ld(B + 8 * V), p0, p1, p2))))
  setAxes(out, n0, n1, n2, zero(), zero(), zero())
  return 1
}

/** sphere : cylinder, against the side, a cap or the rim, whichever is nearest */
export function sphereCylinder(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const x = ld(A + GEOM_POS), y = ld(A + GEOM_POS + V), z = ld(A + GEOM_POS + 2 * V)
  const q0 = ld(B + GEOM_POS), q1 = ld(B + GEOM_POS + V), q2 = ld(B + GEOM_POS + 2 * V)
  const a0 = ld(B + 2 * V), a1 = ld(B + 5 * V), a2 = ld(B + 8 * V)
  const radius1 = ld(sa), radius2 = ld(sb), half = ld(sb + V)
  const d0 = sub(x, q0), d1 = sub(y, q1), d2 = sub(z, q2)
  const along = dot3(a0, a1, a2, d0, d1, d2), size = abs4(along)
  const o0 = nmad(along, a0, d0), o1 = nmad(along, a1, d1), o2 = nmad(along, a2, d2)
  const off2 = dot3(o0, o1, o2, o0, o1, o2), off = sqrt4(off2)

  // a centre inside the cylinder belongs to the nearer surface
  const within = lt(size, half), over = lt(off2, mul(radius2, radius2))
  const nearCap = lt(sub(half, size), sub(radius2, off))
  const side = and(within, or(not(over), not(nearCap)))
  const cap = andnot(over, side)
  const sign = sel(gt(along, zero()), splat(1), splat(-1))

  const round = andnot(act, cap)
  let has = i32x4.splat(0)
  if (any(round)) {
    // side: the nearest point of the axis, with the cylinder's radius; rim: the point itself
    const t = sel(side, along, mul(sign, half))
    const k = sel(side, zero(), div(radius2, sel(gt(off, zero()), off, splat(1))))
    has = spheres(x, y, z, radius1, add(q0, mad(t, a0, mul(k, o0))), add(q1, mad(t, a1, mul(k, o1))), add(q2, mad(t, a2, mul(k, o2))),
      sel(side, radius2, zero()), A, B, margin, round, out)
  }
  const above = sub(size, half)
  const onCap = and(and(act, cap), le(above, add(margin, radius1)))
  if (!any(onCap)) return any(has) ? 1 : 0
  const kept = any(has)
  const dist = sub(above, radius1), shift = mul(sign, nmad(splat(0.5), dist, neg(radius1)))
  const down = neg(sign)
  blend(out, has, kept, onCap, dist, mad(shift, a0, x), mad(shift, a1, y), mad(shift, a2, z), mul(down, a0), mul(down, a1), mul(down, a2))
  return 1
}

/** a contact of the worlds of hit beside those that have the record already */
function blend(
  out: usize, has: v128, kept: bool, hit: v128, dist: v128, x: v128, y: v128, z: v128, n0: v128, n1: v128, n2: v128,
): void {
  if (kept) {
    const old = out + CON_STRIDE
    memory.copy(old, out, CON_STRIDE)
    put(out, or(has, hit), dist, x, y, z)
    setAxes(out, n0, n1, n2, zero(), zero(), zero())
    for (let i: usize = V; i < 8 * V; i += V) st(out + i, sel(hit, ld(out + i), ld(old + i)))
    return
  }
  put(out, hit, dist, x, y, z)
  setAxes(out, n0, n1, n2, zero(), zero(), zero())
}

/** sphere : box, against the nearest point of the box; a centre inside it leaves through the nearest face */
export function sphereBox(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const d0 = sub(ld(A + GEOM_POS), ld(B + GEOM_POS))
  const d1 = sub(ld(A + GEOM_POS + V), ld(B + GEOM_POS + V))
  const d2 = sub(ld(A + GEOM_POS + 2 * V), ld(B + GEOM_POS + 2 * V))
  const radius = ld(sa), l0 = ld(sb), l1 = ld(sb + V), l2 = ld(sb + 2 * V)
  const c0 = dot3(ld(B), ld(B + 3 * V), ld(B + 6 * V), d0, d1, d2)
  const c1 = dot3(ld(B + V), ld(B + 4 * V), ld(B + 7 * V), d0, d1, d2)
  const c2 = dot3(ld(B + 2 * V), ld(B + 5 * V), ld(B + 8 * V), d0, d1, d2)
  const e0 = clip(c0, neg(l0), l0), e1 = clip(c1, neg(l1), l1), e2 = clip(c2, neg(l2), l2)
  const t0 = sub(e0, c0), t1 = sub(e1, c1), t2 = sub(e2, c2)
  const gap = sqrt4(dot3(t0, t1, t2, t0, t1, t2))
  const has = and(act, le(sub(gap, radius), margin))
  if (!any(has)) return 0

  // outside: from the sphere's centre to the nearest point; midway between the surfaces
  const inside = le(gap, splat(MINLEN))
  const scale = div(splat(1), sel(inside, splat(1), gap))
  let n0 = mul(scale, t0), n1 = mul(scale, t1), n2 = mul(scale, t2)
  const middle = splat(0.5)
  let p0 = mul(middle, add(e0, mad(radius, n0, c0))), p1 = mul(middle, add(e1, mad(radius, n1, c1))), p2 = mul(middle, add(e2, mad(radius, n2, c2)))
  let dist = gap
  if (any(and(has, inside))) {
    // inside: the first of the nearest faces, low side before high
    const s0 = ge(sub(l0, c0), add(l0, c0)), s1 = ge(sub(l1, c1), add(l1, c1)), s2 = ge(sub(l2, c2), add(l2, c2))
    const f0 = sub(l0, abs4(c0)), f1 = sub(l1, abs4(c1)), f2 = sub(l2, abs4(c2))
    const first = and(le(f0, f1), le(f0, f2)), next = andnot(le(f1, f2), first)
    const depth = sel(first, f0, sel(next, f1, f2))
    const up = splat(1), down = splat(-1)
    const m0 = sel(first, sel(s0, up, down), zero())
    const m1 = sel(next, sel(s1, up, down), zero())
    const m2 = sel(or(first, next), zero(), sel(s2, up, down))
    const shift = mul(middle, sub(radius, depth))
    n0 = sel(inside, m0, n0); n1 = sel(inside, m1, n1); n2 = sel(inside, m2, n2)
    p0 = sel(inside, mad(shift, m0, c0), p0); p1 = sel(inside, mad(shift, m1, c1), p1); p2 = sel(inside, mad(shift, m2, c2), p2)
    dist = sel(inside, neg(depth), dist)
  }
  put(out, has, sub(dist, radius),
    add(ld(B + GEOM_POS), dot3(ld(B), ld(B + V), ld(B + 2 * V), p0, p1, p2)),
    add(ld(B + GEOM_POS + V), dot3(ld(B + 3 * V), ld(B + 4 * V), ld(B + 5 * V), p0, p1, p2)),
    add(ld(B + GEOM_POS + 2 * V), dot3(ld(B + 6 * V), ld(B + 7 * V), ld(B + 8 * V), p0, p1, p2)))
  setAxes(out, dot3(ld(B), ld(B + V), ld(B + 2 * V), n0, n1, n2), dot3(ld(B + 3 * V), ld(B + 4 * V), ld(B + 5 * V), n0, n1, n2),
    dot3(ld(B + 6 * V), ld(B + 7 * V), ld(B + 8 * V), n0, n1, n2), zero(), zero(), zero())
  return 1
}
