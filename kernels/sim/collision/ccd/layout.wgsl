// import { ld, st } from '../../../math/v4'

// Memory of the convex routine. What is looked up by number lies in the world's scratch (SCRATCH_FIELDS ccd), in
// quantities; the rest is in `ccd`. Coordinates are relative to the centre of geom 1, in a unit of length that makes the
// two together about as large as 1 (convex.wgsl): so the bounds below suit all models, and single precision spends its
// digits on the shapes.

// shapes: mjtGeom, and what a sphere and a capsule are without their radius
const POINT: i32 = 0;
const LINE: i32 = 1;
const SPHERE: i32 = 2;
const CAPSULE: i32 = 3;
const ELLIPSOID: i32 = 4;
const CYLINDER: i32 = 5;
const BOX: i32 = 6;

struct Object { shape: i32, size: vec3f, pos: vec3f, mat: mat3x3f, margin: f32 }

struct Ccd {
  obj1: Object,
  obj2: Object,
  /** iterations allowed; tolerance (units) */
  limit: i32,
  tolerance: f32,
  /** witness points on the objects, signed distance between them, and of objects that overlap the direction from x2 to x1 */
  x1: vec3f,
  x2: vec3f,
  dist: f32,
  normal: vec3f,
  /** a separating plane is known */
  separated: bool,
  /** corners of the simplex; iterations spent; corners, faces and mapped faces of the polytope; edges of the horizon */
  nsimplex: i32,
  spent: i32,
  nvert: i32,
  nface: i32,
  nmap: i32,
  nedge: i32,
  /** centre of the polytope */
  centre: vec3f,
  /** face on top of the stack of `horizon` */
  todo: i32,
  /** barycentric coordinates of the simplex */
  lambda: vec4f,
}
var<private> ccd: Ccd;

// a vertex of the Minkowski difference: the difference, then the points of the objects it comes from, then for boxes and
// cylinders the feature of each: a corner (bits: upper in x, y, z), a cap (0 upper, 1 lower)
const VERTEX: i32 = 11;
const VERT1: i32 = 3;
const VERT2: i32 = 6;
const FEATURE1: i32 = 9;
const FEATURE2: i32 = 10;

// addresses from f_ccd on
const SIMPLEX: i32 = 0;
const SIMPLEX2: i32 = 44;
/** pairs of integers (face, its edge), as many as fit */
const HORIZON: i32 = 88;
const MAXEDGE: i32 = 64;
/** contacts found: distance, position 3, normal 3 each */
const FOUND: i32 = 216;
const FOUND_STRIDE: i32 = 7;
/** what the manifold of flat faces needs (manifold.wgsl) */
const MANIFOLD: i32 = 251;
/**
 * Behind this: vertices of the first polytope and one an iteration, 6 faces an iteration, the map. In all
 * CCD_HEAD + 11 (5 + n) + 6 (12 + 2) n = 747 + 95 n quantities for n iterations.
 */
const CCD_HEAD: i32 = 692;
const CCD_FIRST_VERTICES: i32 = 5;
const CCD_FACES: i32 = 6;
const CCD_MAP: i32 = 2;
const CCD_MAXITERATIONS: i32 = 1000;

// a face: corners 3, neighbours 3 over the edges (0 1), (1 2), (2 0), place in the map, then the projection of the
// origin 3 and its squared length, then of a deleted face what is left to do there (horizon)
const FACE: i32 = 12;
const ADJ: i32 = 3;
const INDEX: i32 = 6;
const PROJ: i32 = 7;
const DIST2: i32 = 10;
const TODO: i32 = 11;
/** place in the map of a face that is not in it, of a deleted face */
const UNMAPPED: i32 = -1;
const DELETED: i32 = -2;

const MINVAL: f32 = 1e-15;
const MINVAL2: f32 = 1e-30;
const FAR: f32 = 3.4e38;
/**
 * Rounding of a coordinate of the Minkowski difference, of order 1: the last bit is 6e-8, and some sums take part. No
 * distance is known better than this.
 */
const ROUNDING: f32 = 1e-7;

fn iterations() -> i32 { return ccd.limit; }
fn vertex(i: i32) -> i32 { return f_ccd + CCD_HEAD + VERTEX * i; }
fn faces() -> i32 { return vertex(CCD_FIRST_VERTICES + iterations()); }
fn face(i: i32) -> i32 { return faces() + FACE * i; }
/** faces there is room for */
fn room() -> i32 { return CCD_FACES * iterations(); }
/** entry i of the map, the faces that may be the closest: squared distance, number of the face */
fn map(i: i32) -> i32 { return face(room()) + CCD_MAP * i; }

/** in an entry of the map */
const NUMBER: i32 = 1;

/** one vertex becomes another */
fn copyVertex(to: i32, origin: i32) {
  for (var i = 0; i < VERTEX; i++) { st(to + i, ld(origin + i)); }
}
/** determinant of the matrix with columns a, b, c */
fn det3(a: vec3f, b: vec3f, c: vec3f) -> f32 { return dot(a, cross(b, c)); }
