import { add, and, div, mul, or, sel, splat, sub } from './v4'

// pi/2 in three parts; the first two have trailing zeros, so k * part is exact for |k| < 2^15 (|x| < 5e4 rad)
const PIO2_HI: f32 = 1.5703125
const PIO2_MID: f32 = 4.837512969970703125e-4
const PIO2_LO: f32 = 7.54978995489188216e-8
const TWO_OVER_PI: f32 = 0.63661977236758134308

/**
 * sin and cos of an angle.
 *   in   x      rad
 *   error  max 2 ulp of 1 for |x| < 5e4; beyond, the reduction loses bits no faster than x itself has them
 *   source Cody & Waite reduction; minimax polynomials on [-pi/4, pi/4] of the single-precision Cephes class
 */
// @ts-ignore: decorator
@inline export function sincos(x: v128, out: usize): void {
  // nearest multiple of pi/2
  const k = f32x4.nearest(mul(x, splat(TWO_OVER_PI)))
  let y = sub(x, mul(k, splat(PIO2_HI)))
  y = sub(y, mul(k, splat(PIO2_MID)))
  y = sub(y, mul(k, splat(PIO2_LO)))
  const z = mul(y, y)

  // polynomials
  let s = add(mul(splat(-1.9515295891e-4), z), splat(8.3321608736e-3))
  s = add(mul(s, z), splat(-1.6666654611e-1))
  s = add(mul(mul(s, z), y), y)
  let c = add(mul(splat(2.443315711809948e-5), z), splat(-1.388731625493765e-3))
  c = add(mul(c, z), splat(4.166664568298827e-2))
  c = add(sub(mul(mul(c, z), z), mul(splat(0.5), z)), splat(1))

  // quadrant: odd ones swap, two of four change sign
  const q = i32x4.trunc_sat_f32x4_s(k)
  const odd = i32x4.eq(v128.and(q, i32x4.splat(1)), i32x4.splat(1))
  const sinSign = i32x4.shl(v128.and(q, i32x4.splat(2)), 30)
  const cosSign = i32x4.shl(v128.and(i32x4.add(q, i32x4.splat(1)), i32x4.splat(2)), 30)
  v128.store(out, v128.xor(sel(odd, c, s), sinSign))
  v128.store(out, v128.xor(sel(odd, s, c), cosSign), 16)
}

/**
 * Angle of a point, in [-pi, pi].
 *   error  max 4 ulp
 *   source argument reduction to [0, tan(pi/8)], odd polynomial of degree 9
 */
export function atan2(y: v128, x: v128): v128 {
  const ax = f32x4.abs(x)
  const ay = f32x4.abs(y)
  const swap = f32x4.gt(ay, ax)
  const num = sel(swap, ax, ay)
  const den = sel(swap, ay, ax)
  // 0/0 counts as 0: den is 0 only when both are
  let t = div(num, sel(f32x4.eq(den, splat(0)), splat(1), den))
  const big = f32x4.gt(t, splat(0.4142135623730950))
  t = sel(big, div(sub(t, splat(1)), add(t, splat(1))), t)
  const z = mul(t, t)
  let a = add(mul(splat(8.05374449538e-2), z), splat(-1.38776856032e-1))
  a = add(mul(a, z), splat(1.99777106478e-1))
  a = add(mul(a, z), splat(-3.33329491539e-1))
  a = add(mul(mul(a, z), t), t)
  a = sel(big, add(a, splat(0.78539816339744830962)), a)
  a = sel(swap, sub(splat(1.5707963267948966192), a), a)
  a = sel(f32x4.lt(x, splat(0)), sub(splat(3.14159265358979323846), a), a)
  return or(a, and(y, i32x4.splat(<i32>0x80000000)))
}
