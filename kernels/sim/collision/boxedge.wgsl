// import { ld3, ldmat3, par3 } from '../../math/v4'
// import { GEOM_POS } from '../types'
// import { BoxAxes, BoxPose } from './box'
// import { contact } from './lane'

// Box against box where two edges cross. The CPU computes it in double precision; here the squared sine of the edges is a
// sum of squares, not one less a square.

/** component of the axis below which two corners support it alike (poses are single precision) */
const SGNEPS: f32 = 1e-5;
/** cosine above which an edge axis stands for the face's, and the share of the face's depth it must gain to stay */
const ALIGNED: f32 = 0.99;
const GAIN: f32 = 0.05;
/** rounding of a separation, times the sum of the half sizes: by less an edge gains nothing on a face */
const TIE: f32 = 5e-8;
const MINVAL: f32 = 1e-15;

fn bounded(x: f32, limit: f32) -> f32 { return max(min(x, limit), -limit); }

/**
 * The contact of one world whose best axis is a cross product of edges: the middle of the closest points of the two
 * edges. Returns 1, 0 when they are beyond the margin, or -1 when the best face should be taken because the axis almost
 * is that face's normal.
 */
fn edgeContact(A: i32, sa: i32, sb: i32, pose: BoxPose, axes: BoxAxes, out: i32) -> i32 {
  let code = axes.code - 6;
  let i = code / 3;
  let j = code % 3;
  let i1 = (i + 1) % 3;
  let i2 = (i + 2) % 3;
  let j1 = (j + 1) % 3;
  let j2 = (j + 2) % 3;
  // element (row, column) of the rotation is rot[column][row]
  let rot = pose.rot;
  let pos = pose.pos21;
  let s1 = par3(sa);
  let s2 = par3(sb);
  let edge = rot[j];

  // unit axis e_i x r_j in the frame of box 1: its components i1 and i2
  var x = -edge[i2];
  var y = edge[i1];
  let norm2 = x * x + y * y;
  let norm = sqrt(norm2);
  x /= norm;
  y /= norm;
  let face = axes.codeface;
  var along: f32;
  if (face < 3) {
    along = select(select(abs(y), abs(x), face == i1), 0.0, face == i);
  } else {
    along = abs(x * rot[face - 3][i1] + y * rot[face - 3][i2]);
  }
  let sep = axes.sep;
  let sepface = axes.sepface;
  let size = s1.x + s2.x + s1.y + s2.y + s1.z + s2.z;
  if (along > ALIGNED && sep < sepface + GAIN * abs(sepface) + TIE * size) { return -1; }
  if (x * pos[i1] + y * pos[i2] < 0.0) {
    x = -x;
    y = -y;
  }

  // its components along j1 and j2 of box 2
  let r1 = rot[j1];
  let r2 = rot[j2];
  let z1 = x * r1[i1] + y * r1[i2];
  let z2 = x * r2[i1] + y * r2[i2];
  // where a component vanishes both corners support the axis: try both, at most one component a box
  let loose1 = select(select(0, 2, abs(y) < SGNEPS), 1, abs(x) < SGNEPS);
  let loose2 = select(select(0, 2, abs(z2) < SGNEPS), 1, abs(z1) < SGNEPS);

  // direction of edge 2: along edge 1 (k = i), i1, i2
  let di = edge[i];
  let d1 = edge[i1];
  let d2 = edge[i2];
  // 1 - di di
  let denom = norm2;
  let half1 = s1[i];
  let half2 = s2[j];
  var nearest = 1e10;
  // middle and difference of the closest points: components i, i1, i2
  var mi = 0.0;
  var m1 = 0.0;
  var m2 = 0.0;
  var dist = 0.0;
  for (var v1 = 0; v1 < select(1, 2, loose1 != 0); v1++) {
    var c1 = select(-s1[i1], s1[i1], x >= 0.0);
    var c2 = select(-s1[i2], s1[i2], y >= 0.0);
    if (v1 != 0) {
      if (loose1 == 1) { c1 = -c1; } else { c2 = -c2; }
    }
    for (var v2 = 0; v2 < select(1, 2, loose2 != 0); v2++) {
      var b1 = select(s2[j1], -s2[j1], z1 >= 0.0);
      var b2 = select(s2[j2], -s2[j2], z2 >= 0.0);
      if (v2 != 0) {
        if (loose2 == 1) { b1 = -b1; } else { b2 = -b2; }
      }
      // middle of edge 2, relative to the middle of edge 1
      let q = pos + r1 * b1 + r2 * b2;
      let qi = q[i];
      let e1 = q[i1] - c1;
      let e2 = q[i2] - c2;
      let across = d1 * e1 + d2 * e2;
      let along2 = di * qi + across;
      // parameters of the closest points, each clamped and the other solved again
      var s = 0.0;
      if (denom >= MINVAL) { s = qi - di * across / denom; }
      s = bounded(s, half1);
      let t = bounded(di * s - along2, half2);
      s = bounded(qi + di * t, half1);
      let gi = qi + t * di - s;
      let g1 = e1 + t * d1;
      let g2 = e2 + t * d2;
      let gap = gi * gi + g1 * g1 + g2 * g2;
      if (gap < nearest) {
        nearest = gap;
        dist = x * g1 + y * g2;
        mi = s + 0.5 * gi;
        m1 = c1 + 0.5 * g1;
        m2 = c2 + 0.5 * g2;
      }
    }
  }
  if (dist > axes.septol) { return 0; }

  let R = ldmat3(A);
  contact(out, 0, dist, ld3(A + GEOM_POS) + R[i] * mi + R[i1] * m1 + R[i2] * m2, R[i1] * x + R[i2] * y);
  return 1;
}
