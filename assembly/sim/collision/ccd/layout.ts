/**
 * Memory of the convex routine: one world at a time, f64, at an address `c` in a worker's scratch (SCRATCH_FIELDS ccd).
 * Vectors in memory are 3 f64.
 */
import { CCD_FACE, CCD_FACES, CCD_FIRST_VERTICES, CCD_HEAD, CCD_MAP, CCD_VERTEX } from '../../../shared/fields'

// an object: shape, half sizes 3, position 3, rotation 9, margin
export const OBJ1: usize = 0
export const OBJ2: usize = 144
export const SHAPE: usize = 0
export const SIZE: usize = 8
export const POS: usize = 32
export const MAT: usize = 56
export const MARGIN: usize = 128

// shapes: mjtGeom, and what a sphere and a capsule are without their radius
export const POINT: i32 = 0
export const LINE: i32 = 1
export const SPHERE: i32 = 2
export const CAPSULE: i32 = 3
export const ELLIPSOID: i32 = 4
export const CYLINDER: i32 = 5
export const BOX: i32 = 6

// a vertex of the Minkowski difference: the difference, then the points of the objects it comes from, then for boxes and
// cylinders the feature of each: a corner (bits: upper in x, y, z), a cap (0 upper, 1 lower)
export const VERTEX: usize = CCD_VERTEX
export const VERT1: usize = 24
export const VERT2: usize = 48
export const FEATURE1: usize = 72
export const FEATURE2: usize = 76

// settings and results
/** integer: iterations allowed; f64: tolerance (m) */
export const ITERATIONS: usize = 288
export const TOLERANCE: usize = 296
/** witness points on the objects, signed distance between them */
export const X1: usize = 304
export const X2: usize = 328
export const DIST: usize = 352
/** integers: a separating plane is known; corners of the simplex; iterations spent; corners, faces and mapped faces of
 * the polytope; edges of the horizon */
export const SEPARATED: usize = 360
export const NSIMPLEX: usize = 364
export const SPENT: usize = 368
export const NVERT: usize = 372
export const NFACE: usize = 376
export const NMAP: usize = 380
export const NEDGE: usize = 384
/** centre of the polytope */
export const CENTRE: usize = 392
/** barycentric coordinates of the simplex 4, of its triangle 3, of its edge 2 */
export const LAMBDA: usize = 416
export const LAMBDA2: usize = 448
export const LAMBDA1: usize = 472
/** the point of the Minkowski difference closest to the origin so far */
export const CLOSEST: usize = 488
/** vectors for whoever runs */
export const TMP: usize = 512
export const SIMPLEX: usize = 704
export const SIMPLEX2: usize = 1024
/** pairs of integers (face, its edge), as many as fit */
export const HORIZON: usize = 1344
export const MAXEDGE: i32 = 64
/** contacts found: distance, position 3, normal 3 each */
export const FOUND: usize = 1856
export const FOUND_STRIDE: usize = 56
/** margins of the four worlds */
export const MARGINS: usize = 2144
/** what the manifold of flat faces needs (manifold.ts) */
export const MANIFOLD: usize = 2160
/** 4096 bytes later */
export const VERTICES: usize = CCD_HEAD

// a face: corners 3, neighbours 3 over the edges (0 1), (1 2), (2 0), place in the map, then the projection of the
// origin 3 and its squared length
export const FACE: usize = CCD_FACE
export const ADJ: usize = 12
export const INDEX: usize = 24
export const PROJ: usize = 32
export const DIST2: usize = 56
/** place in the map of a face that is not in it, of a deleted face */
export const UNMAPPED: i32 = -1
export const DELETED: i32 = -2

export const MINVAL: f64 = 1e-15
export const MINVAL2: f64 = 1e-30
export const FAR: f64 = f64.MAX_VALUE

// @ts-ignore: decorator
@inline export function iterations(c: usize): i32 { return load<i32>(c + ITERATIONS) }
// @ts-ignore: decorator
@inline export function vertex(c: usize, i: i32): usize { return c + VERTICES + VERTEX * <usize>i }
// @ts-ignore: decorator
@inline export function faces(c: usize): usize { return vertex(c, CCD_FIRST_VERTICES + iterations(c)) }
// @ts-ignore: decorator
@inline export function face(c: usize, i: i32): usize { return faces(c) + FACE * <usize>i }
/** faces there is room for */
// @ts-ignore: decorator
@inline export function room(c: usize): i32 { return CCD_FACES * iterations(c) }
/** entry i of the map, the faces that may be the closest: squared distance, number of the face */
// @ts-ignore: decorator
@inline export function map(c: usize, i: i32): usize { return face(c, room(c)) + <usize>CCD_MAP * <usize>i }

/** in an entry of the map */
export const NUMBER: usize = 8

// @ts-ignore: decorator
@inline export function X(p: usize): f64 { return load<f64>(p) }
// @ts-ignore: decorator
@inline export function Y(p: usize): f64 { return load<f64>(p, 8) }
// @ts-ignore: decorator
@inline export function Z(p: usize): f64 { return load<f64>(p, 16) }
// @ts-ignore: decorator
@inline export function set(p: usize, x: f64, y: f64, z: f64): void {
  store<f64>(p, x)
  store<f64>(p, y, 8)
  store<f64>(p, z, 16)
}
/** one vertex becomes another */
// @ts-ignore: decorator
@inline export function copyVertex(to: usize, from: usize): void {
  // a call of memory.copy costs more than it moves here
  for (let i: usize = 0; i < VERTEX; i += 16) v128.store(to + i, v128.load(from + i))
}
// @ts-ignore: decorator
@inline export function dot(a: usize, b: usize): f64 { return X(a) * X(b) + Y(a) * Y(b) + Z(a) * Z(b) }
// @ts-ignore: decorator
@inline export function norm(a: usize): f64 { return sqrt(dot(a, a)) }
/** out = a - b */
// @ts-ignore: decorator
@inline export function difference(out: usize, a: usize, b: usize): void {
  set(out, X(a) - X(b), Y(a) - Y(b), Z(a) - Z(b))
}
/** out = a x b; out must be neither */
// @ts-ignore: decorator
@inline export function cross(out: usize, a: usize, b: usize): void {
  set(out, Y(a) * Z(b) - Z(a) * Y(b), Z(a) * X(b) - X(a) * Z(b), X(a) * Y(b) - Y(a) * X(b))
}
/** determinant of the matrix with columns a, b, c */
// @ts-ignore: decorator
@inline export function det3(a: usize, b: usize, c: usize): f64 {
  return X(a) * (Y(b) * Z(c) - Z(b) * Y(c)) + Y(a) * (Z(b) * X(c) - X(b) * Z(c)) + Z(a) * (X(b) * Y(c) - Y(b) * X(c))
}
