/**
 * The point of a simplex closest to the origin, in barycentric coordinates (Montanari, Petrinic and Barbieri 2017,
 * Improving the GJK algorithm for faster and more reliable distance queries between convex objects).
 */
import { FAR, LAMBDA1, LAMBDA2, MINVAL, X, Y, Z, det3, set } from './layout'

/** out = projection of the origin on the plane of v1, v2, v3; returns false when they lie on a line */
export function projectOrigin(out: usize, v1: usize, v2: usize, v3: usize): bool {
  const x1 = X(v1), y1 = Y(v1), z1 = Z(v1)
  const x2 = X(v2), y2 = Y(v2), z2 = Z(v2)
  const x3 = X(v3), y3 = Y(v3), z3 = Z(v3)
  const ax = x2 - x1, ay = y2 - y1, az = z2 - z1
  const bx = x3 - x2, by = y3 - y2, bz = z3 - z2
  // the normal from the edges at v2, v1, v3 in turn, until one is well conditioned
  let nx = by * az - bz * ay, ny = bz * ax - bx * az, nz = bx * ay - by * ax
  let nn = nx * nx + ny * ny + nz * nz, nv = nx * x2 + ny * y2 + nz * z2
  if (nn == 0) return false
  if (nv == 0 || nn <= MINVAL) {
    const cx = x3 - x1, cy = y3 - y1, cz = z3 - z1
    nx = ay * cz - az * cy
    ny = az * cx - ax * cz
    nz = ax * cy - ay * cx
    nn = nx * nx + ny * ny + nz * nz
    nv = nx * x1 + ny * y1 + nz * z1
    if (nn == 0) return false
    if (nv == 0 || nn <= MINVAL) {
      nx = cy * bz - cz * by
      ny = cz * bx - cx * bz
      nz = cx * by - cy * bx
      nn = nx * nx + ny * ny + nz * nz
      nv = nx * x3 + ny * y3 + nz * z3
    }
  }
  const k = nv / nn
  set(out, nx * k, ny * k, nz * k)
  return true
}

/**
 * lambda (3) = affine coordinates of p, a point of the plane of the triangle, in the coordinate plane where the
 * triangle is largest; all 0 when the triangle has no area
 */
export function affine(lambda: usize, v1: usize, v2: usize, v3: usize, p: usize): void {
  const m1 = Y(v2) * Z(v3) - Z(v2) * Y(v3) - Y(v1) * Z(v3) + Z(v1) * Y(v3) + Y(v1) * Z(v2) - Z(v1) * Y(v2)
  const m2 = X(v2) * Z(v3) - Z(v2) * X(v3) - X(v1) * Z(v3) + Z(v1) * X(v3) + X(v1) * Z(v2) - Z(v1) * X(v2)
  const m3 = X(v2) * Y(v3) - Y(v2) * X(v3) - X(v1) * Y(v3) + Y(v1) * X(v3) + X(v1) * Y(v2) - Y(v1) * X(v2)
  let area = m1, x: usize = 8, y: usize = 16
  if (abs(m1) < abs(m2) || abs(m1) < abs(m3)) {
    x = 0
    if (abs(m2) >= abs(m3)) area = m2
    else {
      area = m3
      y = 8
    }
  }
  if (area == 0) {
    set(lambda, 0, 0, 0)
    return
  }
  const x1 = load<f64>(v1 + x), x2 = load<f64>(v2 + x), x3 = load<f64>(v3 + x), px = load<f64>(p + x)
  const y1 = load<f64>(v1 + y), y2 = load<f64>(v2 + y), y3 = load<f64>(v3 + y), py = load<f64>(p + y)
  set(
    lambda,
    (px * y2 + py * x3 + x2 * y3 - px * y3 - py * x2 - x3 * y2) / area,
    (px * y3 + py * x1 + x3 * y1 - px * y1 - py * x3 - x1 * y3) / area,
    (px * y1 + py * x2 + x1 * y2 - px * y2 - py * x1 - x2 * y1) / area,
  )
}

/** lambda (2) of the segment s1 s2; its second end when the projection falls outside */
function segment(lambda: usize, s1: usize, s2: usize): void {
  const dx = X(s2) - X(s1), dy = Y(s2) - Y(s1), dz = Z(s2) - Z(s1)
  const t = (X(s2) * dx + Y(s2) * dy + Z(s2) * dz) / (dx * dx + dy * dy + dz * dz)
  const inside = t > 0 && t < 1
  store<f64>(lambda, inside ? t : 0)
  store<f64>(lambda, inside ? 1 - t : 1, 8)
}

/** squared distance from the origin to l0 s1 + l1 s2 (+ l2 s3) */
// @ts-ignore: decorator
@inline function distance2(l: usize, s1: usize, s2: usize, s3: usize): f64 {
  const l0 = load<f64>(l), l1 = load<f64>(l, 8), l2: f64 = s3 == 0 ? 0 : load<f64>(l, 16)
  let x = l0 * X(s1) + l1 * X(s2), y = l0 * Y(s1) + l1 * Y(s2), z = l0 * Z(s1) + l1 * Z(s2)
  if (s3 != 0) {
    x += l2 * X(s3)
    y += l2 * Y(s3)
    z += l2 * Z(s3)
  }
  return x * x + y * y + z * z
}

/** lambda (3) of the triangle */
function triangle(lambda: usize, s1: usize, s2: usize, s3: usize, c: usize, p: usize): void {
  if (!projectOrigin(p, s1, s2, s3)) {
    segment(lambda, s1, s2)
    store<f64>(lambda, 0, 16)
    return
  }
  affine(lambda, s1, s2, s3, p)
  const in1 = load<f64>(lambda) > 0, in2 = load<f64>(lambda, 8) > 0, in3 = load<f64>(lambda, 16) > 0
  if (in1 && in2 && in3) return

  // the closest of the edges that the origin lies beyond
  const edge = c + LAMBDA1
  let nearest = FAR
  if (!in1) {
    segment(edge, s2, s3)
    nearest = distance2(edge, s2, s3, 0)
    set(lambda, 0, load<f64>(edge), load<f64>(edge, 8))
  }
  if (!in2) {
    segment(edge, s1, s3)
    const d = distance2(edge, s1, s3, 0)
    if (d < nearest) {
      nearest = d
      set(lambda, load<f64>(edge), 0, load<f64>(edge, 8))
    }
  }
  if (!in3) {
    segment(edge, s1, s2)
    if (distance2(edge, s1, s2, 0) < nearest) set(lambda, load<f64>(edge), load<f64>(edge, 8), 0)
  }
}

/** one face of the tetrahedron against the best so far; returns the smaller squared distance */
function tryFace(lambda: usize, skip: i32, s1: usize, s2: usize, s3: usize, best: f64, c: usize, p: usize): f64 {
  const l = c + LAMBDA2
  triangle(l, s1, s2, s3, c, p)
  const d = distance2(l, s1, s2, s3)
  if (d >= best) return best
  let k: usize = 0
  for (let i = 0; i < 4; i++) {
    if (i == skip) store<f64>(lambda + 8 * <usize>i, 0)
    else {
      store<f64>(lambda + 8 * <usize>i, load<f64>(l + k))
      k += 8
    }
  }
  return d
}

/** lambda (4) of the tetrahedron */
function tetrahedron(lambda: usize, s1: usize, s2: usize, s3: usize, s4: usize, c: usize, p: usize): void {
  // volumes of the tetrahedra that the origin makes with the faces
  const c1 = -det3(s2, s3, s4), c2 = det3(s1, s3, s4), c3 = -det3(s1, s2, s4), c4 = det3(s1, s2, s3)
  const det = c1 + c2 + c3 + c4
  const in1 = c1 * det > 0, in2 = c2 * det > 0, in3 = c3 * det > 0, in4 = c4 * det > 0
  if (in1 && in2 && in3 && in4) {
    set(lambda, c1 / det, c2 / det, c3 / det)
    store<f64>(lambda, c4 / det, 24)
    return
  }
  let best = FAR
  if (!in1) best = tryFace(lambda, 0, s2, s3, s4, best, c, p)
  if (!in2) best = tryFace(lambda, 1, s1, s3, s4, best, c, p)
  if (!in3) best = tryFace(lambda, 2, s1, s2, s4, best, c, p)
  if (!in4) best = tryFace(lambda, 3, s1, s2, s3, best, c, p)
}

/** lambda (4) = barycentric coordinates of the point closest to the origin; 0 beyond the n corners s1 … */
export function subdistance(lambda: usize, n: i32, s1: usize, s2: usize, s3: usize, s4: usize, c: usize, p: usize): void {
  set(lambda, 1, 0, 0)
  store<f64>(lambda, 0, 24)
  if (n == 4) tetrahedron(lambda, s1, s2, s3, s4, c, p)
  else if (n == 3) triangle(lambda, s1, s2, s3, c, p)
  else if (n == 2) segment(lambda, s1, s2)
}
