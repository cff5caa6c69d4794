/**
 * Contacts of a block: candidates whose bounding spheres meet go to the function of their geom types, the records get
 * frames and ids, and every world counts its own.
 */
import { add, and, any, gt, ld, none, sel, splat, st, V } from '../../math/v4'
import * as f from '../../shared/fields'
import {
  at, CON_CAND, CON_DIM, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_STRIDE, DSBL_MULTICCD, GEOM_BOX, GEOM_CAPSULE, GEOM_CYLINDER,
  GEOM_ELLIPSOID, GEOM_PLANE, GEOM_SPHERE, GEOM_STRIDE, i32at,
} from '../types'
import { boxBox } from './box'
import { capsuleBox } from './capsulebox'
import { meets, meetsPair, meetsPlane, RUN_PLANE, RUN_SPHERES, sweep, taken } from './broad'
import { convexConvex } from './convex'
import { makeFrame } from './frame'
import { capsuleCapsule, planeBox, planeCapsule, planeSphere, sphereCapsule, sphereSphere } from './primitive'
import { planeCylinder, planeEllipsoid, sphereBox, sphereCylinder } from './round'

/** where tmp keeps the number of records, and the number of contacts of each world */
const NCON: usize = 59 * V
const COUNT: usize = 60 * V

/** number of contact records */
// @ts-ignore: decorator
@inline export function ncon(m: usize, s: usize): i32 { return load<i32>(f.tmp(m, s) + NCON) }

/** whether there are more contacts than there is room for */
// @ts-ignore: decorator
@inline export function overflow(m: usize, d: usize): v128 { return gt(ld(f.ncon(m, d)), splat(<f32>f.nconmax(m))) }

/**
 * All contacts.
 *   model   cand, geom_type, geom_size geom_reach geom_rbound geom_margin geom_gap pair_margin pair_gap (*)
 *   in      geoms; alive: worlds to look at
 *   out     con: at most nconmax contacts a world; ncon: how many there are (worlds not looked at keep theirs)
 *   source  MuJoCo engine_collision_driver.c, mj_collision
 */
export function collision(m: usize, p: usize, d: usize, s: usize, alive: v128): void {
  const tmp = f.tmp(m, s)
  store<i32>(tmp + NCON, 0)
  st(tmp + COUNT, none())
  if (f.nsweep(m) > 0) {
    sweep(m, p, s, alive)
    const hits = f.hits(m, s)
    for (let w = 0, n = f.nhitword(m); w < n; w++) {
      let bits = load<u32>(hits + 4 * <usize>w)
      if (bits == 0) continue
      store<u32>(hits + 4 * <usize>w, 0)
      for (; bits; bits &= bits - 1) {
        const row = 32 * w + ctz(bits)
        narrow(m, p, s, row, taken(m, hits, row))
      }
    }
  } else scan(m, p, s, alive)
  st(f.ncon(m, d), sel(alive, f32x4.convert_i32x4_s(ld(tmp + COUNT)), ld(f.ncon(m, d))))
}

/** every row of cand in turn */
function scan(m: usize, p: usize, s: usize, alive: v128): void {
  const geoms = f.geoms(m, s), reach = f.geom_reach(m, p), cand = f.cand(m)
  let run = f.cand_run(m)
  for (let i = 0, n = f.nrun(m); i < n; i++, run += 16) {
    const g1 = load<i32>(run), first = load<i32>(run, 4), end = load<i32>(run, 8), kind = load<i32>(run, 12)
    const A = geoms + GEOM_STRIDE * <usize>g1
    const reach1 = ld(at(reach, g1))
    let c = cand + 16 * <usize>first
    if (kind == RUN_SPHERES) {
      for (let row = first; row < end; row++, c += 16) {
        const g2 = load<i32>(c, 4)
        const near = and(alive, meets(A, geoms + GEOM_STRIDE * <usize>g2, add(reach1, ld(at(reach, g2)))))
        if (any(near)) narrow(m, p, s, row, near)
      }
    } else if (kind == RUN_PLANE) {
      for (let row = first; row < end; row++, c += 16) {
        const g2 = load<i32>(c, 4)
        const near = and(alive, meetsPlane(A, geoms + GEOM_STRIDE * <usize>g2, add(reach1, ld(at(reach, g2)))))
        if (any(near)) narrow(m, p, s, row, near)
      }
    } else {
      for (let row = first; row < end; row++, c += 16) {
        const near = and(alive, meetsPair(m, p, s, g1, load<i32>(c, 4), load<i32>(c, 8)))
        if (any(near)) narrow(m, p, s, row, near)
      }
    }
  }
}

/** contacts of one candidate that may touch */
function narrow(m: usize, p: usize, s: usize, index: i32, act: v128): void {
  const row = f.cand(m) + 16 * <usize>index
  const g1 = load<i32>(row), g2 = load<i32>(row, 4), pair = load<i32>(row, 8), condim = load<i32>(row, 12)
  const geoms = f.geoms(m, s), tmp = f.tmp(m, s)
  let margin: v128
  if (pair < 0) {
    const margins = f.geom_margin(m, p), gaps = f.geom_gap(m, p)
    margin = add(add(ld(at(margins, g1)), ld(at(margins, g2))), add(ld(at(gaps, g1)), ld(at(gaps, g2))))
  } else margin = add(ld(at(f.pair_margin(m, p), pair)), ld(at(f.pair_gap(m, p), pair)))

  let count = load<i32>(tmp + NCON)
  let out = f.con(m, s) + CON_STRIDE * <usize>count
  const type1 = i32at(f.geom_type(m), g1)
  const found = collide(m, s, type1, i32at(f.geom_type(m), g2), geoms + GEOM_STRIDE * <usize>g1, f.geom_size(m, p) + 3 * V * <usize>g1,
    geoms + GEOM_STRIDE * <usize>g2, f.geom_size(m, p) + 3 * V * <usize>g2, margin, act, out)

  // a world counts on beyond its room, but takes none: the records of a block always suffice
  const room = i32x4.splat(f.nconmax(m))
  const flat = type1 == GEOM_PLANE
  let counts = ld(tmp + COUNT), from = out
  let done: usize = 0
  for (let k = 0; k < found; k++, from += CON_STRIDE) {
    counts = i32x4.sub(counts, ld(from + CON_HAS))
    const has = and(ld(from + CON_HAS), i32x4.le_s(counts, room))
    if (!any(has)) continue
    if (from != out) memory.copy(out, from, CON_STRIDE)
    st(out + CON_HAS, has)
    // all contacts with a plane have its normal and the same hint
    if (flat && done) memory.copy(out + CON_FRAME, done + CON_FRAME, 9 * V)
    else makeFrame(out)
    done = out
    store<i32>(out + CON_CAND, index)
    store<i32>(out + CON_GEOM1, g1)
    store<i32>(out + CON_GEOM2, g2)
    store<i32>(out + CON_DIM, condim)
    out += CON_STRIDE
    count++
  }
  st(tmp + COUNT, counts)
  store<i32>(tmp + NCON, count)
}

/** one key for a pair of geom types, the lower first */
// @ts-ignore: decorator
@inline function key(type1: i32, type2: i32): i32 { return 8 * type1 + type2 }

/** the function of a pair of geom types (mjCOLLISIONFUNC) */
function collide(
  m: usize, s: usize, type1: i32, type2: i32, A: usize, sa: usize, B: usize, sb: usize, margin: v128, act: v128, out: usize,
): i32 {
  const tmp = f.con_tmp(m, s)
  switch (key(type1, type2)) {
    case key(GEOM_PLANE, GEOM_SPHERE): return planeSphere(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_PLANE, GEOM_CAPSULE): return planeCapsule(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_PLANE, GEOM_ELLIPSOID): return planeEllipsoid(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_PLANE, GEOM_CYLINDER): return planeCylinder(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_PLANE, GEOM_BOX): return planeBox(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_SPHERE, GEOM_SPHERE): return sphereSphere(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_SPHERE, GEOM_CAPSULE): return sphereCapsule(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_SPHERE, GEOM_CYLINDER): return sphereCylinder(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_SPHERE, GEOM_BOX): return sphereBox(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_CAPSULE, GEOM_CAPSULE): return capsuleCapsule(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_CAPSULE, GEOM_BOX): return capsuleBox(A, sa, B, sb, margin, act, out, tmp)
    case key(GEOM_BOX, GEOM_BOX): return boxBox(A, sa, B, sb, margin, act, out, tmp)
    default: {
      const multiccd = (load<i32>(f.opt_disableflags(m)) & DSBL_MULTICCD) == 0
      const tolerance = <f64>load<f32>(f.opt_ccd_tolerance(m))
      const iterations = min(load<i32>(f.opt_ccd_iterations(m)), f.CCD_MAXITERATIONS)
      return convexConvex(A, sa, type1, B, sb, type2, margin, act, out, f.ccd(m, s), iterations, tolerance, multiccd)
    }
  }
}
