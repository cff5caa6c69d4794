/**
 * Broad phase: which candidates have bounding spheres that meet, and in which worlds. Small models test every row of
 * cand, four worlds at a time. In large scenes the spheres of each world are sorted along an axis and only those that
 * overlap there are tested; what is found is kept as bits of rows, so that contacts come in the same order either way.
 */
import { add, and, dot3, ld, le, mul, none, splat, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { at, GEOM_PLANE, GEOM_POS, GEOM_STRIDE, i32at } from '../types'
import { distance2 } from './frame'

/** kinds of runs: spheres, a plane against spheres, explicit pairs with their own margins */
export const RUN_SPHERES: i32 = 0
export const RUN_PLANE: i32 = 1
export const RUN_PAIRS: i32 = 2

/** whether the bounding sphere of g2 meets plane g1 */
// @ts-ignore: decorator
@inline export function meetsPlane(A: usize, B: usize, bound: v128): v128 {
  return le(dot3(
    sub(ld(B + GEOM_POS), ld(A + GEOM_POS)), sub(ld(B + GEOM_POS + V), ld(A + GEOM_POS + V)), sub(ld(B + GEOM_POS + 2 * V), ld(A + GEOM_POS + 2 * V)),
    ld(A + 2 * V), ld(A + 5 * V), ld(A + 8 * V)), bound)
}

/** whether two bounding spheres meet */
// @ts-ignore: decorator
@inline export function meets(A: usize, B: usize, bound: v128): v128 {
  return le(distance2(ld(B + GEOM_POS), ld(B + GEOM_POS + V), ld(B + GEOM_POS + 2 * V),
    ld(A + GEOM_POS), ld(A + GEOM_POS + V), ld(A + GEOM_POS + 2 * V)), mul(bound, bound))
}

/** whether the geoms of an explicit pair may touch: it has a margin of its own */
export function meetsPair(m: usize, p: usize, s: usize, g1: i32, g2: i32, pair: i32): v128 {
  const A = f.geoms(m, s) + GEOM_STRIDE * <usize>g1, B = f.geoms(m, s) + GEOM_STRIDE * <usize>g2
  const radii = add(ld(at(f.geom_rbound(m, p), g1)), ld(at(f.geom_rbound(m, p), g2)))
  const bound = add(radii, add(ld(at(f.pair_margin(m, p), pair)), ld(at(f.pair_gap(m, p), pair))))
  return i32at(f.geom_type(m), g1) == GEOM_PLANE ? meetsPlane(A, B, bound) : meets(A, B, bound)
}

/** mark a row that met */
// @ts-ignore: decorator
@inline function mark(m: usize, hits: usize, row: i32, lanes: i32): void {
  const word = hits + 4 * <usize>(row >> 5)
  store<u32>(word, load<u32>(word) | (1 << (row & 31)))
  const byte = hits + 4 * <usize>f.nhitword(m) + <usize>row
  store<u8>(byte, <u8>(load<u8>(byte) | <u8>lanes))
}

/** worlds of a row that is marked; the mark goes */
// @ts-ignore: decorator
@inline export function taken(m: usize, hits: usize, row: i32): v128 {
  const byte = hits + 4 * <usize>f.nhitword(m) + <usize>row
  const lanes = <i32>load<u8>(byte)
  store<u8>(byte, 0)
  return i32x4.ne(and(i32x4.splat(lanes), i32x4(1, 2, 4, 8)), none())
}

/** Mark the rows of cand whose spheres meet, by sorting the spheres of every world. */
export function sweep(m: usize, p: usize, s: usize, alive: v128): void {
  const hits = f.hits(m, s), geoms = f.geoms(m, s), reach = f.geom_reach(m, p), cand = f.cand(m)
  // planes and explicit pairs: all of them
  let run = f.cand_run(m)
  for (let i = 0, n = f.nrun(m); i < n; i++, run += 16) {
    const kind = load<i32>(run, 12)
    if (kind == RUN_SPHERES) continue
    const g1 = load<i32>(run), end = load<i32>(run, 8)
    const A = geoms + GEOM_STRIDE * <usize>g1
    for (let row = load<i32>(run, 4); row < end; row++) {
      const c = cand + 16 * <usize>row, g2 = load<i32>(c, 4)
      const near = kind == RUN_PLANE
        ? meetsPlane(A, geoms + GEOM_STRIDE * <usize>g2, add(ld(at(reach, g1)), ld(at(reach, g2))))
        : meetsPair(m, p, s, load<i32>(c), g2, load<i32>(c, 8))
      const lanes = i32x4.bitmask(and(near, alive))
      if (lanes) mark(m, hits, row, lanes)
    }
  }
  const lanes = i32x4.bitmask(alive)
  for (let lane = 0; lane < 4; lane++) if (lanes & (1 << lane)) sweepWorld(m, p, s, lane)
}

/** the sweep of one world */
function sweepWorld(m: usize, p: usize, s: usize, lane: i32): void {
  const n = f.nsweep(m), geoms = f.geoms(m, s) + 4 * <usize>lane, reach = f.geom_reach(m, p) + 4 * <usize>lane
  const ids = f.sweep_geom(m), bins = f.sweep_bin(m, s), hits = f.hits(m, s)
  const row: usize = 4 * <usize>n
  const xs = f.sweep_ball(m, s), ys = xs + row, zs = ys + row, rs = zs + row, places = rs + row, keys = places + row

  // the axis along which the centres spread most
  let axis: usize = GEOM_POS
  let low: f32 = 0, spread: f32 = -1
  for (let k: usize = GEOM_POS; k < GEOM_POS + 3 * V; k += V) {
    let least: f32 = Infinity, most: f32 = -Infinity, floor: f32 = Infinity
    for (let i = 0; i < n; i++) {
      const g = i32at(ids, i)
      const x = load<f32>(geoms + GEOM_STRIDE * <usize>g + k)
      least = min(least, x)
      most = max(most, x)
      floor = min(floor, x - load<f32>(at(reach, g)))
    }
    if (most - least > spread) {
      spread = most - least
      axis = k
      low = floor
    }
  }
  const scale = <f32>n / max(spread, <f32>1e-6)

  // counting sort by the bin of the lower end
  memory.fill(bins, 0, row + 4)
  for (let i = 0; i < n; i++) {
    const g = i32at(ids, i)
    const key = binOf((load<f32>(geoms + GEOM_STRIDE * <usize>g + axis) - load<f32>(at(reach, g)) - low) * scale, n)
    store<i32>(keys + 4 * <usize>i, key)
    const b = bins + 4 * <usize>key
    store<i32>(b, load<i32>(b) + 1)
  }
  let sum = 0
  for (let b = 0; b < n; b++) {
    sum += i32at(bins, b)
    store<i32>(bins + 4 * <usize>b, sum)
  }
  store<i32>(bins + row, n)
  for (let i = n - 1; i >= 0; i--) {
    const g = i32at(ids, i), G = geoms + GEOM_STRIDE * <usize>g + GEOM_POS
    const b = bins + 4 * <usize>i32at(keys, i)
    const k = load<i32>(b) - 1
    store<i32>(b, k)
    const o: usize = 4 * <usize>k
    store<f32>(xs + o, load<f32>(G))
    store<f32>(ys + o, load<f32>(G + V))
    store<f32>(zs + o, load<f32>(G + 2 * V))
    store<f32>(rs + o, load<f32>(at(reach, g)))
    store<i32>(places + o, i)
  }

  // against those whose lower end is not beyond its upper end, four at a time
  const along = axis == GEOM_POS ? xs : axis == GEOM_POS + V ? ys : zs
  for (let i = 0; i < n; i++) {
    const o: usize = 4 * <usize>i
    const high = load<f32>(along + o) + load<f32>(rs + o)
    const end = i32at(bins, binOf((high - low) * scale, n) + 1)
    const x = v128.load32_splat(xs + o), y = v128.load32_splat(ys + o), z = v128.load32_splat(zs + o), r = v128.load32_splat(rs + o)
    for (let j = i + 1; j < end; j += 4) {
      const q: usize = 4 * <usize>j
      const bound = add(r, ld(rs + q))
      let found = i32x4.bitmask(le(distance2(ld(xs + q), ld(ys + q), ld(zs + q), x, y, z), mul(bound, bound)))
      if (end - j < 4) found &= (1 << (end - j)) - 1
      while (found) {
        const k = j + ctz(found)
        found &= found - 1
        const c = candidate(m, i32at(places, i), i32at(places, k))
        if (c >= 0) mark(m, hits, c, 1 << lane)
      }
    }
  }
}

/** bin of a coordinate in widths of a bin; comparisons that fail for NaN keep it within bounds */
// @ts-ignore: decorator
@inline function binOf(x: f32, n: i32): i32 { return x >= <f32>(n - 1) ? n - 1 : x > 0 ? <i32>x : 0 }

/** row of cand of two geoms, by their places in sweep_geom; -1: they never collide */
function candidate(m: usize, a: i32, b: i32): i32 {
  const adr = f.sweep_adr(m) + 8 * <usize>min(a, b), rows = f.sweep_cand(m), other = max(a, b)
  let low = load<i32>(adr), high = load<i32>(adr, 4)
  while (low < high) {
    const middle = (low + high) >> 1
    const place = load<i32>(rows + 8 * <usize>middle)
    if (place == other) return load<i32>(rows + 8 * <usize>middle, 4)
    if (place < other) low = middle + 1
    else high = middle
  }
  return -1
}
