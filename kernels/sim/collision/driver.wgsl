// import { i32at, ld, ldi, ldu, par, st, sti, stu } from '../../math/v4'
// import { CON_CAND, CON_DIM, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_STRIDE, GEOM_BOX, GEOM_CAPSULE, GEOM_CYLINDER, GEOM_ELLIPSOID, GEOM_PLANE, GEOM_SPHERE, GEOM_STRIDE } from '../types'
// import { boxBox } from './box'
// import { capsuleBox } from './capsulebox'
// import { meets, meetsPair, meetsPlane, RUN_PLANE, RUN_SPHERES, sweep } from './broad'
// import { convexConvex } from './convex'
// import { makeFrame } from './frame'
// import { capsuleCapsule, planeBox, planeCapsule, planeSphere, sphereCapsule, sphereSphere } from './primitive'
// import { planeCylinder, planeEllipsoid, sphereBox, sphereCylinder } from './round'

// Contacts of a world: candidates whose bounding spheres meet go to the function of their geom types, the records get
// frames and ids, and the world counts its own.

/** where tmp keeps the number of records, and the number of contacts */
const NCON: i32 = 59;
const COUNT: i32 = 60;

/** number of contact records */
fn ncon() -> i32 { return ldi(f_tmp + NCON); }

/** whether there are more contacts than there is room for */
fn overflow() -> bool { return ld(f_ncon) > f32(f_nconmax); }

/**
 * All contacts.
 *   model   cand, geom_type, geom_size geom_reach geom_rbound geom_margin geom_gap pair_margin pair_gap (*)
 *   in      geoms; alive: worlds to look at
 *   out     con: at most nconmax contacts a world; ncon: how many there are (worlds not looked at keep theirs)
 *   source  MuJoCo engine_collision_driver.c, mj_collision
 */
fn collision(alive: bool) {
  sti(f_tmp + NCON, 0);
  sti(f_tmp + COUNT, 0);
  if (!alive) { return; }
  if (f_nsweep > 0) {
    sweep();
    for (var w = 0; w < f_nhitword; w++) {
      var bits = ldu(f_hits + w);
      if (bits == 0u) { continue; }
      stu(f_hits + w, 0u);
      for (; bits != 0u; bits &= bits - 1u) { narrow(32 * w + i32(countTrailingZeros(bits))); }
    }
  } else {
    scan();
  }
  st(f_ncon, f32(ldi(f_tmp + COUNT)));
}

/** every row of cand in turn */
fn scan() {
  for (var i = 0; i < f_nrun; i++) {
    let run = f_cand_run + 4 * i;
    let g1 = i32at(run, 0);
    let end = i32at(run, 2);
    let kind = i32at(run, 3);
    let A = f_geoms + GEOM_STRIDE * g1;
    let reach1 = par(f_geom_reach + g1);
    // narrow stands here once for all kinds, because compilers copy it to every place that calls it
    for (var row = i32at(run, 1); row < end; row++) {
      let g2 = i32at(f_cand, 4 * row + 1);
      let B = f_geoms + GEOM_STRIDE * g2;
      var near: bool;
      if (kind == RUN_SPHERES) {
        near = meets(A, B, reach1 + par(f_geom_reach + g2));
      } else if (kind == RUN_PLANE) {
        near = meetsPlane(A, B, reach1 + par(f_geom_reach + g2));
      } else {
        near = meetsPair(g1, g2, i32at(f_cand, 4 * row + 2));
      }
      if (near) { narrow(row); }
    }
  }
}

/** contacts of one candidate that may touch */
fn narrow(index: i32) {
  let row = f_cand + 4 * index;
  let g1 = i32at(row, 0);
  let g2 = i32at(row, 1);
  let pair = i32at(row, 2);
  let condim = i32at(row, 3);
  var margin: f32;
  if (pair < 0) {
    margin = par(f_geom_margin + g1) + par(f_geom_margin + g2) + (par(f_geom_gap + g1) + par(f_geom_gap + g2));
  } else {
    margin = par(f_pair_margin + pair) + par(f_pair_gap + pair);
  }

  var count = ldi(f_tmp + NCON);
  var out = f_con + CON_STRIDE * count;
  let type1 = i32at(f_geom_type, g1);
  let found = collide(type1, i32at(f_geom_type, g2), f_geoms + GEOM_STRIDE * g1, f_geom_size + 3 * g1,
    f_geoms + GEOM_STRIDE * g2, f_geom_size + 3 * g2, margin, out);

  // a world counts on beyond its room, but takes none
  let room = f_nconmax;
  let level = type1 == GEOM_PLANE;
  var counts = ldi(f_tmp + COUNT);
  var done = -1;
  for (var k = 0; k < found; k++) {
    counts++;
    if (counts > room) { continue; }
    // all contacts with a plane have its normal and the same hint
    if (level && done >= 0) {
      for (var i = CON_FRAME; i < CON_FRAME + 9; i++) { st(out + i, ld(done + i)); }
    } else {
      makeFrame(out);
    }
    done = out;
    sti(out + CON_CAND, index);
    sti(out + CON_GEOM1, g1);
    sti(out + CON_GEOM2, g2);
    sti(out + CON_DIM, condim);
    out += CON_STRIDE;
    count++;
  }
  sti(f_tmp + COUNT, counts);
  sti(f_tmp + NCON, count);
}

/** one key for a pair of geom types, the lower first */
fn key(type1: i32, type2: i32) -> i32 { return 8 * type1 + type2; }

/** the function of a pair of geom types (mjCOLLISIONFUNC) */
fn collide(type1: i32, type2: i32, A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let types = key(type1, type2);
  if (f_PAIR_0_2 != 0) {
    if (types == key(GEOM_PLANE, GEOM_SPHERE)) { return planeSphere(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_0_3 != 0) {
    if (types == key(GEOM_PLANE, GEOM_CAPSULE)) { return planeCapsule(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_0_4 != 0) {
    if (types == key(GEOM_PLANE, GEOM_ELLIPSOID)) { return planeEllipsoid(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_0_5 != 0) {
    if (types == key(GEOM_PLANE, GEOM_CYLINDER)) { return planeCylinder(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_0_6 != 0) {
    if (types == key(GEOM_PLANE, GEOM_BOX)) { return planeBox(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_2_2 != 0) {
    if (types == key(GEOM_SPHERE, GEOM_SPHERE)) { return sphereSphere(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_2_3 != 0) {
    if (types == key(GEOM_SPHERE, GEOM_CAPSULE)) { return sphereCapsule(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_2_5 != 0) {
    if (types == key(GEOM_SPHERE, GEOM_CYLINDER)) { return sphereCylinder(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_2_6 != 0) {
    if (types == key(GEOM_SPHERE, GEOM_BOX)) { return sphereBox(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_3_3 != 0) {
    if (types == key(GEOM_CAPSULE, GEOM_CAPSULE)) { return capsuleCapsule(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_3_6 != 0) {
    if (types == key(GEOM_CAPSULE, GEOM_BOX)) { return capsuleBox(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_6_6 != 0) {
    if (types == key(GEOM_BOX, GEOM_BOX)) { return boxBox(A, sa, B, sb, margin, out); }
  }
  if (f_PAIR_CCD != 0) {
    return convexConvex(A, sa, type1, B, sb, type2, margin, out);
  }
  return 0;
}
