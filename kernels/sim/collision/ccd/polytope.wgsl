// import { ld, ld3, ldi, st, st3, sti } from '../../../math/v4'
// import { ADJ, DELETED, DIST2, HORIZON, INDEX, MAXEDGE, MINVAL, MINVAL2, NUMBER, PROJ, ROUNDING, SIMPLEX, TODO, UNMAPPED, VERTEX, ccd, copyVertex, det3, face, map, vertex } from './layout'
// import { affine, projectOrigin } from './simplex'
// import { supportAlong } from './support'

// The polytope of the expanding polytope algorithm: faces, the first polytope, the horizon seen from a new vertex.

/** sine and cosine of 120 degrees */
const SIN120: f32 = 0.86602540378;
const COS120: f32 = -0.5;

/** results of a first polytope: none, done, the simplex is now a triangle to begin with */
const NONE: i32 = 0;
const DONE: i32 = 1;
const AGAIN: i32 = 2;

/** corners and neighbours of the faces of the first polytope, a hexadecimal digit each: around a segment, from a triangle, a tetrahedron */
const FIRST_FACES = array<i32, 16>(
  0x023132, 0x042240, 0x034051, 0x132504, 0x124315, 0x143423,
  0x401132, 0x420240, 0x412051, 0x310504, 0x302315, 0x321423,
  0x012132, 0x031230, 0x023031, 0x321201,
);

/** corner k of a face: the number of a vertex */
fn corner(f: i32, k: i32) -> i32 { return ldi(f + k); }
/** the face over edge k of a face */
fn neighbour(f: i32, k: i32) -> i32 { return ldi(f + ADJ + k); }
fn next(k: i32) -> i32 { return select(k + 1, 0, k == 2); }

fn insertVertex(v: i32) -> i32 {
  let n = ccd.nvert;
  ccd.nvert = n + 1;
  copyVertex(vertex(n), v);
  return n;
}

/** one more vertex: the support point in direction d of length n */
fn insertSupport(d: vec3f, n: f32) -> i32 {
  let k = ccd.nvert;
  ccd.nvert = k + 1;
  supportAlong(vertex(k), d, n);
  return k;
}

/** One more face with its corners and neighbours; returns the squared distance of its plane, 0 if it has none. */
fn attachFace(v1: i32, v2: i32, v3: i32, adj1: i32, adj2: i32, adj3: i32) -> f32 {
  let n = ccd.nface;
  ccd.nface = n + 1;
  let f = face(n);
  sti(f, v1);
  sti(f + 1, v2);
  sti(f + 2, v3);
  sti(f + ADJ, adj1);
  sti(f + ADJ + 1, adj2);
  sti(f + ADJ + 2, adj3);
  sti(f + INDEX, UNMAPPED);
  let a = ld3(vertex(v1));
  let projection = projectOrigin(ld3(vertex(v3)), ld3(vertex(v2)), a);
  var p = projection.at;
  // the projection must point out of the polytope
  if (dot(p, a - ccd.centre) < 0.0) { p = -p; }
  let d2 = dot(p, p);
  st3(f + PROJ, p);
  st(f + DIST2, d2);
  return d2;
}

/** faces [begin, end) of FIRST_FACES; returns the first whose plane is closer than the square root of least, end if none is */
fn attachFirst(begin: i32, end: i32, least: f32) -> i32 {
  for (var i = begin; i < end; i++) {
    let x = FIRST_FACES[i];
    let d2 = attachFace(x >> 20u, (x >> 16u) & 15, (x >> 12u) & 15, (x >> 8u) & 15, (x >> 4u) & 15, x & 15);
    if (d2 < least) { return i; }
  }
  return end;
}

/** the face joins the candidates */
fn mapFace(number: i32) {
  let n = ccd.nmap;
  ccd.nmap = n + 1;
  let f = face(number);
  let entry = map(n);
  st(entry, ld(f + DIST2));
  sti(entry + NUMBER, number);
  sti(f + INDEX, n);
}

fn deleteFace(f: i32) {
  let index = ldi(f + INDEX);
  if (index >= 0) {
    let n = ccd.nmap - 1;
    ccd.nmap = n;
    let last = map(n);
    let hole = map(index);
    let number = ldi(last + NUMBER);
    st(hole, ld(last));
    sti(hole + NUMBER, number);
    sti(face(number) + INDEX, index);
  }
  sti(f + INDEX, DELETED);
}

/** are p3 and the origin on the same side of the plane p0 p1 p2? */
fn sameSide(p0: vec3f, p1: vec3f, p2: vec3f, p3: vec3f) -> bool {
  let n = cross(p1 - p0, p2 - p0);
  let mine = dot(n, p3 - p0);
  let origin = -dot(n, p0);
  return (mine > 0.0 && origin > 0.0) || (mine < 0.0 && origin < 0.0);
}

fn containsOrigin(p0: vec3f, p1: vec3f, p2: vec3f, p3: vec3f) -> bool {
  return sameSide(p0, p1, p2, p3) && sameSide(p1, p2, p3, p0) && sameSide(p2, p3, p0, p1) && sameSide(p3, p0, p1, p2);
}

/** does the line through v1 and v2 pass the triangle? */
fn linePasses(v1: vec3f, v2: vec3f, v3: vec3f, v4: vec3f, v5: vec3f) -> bool {
  let w = v2 - v1;
  let x = v3 - v1;
  let y = v4 - v1;
  let z = v5 - v1;
  let sides = vec3f(det3(x, y, w), det3(y, z, w), det3(z, x, w));
  return all(sides >= vec3f()) || all(sides <= vec3f());
}

/** is p in the triangle? */
fn inTriangle(v1: vec3f, v2: vec3f, v3: vec3f, p: vec3f) -> bool {
  let l = affine(v1, v2, v3, p);
  if (any(l < vec3f())) { return false; }
  let x = v1 * l.x + v2 * l.y + v3 * l.z - p;
  return sqrt(dot(x, x)) < MINVAL;
}

fn setCentre(n: i32) {
  // of all corners of the first polytope: a simplex on the surface would leave the side of its faces to rounding
  var x = vec3f();
  for (var i = 0; i < n; i++) { x += ld3(vertex(i)); }
  ccd.centre = x / f32(n);
}

fn clear() {
  ccd.nvert = 0;
  ccd.nface = 0;
  ccd.nmap = 0;
  ccd.nedge = 0;
}

/** start again from one triangle */
fn fromFace(f: i32) -> i32 {
  // the corners of a face that is there; firstPolytope goes on, so that fromTriangle stands there once
  let s = f_ccd + SIMPLEX;
  for (var k = 0; k < 3; k++) { copyVertex(s + VERTEX * k, vertex(corner(f, k))); }
  ccd.nsimplex = 3;
  return AGAIN;
}

/** u = e x d for the coordinate axis e where d is smallest, and u turned about d by 120 and 240 degrees behind it */
fn around(d: vec3f) -> mat3x3f {
  let size = abs(d);
  var u: vec3f;
  if (size.x <= size.y && size.x <= size.z) { u = vec3f(0.0, -d.z, d.y); }
  else if (size.y <= size.z) { u = vec3f(d.z, 0.0, -d.x); }
  else { u = vec3f(-d.y, d.x, 0.0); }
  // u is orthogonal to d
  let axis = d / max(sqrt(dot(d, d)), MINVAL);
  let v = COS120 * u + SIN120 * cross(axis, u) + (1.0 - COS120) * dot(axis, u) * axis;
  return mat3x3f(u, v, COS120 * v + SIN120 * cross(axis, v) + (1.0 - COS120) * dot(axis, v) * axis);
}

/** from a segment: three support points around it make a hexahedron */
fn fromSegment() -> i32 {
  clear();
  let simplex = f_ccd + SIMPLEX;
  let d = ld3(simplex + VERTEX) - ld3(simplex);
  var u = around(d);
  insertVertex(simplex);
  insertVertex(simplex + VERTEX);
  for (var k = 0; k < 3; k++) { insertSupport(u[k], sqrt(dot(u[k], u[k]))); }
  setCentre(5);
  let flat = attachFirst(0, 6, ROUNDING * ROUNDING);
  if (flat < 6) { return fromFace(face(flat)); }
  return select(NONE, DONE, linePasses(ld3(vertex(0)), ld3(vertex(1)), ld3(vertex(2)), ld3(vertex(3)), ld3(vertex(4))));
}

/** from a triangle: support points on both sides of it make a hexahedron */
fn fromTriangle() -> i32 {
  clear();
  let simplex = f_ccd + SIMPLEX;
  for (var k = 0; k < 3; k++) { insertVertex(simplex + VERTEX * k); }
  let p1 = ld3(simplex);
  let p2 = ld3(simplex + VERTEX);
  let p3 = ld3(simplex + 2 * VERTEX);
  let n = cross(p2 - p1, p3 - p1);
  let length = sqrt(dot(n, n));
  if (length < MINVAL) { return NONE; }
  // v5 behind, v4 in front; flat on a side
  for (var k = 0; k < 2; k++) {
    let v = insertSupport(select(n, -n, k == 0), length);
    if (inTriangle(p1, p2, p3, ld3(vertex(v)))) { return NONE; }
  }
  setCentre(5);
  return select(NONE, DONE, attachFirst(6, 12, MINVAL2) == 12);
}

fn fromTetrahedron() -> i32 {
  clear();
  for (var k = 0; k < 4; k++) { insertVertex(f_ccd + SIMPLEX + VERTEX * k); }
  setCentre(4);
  // the origin on a face: go on from that one
  let flat = attachFirst(12, 16, ROUNDING * ROUNDING);
  if (flat < 16) { return fromFace(face(flat - 12)); }
  return select(NONE, DONE, containsOrigin(ld3(vertex(0)), ld3(vertex(1)), ld3(vertex(2)), ld3(vertex(3))));
}

/** The first polytope, from the simplex of `gjk`; false when there is none that holds the origin. */
fn firstPolytope() -> bool {
  let n = ccd.nsimplex;
  var result = AGAIN;
  if (n == 2) { result = fromSegment(); }
  else if (n != 3) { result = fromTetrahedron(); }
  if (result == AGAIN) { result = fromTriangle(); }
  if (result == NONE) { return false; }
  for (var i = 0; i < ccd.nface; i++) { mapFace(i); }
  return true;
}

/** the edge of a face that begins at a vertex */
fn edgeAt(f: i32, v: i32) -> i32 { return select(select(2, 1, corner(f, 1) == v), 0, corner(f, 0) == v); }

/** Go on to the face over edge k of f, unless it is deleted: if the vertex w does not see it, the edge is on the horizon. */
fn crossEdge(f: i32, k: i32, w: vec3f) {
  let number = neighbour(f, k);
  let other = face(number);
  if (ldi(other + INDEX) == DELETED) { return; }
  let edge = edgeAt(other, corner(f, next(k)));
  if (removeVisible(number, edge, w)) { return; }
  let n = ccd.nedge;
  ccd.nedge = n + 1;
  if (n >= MAXEDGE) { return; }
  sti(f_ccd + HORIZON + 2 * n, number);
  sti(f_ccd + HORIZON + 2 * n + 1, edge);
}

/** what is left to do at a deleted face: n edges from edge k on, then the face that was on top of the stack */
fn push(number: i32, k: i32, n: i32) {
  sti(face(number) + TODO, 16 * (ccd.todo + 1) + 4 * k + n);
  ccd.todo = number;
}

/** If w sees the face, entered over edge e: delete it and go on over its other edges. */
fn removeVisible(number: i32, e: i32, w: vec3f) -> bool {
  let f = face(number);
  // coplanar faces stay, as far as can be told
  let d2 = ld(f + DIST2);
  if (!(dot(ld3(f + PROJ), w) - d2 > ROUNDING * sqrt(d2))) { return false; }
  deleteFace(f);
  push(number, next(e), 2);
  return true;
}

/**
 * Delete the face and all that the vertex w sees; the edges where they meet the others are left in order in HORIZON.
 * NEDGE counts them, also those beyond its room.
 */
fn horizon(number: i32, w: vec3f) {
  ccd.nedge = 0;
  deleteFace(face(number));
  // depth first, with a stack that runs through the deleted faces
  ccd.todo = -1;
  push(number, 0, 3);
  while (ccd.todo >= 0) {
    let f = face(ccd.todo);
    let word = ldi(f + TODO);
    if ((word & 3) == 0) {
      ccd.todo = (word >> 4u) - 1;
      continue;
    }
    let k = (word >> 2u) & 3;
    sti(f + TODO, (word & ~15) + 4 * next(k) + (word & 3) - 1);
    crossEdge(f, k, w);
  }
}
