// import { i32at, ld, ld3, ldi, ldu, par, st, sti, stu } from '../../math/v4'
// import { GEOM_PLANE, GEOM_POS, GEOM_STRIDE } from '../types'
// import { axisOf, distance2 } from './frame'

// Broad phase: which candidates have bounding spheres that meet. Small models test every row of cand. In large scenes
// the spheres are sorted along an axis and only those that overlap there are tested; what is found is kept as bits of
// rows, so that contacts come in the same order either way.

/** kinds of runs: spheres, a plane against spheres, explicit pairs with their own margins */
const RUN_SPHERES: i32 = 0;
const RUN_PLANE: i32 = 1;
const RUN_PAIRS: i32 = 2;

/** larger than any coordinate */
const FAR: f32 = 3e38;

/** whether the bounding sphere of g2 meets plane g1 */
fn meetsPlane(A: i32, B: i32, bound: f32) -> bool {
  return dot(ld3(B + GEOM_POS) - ld3(A + GEOM_POS), axisOf(A)) <= bound;
}

/** whether two bounding spheres meet */
fn meets(A: i32, B: i32, bound: f32) -> bool {
  return distance2(ld3(B + GEOM_POS), ld3(A + GEOM_POS)) <= bound * bound;
}

/** whether the geoms of an explicit pair may touch: it has a margin of its own */
fn meetsPair(g1: i32, g2: i32, pair: i32) -> bool {
  let A = f_geoms + GEOM_STRIDE * g1;
  let B = f_geoms + GEOM_STRIDE * g2;
  let radii = par(f_geom_rbound + g1) + par(f_geom_rbound + g2);
  let bound = radii + (par(f_pair_margin + pair) + par(f_pair_gap + pair));
  if (i32at(f_geom_type, g1) == GEOM_PLANE) { return meetsPlane(A, B, bound); }
  return meets(A, B, bound);
}

/** mark a row that met */
fn mark(row: i32) {
  let word = f_hits + (row >> 5u);
  stu(word, ldu(word) | (1u << u32(row & 31)));
}

/** Mark the rows of cand whose spheres meet, by sorting the spheres of every world. */
fn sweep() {
  // planes and explicit pairs: all of them
  for (var i = 0; i < f_nrun; i++) {
    let run = f_cand_run + 4 * i;
    let kind = i32at(run, 3);
    if (kind == RUN_SPHERES) { continue; }
    let g1 = i32at(run, 0);
    let end = i32at(run, 2);
    let A = f_geoms + GEOM_STRIDE * g1;
    for (var row = i32at(run, 1); row < end; row++) {
      let c = f_cand + 4 * row;
      let g2 = i32at(c, 1);
      var near: bool;
      if (kind == RUN_PLANE) {
        near = meetsPlane(A, f_geoms + GEOM_STRIDE * g2, par(f_geom_reach + g1) + par(f_geom_reach + g2));
      } else {
        near = meetsPair(i32at(c, 0), g2, i32at(c, 2));
      }
      if (near) { mark(row); }
    }
  }
  sweepWorld();
}

/** the sweep of one world */
fn sweepWorld() {
  let n = f_nsweep;
  let row = n;
  let xs = f_sweep_ball;
  let ys = xs + row;
  let zs = ys + row;
  let rs = zs + row;
  let places = rs + row;
  let keys = places + row;

  // the axis along which the centres spread most
  var axis = 0;
  var low = 0.0;
  var spread = -1.0;
  for (var k = 0; k < 3; k++) {
    var least = FAR;
    var most = -FAR;
    var lowest = FAR;
    for (var i = 0; i < n; i++) {
      let g = i32at(f_sweep_geom, i);
      let x = ld(f_geoms + GEOM_STRIDE * g + GEOM_POS + k);
      least = min(least, x);
      most = max(most, x);
      lowest = min(lowest, x - par(f_geom_reach + g));
    }
    if (most - least > spread) {
      spread = most - least;
      axis = k;
      low = lowest;
    }
  }
  let scale = f32(n) / max(spread, 1e-6);

  // counting sort by the bin of the lower end
  for (var b = 0; b <= n; b++) { sti(f_sweep_bin + b, 0); }
  for (var i = 0; i < n; i++) {
    let g = i32at(f_sweep_geom, i);
    let key = binOf((ld(f_geoms + GEOM_STRIDE * g + GEOM_POS + axis) - par(f_geom_reach + g) - low) * scale, n);
    sti(keys + i, key);
    let b = f_sweep_bin + key;
    sti(b, ldi(b) + 1);
  }
  var sum = 0;
  for (var b = 0; b < n; b++) {
    sum += ldi(f_sweep_bin + b);
    sti(f_sweep_bin + b, sum);
  }
  sti(f_sweep_bin + n, n);
  for (var i = n - 1; i >= 0; i--) {
    let g = i32at(f_sweep_geom, i);
    let x = ld3(f_geoms + GEOM_STRIDE * g + GEOM_POS);
    let b = f_sweep_bin + ldi(keys + i);
    let k = ldi(b) - 1;
    sti(b, k);
    st(xs + k, x.x);
    st(ys + k, x.y);
    st(zs + k, x.z);
    st(rs + k, par(f_geom_reach + g));
    sti(places + k, i);
  }

  // against those whose lower end is not beyond its upper end
  let along = xs + row * axis;
  for (var i = 0; i < n; i++) {
    let x = vec3f(ld(xs + i), ld(ys + i), ld(zs + i));
    let r = ld(rs + i);
    let place = ldi(places + i);
    let high = ld(along + i) + r;
    let end = ldi(f_sweep_bin + binOf((high - low) * scale, n) + 1);
    for (var j = i + 1; j < end; j++) {
      let bound = r + ld(rs + j);
      if (distance2(vec3f(ld(xs + j), ld(ys + j), ld(zs + j)), x) <= bound * bound) {
        let c = candidate(place, ldi(places + j));
        if (c >= 0) { mark(c); }
      }
    }
  }
}

/** bin of a coordinate in widths of a bin; comparisons that fail for NaN keep it within bounds */
fn binOf(x: f32, n: i32) -> i32 {
  if (x >= f32(n - 1)) { return n - 1; }
  // compilers may drop such comparisons: the integer is bounded again
  if (x > 0.0) { return clamp(i32(x), 0, n - 1); }
  return 0;
}

/** row of cand of two geoms, by their places in sweep_geom; -1: they never collide */
fn candidate(a: i32, b: i32) -> i32 {
  let adr = f_sweep_adr + 2 * min(a, b);
  let other = max(a, b);
  var low = i32at(adr, 0);
  var high = i32at(adr, 1);
  while (low < high) {
    let middle = (low + high) >> 1u;
    let place = i32at(f_sweep_cand, 2 * middle);
    if (place == other) { return i32at(f_sweep_cand, 2 * middle + 1); }
    if (place < other) { low = middle + 1; } else { high = middle; }
  }
  return -1;
}
