// import { ld, ld3, ldmat3, par3 } from '../../math/v4'
// import { GEOM_POS } from '../types'
// import { edgeContact } from './boxedge'
// import { contact } from './lane'

// Box against box: separating axes, then the contacts.

// Poses are single precision, so the rounding scales are those of MuJoCo's single precision build.
/** slack of the separation tests, times the sum of the half sizes */
const SEPEPS: f32 = 1e-6;
/** sin^2 below which the cross product of two edges has no direction */
const PAREPS: f32 = 1e-7;
/** an edge axis must beat the faces by this share: on a tie the face gives more contacts */
const EDGEBIAS: f32 = 1e-6;
/** squared distance of two clipped corners, relative to the reference face, below which they are one */
const DUPEPS: f32 = 1e-10;

/** axes of box 2 (columns) in the frame of box 1, centre of box 2 in the frame of box 1, and the other way round */
struct BoxPose { rot: mat3x3f, pos21: vec3f, pos12: vec3f }
/** winning axis: 0..2 face of box 1, 3..5 face of box 2, 6 + 3 i + j the edges i and j */
struct BoxAxes { sep: f32, sepface: f32, code: i32, codeface: i32, septol: f32, touch: bool }

/** a quadrangle cut by four lines has at most 8 corners; rounding may leave a few more */
const MAXVERT: i32 = 12;
const MAXCON: i32 = 8;
/** the polygon and its copy, one of them behind the other */
alias Corners = array<vec3f, 24>;

/** the better of the axes so far and one more, which must gain more than slack */
fn faceAxis(axes: ptr<function, BoxAxes>, sep: f32, code: i32, slack: f32) {
  if (sep - slack > (*axes).sep) {
    (*axes).sep = sep;
    (*axes).code = code;
  }
}

/** the relative pose of the boxes */
fn relativePose(A: i32, B: i32) -> BoxPose {
  let toA = transpose(ldmat3(A));
  let R = ldmat3(B);
  let x = ld3(B + GEOM_POS) - ld3(A + GEOM_POS);
  return BoxPose(toA * R, toA * x, -(transpose(R) * x));
}

/** The 15 axes: whether none of them separates the boxes, and the winner. */
fn separatingAxes(sa: i32, sb: i32, margin: f32, pose: BoxPose) -> BoxAxes {
  let a = par3(sa);
  let b = par3(sb);
  let slack = SEPEPS * ((a.x + a.y + a.z) + (b.x + b.y + b.z));
  let septol = margin + slack;
  var axes = BoxAxes(-1e10, 0.0, 0, 0, septol, false);
  // element (row, column) of the rotation is rot[column][row]; its rows are the columns of rows
  let rot = pose.rot;
  let rows = transpose(rot);

  // faces of box 1, faces of box 2; of two faces that touch flat it is box 1's, whatever the rounding
  for (var i = 0; i < 3; i++) {
    let radius = dot(abs(rows[i]), b);
    faceAxis(&axes, abs(pose.pos21[i]) - a[i] - radius, i, 0.0);
  }
  for (var j = 0; j < 3; j++) {
    let radius = dot(abs(rot[j]), a);
    faceAxis(&axes, abs(pose.pos12[j]) - b[j] - radius, 3 + j, slack);
  }
  let sepface = axes.sep;
  axes.sepface = sepface;
  axes.codeface = axes.code;
  if (!(sepface <= septol)) { return axes; }

  // edges i of box 1 and j of box 2: the radii by the identity e_i x r_j . r_j1 = e_i . r_j2
  var best = sepface;
  var code = axes.code;
  for (var i = 0; i < 3; i++) {
    let i1 = select(i + 1, 0, i == 2);
    let i2 = select(i - 1, 2, i == 0);
    let r = rows[i];
    let r1 = rows[i1];
    let r2 = rows[i2];
    let p1 = pose.pos21[i1];
    let p2 = pose.pos21[i2];
    let size1 = a[i1];
    let size2 = a[i2];
    for (var j = 0; j < 3; j++) {
      let j1 = select(j + 1, 0, j == 2);
      let j2 = select(j - 1, 2, j == 0);
      let x = r2[j];
      let y = r1[j];
      let norm2 = x * x + y * y;
      if (norm2 < PAREPS) { continue; }
      let inv = 1.0 / sqrt(norm2);
      let radius1 = size1 * abs(x) + size2 * abs(y);
      let radius2 = b[j1] * abs(r[j2]) + b[j2] * abs(r[j1]);
      let sep = (abs(y * p2 - x * p1) - radius1 - radius2) * inv;
      if (sep > septol) { return axes; }
      if (sep - EDGEBIAS * abs(sep) > best && sep > sepface) {
        best = sep;
        code = 6 + 3 * i + j;
      }
    }
  }
  axes.sep = best;
  axes.code = code;
  axes.touch = true;
  return axes;
}

/** Column c of the rotation at R as a vector. */
fn column(R: i32, c: i32) -> vec3f { return vec3f(ld(R + c), ld(R + c + 3), ld(R + c + 6)); }

/**
 * Clip a polygon of n corners (x, y, z) to sign * coordinate <= limit (Sutherland and Hodgman 1974).
 * Returns how many corners are left in `into`, or -1 when all of them are inside and nothing was written.
 */
fn clipHalfPlane(corners: ptr<function, Corners>, begin: i32, into: i32, n: i32, coord: i32, sign1: f32, limit: f32) -> i32 {
  var outside = false;
  for (var k = 0; k < n; k++) { outside = outside || sign1 * (*corners)[begin + k][coord] > limit; }
  if (!outside) { return -1; }
  var count = 0;
  var p = (*corners)[begin];
  var dp = sign1 * p[coord] - limit;
  for (var k = 1; k <= n; k++) {
    let q = (*corners)[begin + select(k, 0, k == n)];
    let dq = sign1 * q[coord] - limit;
    if (dp <= 0.0 && count < MAXVERT) {
      (*corners)[into + count] = p;
      count++;
    }
    if (((dp < 0.0 && dq > 0.0) || (dp > 0.0 && dq < 0.0)) && count < MAXVERT) {
      (*corners)[into + count] = p + (dp / (dp - dq)) * (q - p);
      count++;
    }
    p = q;
    dp = dq;
  }
  return count;
}

/** is corner c of the n accepted ones at the same place in the plane? */
fn isDuplicate(corners: ptr<function, Corners>, accepted: i32, n: i32, c: vec3f, radius2: f32) -> bool {
  for (var q = 0; q < n; q++) {
    let d = (*corners)[accepted + q].xy - c.xy;
    if (dot(d, d) < radius2) { return true; }
  }
  return false;
}

/**
 * Contacts of one world whose best axis is a face: the face of the other box is clipped by the sides of this one. Returns
 * their number; positions, distances and the normal stand in the records from out on.
 */
fn faceContacts(A: i32, sa: i32, B: i32, sb: i32, margin: f32, code: i32, pose: BoxPose, out: i32) -> i32 {
  let first = code < 3;
  let a = select(code - 3, code, first);
  let x = select(a + 1, 0, a == 2);
  let y = select(a - 1, 2, a == 0);
  let ref1 = select(B, A, first);
  let size = par3(select(sb, sa, first));
  let other = par3(select(sa, sb, first));
  let centre = select(pose.pos12, pose.pos21, first);
  // axis c of the other box is rot[c]: a column of the rotation, or of its transpose
  var rot = pose.rot;
  if (!first) { rot = transpose(rot); }
  let sign1 = select(-1.0, 1.0, centre[a] >= 0.0);

  // the face of the other box that looks against this one
  var b = 0;
  var largest = abs(rot[0][a]);
  for (var k = 1; k < 3; k++) {
    let w = abs(rot[k][a]);
    if (w > largest) {
      largest = w;
      b = k;
    }
  }
  let u = select(b + 1, 0, b == 2);
  let v = select(b - 1, 2, b == 0);
  let rb = rot[b];
  let ru = rot[u];
  let rv = rot[v];
  let facing = select(1.0, -1.0, sign1 * rb[a] > 0.0);

  // its centre and half edges; z is the height over the face of this box
  let flip = vec3f(1.0, 1.0, sign1);
  let sizeA = size[a];
  let nb = facing * other[b];
  let mid = flip * (vec3f(centre[x], centre[y], centre[a]) + nb * vec3f(rb[x], rb[y], rb[a])) - vec3f(0.0, 0.0, sizeA);
  let du = (flip * other[u]) * vec3f(ru[x], ru[y], ru[a]);
  let dv = (flip * other[v]) * vec3f(rv[x], rv[y], rv[a]);
  var corners: Corners;
  var polygon = 0;
  var spare = MAXVERT;
  corners[0] = mid + du + dv;
  corners[1] = mid - du + dv;
  corners[2] = mid - du - dv;
  corners[3] = mid + du - dv;

  // clip at the four sides; what is not cut is not copied
  let sizeX = size[x];
  let sizeY = size[y];
  var n = 4;
  for (var side = 0; side < 4 && n > 0; side++) {
    let along = side > 1;
    let left = clipHalfPlane(&corners, polygon, spare, n, select(0, 1, along), select(1.0, -1.0, (side & 1) != 0), select(sizeX, sizeY, along));
    if (left < 0) { continue; }
    n = left;
    let swap = polygon;
    polygon = spare;
    spare = swap;
  }

  // corners within the margin, each once
  let radius2 = DUPEPS * (sizeX * sizeX + sizeY * sizeY);
  var count = 0;
  for (var k = 0; k < n && count < MAXCON; k++) {
    let c = corners[polygon + k];
    if (!(c.z <= margin) || isDuplicate(&corners, spare, count, c, radius2)) { continue; }
    corners[spare + count] = c;
    count++;
  }
  if (count == 0) { return 0; }

  // to the world: half way between the two surfaces
  let ex = column(ref1, x);
  let ey = column(ref1, y);
  let ez = sign1 * column(ref1, a);
  let origin = ld3(ref1 + GEOM_POS) + sizeA * ez;
  let normal = select(-ez, ez, first);
  for (var k = 0; k < count; k++) {
    let c = corners[spare + k];
    contact(out, k, c.z, (origin + c.x * ex) + (c.y * ey + (0.5 * c.z) * ez), normal);
  }
  return count;
}

/**
 * Box against box: up to 8 contacts of a face, or one of two edges. Signature: see collision/primitive.
 *   source  MuJoCo engine_collision_box.c, mjc_BoxBox
 */
fn boxBox(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let pose = relativePose(A, B);
  let axes = separatingAxes(sa, sb, margin, pose);
  if (!axes.touch) { return 0; }
  let code = axes.code;
  var n = 0;
  if (code >= 6) { n = edgeContact(A, sa, sb, pose, axes, out); }
  // 0: none; -1: the edge lies along the best face, which stands for it
  if (n < 0 || code < 6) {
    n = faceContacts(A, sa, B, sb, margin, select(axes.codeface, code, code < 6), pose, out);
  }
  return n;
}
