/** Box against box: separating axes for four worlds at once, then the contacts of each world by itself. */
import { abs4, add, and, andnot, any, div, dot3, gt, ld, le, lt, mad, max4, mul, neg, nmad, not, sel, splat, sqrt4, st, sub, V, zero } from '../../math/v4'
import { CON_DIST, CON_FRAME, CON_HAS, CON_POS, CON_STRIDE, GEOM_POS } from '../types'
import { edgeContact } from './boxedge'
import { openRecords } from './lane'

// Poses are single precision, so the rounding scales are those of MuJoCo's single precision build.
/** slack of the separation tests, times the sum of the half sizes */
export const SEPEPS: f32 = 1e-6
/** sin^2 below which the cross product of two edges has no direction */
const PAREPS: f32 = 1e-7
/** an edge axis must beat the faces by this share: on a tie the face gives more contacts */
const EDGEBIAS: f32 = 1e-6
/** squared distance of two clipped corners, relative to the reference face, below which they are one */
const DUPEPS: f32 = 1e-10

// layout of tmp, in quantities
/** axes of box 2 (columns) in the frame of box 1 */
export const ROT: usize = 0
/** centre of box 2 in the frame of box 1, and the other way round */
export const POS21: usize = 9 * V
export const POS12: usize = 12 * V
export const SEP: usize = 15 * V
export const SEPFACE: usize = 16 * V
/** winning axis: 0..2 face of box 1, 3..5 face of box 2, 6 + 3 i + j the edges i and j */
export const CODE: usize = 17 * V
export const CODEFACE: usize = 18 * V
export const SEPTOL: usize = 19 * V
const MARGIN: usize = 20 * V
const POLYGON: usize = 24 * V
const CLIPPED: usize = 36 * V
/** a quadrangle cut by four lines has at most 8 corners; rounding may leave a few more */
const MAXVERT: i32 = 12
const MAXCON: i32 = 8

/** the better of the axes so far and one more, which must gain more than slack */
// @ts-ignore: decorator
@inline function faceAxis(tmp: usize, sep: v128, code: i32, slack: v128): void {
  const best = ld(tmp + SEP)
  const better = gt(sub(sep, slack), best)
  st(tmp + SEP, sel(better, sep, best))
  st(tmp + CODE, sel(better, i32x4.splat(code), ld(tmp + CODE)))
}

/** the relative pose of the boxes */
function relativePose(A: usize, B: usize, tmp: usize): void {
  const x = sub(ld(B + GEOM_POS), ld(A + GEOM_POS))
  const y = sub(ld(B + GEOM_POS + V), ld(A + GEOM_POS + V))
  const z = sub(ld(B + GEOM_POS + 2 * V), ld(A + GEOM_POS + 2 * V))
  for (let i: usize = 0; i < 3 * V; i += V) {
    const a0 = ld(A + i), a1 = ld(A + i + 3 * V), a2 = ld(A + i + 6 * V)
    st(tmp + POS21 + i, dot3(a0, a1, a2, x, y, z))
    st(tmp + POS12 + i, neg(dot3(ld(B + i), ld(B + i + 3 * V), ld(B + i + 6 * V), x, y, z)))
    st(tmp + ROT + 3 * i, dot3(a0, a1, a2, ld(B), ld(B + 3 * V), ld(B + 6 * V)))
    st(tmp + ROT + 3 * i + V, dot3(a0, a1, a2, ld(B + V), ld(B + 4 * V), ld(B + 7 * V)))
    st(tmp + ROT + 3 * i + 2 * V, dot3(a0, a1, a2, ld(B + 2 * V), ld(B + 5 * V), ld(B + 8 * V)))
  }
}

/** The 15 axes: whether none of them separates the boxes, and the winner. */
function separatingAxes(sa: usize, sb: usize, margin: v128, act: v128, tmp: usize): v128 {
  const a0 = ld(sa), a1 = ld(sa + V), a2 = ld(sa + 2 * V)
  const b0 = ld(sb), b1 = ld(sb + V), b2 = ld(sb + 2 * V)
  const slack = mul(splat(SEPEPS), add(add(add(a0, a1), a2), add(add(b0, b1), b2)))
  const septol = add(margin, slack)
  st(tmp + SEPTOL, septol)
  st(tmp + SEP, splat(-1e10))
  st(tmp + CODE, i32x4.splat(0))

  // faces of box 1, faces of box 2; of two faces that touch flat it is box 1's, whatever the rounding
  for (let i: usize = 0; i < 3; i++) {
    const r = tmp + ROT + 3 * V * i
    const radius = dot3(abs4(ld(r)), abs4(ld(r + V)), abs4(ld(r + 2 * V)), b0, b1, b2)
    faceAxis(tmp, sub(sub(abs4(ld(tmp + POS21 + V * i)), ld(sa + V * i)), radius), <i32>i, zero())
  }
  for (let j: usize = 0; j < 3; j++) {
    const r = tmp + ROT + V * j
    const radius = dot3(abs4(ld(r)), abs4(ld(r + 3 * V)), abs4(ld(r + 6 * V)), a0, a1, a2)
    faceAxis(tmp, sub(sub(abs4(ld(tmp + POS12 + V * j)), ld(sb + V * j)), radius), 3 + <i32>j, slack)
  }
  const sepface = ld(tmp + SEP)
  st(tmp + SEPFACE, sepface)
  st(tmp + CODEFACE, ld(tmp + CODE))
  let alive = andnot(act, gt(sepface, septol))
  if (!any(alive)) return alive

  // edges i of box 1 and j of box 2: the radii by the identity e_i x r_j . r_j1 = e_i . r_j2
  let best = sepface, code = ld(tmp + CODE)
  for (let i: usize = 0; i < 3; i++) {
    const i1: usize = i == 2 ? 0 : i + 1, i2: usize = i == 0 ? 2 : i - 1
    const r = tmp + ROT + 3 * V * i, r1 = tmp + ROT + 3 * V * i1, r2 = tmp + ROT + 3 * V * i2
    const p1 = ld(tmp + POS21 + V * i1), p2 = ld(tmp + POS21 + V * i2)
    const size1 = ld(sa + V * i1), size2 = ld(sa + V * i2)
    for (let j: usize = 0; j < 3; j++) {
      const j1: usize = j == 2 ? 0 : j + 1, j2: usize = j == 0 ? 2 : j - 1
      const x = ld(r2 + V * j), y = ld(r1 + V * j)
      const norm2 = mad(x, x, mul(y, y))
      const valid = not(lt(norm2, splat(PAREPS)))
      const inv = div(splat(1), sqrt4(max4(norm2, splat(PAREPS))))
      const radius1 = mad(size1, abs4(x), mul(size2, abs4(y)))
      const radius2 = mad(ld(sb + V * j1), abs4(ld(r + V * j2)), mul(ld(sb + V * j2), abs4(ld(r + V * j1))))
      const sep = mul(sub(sub(abs4(sub(mul(y, p2), mul(x, p1))), radius1), radius2), inv)
      alive = andnot(alive, and(valid, gt(sep, septol)))
      const wins = and(and(valid, gt(nmad(splat(EDGEBIAS), abs4(sep), sep), best)), gt(sep, sepface))
      best = sel(wins, sep, best)
      code = sel(wins, i32x4.splat(6 + 3 * <i32>i + <i32>j), code)
    }
    if (!any(alive)) return alive
  }
  st(tmp + SEP, best)
  st(tmp + CODE, code)
  return alive
}

/** Column c of the rotation at R as a vector. */
// @ts-ignore: decorator
@inline function column(R: usize, c: usize): v128 {
  return f32x4(load<f32>(R + V * c), load<f32>(R + V * (c + 3)), load<f32>(R + V * (c + 6)), 0)
}

/**
 * Clip a polygon of n corners (x, y, z) to sign * coordinate <= limit (Sutherland and Hodgman 1974).
 * Returns how many corners are left in `into`, or -1 when all of them are inside and nothing was written.
 */
function clipHalfPlane(from: usize, into: usize, n: i32, coord: usize, sign: f32, limit: f32): i32 {
  let outside = false
  for (let k = 0; k < n; k++) outside = outside || sign * load<f32>(from + V * <usize>k + coord) > limit
  if (!outside) return -1
  let count = 0
  let p = ld(from)
  let dp = sign * load<f32>(from + coord) - limit
  for (let k = 1; k <= n; k++) {
    const next = from + (k == n ? 0 : V * <usize>k)
    const q = ld(next)
    const dq = sign * load<f32>(next + coord) - limit
    if (dp <= 0 && count < MAXVERT) {
      st(into + V * <usize>count, p)
      count++
    }
    if (((dp < 0 && dq > 0) || (dp > 0 && dq < 0)) && count < MAXVERT) {
      st(into + V * <usize>count, add(p, mul(splat(dp / (dp - dq)), sub(q, p))))
      count++
    }
    p = q
    dp = dq
  }
  return count
}

/** is corner c of the n accepted ones at the same place in the plane? */
function isDuplicate(accepted: usize, n: i32, c: usize, radius2: f32): bool {
  const x = load<f32>(c), y = load<f32>(c, 4)
  for (let q = 0; q < n; q++) {
    const a = accepted + V * <usize>q
    const dx = load<f32>(a) - x, dy = load<f32>(a, 4) - y
    if (dx * dx + dy * dy < radius2) return true
  }
  return false
}

/**
 * Contacts of one world whose best axis is a face: the face of the other box is clipped by the sides of this one. Returns
 * their number; positions, distances and the normal stand in the records from out on.
 */
function faceContacts(
  A: usize, sa: usize, B: usize, sb: usize, margin: f32, code: i32, lane: usize, out: usize, opened: i32, tmp: usize,
): i32 {
  const first = code < 3
  const a: usize = first ? code : code - 3
  const x: usize = a == 2 ? 0 : a + 1, y: usize = a == 0 ? 2 : a - 1
  const ref = lane + (first ? A : B)
  const size = lane + (first ? sa : sb), other = lane + (first ? sb : sa)
  const centre = lane + tmp + (first ? POS21 : POS12)
  // component r of axis c of the other box: rot, or its transpose
  const dr: usize = first ? 3 * V : V, dc: usize = first ? V : 3 * V
  const rot = lane + tmp + ROT
  const sign: f32 = load<f32>(centre + V * a) >= 0 ? 1 : -1

  // the face of the other box that looks against this one
  let b: usize = 0
  let largest: f32 = Mathf.abs(load<f32>(rot + dr * a))
  for (let k: usize = 1; k < 3; k++) {
    const w: f32 = Mathf.abs(load<f32>(rot + dr * a + dc * k))
    if (w > largest) {
      largest = w
      b = k
    }
  }
  const u: usize = b == 2 ? 0 : b + 1, v: usize = b == 0 ? 2 : b - 1
  const facing: f32 = sign * load<f32>(rot + dr * a + dc * b) > 0 ? -1 : 1

  // its centre and half edges; z is the height over the face of this box
  const rx = rot + dr * x, ry = rot + dr * y, rz = rot + dr * a
  const flip = f32x4(1, 1, sign, 0)
  const sizeA = load<f32>(size + V * a)
  const nb: f32 = facing * load<f32>(other + V * b)
  const mid = sub(
    mul(flip, add(
      f32x4(load<f32>(centre + V * x), load<f32>(centre + V * y), load<f32>(centre + V * a), 0),
      mul(splat(nb), f32x4(load<f32>(rx + dc * b), load<f32>(ry + dc * b), load<f32>(rz + dc * b), 0)),
    )),
    f32x4(0, 0, sizeA, 0),
  )
  const du = mul(mul(flip, splat(load<f32>(other + V * u))), f32x4(load<f32>(rx + dc * u), load<f32>(ry + dc * u), load<f32>(rz + dc * u), 0))
  const dv = mul(mul(flip, splat(load<f32>(other + V * v))), f32x4(load<f32>(rx + dc * v), load<f32>(ry + dc * v), load<f32>(rz + dc * v), 0))
  let polygon = tmp + POLYGON, spare = tmp + CLIPPED
  st(polygon, add(add(mid, du), dv))
  st(polygon + V, add(sub(mid, du), dv))
  st(polygon + 2 * V, sub(sub(mid, du), dv))
  st(polygon + 3 * V, sub(add(mid, du), dv))

  // clip at the four sides; what is not cut is not copied
  const sizeX = load<f32>(size + V * x), sizeY = load<f32>(size + V * y)
  let n = 4
  for (let side = 0; side < 4 && n > 0; side++) {
    const along = side > 1
    const left = clipHalfPlane(polygon, spare, n, along ? 4 : 0, (side & 1) != 0 ? -1 : 1, along ? sizeY : sizeX)
    if (left < 0) continue
    n = left
    const swap = polygon
    polygon = spare
    spare = swap
  }

  // corners within the margin, each once
  const radius2 = DUPEPS * (sizeX * sizeX + sizeY * sizeY)
  let count = 0
  for (let k = 0; k < n && count < MAXCON; k++) {
    const c = polygon + V * <usize>k
    if (load<f32>(c, 8) > margin || isDuplicate(spare, count, c, radius2)) continue
    st(spare + V * <usize>count, ld(c))
    count++
  }
  if (count == 0) return 0
  // the first world to use a record opens it
  if (count > opened) openRecords(out, opened, count)

  // to the world: half way between the two surfaces
  const ex = column(ref, x), ey = column(ref, y), ez = mul(splat(sign), column(ref, a))
  const origin = add(
    f32x4(load<f32>(ref + GEOM_POS), load<f32>(ref + GEOM_POS + V), load<f32>(ref + GEOM_POS + 2 * V), 0),
    mul(splat(sizeA), ez),
  )
  const normal = first ? ez : neg(ez)
  for (let k = 0; k < count; k++) {
    const c = spare + V * <usize>k
    const dist = load<f32>(c, 8)
    const p = add(
      add(origin, mul(splat(load<f32>(c)), ex)),
      add(mul(splat(load<f32>(c, 4)), ey), mul(splat(0.5 * dist), ez)),
    )
    const r = out + CON_STRIDE * <usize>k + lane
    store<i32>(r + CON_HAS, -1)
    store<f32>(r + CON_DIST, dist)
    store<f32>(r + CON_POS, f32x4.extract_lane(p, 0))
    store<f32>(r + CON_POS + V, f32x4.extract_lane(p, 1))
    store<f32>(r + CON_POS + 2 * V, f32x4.extract_lane(p, 2))
    store<f32>(r + CON_FRAME, f32x4.extract_lane(normal, 0))
    store<f32>(r + CON_FRAME + V, f32x4.extract_lane(normal, 1))
    store<f32>(r + CON_FRAME + 2 * V, f32x4.extract_lane(normal, 2))
  }
  return count
}

/**
 * Box against box: up to 8 contacts of a face, or one of two edges. Signature: see collision/primitive.
 *   source  MuJoCo engine_collision_box.c, mjc_BoxBox
 */
export function boxBox(A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize, tmp: usize): i32 {
  relativePose(A, B, tmp)
  const touch = separatingAxes(sa, sb, margin, act, tmp)
  let lanes = i32x4.bitmask(touch)
  if (lanes == 0) return 0
  st(tmp + MARGIN, margin)
  let opened = 0
  while (lanes != 0) {
    const lane: usize = 4 * <usize>ctz<i32>(lanes)
    lanes &= lanes - 1
    const code = load<i32>(tmp + CODE + lane)
    let n = 0
    if (code >= 6) n = edgeContact(A, sa, sb, lane, out, opened, tmp)
    // 0: none; -1: the edge lies along the best face, which stands for it
    if (n < 0 || code < 6) {
      const face = code < 6 ? code : load<i32>(tmp + CODEFACE + lane)
      n = faceContacts(A, sa, B, sb, load<f32>(tmp + MARGIN + lane), face, lane, out, opened, tmp)
    }
    if (n > opened) opened = n
  }
  return opened
}
