/**
 * Contacts of two flat faces, or of an edge lying in a face, for boxes and cylinders (a cap is a polygon of 16 corners):
 * the one is clipped against the other.
 */
import { CYLINDER, FEATURE1, FEATURE2, FOUND, FOUND_STRIDE, MANIFOLD, MAT, MINVAL, OBJ1, OBJ2, POS, SHAPE, SIZE, VERT1, VERT2, X, X1, X2, Y, Z, cross, difference, dot, set, vertex } from './layout'
import { corner } from './polytope'

/** faces are parallel beyond this cosine; an edge lies in a face below this one (about 5 degrees) */
const FACETOL: f64 = 0.996
const EDGETOL: f64 = 0.0888
const MAXCON: i32 = 4
/** quadrangles whose areas differ by less than this share are as large: the first one stays, whatever the rounding */
const TIE: f64 = 1e-9
const SIDES: i32 = 16
/** a polygon of 16 corners cut by 16 lines has 32; rounding may leave a few more */
const MAXCORNER: i32 = 46
const COS1: f64 = 0.923879532511287
const COS2: f64 = 0.707106781186548
const COS3: f64 = 0.38268343236509

// memory of one object: normals of its faces 3 and their numbers, points of the object in the simplex 3 and their
// features, the face or edge that touches
const SIDE1: usize = MANIFOLD
const SIDE2: usize = MANIFOLD + 560
const NORMALS: usize = 0
const FACEID: usize = 72
const POINTS: usize = 88
const FEATURES: usize = 160
const OUTLINE: usize = 176
/** far ends of edges 3 */
const ENDS: usize = MANIFOLD + 1120
/** clipped polygon and the one it is made from, then the plane of a side and the side */
const POLYGON: usize = MANIFOLD + 1192
const CLIPPED: usize = POLYGON + 48 * 24
const PLANE: usize = CLIPPED + 48 * 24
/** address of the clipped polygon, and the numbers of its corners that stay */
const RESULT: usize = PLANE + 48
const KEPT: usize = RESULT + 8

/** out = R (x, y, z) */
// @ts-ignore: decorator
@inline function rotate(out: usize, obj: usize, x: f64, y: f64, z: f64): void {
  const R = obj + MAT
  set(
    out,
    X(R) * x + Y(R) * y + Z(R) * z,
    load<f64>(R, 24) * x + load<f64>(R, 32) * y + load<f64>(R, 40) * z,
    load<f64>(R, 48) * x + load<f64>(R, 56) * y + load<f64>(R, 64) * z,
  )
}

/** out = R (x, y, z) + p */
function toWorld(out: usize, obj: usize, x: f64, y: f64, z: f64): void {
  rotate(out, obj, x, y, z)
  set(out, X(out) + X(obj + POS), Y(out) + Y(obj + POS), Z(out) + Z(obj + POS))
}

function copy3(to: usize, from: usize): void { set(to, X(from), Y(from), Z(from)) }

/** the vector made unit; along x when it has no length */
function unit(v: usize): void {
  const norm = sqrt(dot(v, v))
  if (norm < MINVAL) set(v, 1, 0, 0)
  else set(v, X(v) / norm, Y(v) / norm, Z(v) / norm)
}

/** points and features of one object (offset: VERT, feature: FEATURE) on the face f; returns how many features differ */
function collect(side: usize, c: usize, f: usize, offset: usize, feature: usize): i32 {
  for (let k = 0; k < 3; k++) {
    const v = vertex(c, corner(f, k))
    copy3(side + POINTS + 24 * <usize>k, v + offset)
    store<i32>(side + FEATURES + 4 * <usize>k, load<i32>(v + feature))
  }
  const a = load<i32>(side + FEATURES), b = load<i32>(side + FEATURES, 4), d = load<i32>(side + FEATURES, 8)
  if (a != b) return d == a || d == b ? 2 : 3
  if (a == d) return 1
  store<i32>(side + FEATURES, d, 4)
  copy3(side + POINTS + 24, side + POINTS + 48)
  return 2
}

/** face number 2 k (upper) or 2 k + 1 (lower) of a box, as entry n of the list */
function addFace(side: usize, obj: usize, n: i32, axis: i32, sign: f64): void {
  rotate(side + NORMALS + 24 * <usize>n, obj, axis == 0 ? sign : 0, axis == 1 ? sign : 0, axis == 2 ? sign : 0)
  store<i32>(side + FACEID + 4 * <usize>n, 2 * axis + (sign > 0 ? 0 : 1))
}

/** the face of a box that looks along the direction from a to b; returns 1, or 0 when none does closely */
function faceAlong(side: usize, obj: usize, a: usize, b: usize): i32 {
  const x = X(b) - X(a), y = Y(b) - Y(a), z = Z(b) - Z(a)
  const norm = sqrt(x * x + y * y + z * z)
  const R = obj + MAT
  for (let axis = 0; axis < 3; axis++) {
    const k: usize = 8 * <usize>axis
    const along = (load<f64>(R + k) * x + load<f64>(R + k, 24) * y + load<f64>(R + k, 48) * z) / norm
    if (abs(along) <= FACETOL) continue
    addFace(side, obj, 0, axis, along > 0 ? 1 : -1)
    return 1
  }
  return 0
}

/**
 * Faces of an object that hold all its points in the simplex; of a box, failing that, the one that looks from `from` to
 * `to`. Returns their number.
 */
function findFaces(side: usize, obj: usize, dim: i32, from: usize, to: usize): i32 {
  const v = load<i32>(side + FEATURES)
  if (load<i32>(obj + SHAPE) == CYLINDER) {
    if (dim != 1) return 0
    rotate(side + NORMALS, obj, 0, 0, v != 0 ? -1 : 1)
    store<i32>(side + FACEID, v)
    return 1
  }
  // bits that all corners share, set or clear
  const w = load<i32>(side + FEATURES, 4), u = load<i32>(side + FEATURES, 8)
  let same = 7
  if (dim > 1) same &= ~(v ^ w)
  if (dim > 2) same &= ~(v ^ u)
  let n = 0
  for (let axis = 0; axis < 3; axis++) {
    if ((same & (1 << axis)) == 0) continue
    addFace(side, obj, n, axis, (v & (1 << axis)) != 0 ? 1 : -1)
    n++
  }
  return n == 4 - dim ? n : faceAlong(side, obj, from, to)
}

/** Edges of an object at its points in the simplex: directions in NORMALS, far ends in ENDS. Returns their number. */
function findEdges(side: usize, obj: usize, dim: i32, c: usize): i32 {
  const points = side + POINTS, normals = side + NORMALS, ends = c + ENDS
  const v = load<i32>(side + FEATURES)
  const size = obj + SIZE
  if (load<i32>(obj + SHAPE) == CYLINDER) {
    // along the wall, to the other cap
    rotate(normals, obj, 0, 0, v != 0 ? 1 : -1)
    const length = 2 * Y(size)
    set(ends, X(points) + length * X(normals), Y(points) + length * Y(normals), Z(points) + length * Z(normals))
    return 1
  }
  if (dim == 2) {
    copy3(ends, points + 24)
    difference(normals, ends, points)
    unit(normals)
    return 1
  }
  // to the three corners next to this one
  const x = (v & 1) != 0 ? X(size) : -X(size)
  const y = (v & 2) != 0 ? Y(size) : -Y(size)
  const z = (v & 4) != 0 ? Z(size) : -Z(size)
  for (let k = 0; k < 3; k++) {
    const end = ends + 24 * <usize>k, normal = normals + 24 * <usize>k
    toWorld(end, obj, k == 0 ? -x : x, k == 1 ? -y : y, k == 2 ? -z : z)
    difference(normal, end, points)
    unit(normal)
  }
  return 3
}

/** cosine of k 16ths of a turn */
function cosine(k: i32): f64 {
  k &= 15
  const half = k > 8 ? 16 - k : k
  const quarter = half > 4 ? 8 - half : half
  const x: f64 = quarter == 0 ? 1 : quarter == 1 ? COS1 : quarter == 2 ? COS2 : quarter == 3 ? COS3 : 0
  return half > 4 ? -x : x
}

/** corners of a face, in OUTLINE; returns their number */
function outline(side: usize, obj: usize, id: i32): i32 {
  const out = side + OUTLINE, size = obj + SIZE
  if (load<i32>(obj + SHAPE) == CYLINDER) {
    const sign: f64 = id != 0 ? -1 : 1
    for (let k = 0; k < SIDES; k++) {
      toWorld(out + 24 * <usize>k, obj, cosine(k) * X(size), -cosine(k - 4) * X(size) * sign, sign * Y(size))
    }
    return SIDES
  }
  // clockwise seen from outside, from the corner that MuJoCo begins with
  const axis = id >> 1, upper = (id & 1) == 0
  for (let k = 0; k < 4; k++) {
    // signs of the two coordinates in the face
    let a: f64, b: f64
    if (axis == 0) {
      // y, z
      a = k < 2 ? 1 : -1
      b = k == 0 || k == 3 ? 1 : -1
      if (!upper) b = -b
      toWorld(out + 24 * <usize>k, obj, upper ? X(size) : -X(size), a * Y(size), b * Z(size))
    } else if (axis == 1) {
      // x, z
      a = k == 0 || k == 3 ? -1 : 1
      b = k < 2 ? -1 : 1
      if (!upper) b = -b
      toWorld(out + 24 * <usize>k, obj, a * X(size), upper ? Y(size) : -Y(size), b * Z(size))
    } else {
      // x, y
      a = k == 0 || k == 3 ? -1 : 1
      if (!upper) a = -a
      b = k < 2 ? 1 : -1
      toWorld(out + 24 * <usize>k, obj, a * X(size), b * Y(size), upper ? Z(size) : -Z(size))
    }
  }
  return 4
}

/** Clip the polygon of n corners at `from` by the plane through a and b along the normal; returns how many are left. */
function clipSide(c: usize, from: usize, into: usize, n: i32, a: usize, b: usize, normal: usize): i32 {
  const plane = c + PLANE, edge = c + PLANE + 24
  difference(edge, b, a)
  cross(plane, edge, normal)
  unit(plane)
  const offset = dot(plane, a)
  let count = 0
  for (let i = 0; i < n && count < MAXCORNER; i++) {
    const p = from + 24 * <usize>i, q = i == n - 1 ? from : p + 24
    const dp = (X(p) - X(a)) * X(plane) + (Y(p) - Y(a)) * Y(plane) + (Z(p) - Z(a)) * Z(plane)
    const dq = (X(q) - X(a)) * X(plane) + (Y(q) - Y(a)) * Y(plane) + (Z(q) - Z(a)) * Z(plane)
    const inP = dp > -MINVAL, inQ = dq > -MINVAL
    if (!inP && !inQ) continue
    if (inP != inQ) {
      const x = X(q) - X(p), y = Y(q) - Y(p), z = Z(q) - Z(p)
      const along = X(plane) * x + Y(plane) * y + Z(plane) * z
      const t = (offset - dot(plane, p)) / along
      if (along != 0 && t >= 0 && t <= 1) {
        set(into + 24 * <usize>count, X(p) + t * x, Y(p) + t * y, Z(p) + t * z)
        count++
      }
    }
    if (inQ) {
      copy3(into + 24 * <usize>count, q)
      count++
    }
  }
  return count
}

/** twice the area of a quadrangle with these corners of the polygon */
function area(p: usize, a: i32, b: i32, e: i32, d: i32): f64 {
  const pa = p + 24 * <usize>a, pb = p + 24 * <usize>b, pe = p + 24 * <usize>e, pd = p + 24 * <usize>d
  const x = X(pa) - X(pe), y = Y(pa) - Y(pe), z = Z(pa) - Z(pe)
  const u = X(pb) - X(pd), v = Y(pb) - Y(pd), w = Z(pb) - Z(pd)
  const i = y * w - z * v, j = z * u - x * w, k = x * v - y * u
  return sqrt(i * i + j * j + k * k)
}

/** KEPT = the four corners of the largest quadrangle in a convex polygon, by rotating its corners one after the other */
function largestQuad(c: usize, p: usize, n: i32): void {
  let b = 1, e = 2, d = 3
  let best = area(p, 0, b, e, d)
  const kept = c + KEPT
  for (let k = 0; k < 4; k++) store<i32>(kept + 4 * <usize>k, k)
  for (let a = 0; a < n; a++) {
    for (;;) {
      const nd = d == n - 1 ? 0 : d + 1
      let size = area(p, a, b, e, nd)
      if (!(size > best * (1 + TIE))) break
      d = nd
      best = size
      for (;;) {
        const ne = e == n - 1 ? 0 : e + 1
        size = area(p, a, b, ne, d)
        if (!(size > best * (1 + TIE))) break
        e = ne
        best = size
      }
      for (;;) {
        const nb = b == n - 1 ? 0 : b + 1
        size = area(p, a, nb, e, d)
        if (!(size > best * (1 + TIE))) break
        b = nb
        best = size
      }
      store<i32>(kept, a)
      store<i32>(kept, b, 4)
      store<i32>(kept, e, 8)
      store<i32>(kept, d, 12)
    }
    if (b == a) {
      b = b == n - 1 ? 0 : b + 1
      if (e == b) {
        e = e == n - 1 ? 0 : e + 1
        if (d == e) d = d == n - 1 ? 0 : d + 1
      }
    }
  }
}

/** KEPT = the two corners of a polygon that are farthest apart */
function farthestTwo(c: usize, p: usize, n: i32): void {
  let best: f64 = 0
  store<i32>(c + KEPT, 0)
  store<i32>(c + KEPT, 1, 4)
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const a = p + 24 * <usize>i, b = p + 24 * <usize>j
      const x = X(b) - X(a), y = Y(b) - Y(a), z = Z(b) - Z(a)
      const d2 = x * x + y * y + z * z
      if (d2 <= best) continue
      best = d2
      store<i32>(c + KEPT, i)
      store<i32>(c + KEPT, j, 4)
    }
  }
}

/**
 * The face at `clipper` (n1 corners, outward normal) clips the face or edge at `clipped` (n2 corners); what lies below it
 * is left in the polygon at RESULT, with the numbers of the corners that become contacts in KEPT. Returns how many.
 */
function clip(c: usize, clipper: usize, n1: i32, clipped: usize, n2: i32, normal: usize): i32 {
  let from = c + POLYGON, into = c + CLIPPED
  for (let i = 0; i < n2; i++) copy3(from + 24 * <usize>i, clipped + 24 * <usize>i)
  let n = n2
  for (let i = 0; i < n1; i++) {
    n = clipSide(c, from, into, n, clipper + 24 * <usize>i, i == n1 - 1 ? clipper : clipper + 24 * <usize>(i + 1), normal)
    const swap = from
    from = into
    into = swap
  }
  // what is below the face
  let count = 0
  for (let i = 0; i < n; i++) {
    const p = from + 24 * <usize>i
    if (dot(p, normal) - dot(clipper, normal) > 0) continue
    copy3(from + 24 * <usize>count, p)
    count++
  }
  store<usize>(c + RESULT, from)
  if (count > MAXCON) {
    largestQuad(c, from, count)
    return MAXCON
  }
  if (n2 == 2 && count > 2) {
    farthestTwo(c, from, count)
    return 2
  }
  for (let k = 0; k < count; k++) store<i32>(c + KEPT + 4 * <usize>k, k)
  return count
}

/** the first face of object 1 (n1 of them) parallel to one of object 2: 4 i + j, or -1 */
function parallelFaces(c: usize, n1: i32, n2: i32): i32 {
  for (let i = 0; i < n1; i++) {
    for (let j = 0; j < n2; j++) {
      if (dot(c + SIDE1 + NORMALS + 24 * <usize>i, c + SIDE2 + NORMALS + 24 * <usize>j) < -FACETOL) return 4 * i + j
    }
  }
  return -1
}

/** the first of nf faces that looks from a to b and holds one of ne edges: 4 * edge + face, or -1 */
function edgeInFace(edges: usize, ne: i32, facesOf: usize, nf: i32, a: usize, b: usize): i32 {
  for (let i = 0; i < nf; i++) {
    const normal = facesOf + NORMALS + 24 * <usize>i
    if (dot(normal, b) - dot(normal, a) <= MINVAL) continue
    for (let j = 0; j < ne; j++) if (abs(dot(edges + NORMALS + 24 * <usize>j, normal)) < EDGETOL) return 4 * j + i
  }
  return -1
}

/** the edge that begins at the first point of a side and ends at end k, as an outline */
function edgeOutline(side: usize, c: usize, k: i32): void {
  copy3(side + OUTLINE, side + POINTS)
  copy3(side + OUTLINE + 24, c + ENDS + 24 * <usize>k)
}

/**
 * The kept corners as contacts (FOUND) on the face through p: from the corner the other point lies its depth along
 * sign * direction. flip: the corner belongs to object 1. Returns their number, 0 when there is none, -1 when none is deep.
 */
function emit(c: usize, n: i32, p: usize, normal: usize, direction: usize, sign: f64, flip: bool): i32 {
  const polygon = load<usize>(c + RESULT)
  let deep = false
  for (let k = 0; k < n; k++) {
    const v = polygon + 24 * <usize>load<i32>(c + KEPT + 4 * <usize>k)
    const dist = (X(v) - X(p)) * X(normal) + (Y(v) - Y(p)) * Y(normal) + (Z(v) - Z(p)) * Z(normal)
    const way = -sign * abs(dist)
    const out = c + FOUND + FOUND_STRIDE * <usize>k
    deep = deep || dist < 0
    store<f64>(out, dist)
    set(out + 8, X(v) + 0.5 * way * X(direction), Y(v) + 0.5 * way * Y(direction), Z(v) + 0.5 * way * Z(direction))
    const ahead = flip ? -way : way
    set(out + 32, ahead * X(direction), ahead * Y(direction), ahead * Z(direction))
    unit(out + 32)
  }
  return n == 0 || deep ? n : -1
}

/**
 * All contacts where faces, or a face and an edge, lie on each other, from the face of the polytope (`epa`), in FOUND.
 * Returns their number; 0: the one contact of `epa` is all; -1: none after all.
 *   source  MuJoCo engine_collision_gjk.c, multicontact
 */
export function manifold(c: usize, f: usize): i32 {
  const one = c + SIDE1, two = c + SIDE2, obj1 = c + OBJ1, obj2 = c + OBJ2
  const dim1 = collect(one, c, f, VERT1, FEATURE1), dim2 = collect(two, c, f, VERT2, FEATURE2)
  let n1 = findFaces(one, obj1, dim1, c + X2, c + X1), n2 = findFaces(two, obj2, dim2, c + X1, c + X2)
  let match = parallelFaces(c, n1, n2)
  if (match >= 0) {
    const i = match >> 2, j = match & 3
    const normal = one + NORMALS + 24 * <usize>i
    const corners1 = outline(one, obj1, load<i32>(one + FACEID + 4 * <usize>i))
    const corners2 = outline(two, obj2, load<i32>(two + FACEID + 4 * <usize>j))
    return emit(c, clip(c, one + OUTLINE, corners1, two + OUTLINE, corners2, normal), one + OUTLINE, normal, two + NORMALS + 24 * <usize>j, 1, false)
  }
  if (dim1 < 3 && dim1 <= dim2) {
    // an edge of object 1 in a face of object 2
    n1 = findEdges(one, obj1, dim1, c)
    match = edgeInFace(one, n1, two, n2, c + X1, c + X2)
    if (match < 0) return 0
    edgeOutline(one, c, match >> 2)
    const normal = two + NORMALS + 24 * <usize>(match & 3)
    const corners = outline(two, obj2, load<i32>(two + FACEID + 4 * <usize>(match & 3)))
    const n = emit(c, clip(c, two + OUTLINE, corners, one + OUTLINE, 2, normal), two + OUTLINE, normal, normal, -1, true)
    // the edge is not over the face: MuJoCo 3.14 then turns the normal of the one contact around
    if (n == 0) set(c + FOUND + 32, -X(c + FOUND + 32), -Y(c + FOUND + 32), -Z(c + FOUND + 32))
    return n
  }
  if (dim2 == 3) return 0
  n2 = findEdges(two, obj2, dim2, c)
  match = edgeInFace(two, n2, one, n1, c + X2, c + X1)
  if (match < 0) return 0
  edgeOutline(two, c, match >> 2)
  const normal = one + NORMALS + 24 * <usize>(match & 3)
  const corners = outline(one, obj1, load<i32>(one + FACEID + 4 * <usize>(match & 3)))
  return emit(c, clip(c, one + OUTLINE, corners, two + OUTLINE, 2, normal), one + OUTLINE, normal, normal, -1, false)
}
