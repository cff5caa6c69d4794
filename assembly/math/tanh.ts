import { exp4 } from './exp'
import { add, div, lt, mad, mul, sel, splat, sub } from './v4'

/**
 * Hyperbolic tangent.
 *   error  max 3 ulp
 *   source odd polynomial of degree 11 below 0.625 (Cephes class), else 1 - 2 / (e^2|x| + 1)
 */
export function tanh4(x: v128): v128 {
  const a = f32x4.abs(x), z = mul(x, x)
  let q = mad(splat(-5.70498872745e-3), z, splat(2.06390887954e-2))
  q = mad(q, z, splat(-5.37397155531e-2))
  q = mad(q, z, splat(1.33314422036e-1))
  q = mad(q, z, splat(-3.33332819422e-1))
  const small = mad(mul(q, z), x, x)
  const large = sub(splat(1), div(splat(2), add(exp4(add(a, a)), splat(1))))
  return sel(lt(a, splat(0.625)), small, v128.bitselect(large, x, i32x4.splat(0x7fffffff)))
}

/** 1 / (1 + e^-x); max 3 ulp */
export function sigmoid4(x: v128): v128 {
  return div(splat(1), add(splat(1), exp4(f32x4.neg(x))))
}
