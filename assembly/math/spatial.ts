/**
 * 3-vectors, 3x3 matrices (row-major) and quaternions (w, x, y, z) of four worlds, in memory: element i at p + 16 i.
 * The spatial vectors of sim/ are rotation first, translation second.
 */
import { add, cross1, div, dot3, ld, mad, mul, neg, nmad, sel, splat, sqrt4, st, sub, V } from './v4'

/** out = A B; out may not overlap the arguments */
export function mulMat3(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 3; i++) {
    const a0 = ld(a + 48 * i), a1 = ld(a + 48 * i + V), a2 = ld(a + 48 * i + 2 * V)
    for (let j: usize = 0; j < 3; j++) {
      st(out + 48 * i + V * j, dot3(a0, a1, a2, ld(b + V * j), ld(b + 48 + V * j), ld(b + 96 + V * j)))
    }
  }
}

/** out = A x */
// @ts-ignore: decorator
@inline export function mulMatVec3(out: usize, a: usize, x: usize): void {
  const x0 = ld(x), x1 = ld(x + V), x2 = ld(x + 2 * V)
  st(out, dot3(ld(a), ld(a + V), ld(a + 2 * V), x0, x1, x2))
  st(out + V, dot3(ld(a + 3 * V), ld(a + 4 * V), ld(a + 5 * V), x0, x1, x2))
  st(out + 2 * V, dot3(ld(a + 6 * V), ld(a + 7 * V), ld(a + 8 * V), x0, x1, x2))
}

/** out = A' x */
// @ts-ignore: decorator
@inline export function mulMatTVec3(out: usize, a: usize, x: usize): void {
  const x0 = ld(x), x1 = ld(x + V), x2 = ld(x + 2 * V)
  st(out, dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V), x0, x1, x2))
  st(out + V, dot3(ld(a + V), ld(a + 4 * V), ld(a + 7 * V), x0, x1, x2))
  st(out + 2 * V, dot3(ld(a + 2 * V), ld(a + 5 * V), ld(a + 8 * V), x0, x1, x2))
}

// @ts-ignore: decorator
@inline export function copy(out: usize, from: usize, n: i32): void {
  for (let i = 0; i < n; i++) st(out + V * <usize>i, ld(from + V * <usize>i))
}

/** quat, made unit; a zero quaternion becomes the identity (mju_normalize4) */
export function normalize4(out: usize, q: usize): void {
  const w = ld(q), x = ld(q + V), y = ld(q + 2 * V), z = ld(q + 3 * V)
  const n2 = add(add(mul(w, w), mul(x, x)), add(mul(y, y), mul(z, z)))
  const tiny = f32x4.lt(n2, splat(1e-30))
  const s = div(splat(1), sqrt4(sel(tiny, splat(1), n2)))
  st(out, sel(tiny, splat(1), mul(w, s)))
  st(out + V, mul(x, s))
  st(out + 2 * V, mul(y, s))
  st(out + 3 * V, mul(z, s))
}

/**
 * a b
 *   cpu  out may be a or b
 */
export function mulQuat(out: usize, a: usize, b: usize): void {
  const aw = ld(a), ax = ld(a + V), ay = ld(a + 2 * V), az = ld(a + 3 * V)
  const bw = ld(b), bx = ld(b + V), by = ld(b + 2 * V), bz = ld(b + 3 * V)
  st(out, nmad(az, bz, nmad(ay, by, nmad(ax, bx, mul(aw, bw)))))
  st(out + V, nmad(az, by, mad(ay, bz, mad(ax, bw, mul(aw, bx)))))
  st(out + 2 * V, mad(az, bx, mad(ay, bw, nmad(ax, bz, mul(aw, by)))))
  st(out + 3 * V, mad(az, bw, nmad(ay, bx, mad(ax, by, mul(aw, bz)))))
}

/** rotation matrix of a unit quaternion (mju_quat2Mat) */
export function quat2Mat(out: usize, q: usize): void {
  const w = ld(q), x = ld(q + V), y = ld(q + 2 * V), z = ld(q + 3 * V)
  const two = splat(2)
  const ww = mul(w, w), xx = mul(x, x), yy = mul(y, y), zz = mul(z, z)
  st(out, sub(sub(add(ww, xx), yy), zz))
  st(out + V, mul(two, cross1(x, y, w, z)))
  st(out + 2 * V, mul(two, mad(x, z, mul(w, y))))
  st(out + 3 * V, mul(two, mad(x, y, mul(w, z))))
  st(out + 4 * V, sub(add(sub(ww, xx), yy), zz))
  st(out + 5 * V, mul(two, cross1(y, z, w, x)))
  st(out + 6 * V, mul(two, cross1(x, z, w, y)))
  st(out + 7 * V, mul(two, mad(y, z, mul(w, x))))
  st(out + 8 * V, add(sub(sub(ww, xx), yy), zz))
}

/** v rotated by a unit quaternion (mju_rotVecQuat): v + 2 w (u x v) + 2 u x (u x v) */
export function rotVecQuat(out: usize, v: usize, q: usize): void {
  const w = ld(q), x = ld(q + V), y = ld(q + 2 * V), z = ld(q + 3 * V)
  const v0 = ld(v), v1 = ld(v + V), v2 = ld(v + 2 * V)
  const two = splat(2)
  const t0 = mul(two, cross1(y, v2, z, v1))
  const t1 = mul(two, cross1(z, v0, x, v2))
  const t2 = mul(two, cross1(x, v1, y, v0))
  st(out, add(mad(w, t0, v0), cross1(y, t2, z, t1)))
  st(out + V, add(mad(w, t1, v1), cross1(z, t0, x, t2)))
  st(out + 2 * V, add(mad(w, t2, v2), cross1(x, t1, y, t0)))
}

/**
 * R diag(d) R' as xx yy zz xy xz yz
 *   cpu  R at r (9), d at dd (3)
 */
export function rotDiag(out: usize, r: usize, dd: usize): void {
  const d0 = ld(dd), d1 = ld(dd + V), d2 = ld(dd + 2 * V)
  for (let k: usize = 0; k < 6; k++) {
    const i: usize = k < 3 ? k : k == 5 ? 1 : 0
    const j: usize = k < 3 ? k : k == 3 ? 1 : 2
    st(out + V * k, dot3(mul(ld(r + 48 * i), d0), mul(ld(r + 48 * i + V), d1), mul(ld(r + 48 * i + 2 * V), d2),
      ld(r + 48 * j), ld(r + 48 * j + V), ld(r + 48 * j + 2 * V)))
  }
}

/**
 * Inertia times spatial motion (mju_mulInertVec).
 *   inert  Ixx Iyy Izz Ixy Ixz Iyz hx hy hz m, h = m c
 *   x      angular 3, linear 3
 */
// @ts-ignore: decorator
@inline export function mulInertVec(out: usize, inert: usize, x: usize): void {
  const w0 = ld(x), w1 = ld(x + V), w2 = ld(x + 2 * V), v0 = ld(x + 3 * V), v1 = ld(x + 4 * V), v2 = ld(x + 5 * V)
  const ixy = ld(inert + 3 * V), ixz = ld(inert + 4 * V), iyz = ld(inert + 5 * V)
  const h0 = ld(inert + 6 * V), h1 = ld(inert + 7 * V), h2 = ld(inert + 8 * V), mass = ld(inert + 9 * V)
  st(out, add(dot3(ld(inert), ixy, ixz, w0, w1, w2), cross1(h1, v2, h2, v1)))
  st(out + V, add(dot3(ixy, ld(inert + V), iyz, w0, w1, w2), cross1(h2, v0, h0, v2)))
  st(out + 2 * V, add(dot3(ixz, iyz, ld(inert + 2 * V), w0, w1, w2), cross1(h0, v1, h1, v0)))
  st(out + 3 * V, sub(mul(mass, v0), cross1(h1, w2, h2, w1)))
  st(out + 4 * V, sub(mul(mass, v1), cross1(h2, w0, h0, w2)))
  st(out + 5 * V, sub(mul(mass, v2), cross1(h0, w1, h1, w0)))
}

// @ts-ignore: decorator
@inline export function dot6(a: usize, b: usize): v128 {
  return add(dot3(ld(a), ld(a + V), ld(a + 2 * V), ld(b), ld(b + V), ld(b + 2 * V)),
    dot3(ld(a + 3 * V), ld(a + 4 * V), ld(a + 5 * V), ld(b + 3 * V), ld(b + 4 * V), ld(b + 5 * V)))
}

/**
 * v x x of spatial motions (mju_crossMotion)
 *   cpu  out may not overlap the arguments
 */
export function crossMotion(out: usize, v: usize, x: usize): void {
  const w0 = ld(v), w1 = ld(v + V), w2 = ld(v + 2 * V), u0 = ld(v + 3 * V), u1 = ld(v + 4 * V), u2 = ld(v + 5 * V)
  const a0 = ld(x), a1 = ld(x + V), a2 = ld(x + 2 * V), b0 = ld(x + 3 * V), b1 = ld(x + 4 * V), b2 = ld(x + 5 * V)
  st(out, cross1(w1, a2, w2, a1))
  st(out + V, cross1(w2, a0, w0, a2))
  st(out + 2 * V, cross1(w0, a1, w1, a0))
  st(out + 3 * V, add(cross1(w1, b2, w2, b1), cross1(u1, a2, u2, a1)))
  st(out + 4 * V, add(cross1(w2, b0, w0, b2), cross1(u2, a0, u0, a2)))
  st(out + 5 * V, add(cross1(w0, b1, w1, b0), cross1(u0, a1, u1, a0)))
}

/** conjugate of a quaternion (mju_negQuat) */
export function negQuat(out: usize, q: usize): void {
  st(out, ld(q))
  st(out + V, neg(ld(q + V)))
  st(out + 2 * V, neg(ld(q + 2 * V)))
  st(out + 3 * V, neg(ld(q + 3 * V)))
}
