/** Vector primitives of the dense kernels. */

// @ts-ignore: decorator
@inline export function at(p: usize, i: i32): usize { return p + ((<usize>i) << 3) }

/** y += a x, length n */
export function axpy(n: i32, a: f64, x: usize, y: usize): void {
  const s = f64x2.splat(a)
  let i = 0
  for (; i + 4 <= n; i += 4) {
    const px = at(x, i), py = at(y, i)
    v128.store(py, f64x2.add(v128.load(py), f64x2.mul(s, v128.load(px))))
    v128.store(py, f64x2.add(v128.load(py, 16), f64x2.mul(s, v128.load(px, 16))), 16)
  }
  for (; i < n; i++) store<f64>(at(y, i), load<f64>(at(y, i)) + a * load<f64>(at(x, i)))
}

/** x . y, length n */
export function dot(n: i32, x: usize, y: usize): f64 {
  let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0)
  let i = 0
  for (; i + 8 <= n; i += 8) {
    const px = at(x, i), py = at(y, i)
    s0 = f64x2.add(s0, f64x2.mul(v128.load(px), v128.load(py)))
    s1 = f64x2.add(s1, f64x2.mul(v128.load(px, 16), v128.load(py, 16)))
    s2 = f64x2.add(s2, f64x2.mul(v128.load(px, 32), v128.load(py, 32)))
    s3 = f64x2.add(s3, f64x2.mul(v128.load(px, 48), v128.load(py, 48)))
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3))
  let s = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)
  for (; i < n; i++) s += load<f64>(at(x, i)) * load<f64>(at(y, i))
  return s
}
