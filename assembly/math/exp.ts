import { add, clip, max4, mul, sel, splat, sub } from './v4'

/**
 * e^x.
 *   error  max 2 ulp; underflows to 0 below -87.3, overflows to infinity above 88.7
 *   source reduction by multiples of ln 2 in two parts, polynomial of degree 6 (Cephes class)
 */
export function exp4(x: v128): v128 {
  const y = clip(x, splat(-104), splat(104))
  const k = f32x4.nearest(mul(y, splat(1.44269504088896341)))
  let r = sub(y, mul(k, splat(0.693359375)))
  r = sub(r, mul(k, splat(-2.12194440e-4)))
  let p = add(mul(splat(1.9875691500e-4), r), splat(1.3981999507e-3))
  p = add(mul(p, r), splat(8.3334519073e-3))
  p = add(mul(p, r), splat(4.1665795894e-2))
  p = add(mul(p, r), splat(1.6666665459e-1))
  p = add(mul(p, r), splat(5.0000001201e-1))
  p = add(add(mul(mul(p, r), r), r), splat(1))
  // two scalings, so that subnormal results and the last finite ones come out right
  const n = i32x4.trunc_sat_f32x4_s(k)
  const n1 = i32x4.shr_s(n, 1)
  const n2 = i32x4.sub(n, n1)
  const e1 = i32x4.shl(i32x4.add(n1, i32x4.splat(127)), 23)
  const e2 = i32x4.shl(i32x4.add(n2, i32x4.splat(127)), 23)
  return mul(mul(p, e1), e2)
}

/**
 * Natural logarithm of a positive number; x <= 0 is taken as the smallest normal number.
 *   error  max 2 ulp
 *   source mantissa in [sqrt(1/2), sqrt(2)), polynomial of degree 9 (Cephes class)
 */
export function log4(x: v128): v128 {
  const v = max4(x, splat(1.17549435e-38))
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(v, 23), i32x4.splat(126)))
  let m = v128.or(v128.and(v, i32x4.splat(0x007fffff)), i32x4.splat(0x3f000000))
  const small = f32x4.lt(m, splat(0.70710678118654752))
  e = sub(e, v128.and(small, splat(1)))
  m = sub(add(m, v128.and(small, m)), splat(1))
  const z = mul(m, m)
  let p = add(mul(splat(7.0376836292e-2), m), splat(-1.1514610310e-1))
  p = add(mul(p, m), splat(1.1676998740e-1))
  p = add(mul(p, m), splat(-1.2420140846e-1))
  p = add(mul(p, m), splat(1.4249322787e-1))
  p = add(mul(p, m), splat(-1.6668057665e-1))
  p = add(mul(p, m), splat(2.0000714765e-1))
  p = add(mul(p, m), splat(-2.4999993993e-1))
  p = add(mul(p, m), splat(3.3333331174e-1))
  p = mul(mul(p, m), z)
  p = add(p, mul(e, splat(-2.12194440e-4)))
  p = sub(p, mul(splat(0.5), z))
  return add(add(m, p), mul(e, splat(0.693359375)))
}

/** a^b, a >= 0; 0^b is 0. Error grows with |b log a|: about 1e-7 (1 + |b log a|). */
export function pow4(a: v128, b: v128): v128 {
  return sel(f32x4.le(a, splat(0)), splat(0), exp4(mul(b, log4(a))))
}
