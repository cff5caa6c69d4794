/** The polytope of the expanding polytope algorithm: faces, the first polytope, the horizon seen from a new vertex. */
import { ADJ, CENTRE, DELETED, DIST2, FAR, HORIZON, INDEX, MAXEDGE, MINVAL, MINVAL2, NEDGE, NFACE, NMAP, NSIMPLEX, NUMBER, NVERT, PROJ, SIMPLEX, TMP, UNMAPPED, VERTEX, X, Y, Z, copyVertex, cross, det3, difference, dot, face, map, norm, set, vertex } from './layout'
import { affine, projectOrigin } from './simplex'
import { supportAlong } from './support'

/** sine and cosine of 120 degrees */
const SIN120: f64 = 0.86602540378
const COS120: f64 = -0.5

/** corner k of a face: the number of a vertex */
// @ts-ignore: decorator
@inline export function corner(f: usize, k: i32): i32 { return load<i32>(f + 4 * <usize>k) }
/** the face over edge k of a face */
// @ts-ignore: decorator
@inline export function neighbour(f: usize, k: i32): i32 { return load<i32>(f + ADJ + 4 * <usize>k) }
// @ts-ignore: decorator
@inline export function next(k: i32): i32 { return k == 2 ? 0 : k + 1 }

function insertVertex(c: usize, v: usize): i32 {
  const n = load<i32>(c + NVERT)
  store<i32>(c + NVERT, n + 1)
  copyVertex(vertex(c, n), v)
  return n
}

/** one more vertex: the support point in direction d of length n */
export function insertSupport(c: usize, d: usize, n: f64): i32 {
  const k = load<i32>(c + NVERT)
  store<i32>(c + NVERT, k + 1)
  supportAlong(vertex(c, k), c, d, n)
  return k
}

/** One more face with its corners and neighbours; returns the squared distance of its plane, 0 if it has none. */
export function attachFace(c: usize, v1: i32, v2: i32, v3: i32, adj1: i32, adj2: i32, adj3: i32): f64 {
  const n = load<i32>(c + NFACE)
  store<i32>(c + NFACE, n + 1)
  const f = face(c, n)
  store<i32>(f, v1)
  store<i32>(f, v2, 4)
  store<i32>(f, v3, 8)
  store<i32>(f, adj1, ADJ)
  store<i32>(f, adj2, ADJ + 4)
  store<i32>(f, adj3, ADJ + 8)
  store<i32>(f, UNMAPPED, INDEX)
  const p = f + PROJ, a = vertex(c, v1), o = c + CENTRE
  if (!projectOrigin(p, vertex(c, v3), vertex(c, v2), a)) return 0
  // the projection must point out of the polytope
  if (X(p) * (X(a) - X(o)) + Y(p) * (Y(a) - Y(o)) + Z(p) * (Z(a) - Z(o)) < 0) set(p, -X(p), -Y(p), -Z(p))
  const d2 = dot(p, p)
  store<f64>(f, d2, DIST2)
  return d2
}

/** the face joins the candidates */
export function mapFace(c: usize, number: i32): void {
  const n = load<i32>(c + NMAP)
  store<i32>(c + NMAP, n + 1)
  const f = face(c, number), entry = map(c, n)
  store<f64>(entry, load<f64>(f, DIST2))
  store<i32>(entry, number, NUMBER)
  store<i32>(f, n, INDEX)
}

function deleteFace(c: usize, f: usize): void {
  const index = load<i32>(f, INDEX)
  if (index >= 0) {
    const n = load<i32>(c + NMAP) - 1
    store<i32>(c + NMAP, n)
    const last = map(c, n), hole = map(c, index)
    const number = load<i32>(last, NUMBER)
    store<f64>(hole, load<f64>(last))
    store<i32>(hole, number, NUMBER)
    store<i32>(face(c, number), index, INDEX)
  }
  store<i32>(f, DELETED, INDEX)
}

/** are p3 and the origin on the same side of the plane p0 p1 p2? */
function sameSide(p0: usize, p1: usize, p2: usize, p3: usize, w: usize): bool {
  difference(w, p1, p0)
  difference(w + 24, p2, p0)
  cross(w + 48, w, w + 24)
  difference(w, p3, p0)
  const mine = dot(w + 48, w), origin = -dot(w + 48, p0)
  return (mine > 0 && origin > 0) || (mine < 0 && origin < 0)
}

function containsOrigin(p0: usize, p1: usize, p2: usize, p3: usize, w: usize): bool {
  return sameSide(p0, p1, p2, p3, w) && sameSide(p1, p2, p3, p0, w) && sameSide(p2, p3, p0, p1, w) && sameSide(p3, p0, p1, p2, w)
}

/** does the line through v1 and v2 pass the triangle? */
function linePasses(v1: usize, v2: usize, v3: usize, v4: usize, v5: usize, w: usize): bool {
  difference(w, v2, v1)
  difference(w + 24, v3, v1)
  difference(w + 48, v4, v1)
  difference(w + 72, v5, v1)
  const a = det3(w + 24, w + 48, w), b = det3(w + 48, w + 72, w), d = det3(w + 72, w + 24, w)
  return (a >= 0 && b >= 0 && d >= 0) || (a <= 0 && b <= 0 && d <= 0)
}

/** is p in the triangle? */
function inTriangle(v1: usize, v2: usize, v3: usize, p: usize, w: usize): bool {
  affine(w, v1, v2, v3, p)
  const a = X(w), b = Y(w), d = Z(w)
  if (a < 0 || b < 0 || d < 0) return false
  const x = X(v1) * a + X(v2) * b + X(v3) * d - X(p)
  const y = Y(v1) * a + Y(v2) * b + Y(v3) * d - Y(p)
  const z = Z(v1) * a + Z(v2) * b + Z(v3) * d - Z(p)
  return sqrt(x * x + y * y + z * z) < MINVAL
}

function setCentre(c: usize, n: i32): void {
  let x: f64 = 0, y: f64 = 0, z: f64 = 0
  for (let i = 0; i < n; i++) {
    const v = c + SIMPLEX + VERTEX * <usize>i
    x += X(v)
    y += Y(v)
    z += Z(v)
  }
  set(c + CENTRE, x / <f64>n, y / <f64>n, z / <f64>n)
}

function clear(c: usize): void {
  store<i32>(c + NVERT, 0)
  store<i32>(c + NFACE, 0)
  store<i32>(c + NMAP, 0)
  store<i32>(c + NEDGE, 0)
}

/** start again from one triangle */
function fromFace(c: usize, v1: i32, v2: i32, v3: i32): bool {
  const s = c + SIMPLEX
  copyVertex(s, vertex(c, v1))
  copyVertex(s + VERTEX, vertex(c, v2))
  copyVertex(s + 2 * VERTEX, vertex(c, v3))
  store<i32>(c + NSIMPLEX, 3)
  return fromTriangle(c)
}

/** u = e x d for the coordinate axis e where d is smallest, and u turned about d by 120 and 240 degrees behind it */
function around(u: usize, d: usize): void {
  let axis = 0, least = FAR
  for (let i = 0; i < 3; i++) {
    const size = abs(load<f64>(d + 8 * <usize>i))
    if (size < least) {
      least = size
      axis = i
    }
  }
  if (axis == 0) set(u, 0, -Z(d), Y(d))
  else if (axis == 1) set(u, Z(d), 0, -X(d))
  else set(u, -Y(d), X(d), 0)
  // u is orthogonal to d
  const n = norm(d)
  const x = X(d) / n, y = Y(d) / n, z = Z(d) / n
  for (let k = 0; k < 2; k++, u += 24) {
    const along = (1 - COS120) * (x * X(u) + y * Y(u) + z * Z(u))
    set(
      u + 24,
      COS120 * X(u) + SIN120 * (y * Z(u) - z * Y(u)) + along * x,
      COS120 * Y(u) + SIN120 * (z * X(u) - x * Z(u)) + along * y,
      COS120 * Z(u) + SIN120 * (x * Y(u) - y * X(u)) + along * z,
    )
  }
}

/** from a segment: three support points around it make a hexahedron */
function fromSegment(c: usize): bool {
  clear(c)
  setCentre(c, 2)
  const d = c + TMP + 96, u = c + TMP + 120
  difference(d, c + SIMPLEX + VERTEX, c + SIMPLEX)
  around(u, d)
  const v1 = insertVertex(c, c + SIMPLEX), v2 = insertVertex(c, c + SIMPLEX + VERTEX)
  const v3 = insertSupport(c, u, norm(u))
  const v4 = insertSupport(c, u + 24, norm(u + 24))
  const v5 = insertSupport(c, u + 48, norm(u + 48))
  if (attachFace(c, v1, v3, v4, 1, 3, 2) < MINVAL2) return fromFace(c, v1, v3, v4)
  if (attachFace(c, v1, v5, v3, 2, 4, 0) < MINVAL2) return fromFace(c, v1, v5, v3)
  if (attachFace(c, v1, v4, v5, 0, 5, 1) < MINVAL2) return fromFace(c, v1, v4, v5)
  if (attachFace(c, v2, v4, v3, 5, 0, 4) < MINVAL2) return fromFace(c, v2, v4, v3)
  if (attachFace(c, v2, v3, v5, 3, 1, 5) < MINVAL2) return fromFace(c, v2, v3, v5)
  if (attachFace(c, v2, v5, v4, 4, 2, 3) < MINVAL2) return fromFace(c, v2, v5, v4)
  return linePasses(vertex(c, v1), vertex(c, v2), vertex(c, v3), vertex(c, v4), vertex(c, v5), c + TMP)
}

/** from a triangle: support points on both sides of it make a hexahedron */
function fromTriangle(c: usize): bool {
  clear(c)
  setCentre(c, 3)
  const n = c + TMP + 96, back = c + TMP + 120
  const v1 = insertVertex(c, c + SIMPLEX)
  const v2 = insertVertex(c, c + SIMPLEX + VERTEX)
  const v3 = insertVertex(c, c + SIMPLEX + 2 * VERTEX)
  const p1 = vertex(c, v1), p2 = vertex(c, v2), p3 = vertex(c, v3)
  difference(c + TMP, p2, p1)
  difference(c + TMP + 24, p3, p1)
  cross(n, c + TMP, c + TMP + 24)
  const length = norm(n)
  if (length < MINVAL) return false
  set(back, -X(n), -Y(n), -Z(n))
  const v5 = insertSupport(c, back, length), v4 = insertSupport(c, n, length)
  // flat on a side
  if (inTriangle(p1, p2, p3, vertex(c, v4), c + TMP) || inTriangle(p1, p2, p3, vertex(c, v5), c + TMP)) return false
  return !(
    attachFace(c, v4, v1, v2, 1, 3, 2) < MINVAL2 ||
    attachFace(c, v4, v3, v1, 2, 4, 0) < MINVAL2 ||
    attachFace(c, v4, v2, v3, 0, 5, 1) < MINVAL2 ||
    attachFace(c, v5, v2, v1, 5, 0, 4) < MINVAL2 ||
    attachFace(c, v5, v1, v3, 3, 1, 5) < MINVAL2 ||
    attachFace(c, v5, v3, v2, 4, 2, 3) < MINVAL2
  )
}

function fromTetrahedron(c: usize): bool {
  clear(c)
  setCentre(c, 4)
  const v1 = insertVertex(c, c + SIMPLEX)
  const v2 = insertVertex(c, c + SIMPLEX + VERTEX)
  const v3 = insertVertex(c, c + SIMPLEX + 2 * VERTEX)
  const v4 = insertVertex(c, c + SIMPLEX + 3 * VERTEX)
  // the origin on a face: go on from that one
  if (attachFace(c, v1, v2, v3, 1, 3, 2) < MINVAL2) return fromFace(c, v1, v2, v3)
  if (attachFace(c, v1, v4, v2, 2, 3, 0) < MINVAL2) return fromFace(c, v1, v4, v2)
  if (attachFace(c, v1, v3, v4, 0, 3, 1) < MINVAL2) return fromFace(c, v1, v3, v4)
  if (attachFace(c, v4, v3, v2, 2, 0, 1) < MINVAL2) return fromFace(c, v4, v3, v2)
  return containsOrigin(vertex(c, v1), vertex(c, v2), vertex(c, v3), vertex(c, v4), c + TMP)
}

/** The first polytope, from the simplex of `gjk`; false when there is none that holds the origin. */
export function firstPolytope(c: usize): bool {
  const n = load<i32>(c + NSIMPLEX)
  if (!(n == 2 ? fromSegment(c) : n == 3 ? fromTriangle(c) : fromTetrahedron(c))) return false
  const count = load<i32>(c + NFACE)
  for (let i = 0; i < count; i++) mapFace(c, i)
  return true
}

/** the edge of a face that begins at a vertex */
function edgeAt(f: usize, v: i32): i32 { return corner(f, 0) == v ? 0 : corner(f, 1) == v ? 1 : 2 }

/** Go on to the face over edge k of f, unless it is deleted: if the vertex w does not see it, the edge is on the horizon. */
function crossEdge(c: usize, f: usize, k: i32, w: usize): void {
  const number = neighbour(f, k)
  const other = face(c, number)
  if (load<i32>(other, INDEX) == DELETED) return
  const edge = edgeAt(other, corner(f, next(k)))
  if (removeVisible(c, other, edge, w)) return
  const n = load<i32>(c + NEDGE)
  store<i32>(c + NEDGE, n + 1)
  if (n >= MAXEDGE) return
  store<i32>(c + HORIZON + 8 * <usize>n, number)
  store<i32>(c + HORIZON + 8 * <usize>n, edge, 4)
}

/** If w sees the face, entered over edge e: delete it and go on over its other edges. */
function removeVisible(c: usize, f: usize, e: i32, w: usize): bool {
  if (!(dot(f + PROJ, w) - load<f64>(f, DIST2) > MINVAL)) return false
  deleteFace(c, f)
  crossEdge(c, f, next(e), w)
  crossEdge(c, f, next(next(e)), w)
  return true
}

/**
 * Delete the face and all that the vertex w sees; the edges where they meet the others are left in order in HORIZON.
 * NEDGE counts them, also those beyond its room.
 */
export function horizon(c: usize, f: usize, w: usize): void {
  store<i32>(c + NEDGE, 0)
  deleteFace(c, f)
  for (let k = 0; k < 3; k++) crossEdge(c, f, k, w)
}
