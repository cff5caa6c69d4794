/** Pairs of smooth and flat convex shapes without a closed form: ellipsoids, cylinders, with each other and the rest. */
import { abs4, add, andnot, any, div, dot3, gt, ld, mad, max4, mul, splat, sqrt4, st, sub, V } from '../../math/v4'
import { GEOM_POS } from '../types'
import { BOX, CAPSULE, CYLINDER, DIST, ELLIPSOID, FAR, FOUND, FOUND_STRIDE, ITERATIONS, LINE, MARGIN, MARGINS, MAT, MINVAL, NSIMPLEX, OBJ1, OBJ2, POINT, POS, SEPARATED, SHAPE, SIZE, SPENT, SPHERE, TOLERANCE, X, X1, X2, Y, Z, set } from './ccd/layout'
import { epa } from './ccd/epa'
import { gjk } from './ccd/gjk'
import { manifold } from './ccd/manifold'
import { contact, get, openRecords } from './lane'

/** slack of the SIMD separation test against the rounding of single precision, times the distance of the centres */
const SLACK: f32 = 1e-6
// more contacts of flat pairs: both are turned by +-1e-3 rad about the tangents (mjc_Convex)
const SIN: f64 = 9.999998333333417e-4
const VERSINE: f64 = 4.999999583333347e-7
/** contacts are distinct beyond this share of the smaller bounding radius */
const DISTINCT: f64 = 1e-3

/** half extent of a shape along the unit vector (x, y, z) */
function extent(G: usize, size: usize, shape: i32, x: v128, y: v128, z: v128): v128 {
  const s0 = ld(size)
  if (shape == SPHERE) return s0
  const lz = abs4(dot3(ld(G + 2 * V), ld(G + 5 * V), ld(G + 8 * V), x, y, z))
  const s1 = ld(size + V)
  if (shape == CAPSULE) return mad(s1, lz, s0)
  const lx = dot3(ld(G), ld(G + 3 * V), ld(G + 6 * V), x, y, z)
  const ly = dot3(ld(G + V), ld(G + 4 * V), ld(G + 7 * V), x, y, z)
  if (shape == CYLINDER) return mad(s0, sqrt4(mad(lx, lx, mul(ly, ly))), mul(s1, lz))
  const ex = mul(s0, lx), ey = mul(s1, ly), ez = mul(ld(size + 2 * V), lz)
  if (shape == ELLIPSOID) return sqrt4(mad(ex, ex, mad(ey, ey, mul(ez, ez))))
  return add(add(abs4(ex), abs4(ey)), ez)
}

/** worlds in which the planes across the unit vector n do not separate the two, whose centres are d apart */
function overlap(
  A: usize, sa: usize, type1: i32, B: usize, sb: usize, type2: i32, margin: v128, act: v128,
  dx: v128, dy: v128, dz: v128, nx: v128, ny: v128, nz: v128,
): v128 {
  const reach = add(add(extent(A, sa, type1, nx, ny, nz), extent(B, sb, type2, nx, ny, nz)), margin)
  const along = abs4(dot3(dx, dy, dz, nx, ny, nz))
  return andnot(act, gt(mul(along, splat(1 - SLACK)), reach))
}

/**
 * Worlds in which the two may be within the margin: not separated along the line of centres, the axes of a box, the axis
 * of a cylinder.
 */
function mayTouch(A: usize, sa: usize, type1: i32, B: usize, sb: usize, type2: i32, margin: v128, act: v128): v128 {
  const x = sub(ld(B + GEOM_POS), ld(A + GEOM_POS))
  const y = sub(ld(B + GEOM_POS + V), ld(A + GEOM_POS + V))
  const z = sub(ld(B + GEOM_POS + 2 * V), ld(A + GEOM_POS + 2 * V))
  const inv = div(splat(1), max4(sqrt4(dot3(x, y, z, x, y, z)), splat(1e-10)))
  act = overlap(A, sa, type1, B, sb, type2, margin, act, x, y, z, mul(x, inv), mul(y, inv), mul(z, inv))
  if (type1 == CYLINDER && any(act)) {
    act = overlap(A, sa, type1, B, sb, type2, margin, act, x, y, z, ld(A + 2 * V), ld(A + 5 * V), ld(A + 8 * V))
  }
  if (type2 < CYLINDER) return act
  for (let k: usize = type2 == BOX ? 0 : 2 * V; k < 3 * V && any(act); k += V) {
    act = overlap(A, sa, type1, B, sb, type2, margin, act, x, y, z, ld(B + k), ld(B + k + 3 * V), ld(B + k + 6 * V))
  }
  return act
}

/** an object from a record of one world */
function setObject(obj: usize, shape: i32, G: usize, size: usize, margin: f64): void {
  store<i32>(obj + SHAPE, shape)
  set(obj + SIZE, get(size, 0), get(size, 1), get(size, 2))
  set(obj + POS, get(G + GEOM_POS, 0), get(G + GEOM_POS, 1), get(G + GEOM_POS, 2))
  // orthonormal in double precision: which corners of a cap become contacts must not hang on rounding
  let x = get(G, 2), y = get(G, 5), z = get(G, 8)
  let inv = 1 / sqrt(x * x + y * y + z * z)
  x *= inv
  y *= inv
  z *= inv
  // of a sphere and a capsule only the z axis is there: any other two will do
  const round = shape <= CAPSULE, level = abs(x) < 0.5
  let u = round ? (level ? 1 : 0) : get(G, 0)
  let v = round ? (level ? 0 : 1) : get(G, 3)
  let w = round ? 0 : get(G, 6)
  const along = u * x + v * y + w * z
  u -= along * x
  v -= along * y
  w -= along * z
  inv = 1 / sqrt(u * u + v * v + w * w)
  u *= inv
  v *= inv
  w *= inv
  set(obj + MAT, u, y * w - z * v, x)
  set(obj + MAT + 24, v, z * u - x * w, y)
  set(obj + MAT + 48, w, x * v - y * u, z)
  store<f64>(obj + MARGIN, margin)
}

/** first guess of the witness points: the centres */
function startAtCentres(c: usize): void {
  store<i32>(c + SPENT, 0)
  set(c + X1, X(c + OBJ1 + POS), Y(c + OBJ1 + POS), Z(c + OBJ1 + POS))
  set(c + X2, X(c + OBJ2 + POS), Y(c + OBJ2 + POS), Z(c + OBJ2 + POS))
}

/** shrink a sphere to its centre and a capsule to its axis; returns what was taken away, half the margin included */
function shrink(obj: usize): f64 {
  const shape = load<i32>(obj + SHAPE)
  if (shape != SPHERE && shape != CAPSULE) return 0
  const taken = X(obj + SIZE) + 0.5 * load<f64>(obj + MARGIN)
  store<i32>(obj + SHAPE, shape == SPHERE ? POINT : LINE)
  store<f64>(obj + MARGIN, 0)
  return taken
}

/** Penetration of the objects as they are: the face of the polytope where it is, 0 if there is none. */
function deepest(c: usize): usize {
  startAtCentres(c)
  gjk(c, 0)
  if (!(load<f64>(c + DIST) <= load<f64>(c + TOLERANCE))) return 0
  if (load<i32>(c + NSIMPLEX) < 2 || load<i32>(c + SEPARATED) != 0) return 0
  const f = epa(c)
  return f != 0 && load<f64>(c + DIST) < 0 ? f : 0
}

/**
 * Do the objects, each grown by half the margin, overlap? Then DIST < 0 and X1, X2 are the witness points.
 *   source  MuJoCo engine_collision_gjk.c, mjc_ccd
 */
function penetration(c: usize): bool {
  startAtCentres(c)
  const shape1 = load<i32>(c + OBJ1 + SHAPE), shape2 = load<i32>(c + OBJ2 + SHAPE)
  const margin1 = load<f64>(c + OBJ1 + MARGIN), margin2 = load<f64>(c + OBJ2 + MARGIN)
  const tolerance = load<f64>(c + TOLERANCE)
  const taken1 = shrink(c + OBJ1), taken2 = shrink(c + OBJ2)
  if (taken1 + taken2 > 0) {
    gjk(c, taken1 + taken2)
    store<i32>(c + OBJ1 + SHAPE, shape1)
    store<i32>(c + OBJ2 + SHAPE, shape2)
    store<f64>(c + OBJ1 + MARGIN, margin1)
    store<f64>(c + OBJ2 + MARGIN, margin2)
    const dist = load<f64>(c + DIST)
    // shallow: the witness points move out by the radii
    if (dist > tolerance) {
      if (dist == FAR || dist >= taken1 + taken2) return false
      let x = X(c + X2) - X(c + X1), y = Y(c + X2) - Y(c + X1), z = Z(c + X2) - Z(c + X1)
      const inv = 1 / sqrt(x * x + y * y + z * z)
      x *= inv
      y *= inv
      z *= inv
      set(c + X1, X(c + X1) + taken1 * x, Y(c + X1) + taken1 * y, Z(c + X1) + taken1 * z)
      set(c + X2, X(c + X2) - taken2 * x, Y(c + X2) - taken2 * y, Z(c + X2) - taken2 * z)
      store<f64>(c + DIST, dist - (taken1 + taken2))
      return true
    }
  }
  return deepest(c) != 0
}

/** contact n of FOUND from the witness points */
function found(c: usize, n: i32, margin: f64): void {
  const f = c + FOUND + FOUND_STRIDE * <usize>n
  store<f64>(f, margin + load<f64>(c + DIST))
  set(f + 8, 0.5 * (X(c + X1) + X(c + X2)), 0.5 * (Y(c + X1) + Y(c + X2)), 0.5 * (Z(c + X1) + Z(c + X2)))
  const x = X(c + X1) - X(c + X2), y = Y(c + X1) - Y(c + X2), z = Z(c + X1) - Z(c + X2)
  const norm = sqrt(x * x + y * y + z * z)
  if (norm < MINVAL) set(f + 32, 1, 0, 0)
  else set(f + 32, x / norm, y / norm, z / norm)
}

/** turn the object about the point at o and the unit axis (x, y, z) by the angle whose sine is s */
function turn(obj: usize, o: usize, x: f64, y: f64, z: f64, s: f64): void {
  const mat = obj + MAT, pos = obj + POS
  // the columns of the rotation, then the position relative to o
  for (let k = 0; k < 4; k++) {
    const p = k < 3 ? mat + 8 * <usize>k : pos
    const step: usize = k < 3 ? 24 : 8
    const ox: f64 = k < 3 ? 0 : X(o), oy: f64 = k < 3 ? 0 : Y(o), oz: f64 = k < 3 ? 0 : Z(o)
    const vx = load<f64>(p) - ox, vy = load<f64>(p + step) - oy, vz = load<f64>(p + 2 * step) - oz
    // Rodrigues
    const cx = y * vz - z * vy, cy = z * vx - x * vz, cz = x * vy - y * vx
    store<f64>(p, ox + vx + s * cx + VERSINE * (y * cz - z * cy))
    store<f64>(p + step, oy + vy + s * cy + VERSINE * (z * cx - x * cz))
    store<f64>(p + 2 * step, oz + vz + s * cz + VERSINE * (x * cy - y * cx))
  }
}

function boundingRadius(obj: usize): f64 {
  const shape = load<i32>(obj + SHAPE)
  const s0 = X(obj + SIZE), s1 = Y(obj + SIZE), s2 = Z(obj + SIZE)
  if (shape == CAPSULE) return s0 + s1
  if (shape == CYLINDER) return sqrt(s0 * s0 + s1 * s1)
  return sqrt(s0 * s0 + s1 * s1 + s2 * s2)
}

/** is contact n of FOUND farther than limit from all before it? */
function isDistinct(c: usize, n: i32, limit: f64): bool {
  const p = c + FOUND + FOUND_STRIDE * <usize>n + 8
  for (let i = 0; i < n; i++) {
    const q = c + FOUND + FOUND_STRIDE * <usize>i + 8
    const x = X(p) - X(q), y = Y(p) - Y(q), z = Z(p) - Z(q)
    if (sqrt(x * x + y * y + z * z) <= limit) return false
  }
  return true
}

/**
 * Contacts of one world, left in FOUND: the deepest, and for flat shapes those of the common part of two
 * faces, or those that show when both are turned a little.
 *   source  MuJoCo engine_collision_convex.c, mjc_Convex
 */
function convexLane(c: usize, A: usize, sa: usize, type1: i32, B: usize, sb: usize, type2: i32, margin: f64, multi: bool): i32 {
  setObject(c + OBJ1, type1, A, sa, margin)
  setObject(c + OBJ2, type2, B, sb, margin)
  // faces without a margin: their common part at once
  if (multi && margin <= 0 && type1 == CYLINDER && type2 >= CYLINDER) {
    const f = deepest(c)
    if (f == 0) return 0
    found(c, 0, margin)
    const n = manifold(c, f)
    return n == 0 ? 1 : max(n, 0)
  }
  if (!penetration(c)) return 0
  found(c, 0, margin)
  if (!multi) return 1

  const limit = DISTINCT * min(boundingRadius(c + OBJ1), boundingRadius(c + OBJ2))
  const first = c + FOUND
  const nx = X(first + 32), ny = Y(first + 32), nz = Z(first + 32)
  // tangents as mju_makeFrame has them: the part of y (or z) across the normal
  const upright = ny < 0.5 && ny > -0.5
  const along = upright ? ny : nz
  let tx = -along * nx, ty = (upright ? 1 : 0) - along * ny, tz = (upright ? 0 : 1) - along * nz
  const norm = sqrt(tx * tx + ty * ty + tz * tz)
  tx /= norm
  ty /= norm
  tz /= norm
  let n = 1
  for (let k = 0; k < 4; k++) {
    if (k == 2) {
      // the second tangent
      const ux = ny * tz - nz * ty, uy = nz * tx - nx * tz, uz = nx * ty - ny * tx
      tx = ux
      ty = uy
      tz = uz
    }
    const s: f64 = (k & 1) == 0 ? -SIN : SIN
    turn(c + OBJ1, first + 8, tx, ty, tz, s)
    turn(c + OBJ2, first + 8, tx, ty, tz, -s)
    if (penetration(c)) {
      found(c, n, margin)
      if (isDistinct(c, n, limit)) {
        // as deep as the first
        store<f64>(c + FOUND + FOUND_STRIDE * <usize>n, load<f64>(first))
        n++
      }
    }
    if (k == 3) break
    setObject(c + OBJ1, type1, A, sa, margin)
    setObject(c + OBJ2, type2, B, sb, margin)
  }
  return n
}

/**
 * Two convex shapes (mjtGeom type1 <= type2): up to 5 contacts. A, sa, B, sb, margin, out: see collision/driver.ts.
 * Iterations and tolerance: opt_ccd_*; more than one contact for flat shapes, unless DSBL_MULTICCD.
 *   source  MuJoCo engine_collision_convex.c, mjc_Convex
 */
export function convexConvex(
  A: usize, sa: usize, type1: i32, B: usize, sb: usize, type2: i32, margin: v128, act: v128, out: usize,
  c: usize, iterations: i32, tolerance: f64, multiccd: bool,
): i32 {
  let lanes = i32x4.bitmask(mayTouch(A, sa, type1, B, sb, type2, margin, act))
  if (lanes == 0) return 0
  store<i32>(c + ITERATIONS, iterations)
  store<f64>(c + TOLERANCE, tolerance)
  st(c + MARGINS, margin)
  const multi = multiccd && type1 != SPHERE && type1 != ELLIPSOID && type2 != ELLIPSOID
  let opened = 0
  while (lanes != 0) {
    const lane: usize = 4 * <usize>ctz<i32>(lanes)
    lanes &= lanes - 1
    const n = convexLane(c, A + lane, sa + lane, type1, B + lane, sb + lane, type2, get(c + MARGINS + lane, 0), multi)
    if (n > opened) {
      openRecords(out, opened, n)
      opened = n
    }
    for (let k = 0; k < n; k++) {
      const f = c + FOUND + FOUND_STRIDE * <usize>k
      contact(out, k, lane, load<f64>(f), X(f + 8), Y(f + 8), Z(f + 8), X(f + 32), Y(f + 32), Z(f + 32))
    }
  }
  return opened
}
