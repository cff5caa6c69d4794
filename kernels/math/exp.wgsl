/**
 * e^x.
 *   error  max 2 ulp; underflows to 0 below -87.3, overflows to infinity above 88.7
 *   source reduction by multiples of ln 2 in two parts, polynomial of degree 6 (Cephes class)
 */
fn exp4(x: f32) -> f32 {
  let y = clamp(x, -104.0, 104.0);
  let k = round(y * 1.44269504088896341);
  var r = y - k * 0.693359375;
  r = r - k * -2.12194440e-4;
  var p = 1.9875691500e-4 * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * r * r + r + 1.0;
  // two scalings, so that subnormal results and the last finite ones come out right
  let n = i32(k);
  let n1 = n >> 1u;
  let n2 = n - n1;
  let e1 = bitcast<f32>((n1 + 127) << 23u);
  let e2 = bitcast<f32>((n2 + 127) << 23u);
  return p * e1 * e2;
}

/**
 * Natural logarithm of a positive number; x <= 0 is taken as the smallest normal number.
 *   error  max 2 ulp
 *   source mantissa in [sqrt(1/2), sqrt(2)), polynomial of degree 9 (Cephes class)
 */
fn log4(x: f32) -> f32 {
  let v = bitcast<u32>(max(x, 1.17549435e-38));
  var e = f32(i32(v >> 23u) - 126);
  var m = bitcast<f32>((v & 0x007fffffu) | 0x3f000000u);
  let small = m < 0.70710678118654752;
  e = select(e, e - 1.0, small);
  m = select(m, m + m, small) - 1.0;
  let z = m * m;
  var p = 7.0376836292e-2 * m + -1.1514610310e-1;
  p = p * m + 1.1676998740e-1;
  p = p * m + -1.2420140846e-1;
  p = p * m + 1.4249322787e-1;
  p = p * m + -1.6668057665e-1;
  p = p * m + 2.0000714765e-1;
  p = p * m + -2.4999993993e-1;
  p = p * m + 3.3333331174e-1;
  p = p * m * z;
  p = p + e * -2.12194440e-4;
  p = p - 0.5 * z;
  return m + p + e * 0.693359375;
}

/** a^b, a >= 0; 0^b is 0. Error grows with |b log a|: about 1e-7 (1 + |b log a|). */
fn pow4(a: f32, b: f32) -> f32 {
  if (a <= 0.0) { return 0.0; }
  return exp4(b * log4(a));
}
