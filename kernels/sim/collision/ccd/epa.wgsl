// import { ld, ld3, ldi, sti } from '../../../math/v4'
// import { ADJ, DIST2, FAR, HORIZON, MAXEDGE, MINVAL, NUMBER, PROJ, VERT1, VERT2, ccd, face, iterations, map, room, vertex } from './layout'
// import { attachFace, corner, firstPolytope, horizon, insertSupport, mapFace, next } from './polytope'
// import { affine } from './simplex'

// The expanding polytope algorithm: penetration depth of two convex objects (van den Bergen 2001).

/** how far the upper bound may fall below the lower one in the first iteration */
const CROSSED: f32 = 2e-6;

/** witness point of one object (offset: VERT1 or VERT2) on a face */
fn witness(f: i32, offset: i32, lambda: vec3f) -> vec3f {
  let a = ld3(vertex(corner(f, 0)) + offset);
  let b = ld3(vertex(corner(f, 1)) + offset);
  let d = ld3(vertex(corner(f, 2)) + offset);
  return lambda.x * a + lambda.y * b + lambda.z * d;
}

/** a face from w (vertex number) to every edge of the horizon; false on an unrecoverable numerical issue */
fn coverHorizon(w: i32, lower2: f32, upper2: f32) -> bool {
  let first = ccd.nface;
  let n = ccd.nedge;
  for (var i = 0; i < n; i++) {
    let number = ldi(f_ccd + HORIZON + 2 * i);
    let edge = ldi(f_ccd + HORIZON + 2 * i + 1);
    let beyond = face(number);
    sti(beyond + ADJ + edge, first + i);
    let before = first + select(i, n, i == 0) - 1;
    let after = first + select(i + 1, 0, i == n - 1);
    let d2 = attachFace(w, corner(beyond, next(edge)), corner(beyond, edge), before, number, after);
    if (d2 == 0.0) { return false; }
    if (d2 >= lower2 && d2 <= upper2) { mapFace(first + i); }
  }
  return true;
}

/** the face closest to the origin of those in the map, if there is one */
fn closestFace() -> i32 {
  // its number, or -1
  var best = -1;
  var least = FAR;
  for (var i = 0; i < ccd.nmap; i++) {
    let d2 = ld(map(i));
    if (d2 < least) {
      best = i;
      least = d2;
    }
  }
  if (best < 0) { return -1; }
  return ldi(map(best) + NUMBER);
}

/**
 * Penetration of two objects whose Minkowski difference contains the origin, from the simplex of `gjk`: DIST (negative),
 * X1, X2. Returns the face of the polytope where it is, 0 when it finds none.
 *   source  MuJoCo engine_collision_gjk.c, epa
 */
fn epa() -> i32 {
  if (!firstPolytope()) { return 0; }
  let tolerance = ccd.tolerance;
  let limit = iterations();
  var upper = FAR;
  var upper2 = FAR;
  var best = 0;
  for (var k = 0; k < limit; k++) {
    let closest = closestFace();
    // no face left below the upper bound: the previous one it is
    if (closest < 0) { break; }
    let f = face(closest);
    let lower2 = ld(f + DIST2);
    if (lower2 > upper2) { break; }
    best = f;
    if (lower2 <= 0.0) { break; }
    let lower = sqrt(lower2);
    let number = insertSupport(ld3(f + PROJ), lower);
    let w = ld3(vertex(number));
    let reach = dot(ld3(f + PROJ), w) / lower;
    if (reach < upper) {
      upper = reach;
      upper2 = upper * upper;
    }
    if (upper - lower < tolerance) {
      if (k == 0 && upper < lower - CROSSED) { return 0; }
      break;
    }
    horizon(closest, w);
    let n = ccd.nedge;
    if (n < 3 || n > MAXEDGE) { return 0; }
    if (n > room() - ccd.nface) { break; }
    if (!coverHorizon(number, lower2, upper2)) { return 0; }
    if (ccd.nmap == 0) { break; }
  }
  if (best == 0) { return 0; }
  let lambda = affine(ld3(vertex(corner(best, 0))), ld3(vertex(corner(best, 1))), ld3(vertex(corner(best, 2))), ld3(best + PROJ));
  ccd.x1 = witness(best, VERT1, lambda);
  ccd.x2 = witness(best, VERT2, lambda);
  let depth = sqrt(ld(best + DIST2));
  ccd.dist = -depth;
  // of a shallow contact the difference of the points would keep few digits
  ccd.normal = vec3f(1.0, 0.0, 0.0);
  if (depth >= MINVAL) { ccd.normal = ld3(best + PROJ) / depth; }
  return best;
}
