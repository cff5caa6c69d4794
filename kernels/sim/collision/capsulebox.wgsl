// import { ld3, ldmat3, par, par3 } from '../../math/v4'
// import { GEOM_POS } from '../types'
// import { axisOf } from './frame'
// import { contact } from './lane'

// Capsule against box: the two points of the capsule's axis that matter, each as a sphere. The CPU computes it in double
// precision; here the edges are written so that the difference of nearly equal products does not occur.

const MINVAL: f32 = 1e-15;
/** divisors that may be zero are at least this: what comes out is beyond every length, but finite */
const TINY: f32 = 1e-30;
/**
 * Share of the sizes by which a later candidate must be closer to the box: of points that are as close (a capsule flat
 * on a face) it is the first, whatever the rounding of the poses.
 */
const SLACK: f32 = 1e-6;

/** what `closest` finds */
struct Closest {
  /** parameter of the closest point on the axis, on the box's edge; what is closest there, and where */
  t: f32,
  edgeT: f32,
  feature: i32,
  face: i32,
  corner: i32,
  axis: i32,
}

// features: a face of the box with an end of the capsule (FACE + end), or 3 * (place on the edge) + (place on the axis),
// where 0, 1, 2 are the lower end, between the ends, the upper end
const NOTHING: i32 = -4;
const FACE_LOWER: i32 = -3;
const FACE_UPPER: i32 = -1;

/** no second point; ways are in [-2, 2], and 0 means the same point again, as MuJoCo has it */
const NO_WAY: f32 = -4.0;

fn sideOf(t: f32) -> i32 { return select(select(1, 0, t < -1.0), 2, t > 1.0); }
fn unit(t: f32) -> f32 { return max(min(t, 1.0), -1.0); }

/** The point of the capsule's axis closest to the box, and what is closest there. c, h, s: centre, half axis, half sizes */
fn closest(c: vec3f, h: vec3f, s: vec3f, long: f32, margin: f32, radius: f32) -> Closest {
  let far = margin + 2.0 * (radius + long + s.x + s.y + s.z);
  let slack = SLACK * far;
  // squared distance below which a candidate is closer
  var best = far;
  var found = Closest(0.0, 0.0, NOTHING, 0, 0, 0);

  // an end of the axis over a face, or inside
  for (var end = -1; end <= 1; end += 2) {
    var outside = 0;
    var face = -1;
    var dist2 = 0.0;
    for (var k = 0; k < 3; k++) {
      let x = c[k] + f32(end) * h[k];
      let beyond = abs(x) - s[k];
      if (beyond > 0.0) {
        outside++;
        face = k;
        dist2 += beyond * beyond;
      }
    }
    if (outside > 1 || dist2 >= best) { continue; }
    best = dist2 - MINVAL - 2.0 * slack * sqrt(dist2);
    found.t = f32(end);
    found.feature = select(FACE_UPPER, FACE_LOWER, end < 0);
    found.face = face;
  }

  // the twelve edges
  let mc = long * long;
  for (var j = 0; j < 3; j++) {
    let sj = s[j];
    let hj = h[j];
    let ma = sj * sj;
    let mb = -sj * hj;
    // the part of the axis across the edge: the determinant ma mc - mb mb is ma across2
    var across = h;
    across[j] = 0.0;
    let across2 = dot(across, across);
    if (ma * across2 < MINVAL) { continue; }
    for (var corner = 0; corner < 8; corner++) {
      if ((corner & (1 << u32(j))) != 0) { continue; }
      // from the capsule's centre to the middle of the edge
      var d = select(-s, s, vec3<bool>((corner & 1) != 0, (corner & 2) != 0, (corner & 4) != 0));
      d[j] = 0.0;
      d = d - c;
      let u = -sj * d[j];
      let v = dot(h, d);
      // closest parameters of the two lines, clamped to the segments
      var x2 = dot(across, d) / across2;
      var x1 = (hj * x2 - d[j]) / sj;
      var s1 = sideOf(x1);
      if (s1 != 1) {
        x1 = unit(x1);
        x2 = (v - x1 * mb) / mc;
      }
      let s2 = sideOf(x2);
      if (s2 != 1) {
        x2 = unit(x2);
        x1 = (u - x2 * mb) / ma;
        // an end of the edge found before stays its end unless the new parameter lies on the other side
        let side = sideOf(x1);
        if (side != 1) { s1 = side; }
        x1 = unit(x1);
      }
      var g = d - h * x2;
      g[j] += sj * x1;
      let dist2 = dot(g, g);
      if (dist2 >= best) { continue; }
      best = dist2 - MINVAL - 2.0 * slack * sqrt(dist2);
      found.t = x2;
      found.edgeT = x1;
      found.feature = s1 * 3 + s2;
      found.corner = select(corner, corner + (1 << u32(j)), s1 == 2);
      found.axis = j;
    }
  }
  return found;
}

/** the way from the closest point to the second one along the axis, when a corner of the box is closest */
fn secondFromCorner(h: vec3f, s: vec3f, long: f32, direction: i32, found: Closest) -> f32 {
  let t = found.t;
  var relation = direction ^ found.corner;
  // the axis points to the corner or away from it
  if (relation == 0 || relation == 7) { return NO_WAY; }
  var sign1 = 1.0;
  if (relation == 3 || relation == 5 || relation == 6) {
    sign1 = -1.0;
    relation = 7 - relation;
  }
  let ax = select(select(2, 1, relation == 2), 0, relation == 1);
  let ax1 = (ax + 1) % 3;
  let ax2 = (ax + 2) % 3;
  // along the edge of the box, up to its other corner
  let cosine = h[ax] / long;
  if (cosine * cosine > 0.5) { return sign1 * min(1.0 - sign1 * t, 2.0 * s[ax] / abs(h[ax])); }
  // over a face, up to its border
  var way = 1.0 + sign1 * t;
  way = min(way, 2.0 * s[ax1] / max(abs(h[ax1]), TINY));
  way = min(way, 2.0 * s[ax2] / max(abs(h[ax2]), TINY));
  return -sign1 * way;
}

/** the same when an edge of the box is closest */
fn secondFromEdge(h: vec3f, s: vec3f, direction: i32, found: Closest) -> f32 {
  let t = found.t;
  let ax = found.axis;
  let relation = (direction ^ found.corner) & (7 - (1 << u32(ax)));
  // the axis points to the edge or away from it
  if (relation != 1 && relation != 2 && relation != 4) { return NO_WAY; }
  // of the two faces at the edge the one with the lower angle to the axis
  var ax1 = (ax + 1) % 3;
  var ax2 = (ax + 2) % 3;
  if (abs(h[ax1]) > abs(h[ax2])) { ax1 = ax2; }
  ax2 = 3 - ax - ax1;
  let sign1 = select(-1.0, 1.0, (relation & (1 << u32(ax2))) != 0);
  var way = 1.0 - sign1 * t;
  way = min(way, 2.0 * s[ax2] / max(abs(h[ax2]), TINY));
  let same = ((direction & (1 << u32(ax))) != 0) == (sign1 > 0.0);
  let left = select(1.0 + found.edgeT, 1.0 - found.edgeT, same);
  way = min(way, s[ax] * left / max(abs(h[ax]), TINY));
  return sign1 * way;
}

/** the same when an end of the capsule is closest, over a face of the box */
fn secondFromFace(c: vec3f, h: vec3f, s: vec3f, found: Closest) -> f32 {
  let face = found.face;
  // the end is inside the box
  if (face < 0) { return NO_WAY; }
  let sign1 = select(-1.0, 1.0, found.feature == FACE_LOWER);
  var way = 2.0;
  for (var k = 0; k < 3; k++) {
    // an axis along the border never gets there
    if (k == face || abs(h[k]) < TINY) { continue; }
    let x = c[k] - sign1 * h[k];
    let upper = (s[k] - x) / h[k] * sign1;
    if (upper > 0.0) { way = min(way, upper); }
    let lower = (-s[k] - x) / h[k] * sign1;
    if (lower > 0.0) { way = min(way, lower); }
  }
  return sign1 * way;
}

/**
 * Sphere in the frame of the box against the box; one world.
 * Writes contact k and returns 1, or 0.
 */
fn sphereInBoxFrame(x: vec3f, radius: f32, margin: f32, B: i32, s: vec3f, out: i32, k: i32) -> i32 {
  let c = select(x, max(min(x, s), -s), s > vec3f());
  var n = c - x;
  var dist = sqrt(dot(n, n));
  if (!(dist - radius <= margin)) { return 0; }
  var p: vec3f;
  if (dist <= MINVAL) {
    // centre inside: the nearest face, the lower one first
    var nearest = (s.x + s.y + s.z) * 2.0;
    var face = 0;
    for (var i = 0; i < 6; i++) {
      let size = s[i / 2];
      let depth = abs(select(-size, size, (i & 1) != 0) - x[i / 2]);
      if (nearest > depth) {
        nearest = depth;
        face = i;
      }
    }
    n = vec3f();
    n[face / 2] = select(1.0, -1.0, (face & 1) != 0);
    p = x + (0.5 * (radius - nearest)) * n;
    dist = -nearest;
  } else {
    n = n / dist;
    p = 0.5 * (c + x + radius * n);
  }
  let R = ldmat3(B);
  contact(out, k, dist - radius, ld3(B + GEOM_POS) + R * p, R * n);
  return 1;
}

/** contacts of one world; returns their number */
fn capsuleBoxLane(c: vec3f, h: vec3f, sa: i32, B: i32, s: vec3f, margin: f32, out: i32) -> i32 {
  let radius = par(sa);
  let long = par(sa + 1);
  let found = closest(c, h, s, long, margin, radius);
  let feature = found.feature;
  if (feature == NOTHING) { return 0; }
  let direction = select(0, 1, h.x > 0.0) + select(0, 2, h.y > 0.0) + select(0, 4, h.z > 0.0);
  var way: f32;
  if (feature < 0) {
    way = secondFromFace(c, h, s, found);
  } else if (feature / 3 == 1) {
    way = secondFromEdge(h, s, direction, found);
  } else {
    way = secondFromCorner(h, s, long, direction, found);
  }

  var t = found.t;
  var n = 0;
  for (var k = 0; k < 2; k++) {
    n += sphereInBoxFrame(c + h * t, radius, margin, B, s, out, n);
    if (way == NO_WAY) { break; }
    t += way;
  }
  return n;
}

/**
 * Capsule against box: up to 2 contacts. Signature: see collision/primitive.
 *   source  MuJoCo engine_collision_box.c, mjc_CapsuleBox
 */
fn capsuleBox(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let frame = transpose(ldmat3(B));
  let s = par3(sb);
  let reach = margin + par(sa);
  let centre = frame * (ld3(A + GEOM_POS) - ld3(B + GEOM_POS));
  let half = (frame * axisOf(A)) * par(sa + 1);
  // the box around the capsule against the box
  if (!all(abs(centre) - (s + abs(half)) <= vec3f(reach))) { return 0; }
  return capsuleBoxLane(centre, half, sa, B, s, margin, out);
}
