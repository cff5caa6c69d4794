// import { ld3 } from '../../../math/v4'
// import { FAR, MINVAL, MINVAL2, ROUNDING, SIMPLEX, SIMPLEX2, VERT1, VERT2, VERTEX, ccd, copyVertex, iterations } from './layout'
// import { subdistance } from './simplex'
// import { support } from './support'

// Gilbert, Johnson and Keerthi's distance of two convex objects.

/** share of the squared tolerance for the Frank-Wolfe duality gap */
const GAP: f32 = 0.5;

/** out = sum of lambda_i times the vector at offset in corner i of the simplex */
fn combine(n: i32, offset: i32) -> vec3f {
  let at = f_ccd + SIMPLEX + offset;
  var x = vec3f();
  for (var i = 0; i < n; i++) { x += ccd.lambda[i] * ld3(at + VERTEX * i); }
  return x;
}

fn noContact() {
  ccd.separated = true;
  ccd.nsimplex = 0;
  ccd.dist = FAR;
}

/** a plane: unit normal, distance from the origin along it */
struct Plane { normal: vec3f, dist: f32 }

/** normal = unit normal of the plane of three vertices; returns its distance from the origin along it, FAR if there is none */
fn signedDistance(v1: vec3f, v2: vec3f, v3: vec3f) -> Plane {
  let n = cross(v3 - v1, v2 - v1);
  let norm2 = dot(n, n);
  if (!(norm2 > MINVAL2 && norm2 < 1e20)) { return Plane(vec3f(), FAR); }
  let normal = n * (1.0 / sqrt(norm2));
  return Plane(normal, dot(normal, v1));
}

/**
 * From a tetrahedron: does the Minkowski difference contain the origin? 1 (then the simplex contains it), 0, or -1 when
 * it cannot tell.
 */
fn intersect() -> i32 {
  let memory = f_ccd + SIMPLEX2;
  for (var i = 0; i < 4 * VERTEX; i += VERTEX) { copyVertex(memory + i, f_ccd + SIMPLEX + i); }
  var s = vec4i(memory, memory + VERTEX, memory + 2 * VERTEX, memory + 3 * VERTEX);
  var v0 = ld3(s.x);
  var v1 = ld3(s.y);
  var v2 = ld3(s.z);
  var v3 = ld3(s.w);
  let limit = iterations();
  var k = ccd.spent;
  for (; k < limit; k++) {
    let p0 = signedDistance(v2, v1, v3);
    let p1 = signedDistance(v0, v2, v3);
    let p2 = signedDistance(v1, v0, v3);
    let p3 = signedDistance(v0, v1, v2);
    let d = vec4f(p0.dist, p1.dist, p2.dist, p3.dist);
    // the origin is in the plane of a face, as far as can be told: this would not converge
    if (any(abs(d) <= vec4f(ROUNDING))) { break; }
    let low = select(1, 0, d.x < d.y);
    let high = select(3, 2, d.z < d.w);
    let index = select(high, low, min(d.x, d.y) < min(d.z, d.w));
    let least = min(min(d.x, d.y), min(d.z, d.w));
    if (least > 0.0) {
      copyVertex(f_ccd + SIMPLEX, s.x);
      copyVertex(f_ccd + SIMPLEX + VERTEX, s.y);
      copyVertex(f_ccd + SIMPLEX + 2 * VERTEX, s.z);
      copyVertex(f_ccd + SIMPLEX + 3 * VERTEX, s.w);
      ccd.nsimplex = 4;
      ccd.spent = k;
      return 1;
    }
    // replace the corner opposite the face that the origin lies beyond; then swap two to keep the orientation
    let n = select(select(p3.normal, p2.normal, index == 2), select(p1.normal, p0.normal, index == 0), index < 2);
    let worst = s[index];
    let w = support(worst, n);
    if (dot(n, w) < 0.0) {
      ccd.nsimplex = 0;
      ccd.spent = k;
      return 0;
    }
    if (index == 0) {
      s = s.xzyw;
      v0 = w;
      let swap = v1;
      v1 = v2;
      v2 = swap;
    } else if (index == 1) {
      s = s.xywz;
      v1 = w;
      let swap = v2;
      v2 = v3;
      v3 = swap;
    } else if (index == 2) {
      s = s.wyzx;
      v2 = w;
      let swap = v3;
      v3 = v0;
      v0 = swap;
    } else {
      s = s.yxzw;
      v3 = w;
      let swap = v0;
      v0 = v1;
      v1 = swap;
    }
  }
  ccd.spent = k;
  return -1;
}

/**
 * Distance of the objects from the witness points X1, X2 as a first guess: DIST, X1, X2, SEPARATED, and the simplex
 * where it ended (NSIMPLEX, SIMPLEX). With a cutoff the distance is found up to it; without (0) only whether the
 * objects touch.
 *   source  MuJoCo engine_collision_gjk.c, gjk
 */
fn gjk(cutoff: f32) {
  let wanted = cutoff > 0.0;
  var backup = !wanted;
  let simplex = f_ccd + SIMPLEX;
  let limit = iterations();
  let tolerance = ccd.tolerance;
  let epsilon = GAP * tolerance * tolerance;
  ccd.separated = false;
  var x = ccd.x1 - ccd.x2;
  var norm = sqrt(dot(x, x));
  var previous = 0.0;
  var n = 0;
  for (var k = 0; k < limit; k++) {
    // touching, or no progress
    if (norm < tolerance || abs(previous - norm) < MINVAL) { break; }
    let s = support(simplex + VERTEX * n, -x / norm);
    // the gap is not known better than the coordinates
    if (dot(x, x - s) < max(epsilon, ROUNDING * norm)) { break; }

    // lower / norm is a lower bound of the distance
    let lower = dot(x, s);
    if (lower > 0.0 && (!wanted || lower >= cutoff * norm)) {
      noContact();
      return;
    }

    // four corners and no distance wanted: a quicker way to tell
    if (n == 3 && backup) {
      ccd.spent = k;
      let found = intersect();
      if (found == 0) {
        noContact();
        return;
      }
      if (found == 1) {
        ccd.dist = 0.0;
        return;
      }
      k = ccd.spent;
      backup = false;
    }

    let lambda = subdistance(n + 1, ld3(simplex), ld3(simplex + VERTEX), ld3(simplex + 2 * VERTEX), ld3(simplex + 3 * VERTEX));
    // keep the corners that carry the point
    n = 0;
    for (var i = 0; i < 4; i++) {
      let l = lambda[i];
      if (l == 0.0) { continue; }
      if (n != i) { copyVertex(simplex + VERTEX * n, simplex + VERTEX * i); }
      ccd.lambda[n] = l;
      n++;
    }
    if (n == 0) {
      noContact();
      return;
    }
    x = combine(n, 0);
    previous = norm;
    norm = sqrt(dot(x, x));
    // the tetrahedron contains the origin
    if (n == 4) { break; }
  }
  if (n > 0) {
    ccd.x1 = combine(n, VERT1);
    ccd.x2 = combine(n, VERT2);
  }

  // a last look for a separating plane
  if (norm > 0.0) {
    let probe = support(f_ccd + SIMPLEX2, -x / norm);
    if (dot(x, probe) > 0.0) { ccd.separated = true; }
  }
  ccd.nsimplex = n;
  ccd.dist = select(norm, 0.0, n == 4 && !ccd.separated);
}
