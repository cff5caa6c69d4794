/** The functions of bindings/math/single.ts in WGSL: the same operations in the same order, as far as compilers keep it. */
export const WGSL_MATH = `// e^x; max 2 ulp, underflows to 0 below -87.3
fn expf(x: f32) -> f32 {
  let y = clamp(x, -104f, 104f);
  let k = round(y * 1.44269504f);
  var r = y - k * 0.693359375f;
  r = r - k * -2.12194440e-4f;
  var p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1f;
  let n = i32(k);
  let half = n >> 1u;
  return p * bitcast<f32>((half + 127) << 23u) * bitcast<f32>((n - half + 127) << 23u);
}

// natural logarithm; max 2 ulp, x <= 0 is taken as the smallest normal number
fn logf(x: f32) -> f32 {
  let bits = bitcast<u32>(max(x, 1.17549435e-38f));
  var e = f32(i32(bits >> 23u) - 126);
  var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
  let low = m < 0.707106781f;
  e = select(e, e - 1f, low);
  m = m - 1f + select(0f, m, low);
  let z = m * m;
  var p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z;
  p = p + e * -2.12194440e-4f;
  p = p - 0.5f * z;
  return m + p + e * 0.693359375f;
}

// a^b, a >= 0; 0^b is 0
fn powf(a: f32, b: f32) -> f32 {
  return select(expf(b * logf(a)), 0f, a <= 0f);
}

// hyperbolic tangent; max 3 ulp
fn tanhf(x: f32) -> f32 {
  let a = abs(x);
  let z = x * x;
  var q = -5.70498872745e-3f;
  q = q * z + 2.06390887954e-2f;
  q = q * z - 5.37397155531e-2f;
  q = q * z + 1.33314422036e-1f;
  q = q * z - 3.33332819422e-1f;
  let inner = q * z * x + x;
  let outer = 1f - 2f / (expf(a + a) + 1f);
  return select(select(outer, -outer, x < 0f), inner, a < 0.625f);
}

// sine and cosine; max 2 ulp of 1 for |x| < 5e4
fn sincosf(x: f32) -> vec2f {
  let k = round(x * 0.636619772f);
  var y = x - k * 1.5703125f;
  y = y - k * 4.837512969970703125e-4f;
  y = y - k * 7.54978995489188216e-8f;
  let z = y * y;
  var s = -1.9515295891e-4f * z + 8.3321608736e-3f;
  s = s * z - 1.6666654611e-1f;
  s = s * z * y + y;
  var c = 2.443315711809948e-5f * z - 1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
  c = c * z * z - 0.5f * z + 1f;
  let q = i32(k);
  let odd = (q & 1) != 0;
  let u = select(s, c, odd);
  let v = select(c, s, odd);
  return vec2f(select(u, -u, (q & 2) != 0), select(v, -v, ((q + 1) & 2) != 0));
}

fn sinf(x: f32) -> f32 { return sincosf(x).x; }
fn cosf(x: f32) -> f32 { return sincosf(x).y; }

// angle of the point (x, y) in [-pi, pi]; max 4 ulp
fn atan2f(y: f32, x: f32) -> f32 {
  let ax = abs(x);
  let ay = abs(y);
  let swap = ay > ax;
  let num = select(ay, ax, swap);
  let den = select(ax, ay, swap);
  var t = num / select(den, 1f, den == 0f);
  let big = t > 0.414213562f;
  t = select(t, (t - 1f) / (t + 1f), big);
  let z = t * t;
  var a = 8.05374449538e-2f * z - 1.38776856032e-1f;
  a = a * z + 1.99777106478e-1f;
  a = a * z - 3.33329491539e-1f;
  a = a * z * t + t;
  a = select(a, a + 0.785398163f, big);
  a = select(a, 1.57079633f - a, swap);
  a = select(a, 3.14159265f - a, x < 0f);
  return select(a, -a, (bitcast<u32>(y) & 0x80000000u) != 0u);
}

// high word of a product, from 16-bit halves
fn mulHigh(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let lh = al * bh;
  let hl = ah * bl;
  let mid = ((al * bl) >> 16u) + (lh & 0xffffu) + (hl & 0xffffu);
  return ah * bh + (lh >> 16u) + (hl >> 16u) + (mid >> 16u);
}

// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011)
fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var i = 0; i < 10; i++) {
    let high0 = mulHigh(0xd2511f53u, c.x);
    let high1 = mulHigh(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k = k + vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// four uniform numbers in (0, 1)
fn uniform4(words: vec4u) -> vec4f {
  return (vec4f(words >> vec4u(9u)) + 0.5f) * 1.1920928955078125e-7f;
}

// four standard normal numbers (Box & Muller 1958)
fn normal4(words: vec4u) -> vec4f {
  let u = uniform4(words);
  let a = sqrt(-2f * logf(u.x)) * sincosf(6.28318531f * u.y);
  let b = sqrt(-2f * logf(u.z)) * sincosf(6.28318531f * u.w);
  return vec4f(a.y, a.x, b.y, b.x);
}
`
