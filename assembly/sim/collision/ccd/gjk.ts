/** Gilbert, Johnson and Keerthi's distance of two convex objects. */
import { CLOSEST, DIST, FAR, ITERATIONS, LAMBDA, MINVAL, MINVAL2, NSIMPLEX, SEPARATED, SIMPLEX, SIMPLEX2, SPENT, TMP, TOLERANCE, VERT1, VERT2, VERTEX, X, X1, X2, Y, Z, copyVertex, difference, dot, set } from './layout'
import { subdistance } from './simplex'
import { support } from './support'

/** share of the squared tolerance for the Frank-Wolfe duality gap */
const GAP: f64 = 0.5
/** room for one vertex */
const PROBE: usize = SIMPLEX2

/** out = sum of lambda_i times the vector at offset in corner i of the simplex */
function combine(out: usize, c: usize, n: i32, offset: usize): void {
  let x: f64 = 0, y: f64 = 0, z: f64 = 0
  for (let i = 0; i < n; i++) {
    const l = load<f64>(c + LAMBDA + 8 * <usize>i), v = c + SIMPLEX + VERTEX * <usize>i + offset
    x += l * X(v)
    y += l * Y(v)
    z += l * Z(v)
  }
  set(out, x, y, z)
}

// @ts-ignore: decorator
@inline function noContact(c: usize): void {
  store<i32>(c + SEPARATED, 1)
  store<i32>(c + NSIMPLEX, 0)
  store<f64>(c + DIST, FAR)
}

/** normal = unit normal of the plane of three vertices; returns its distance from the origin along it, FAR if there is none */
function signedDistance(normal: usize, v1: usize, v2: usize, v3: usize): f64 {
  const ax = X(v3) - X(v1), ay = Y(v3) - Y(v1), az = Z(v3) - Z(v1)
  const bx = X(v2) - X(v1), by = Y(v2) - Y(v1), bz = Z(v2) - Z(v1)
  const x = ay * bz - az * by, y = az * bx - ax * bz, z = ax * by - ay * bx
  const norm2 = x * x + y * y + z * z
  if (!(norm2 > MINVAL2 && norm2 < 1e20)) return FAR
  const inv = 1 / sqrt(norm2)
  set(normal, x * inv, y * inv, z * inv)
  return dot(normal, v1)
}

/**
 * From a tetrahedron: does the Minkowski difference contain the origin? 1 (then the simplex contains it), 0, or -1 when
 * it cannot tell.
 */
function intersect(c: usize): i32 {
  for (let i: usize = 0; i < 4 * VERTEX; i += VERTEX) copyVertex(c + SIMPLEX2 + i, c + SIMPLEX + i)
  let s0 = c + SIMPLEX2, s1 = s0 + VERTEX, s2 = s1 + VERTEX, s3 = s2 + VERTEX
  const normals = c + TMP
  const limit = load<i32>(c + ITERATIONS)
  let k = load<i32>(c + SPENT)
  for (; k < limit; k++) {
    const d0 = signedDistance(normals, s2, s1, s3)
    const d1 = signedDistance(normals + 24, s0, s2, s3)
    const d2 = signedDistance(normals + 48, s1, s0, s3)
    const d3 = signedDistance(normals + 72, s0, s1, s2)
    // the origin is in the plane of a face: this would not converge
    if (d0 == 0 || d1 == 0 || d2 == 0 || d3 == 0) break
    const low = d0 < d1 ? 0 : 1, high = d2 < d3 ? 2 : 3
    const index = min(d0, d1) < min(d2, d3) ? low : high
    const least = min(min(d0, d1), min(d2, d3))
    if (least > 0) {
      copyVertex(c + SIMPLEX, s0)
      copyVertex(c + SIMPLEX + VERTEX, s1)
      copyVertex(c + SIMPLEX + 2 * VERTEX, s2)
      copyVertex(c + SIMPLEX + 3 * VERTEX, s3)
      store<i32>(c + NSIMPLEX, 4)
      store<i32>(c + SPENT, k)
      return 1
    }
    // replace the corner opposite the face that the origin lies beyond; then swap two to keep the orientation
    const n = normals + 24 * <usize>index
    const worst = index == 0 ? s0 : index == 1 ? s1 : index == 2 ? s2 : s3
    support(worst, c, X(n), Y(n), Z(n))
    if (dot(n, worst) < 0) {
      store<i32>(c + NSIMPLEX, 0)
      store<i32>(c + SPENT, k)
      return 0
    }
    if (index == 0) {
      const swap = s1
      s1 = s2
      s2 = swap
    } else if (index == 1) {
      const swap = s2
      s2 = s3
      s3 = swap
    } else if (index == 2) {
      const swap = s3
      s3 = s0
      s0 = swap
    } else {
      const swap = s0
      s0 = s1
      s1 = swap
    }
  }
  store<i32>(c + SPENT, k)
  return -1
}

/**
 * Distance of the objects from the witness points X1, X2 as a first guess: DIST, X1, X2, SEPARATED, and the simplex
 * where it ended (NSIMPLEX, SIMPLEX). With a cutoff the distance is found up to it; without (0) only whether the
 * objects touch.
 *   source  MuJoCo engine_collision_gjk.c, gjk
 */
export function gjk(c: usize, cutoff: f64): void {
  const wanted = cutoff > 0
  let backup = !wanted
  const simplex = c + SIMPLEX, lambda = c + LAMBDA
  const limit = load<i32>(c + ITERATIONS)
  const tolerance = load<f64>(c + TOLERANCE)
  const epsilon = GAP * tolerance * tolerance
  const x = c + CLOSEST
  store<i32>(c + SEPARATED, 0)
  difference(x, c + X1, c + X2)
  let norm = sqrt(dot(x, x)), previous: f64 = 0
  let n = 0, k = 0
  for (; k < limit; k++) {
    // touching, or no progress
    if (norm < tolerance || abs(previous - norm) < MINVAL) break
    const s = simplex + VERTEX * <usize>n
    const inv = 1 / norm
    support(s, c, -X(x) * inv, -Y(x) * inv, -Z(x) * inv)
    if (X(x) * (X(x) - X(s)) + Y(x) * (Y(x) - Y(s)) + Z(x) * (Z(x) - Z(s)) < epsilon) break

    // lower / norm is a lower bound of the distance
    const lower = dot(x, s)
    if (lower > 0 && (!wanted || lower >= cutoff * norm)) {
      noContact(c)
      return
    }

    // four corners and no distance wanted: a quicker way to tell
    if (n == 3 && backup) {
      store<i32>(c + SPENT, k)
      const found = intersect(c)
      if (found == 0) {
        noContact(c)
        return
      }
      if (found == 1) {
        store<f64>(c + DIST, 0)
        return
      }
      k = load<i32>(c + SPENT)
      backup = false
    }

    subdistance(lambda, n + 1, simplex, simplex + VERTEX, simplex + 2 * VERTEX, simplex + 3 * VERTEX, c, c + TMP)
    // keep the corners that carry the point
    n = 0
    for (let i: usize = 0; i < 4; i++) {
      const l = load<f64>(lambda + 8 * i)
      if (l == 0) continue
      const to = simplex + VERTEX * <usize>n, from = simplex + VERTEX * i
      if (to != from) copyVertex(to, from)
      store<f64>(lambda + 8 * <usize>n, l)
      n++
    }
    if (n == 0) {
      noContact(c)
      return
    }
    combine(x, c, n, 0)
    previous = norm
    norm = sqrt(dot(x, x))
    // the tetrahedron contains the origin
    if (n == 4) break
  }
  if (n > 0) {
    combine(c + X1, c, n, VERT1)
    combine(c + X2, c, n, VERT2)
  }

  // a last look for a separating plane
  const inv = 1 / norm
  support(c + PROBE, c, -X(x) * inv, -Y(x) * inv, -Z(x) * inv)
  if (dot(x, c + PROBE) > 0) store<i32>(c + SEPARATED, 1)
  store<i32>(c + NSIMPLEX, n)
  store<f64>(c + DIST, n == 4 && load<i32>(c + SEPARATED) == 0 ? 0 : norm)
}
