/** Box against box where two edges cross, one world at a time. */
import { V } from '../../math/v4'
import { GEOM_POS } from '../types'
import { CODE, CODEFACE, POS21, ROT, SEP, SEPFACE, SEPTOL } from './box'
import { contact, get, openRecords } from './lane'

/** component of the axis below which two corners support it alike (poses are single precision) */
const SGNEPS: f64 = 1e-5
/** cosine above which an edge axis stands for the face's, and the share of the face's depth it must gain to stay */
const ALIGNED: f64 = 0.99
const GAIN: f64 = 0.05
/** rounding of a separation, times the sum of the half sizes: by less an edge gains nothing on a face */
const TIE: f64 = 5e-8
const MINVAL: f64 = 1e-15

// @ts-ignore: decorator
@inline function bounded(x: f64, limit: f64): f64 { return max(min(x, limit), -limit) }

/**
 * The contact of one world whose best axis is a cross product of edges: the middle of the closest points of the two
 * edges. Returns 1, 0 when they are beyond the margin, or -1 when the best face should be taken because the axis almost
 * is that face's normal.
 */
export function edgeContact(A: usize, sa: usize, sb: usize, lane: usize, out: usize, opened: i32, tmp: usize): i32 {
  const code = load<i32>(tmp + CODE + lane) - 6
  const i = code / 3, j = code % 3
  const i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3
  const rot = tmp + ROT + lane, pos = tmp + POS21 + lane
  const s1 = sa + lane, s2 = sb + lane

  // unit axis e_i x r_j in the frame of box 1: its components i1 and i2
  let x = -get(rot, 3 * i2 + j), y = get(rot, 3 * i1 + j)
  const norm = sqrt(x * x + y * y)
  x /= norm
  y /= norm
  const face = load<i32>(tmp + CODEFACE + lane)
  let along: f64
  if (face < 3) along = face == i ? 0 : face == i1 ? abs(x) : abs(y)
  else along = abs(x * get(rot, 3 * i1 + face - 3) + y * get(rot, 3 * i2 + face - 3))
  const sep = get(tmp + SEP + lane, 0), sepface = get(tmp + SEPFACE + lane, 0)
  let size: f64 = 0
  for (let k = 0; k < 3; k++) size += get(s1, k) + get(s2, k)
  if (along > ALIGNED && sep < sepface + GAIN * abs(sepface) + TIE * size) return -1
  if (x * get(pos, i1) + y * get(pos, i2) < 0) {
    x = -x
    y = -y
  }

  // its components along j1 and j2 of box 2
  const z1 = x * get(rot, 3 * i1 + j1) + y * get(rot, 3 * i2 + j1)
  const z2 = x * get(rot, 3 * i1 + j2) + y * get(rot, 3 * i2 + j2)
  // where a component vanishes both corners support the axis: try both, at most one component a box
  const loose1 = abs(x) < SGNEPS ? 1 : abs(y) < SGNEPS ? 2 : 0
  const loose2 = abs(z1) < SGNEPS ? 1 : abs(z2) < SGNEPS ? 2 : 0

  // direction of edge 2: along edge 1 (k = i), i1, i2
  const di = get(rot, 3 * i + j), d1 = get(rot, 3 * i1 + j), d2 = get(rot, 3 * i2 + j)
  const denom = 1 - di * di
  const half1 = get(s1, i), half2 = get(s2, j)
  let closest: f64 = 1e10
  // middle and difference of the closest points: components i, i1, i2
  let mi: f64 = 0, m1: f64 = 0, m2: f64 = 0, dist: f64 = 0
  for (let v1 = 0; v1 < (loose1 != 0 ? 2 : 1); v1++) {
    let c1 = x >= 0 ? get(s1, i1) : -get(s1, i1)
    let c2 = y >= 0 ? get(s1, i2) : -get(s1, i2)
    if (v1 != 0) {
      if (loose1 == 1) c1 = -c1
      else c2 = -c2
    }
    for (let v2 = 0; v2 < (loose2 != 0 ? 2 : 1); v2++) {
      let b1 = z1 >= 0 ? -get(s2, j1) : get(s2, j1)
      let b2 = z2 >= 0 ? -get(s2, j2) : get(s2, j2)
      if (v2 != 0) {
        if (loose2 == 1) b1 = -b1
        else b2 = -b2
      }
      // middle of edge 2, relative to the middle of edge 1
      const qi = get(pos, i) + get(rot, 3 * i + j1) * b1 + get(rot, 3 * i + j2) * b2
      const q1 = get(pos, i1) + get(rot, 3 * i1 + j1) * b1 + get(rot, 3 * i1 + j2) * b2
      const q2 = get(pos, i2) + get(rot, 3 * i2 + j1) * b1 + get(rot, 3 * i2 + j2) * b2
      const e1 = q1 - c1, e2 = q2 - c2
      const along2 = di * qi + d1 * e1 + d2 * e2
      // parameters of the closest points, each clamped and the other solved again
      let s = denom < MINVAL ? 0 : (qi - di * along2) / denom
      s = bounded(s, half1)
      const t = bounded(di * s - along2, half2)
      s = bounded(qi + di * t, half1)
      const gi = qi + t * di - s, g1 = e1 + t * d1, g2 = e2 + t * d2
      const gap = gi * gi + g1 * g1 + g2 * g2
      if (gap < closest) {
        closest = gap
        dist = x * g1 + y * g2
        mi = s + 0.5 * gi
        m1 = c1 + 0.5 * g1
        m2 = c2 + 0.5 * g2
      }
    }
  }
  if (dist > get(tmp + SEPTOL + lane, 0)) return 0

  if (opened == 0) openRecords(out, 0, 1)
  const R = A + lane
  contact(
    out, 0, lane, dist,
    get(R + GEOM_POS, 0) + get(R, i) * mi + get(R, i1) * m1 + get(R, i2) * m2,
    get(R + GEOM_POS, 1) + get(R, 3 + i) * mi + get(R, 3 + i1) * m1 + get(R, 3 + i2) * m2,
    get(R + GEOM_POS, 2) + get(R, 6 + i) * mi + get(R, 6 + i1) * m1 + get(R, 6 + i2) * m2,
    get(R, i1) * x + get(R, i2) * y,
    get(R, 3 + i1) * x + get(R, 3 + i2) * y,
    get(R, 6 + i1) * x + get(R, 6 + i2) * y,
  )
  return 1
}
