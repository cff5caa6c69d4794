/** Capsule against box: the two points of the capsule's axis that matter, each as a sphere. */
import { abs4, add, and, any, dot3, ld, le, mul, st, sub, V } from '../../math/v4'
import { GEOM_POS } from '../types'
import { contact, get, openRecords } from './lane'

const MINVAL: f64 = 1e-15
/**
 * Share of the sizes by which a later candidate must be closer to the box: of points that are as close (a capsule flat
 * on a face) it is the first, whatever the rounding of the poses.
 */
const SLACK: f64 = 1e-6

// layout of tmp in quantities of a block: centre and half axis of the capsule in the frame of the box
const CENTRE: usize = 0
const HALF: usize = 3 * V
const MARGIN: usize = 6 * V
/** then, f64 of one world: what `closest` finds */
const FOUND: usize = 8 * V
/** parameter of the closest point on the axis, on the box's edge; what is closest there, and where */
const T: usize = FOUND
const EDGE_T: usize = FOUND + 8
const FEATURE: usize = FOUND + 16
const FACE: usize = FOUND + 20
const CORNER: usize = FOUND + 24
const AXIS: usize = FOUND + 28

// features: a face of the box with an end of the capsule (FACE + end), or 3 * (place on the edge) + (place on the axis),
// where 0, 1, 2 are the lower end, between the ends, the upper end
const NOTHING: i32 = -4
const FACE_LOWER: i32 = -3
const FACE_UPPER: i32 = -1

/** no second point; ways are in [-2, 2], and 0 means the same point again, as MuJoCo has it */
const NO_WAY: f64 = -4

// @ts-ignore: decorator
@inline function sideOf(t: f64): i32 { return t > 1 ? 2 : t < -1 ? 0 : 1 }
// @ts-ignore: decorator
@inline function unit(t: f64): f64 { return max(min(t, 1), -1) }

/** The point of the capsule's axis closest to the box, and what is closest there. c, h, s: centre, half axis, half sizes */
function closest(c: usize, h: usize, s: usize, length: f64, margin: f64, radius: f64, tmp: usize): void {
  const far = margin + 2 * (radius + length + get(s, 0) + get(s, 1) + get(s, 2))
  const slack = SLACK * far
  // squared distance below which a candidate is closer
  let best = far
  store<f64>(tmp + T, 0)
  store<i32>(tmp + FEATURE, NOTHING)

  // an end of the axis over a face, or inside
  for (let end = -1; end <= 1; end += 2) {
    let out = 0, face = -1
    let dist2: f64 = 0
    for (let k = 0; k < 3; k++) {
      const x = get(c, k) + <f64>end * get(h, k)
      const beyond = abs(x) - get(s, k)
      if (beyond > 0) {
        out++
        face = k
        dist2 += beyond * beyond
      }
    }
    if (out > 1 || dist2 >= best) continue
    best = dist2 - MINVAL - 2 * slack * sqrt(dist2)
    store<f64>(tmp + T, <f64>end)
    store<i32>(tmp + FEATURE, end < 0 ? FACE_LOWER : FACE_UPPER)
    store<i32>(tmp + FACE, face)
  }

  // the twelve edges
  const mc = length * length
  for (let j = 0; j < 3; j++) {
    const sj = get(s, j)
    const ma = sj * sj, mb = -sj * get(h, j)
    // ma mc - mb^2 without cancellation: edges that are parallel to the capsule must be seen as such
    const h1 = get(h, j == 0 ? 1 : 0), h2 = get(h, j == 2 ? 1 : 2)
    const det = ma * (h1 * h1 + h2 * h2)
    if (abs(det) < MINVAL) continue
    for (let corner = 0; corner < 8; corner++) {
      if ((corner & (1 << j)) != 0) continue
      // from the capsule's centre to the middle of the edge
      const d0 = (j == 0 ? 0 : (corner & 1) != 0 ? get(s, 0) : -get(s, 0)) - get(c, 0)
      const d1 = (j == 1 ? 0 : (corner & 2) != 0 ? get(s, 1) : -get(s, 1)) - get(c, 1)
      const d2 = (j == 2 ? 0 : (corner & 4) != 0 ? get(s, 2) : -get(s, 2)) - get(c, 2)
      const u = -sj * (j == 0 ? d0 : j == 1 ? d1 : d2)
      const v = get(h, 0) * d0 + get(h, 1) * d1 + get(h, 2) * d2
      // closest parameters of the two lines, clamped to the segments
      let x1 = (mc * u - mb * v) / det
      let x2 = (ma * v - mb * u) / det
      let s1 = sideOf(x1), s2 = 1
      if (s1 != 1) {
        x1 = unit(x1)
        x2 = (v - x1 * mb) / mc
      }
      s2 = sideOf(x2)
      if (s2 != 1) {
        x2 = unit(x2)
        x1 = (u - x2 * mb) / ma
        // an end of the edge found before stays its end unless the new parameter lies on the other side
        const side = sideOf(x1)
        if (side != 1) s1 = side
        x1 = unit(x1)
      }
      const g0 = d0 - get(h, 0) * x2 + (j == 0 ? sj * x1 : 0)
      const g1 = d1 - get(h, 1) * x2 + (j == 1 ? sj * x1 : 0)
      const g2 = d2 - get(h, 2) * x2 + (j == 2 ? sj * x1 : 0)
      const dist2 = g0 * g0 + g1 * g1 + g2 * g2
      if (dist2 >= best) continue
      best = dist2 - MINVAL - 2 * slack * sqrt(dist2)
      store<f64>(tmp + T, x2)
      store<f64>(tmp + EDGE_T, x1)
      store<i32>(tmp + FEATURE, s1 * 3 + s2)
      store<i32>(tmp + CORNER, s1 == 2 ? corner + (1 << j) : corner)
      store<i32>(tmp + AXIS, j)
    }
  }
}

/** the way from the closest point to the second one along the axis, when a corner of the box is closest */
function secondFromCorner(h: usize, s: usize, length: f64, direction: i32, tmp: usize): f64 {
  const t = load<f64>(tmp + T)
  let relation = direction ^ load<i32>(tmp + CORNER)
  // the axis points to the corner or away from it
  if (relation == 0 || relation == 7) return NO_WAY
  let sign: f64 = 1
  if (relation == 3 || relation == 5 || relation == 6) {
    sign = -1
    relation = 7 - relation
  }
  const ax = relation == 1 ? 0 : relation == 2 ? 1 : 2
  const ax1 = (ax + 1) % 3, ax2 = (ax + 2) % 3
  // along the edge of the box, up to its other corner
  const cosine = get(h, ax) / length
  if (cosine * cosine > 0.5) return sign * min(1 - sign * t, 2 * get(s, ax) / abs(get(h, ax)))
  // over a face, up to its border
  let way = 1 + sign * t
  way = min(way, 2 * get(s, ax1) / abs(get(h, ax1)))
  way = min(way, 2 * get(s, ax2) / abs(get(h, ax2)))
  return -sign * way
}

/** the same when an edge of the box is closest */
function secondFromEdge(h: usize, s: usize, direction: i32, tmp: usize): f64 {
  const t = load<f64>(tmp + T)
  const ax = load<i32>(tmp + AXIS)
  const relation = (direction ^ load<i32>(tmp + CORNER)) & (7 - (1 << ax))
  // the axis points to the edge or away from it
  if (relation != 1 && relation != 2 && relation != 4) return NO_WAY
  // of the two faces at the edge the one with the lower angle to the axis
  let ax1 = (ax + 1) % 3
  let ax2 = (ax + 2) % 3
  if (abs(get(h, ax1)) > abs(get(h, ax2))) ax1 = ax2
  ax2 = 3 - ax - ax1
  const sign: f64 = (relation & (1 << ax2)) != 0 ? 1 : -1
  let way = 1 - sign * t
  way = min(way, 2 * get(s, ax2) / abs(get(h, ax2)))
  const same = ((direction & (1 << ax)) != 0) == (sign > 0)
  const left = same ? 1 - load<f64>(tmp + EDGE_T) : 1 + load<f64>(tmp + EDGE_T)
  way = min(way, get(s, ax) * left / abs(get(h, ax)))
  return sign * way
}

/** the same when an end of the capsule is closest, over a face of the box */
function secondFromFace(c: usize, h: usize, s: usize, tmp: usize): f64 {
  const face = load<i32>(tmp + FACE)
  // the end is inside the box
  if (face < 0) return NO_WAY
  const sign: f64 = load<i32>(tmp + FEATURE) == FACE_LOWER ? 1 : -1
  let way: f64 = 2
  for (let k = 0; k < 3; k++) {
    if (k == face) continue
    const x = get(c, k) - sign * get(h, k)
    const upper = (get(s, k) - x) / get(h, k) * sign
    if (upper > 0) way = min(way, upper)
    const lower = (-get(s, k) - x) / get(h, k) * sign
    if (lower > 0) way = min(way, lower)
  }
  return sign * way
}

/**
 * Sphere in the frame of the box against the box; one world.
 * Writes contact k and returns 1, or 0.
 */
function sphereInBoxFrame(
  x: f64, y: f64, z: f64, radius: f64, margin: f64, B: usize, s: usize, lane: usize, out: usize, k: i32, opened: i32,
): i32 {
  const s0 = get(s, 0), s1 = get(s, 1), s2 = get(s, 2)
  const c0 = s0 > 0 ? max(min(x, s0), -s0) : x
  const c1 = s1 > 0 ? max(min(y, s1), -s1) : y
  const c2 = s2 > 0 ? max(min(z, s2), -s2) : z
  let n0 = c0 - x, n1 = c1 - y, n2 = c2 - z
  let dist = sqrt(n0 * n0 + n1 * n1 + n2 * n2)
  if (dist - radius > margin) return 0
  let p0: f64, p1: f64, p2: f64
  if (dist <= MINVAL) {
    // centre inside: the nearest face, the lower one first
    let nearest = (s0 + s1 + s2) * 2
    let face = 0
    for (let i = 0; i < 6; i++) {
      const size = i < 2 ? s0 : i < 4 ? s1 : s2
      const centre = i < 2 ? x : i < 4 ? y : z
      const depth = abs(((i & 1) != 0 ? size : -size) - centre)
      if (nearest > depth) {
        nearest = depth
        face = i
      }
    }
    const sign: f64 = (face & 1) != 0 ? -1 : 1
    n0 = face < 2 ? sign : 0
    n1 = face >> 1 == 1 ? sign : 0
    n2 = face >= 4 ? sign : 0
    const half = 0.5 * (radius - nearest)
    p0 = x + half * n0
    p1 = y + half * n1
    p2 = z + half * n2
    dist = -nearest
  } else {
    n0 /= dist
    n1 /= dist
    n2 /= dist
    p0 = 0.5 * (c0 + x + radius * n0)
    p1 = 0.5 * (c1 + y + radius * n1)
    p2 = 0.5 * (c2 + z + radius * n2)
  }
  // lane: 4 times the number of the world; the first world to use a record opens it
  if (k >= opened) openRecords(out, k, k + 1)
  const R = B + lane
  contact(
    out, k, lane, dist - radius,
    get(R + GEOM_POS, 0) + get(R, 0) * p0 + get(R, 1) * p1 + get(R, 2) * p2,
    get(R + GEOM_POS, 1) + get(R, 3) * p0 + get(R, 4) * p1 + get(R, 5) * p2,
    get(R + GEOM_POS, 2) + get(R, 6) * p0 + get(R, 7) * p1 + get(R, 8) * p2,
    get(R, 0) * n0 + get(R, 1) * n1 + get(R, 2) * n2,
    get(R, 3) * n0 + get(R, 4) * n1 + get(R, 5) * n2,
    get(R, 6) * n0 + get(R, 7) * n1 + get(R, 8) * n2,
  )
  return 1
}

/** contacts of one world; returns their number */
function capsuleBoxLane(sa: usize, B: usize, sb: usize, lane: usize, out: usize, opened: i32, tmp: usize): i32 {
  const c = tmp + CENTRE + lane, h = tmp + HALF + lane, s = sb + lane
  const radius = get(sa + lane, 0), length = get(sa + lane, 1), margin = get(tmp + MARGIN + lane, 0)
  closest(c, h, s, length, margin, radius, tmp)
  const feature = load<i32>(tmp + FEATURE)
  if (feature == NOTHING) return 0
  const direction = (get(h, 0) > 0 ? 1 : 0) + (get(h, 1) > 0 ? 2 : 0) + (get(h, 2) > 0 ? 4 : 0)
  let way: f64
  if (feature < 0) way = secondFromFace(c, h, s, tmp)
  else if (feature / 3 == 1) way = secondFromEdge(h, s, direction, tmp)
  else way = secondFromCorner(h, s, length, direction, tmp)

  let t = load<f64>(tmp + T)
  let n = sphereInBoxFrame(
    get(c, 0) + get(h, 0) * t, get(c, 1) + get(h, 1) * t, get(c, 2) + get(h, 2) * t, radius, margin, B, s, lane, out, 0, opened,
  )
  if (way == NO_WAY) return n
  t += way
  n += sphereInBoxFrame(
    get(c, 0) + get(h, 0) * t, get(c, 1) + get(h, 1) * t, get(c, 2) + get(h, 2) * t, radius, margin, B, s, lane, out, n, max(opened, n),
  )
  return n
}

/**
 * Capsule against box: up to 2 contacts. Signature: see collision/primitive.
 *   source  MuJoCo engine_collision_box.c, mjc_CapsuleBox
 */
export function capsuleBox(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  const x = sub(ld(A + GEOM_POS), ld(B + GEOM_POS))
  const y = sub(ld(A + GEOM_POS + V), ld(B + GEOM_POS + V))
  const z = sub(ld(A + GEOM_POS + 2 * V), ld(B + GEOM_POS + 2 * V))
  const length = ld(sa + V), reach = add(margin, ld(sa))
  let touch = act
  for (let i: usize = 0; i < 3 * V; i += V) {
    const b0 = ld(B + i), b1 = ld(B + i + 3 * V), b2 = ld(B + i + 6 * V)
    const centre = dot3(b0, b1, b2, x, y, z)
    const half = mul(dot3(b0, b1, b2, ld(A + 2 * V), ld(A + 5 * V), ld(A + 8 * V)), length)
    st(tmp + CENTRE + i, centre)
    st(tmp + HALF + i, half)
    // the box around the capsule against the box
    touch = and(touch, le(sub(abs4(centre), add(ld(sb + i), abs4(half))), reach))
  }
  if (!any(touch)) return 0
  st(tmp + MARGIN, margin)
  let lanes = i32x4.bitmask(touch)
  let opened = 0
  while (lanes != 0) {
    const lane: usize = 4 * <usize>ctz<i32>(lanes)
    lanes &= lanes - 1
    opened = max(opened, capsuleBoxLane(sa, B, sb, lane, out, opened, tmp))
  }
  return opened
}
