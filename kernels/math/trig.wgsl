// pi/2 in three parts; the first two have trailing zeros, so k * part is exact for |k| < 2^15 (|x| < 5e4 rad)
const PIO2_HI: f32 = 1.5703125;
const PIO2_MID: f32 = 4.837512969970703125e-4;
const PIO2_LO: f32 = 7.54978995489188216e-8;
const TWO_OVER_PI: f32 = 0.63661977236758134308;

struct SinCos { sin: f32, cos: f32 }

/**
 * sin and cos of an angle.
 *   in   x      rad
 *   error  max 2 ulp of 1 for |x| < 5e4; beyond, the reduction loses bits no faster than x itself has them
 *   source Cody & Waite reduction; minimax polynomials on [-pi/4, pi/4] of the single-precision Cephes class
 */
fn sincos(x: f32) -> SinCos {
  // nearest multiple of pi/2
  let k = round(x * TWO_OVER_PI);
  var y = x - k * PIO2_HI;
  y = y - k * PIO2_MID;
  y = y - k * PIO2_LO;
  let z = y * y;

  // polynomials
  var s = -1.9515295891e-4 * z + 8.3321608736e-3;
  s = s * z + -1.6666654611e-1;
  s = s * z * y + y;
  var c = 2.443315711809948e-5 * z + -1.388731625493765e-3;
  c = c * z + 4.166664568298827e-2;
  c = c * z * z - 0.5 * z + 1.0;

  // quadrant: odd ones swap, two of four change sign
  let q = i32(k);
  let odd = (q & 1) == 1;
  let sinSign = bitcast<u32>(q & 2) << 30u;
  let cosSign = bitcast<u32>((q + 1) & 2) << 30u;
  return SinCos(
    bitcast<f32>(bitcast<u32>(select(s, c, odd)) ^ sinSign),
    bitcast<f32>(bitcast<u32>(select(c, s, odd)) ^ cosSign),
  );
}

/**
 * Angle of a point, in [-pi, pi].
 *   error  max 4 ulp
 *   source argument reduction to [0, tan(pi/8)], odd polynomial of degree 9
 */
fn atan2(y: f32, x: f32) -> f32 {
  let ax = abs(x);
  let ay = abs(y);
  let swap = ay > ax;
  let num = select(ay, ax, swap);
  let den = select(ax, ay, swap);
  // 0/0 counts as 0: den is 0 only when both are
  var t = num / select(den, 1.0, den == 0.0);
  let big = t > 0.4142135623730950;
  t = select(t, (t - 1.0) / (t + 1.0), big);
  let z = t * t;
  var a = 8.05374449538e-2 * z + -1.38776856032e-1;
  a = a * z + 1.99777106478e-1;
  a = a * z + -3.33329491539e-1;
  a = a * z * t + t;
  a = select(a, a + 0.78539816339744830962, big);
  a = select(a, 1.5707963267948966192 - a, swap);
  a = select(a, 3.14159265358979323846 - a, x < 0.0);
  return bitcast<f32>(bitcast<u32>(a) | (bitcast<u32>(y) & 0x80000000u));
}
