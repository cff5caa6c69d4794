/**
 * Where a ray meets a geom, in double precision, one world at a time: the branches differ by world, and the discriminant
 * of a far, small geom needs the digits.
 *   source  MuJoCo engine_ray.c, mju_rayGeom
 */
import { V } from '../math/v4'
import { GEOM_BOX, GEOM_CAPSULE, GEOM_CYLINDER, GEOM_ELLIPSOID, GEOM_PLANE, GEOM_POS, GEOM_SPHERE } from './types'

/** a direction component below this is parallel (mjMINVAL) */
const PARALLEL: f64 = 1e-15

// a ray's scratch, in doubles: point and direction in the geom's frame, solutions, normal in the geom's frame
const P: usize = 0
const D: usize = 24
const ROOT0: usize = 48
const ROOT1: usize = 56
const N: usize = 64
/** bytes of scratch a ray needs */
export const RAY_BYTES: usize = 96

// @ts-ignore: decorator
@inline function get(a: usize, i: usize): f64 { return load<f64>(a + 8 * i) }
// @ts-ignore: decorator
@inline function one(a: usize, i: usize): f64 { return <f64>load<f32>(a + V * i) }

/** vector r (3) turned into the frame of the pose: out (3) */
// @ts-ignore: decorator
@inline function toLocal(out: usize, pose: usize, x: f64, y: f64, z: f64): void {
  for (let i: usize = 0; i < 3; i++) {
    store<f64>(out + 8 * i, one(pose, i) * x + one(pose, 3 + i) * y + one(pose, 6 + i) * z)
  }
}

/** both roots of a x^2 + 2 b x + c, smaller first, and the smallest that is not negative, else -1 */
function roots(t: usize, a: f64, b: f64, c: f64): f64 {
  let det = b * b - a * c
  if (!(det >= 0) || a < PARALLEL) {
    store<f64>(t, -1, ROOT0)
    store<f64>(t, -1, ROOT1)
    return -1
  }
  det = sqrt(det)
  const x0 = (-b - det) / a, x1 = (-b + det) / a
  store<f64>(t, x0, ROOT0)
  store<f64>(t, x1, ROOT1)
  return x0 >= 0 ? x0 : x1 >= 0 ? x1 : -1
}

/** the ray against a sphere of squared radius r2 about (0, 0, z) in the geom's frame */
function sphereAt(t: usize, z: f64, r2: f64): f64 {
  const x = get(t + P, 0), y = get(t + P, 1), dz = get(t + P, 2) - z
  const u = get(t + D, 0), v = get(t + D, 1), w = get(t + D, 2)
  return roots(t, u * u + v * v + w * w, u * x + v * y + w * dz, x * x + y * y + dz * dz - r2)
}

/** the ray against an endless cylinder about the z axis */
function roundSide(t: usize, radius: f64): f64 {
  const x = get(t + P, 0), y = get(t + P, 1), u = get(t + D, 0), v = get(t + D, 1)
  return roots(t, u * u + v * v, u * x + v * y, x * x + y * y - radius * radius)
}

/** the direction as a unit normal; 0 when it has no length */
// @ts-ignore: decorator
@inline function setNormal(t: usize, x: f64, y: f64, z: f64): void {
  const n = sqrt(x * x + y * y + z * z)
  const inv = n > PARALLEL ? 1 / n : 0
  store<f64>(t, x * inv, N)
  store<f64>(t, y * inv, N + 8)
  store<f64>(t, z * inv, N + 16)
}

/** the point at distance x */
// @ts-ignore: decorator
@inline function hit(t: usize, i: usize, x: f64): f64 { return get(t + P, i) + x * get(t + D, i) }

function plane(t: usize, sx: f64, sy: f64): f64 {
  const dz = get(t + D, 2)
  if (dz > -PARALLEL) return -1
  const x = -get(t + P, 2) / dz
  if (x < 0) return -1
  // within the rendered rectangle only
  if ((sx > 0 && abs(hit(t, 0, x)) > sx) || (sy > 0 && abs(hit(t, 1, x)) > sy)) return -1
  setNormal(t, 0, 0, 1)
  return x
}

function capsule(t: usize, radius: f64, half: f64): f64 {
  let best: f64 = -1, cap: f64 = 0
  const side = roundSide(t, radius)
  if (side >= 0 && abs(hit(t, 2, side)) <= half) best = side
  // of each end's sphere only the outer half
  for (let end: f64 = 1; end >= -1; end -= 2) {
    sphereAt(t, end * half, radius * radius)
    for (let i: usize = 0; i < 2; i++) {
      const x = load<f64>(t + ROOT0 + 8 * i)
      if (x >= 0 && end * hit(t, 2, x) >= half && (best < 0 || x < best)) {
        best = x
        cap = end
      }
    }
  }
  if (best >= 0) setNormal(t, hit(t, 0, best), hit(t, 1, best), cap == 0 ? 0 : hit(t, 2, best) - half * cap)
  return best
}

function ellipsoid(t: usize, sx: f64, sy: f64, sz: f64): f64 {
  const a = 1 / (sx * sx), b = 1 / (sy * sy), c = 1 / (sz * sz)
  const x = get(t + P, 0), y = get(t + P, 1), z = get(t + P, 2), u = get(t + D, 0), v = get(t + D, 1), w = get(t + D, 2)
  const best = roots(t, a * u * u + b * v * v + c * w * w, a * u * x + b * v * y + c * w * z, a * x * x + b * y * y + c * z * z - 1)
  if (best >= 0) setNormal(t, a * hit(t, 0, best), b * hit(t, 1, best), c * hit(t, 2, best))
  return best
}

function cylinder(t: usize, radius: f64, half: f64): f64 {
  let best: f64 = -1, cap: f64 = 0
  const w = get(t + D, 2)
  if (abs(w) > PARALLEL) {
    for (let end: f64 = -1; end <= 1; end += 2) {
      const x = (end * half - get(t + P, 2)) / w
      if (x < 0) continue
      const a = hit(t, 0, x), b = hit(t, 1, x)
      if (a * a + b * b <= radius * radius && (best < 0 || x < best)) {
        best = x
        cap = end
      }
    }
  }
  const side = roundSide(t, radius)
  if (side >= 0 && abs(hit(t, 2, side)) <= half && (best < 0 || side < best)) {
    best = side
    cap = 0
  }
  if (best >= 0) {
    if (cap == 0) setNormal(t, hit(t, 0, best), hit(t, 1, best), 0)
    else setNormal(t, 0, 0, cap)
  }
  return best
}

function box(t: usize, size: usize): f64 {
  let best: f64 = -1
  for (let i: usize = 0; i < 3; i++) {
    const w = get(t + D, i)
    if (abs(w) <= PARALLEL) continue
    const j: usize = i == 0 ? 1 : 0, k: usize = i == 2 ? 1 : 2
    for (let end: f64 = -1; end <= 1; end += 2) {
      const x = (end * one(size, i) - get(t + P, i)) / w
      if (x < 0 || abs(hit(t, j, x)) > one(size, j) || abs(hit(t, k, x)) > one(size, k)) continue
      if (best < 0 || x < best) {
        best = x
        setNormal(t, i == 0 ? end : 0, i == 1 ? end : 0, i == 2 ? end : 0)
      }
    }
  }
  return best
}

/**
 * Distance along a ray to a geom's surface; -1: it misses.
 *   pose, size  of the geom (or site) in this world
 *   in          point and direction of the ray; the direction is unit
 *   out         what rayNormal needs, when the ray hits
 */
export function rayGeom(type: i32, pose: usize, size: usize, px: f64, py: f64, pz: f64, dx: f64, dy: f64, dz: f64, t: usize): f64 {
  toLocal(t + P, pose, px - one(pose + GEOM_POS, 0), py - one(pose + GEOM_POS, 1), pz - one(pose + GEOM_POS, 2))
  toLocal(t + D, pose, dx, dy, dz)
  const a = one(size, 0), b = one(size, 1)
  if (type == GEOM_PLANE) return plane(t, a, b)
  if (type == GEOM_SPHERE) {
    const x = sphereAt(t, 0, a * a)
    if (x >= 0) setNormal(t, hit(t, 0, x), hit(t, 1, x), hit(t, 2, x))
    return x
  }
  if (type == GEOM_CAPSULE) return capsule(t, a, b)
  if (type == GEOM_ELLIPSOID) return ellipsoid(t, a, b, one(size, 2))
  if (type == GEOM_CYLINDER) return cylinder(t, a, b)
  if (type == GEOM_BOX) return box(t, size)
  return -1
}

/** the surface normal, in the world, where the last ray hit */
export function rayNormal(pose: usize, t: usize, i: usize): f64 {
  return one(pose, 3 * i) * get(t + N, 0) + one(pose, 3 * i + 1) * get(t + N, 1) + one(pose, 3 * i + 2) * get(t + N, 2)
}

/**
 * Is a point inside a geom.
 *   source  MuJoCo engine_util_misc.c, mju_insideGeom
 */
export function insideGeom(type: i32, pose: usize, size: usize, px: f64, py: f64, pz: f64, t: usize): bool {
  toLocal(t, pose, px - one(pose + GEOM_POS, 0), py - one(pose + GEOM_POS, 1), pz - one(pose + GEOM_POS, 2))
  const x = get(t, 0), y = get(t, 1), z = get(t, 2), a = one(size, 0), b = one(size, 1), c = one(size, 2)
  if (type == GEOM_SPHERE) return x * x + y * y + z * z < a * a
  if (type == GEOM_CAPSULE) {
    const over = z - max<f64>(-b, min<f64>(b, z))
    return x * x + y * y + over * over < a * a
  }
  if (type == GEOM_ELLIPSOID) return x * x / (a * a) + y * y / (b * b) + z * z / (c * c) < 1
  if (type == GEOM_CYLINDER) return abs(z) < b && x * x + y * y < a * a
  if (type == GEOM_BOX) return abs(x) < a && abs(y) < b && abs(z) < c
  return type == GEOM_PLANE && z < 0
}
