// import { exp4 } from './exp'

/**
 * Hyperbolic tangent.
 *   error  max 3 ulp
 *   source odd polynomial of degree 11 below 0.625 (Cephes class), else 1 - 2 / (e^2|x| + 1)
 */
fn tanh4(x: f32) -> f32 {
  let a = abs(x);
  let z = x * x;
  var q = -5.70498872745e-3 * z + 2.06390887954e-2;
  q = q * z + -5.37397155531e-2;
  q = q * z + 1.33314422036e-1;
  q = q * z + -3.33332819422e-1;
  let small = q * z * x + x;
  let large = 1.0 - 2.0 / (exp4(a + a) + 1.0);
  return select(select(large, -large, x < 0.0), small, a < 0.625);
}

/** 1 / (1 + e^-x); max 3 ulp */
fn sigmoid4(x: f32) -> f32 { return 1.0 / (1.0 + exp4(-x)); }
