// import { GEOM_BOX, GEOM_CAPSULE, GEOM_CYLINDER, GEOM_ELLIPSOID, GEOM_PLANE, GEOM_SPHERE } from './types'

// Where a ray meets a geom. The discriminant of a far, small geom needs more digits than single precision has: the ray is
// therefore followed from its point nearest to the geom's centre, so that all numbers are as large as the geom. What is
// lost is the rounding of the distance itself.

/** a direction component below this is parallel (mjMINVAL) */
const PARALLEL: f32 = 1e-15;

/** in the geom's frame: the point nearest to its centre, the direction, and the distance at which that point lies */
struct Ray { p: vec3f, d: vec3f, near: f32 }
/** distances of both solutions, and the smallest that is not negative, else -1 */
struct Roots { x0: f32, x1: f32, first: f32 }
/** distance, and the surface normal in the geom's frame */
struct RayHit { dist: f32, normal: vec3f }

/** vector r (3) turned into the frame of the pose: out (3) */
fn toLocal(rot: mat3x3f, r: vec3f) -> vec3f { return r * rot; }

/** both roots of a x^2 + 2 b x + c, smaller first, and the smallest that is not negative, else -1 */
fn roots(t: Ray, a: f32, b: f32, c: f32) -> Roots {
  var det = b * b - a * c;
  if (!(det >= 0.0) || a < PARALLEL) { return Roots(-1.0, -1.0, -1.0); }
  det = sqrt(det);
  let x0 = t.near + (-b - det) / a;
  let x1 = t.near + (-b + det) / a;
  return Roots(x0, x1, select(select(-1.0, x1, x1 >= 0.0), x0, x0 >= 0.0));
}

/** the ray against a sphere of squared radius r2 about (0, 0, z) in the geom's frame */
fn sphereAt(t: Ray, z: f32, r2: f32) -> Roots {
  let x = vec3f(t.p.xy, t.p.z - z);
  return roots(t, dot(t.d, t.d), dot(t.d, x), dot(x, x) - r2);
}

/** the ray against an endless cylinder about the z axis */
fn roundSide(t: Ray, radius: f32) -> Roots {
  return roots(t, dot(t.d.xy, t.d.xy), dot(t.d.xy, t.p.xy), dot(t.p.xy, t.p.xy) - radius * radius);
}

/** the direction as a unit normal; 0 when it has no length */
fn setNormal(v: vec3f) -> vec3f {
  let n = sqrt(dot(v, v));
  if (n > PARALLEL) { return v * (1.0 / n); }
  return vec3f();
}

/** the point at distance x */
fn hit(t: Ray, x: f32) -> vec3f { return t.p + (x - t.near) * t.d; }

fn plane(t: Ray, size: vec2f) -> RayHit {
  let miss = RayHit(-1.0, vec3f());
  let dz = t.d.z;
  if (dz > -PARALLEL) { return miss; }
  let x = t.near - t.p.z / dz;
  if (x < 0.0) { return miss; }
  // within the rendered rectangle only
  let at = abs(hit(t, x));
  if ((size.x > 0.0 && at.x > size.x) || (size.y > 0.0 && at.y > size.y)) { return miss; }
  return RayHit(x, vec3f(0.0, 0.0, 1.0));
}

fn capsule(t: Ray, radius: f32, half: f32) -> RayHit {
  var best = -1.0;
  var cap = 0.0;
  let side = roundSide(t, radius).first;
  if (side >= 0.0 && abs(hit(t, side).z) <= half) { best = side; }
  // of each end's sphere only the outer half
  for (var end = 1.0; end >= -1.0; end -= 2.0) {
    let both = sphereAt(t, end * half, radius * radius);
    for (var i = 0; i < 2; i++) {
      let x = select(both.x1, both.x0, i == 0);
      if (x >= 0.0 && end * hit(t, x).z >= half && (best < 0.0 || x < best)) {
        best = x;
        cap = end;
      }
    }
  }
  if (best < 0.0) { return RayHit(-1.0, vec3f()); }
  let at = hit(t, best);
  return RayHit(best, setNormal(vec3f(at.xy, select(at.z - half * cap, 0.0, cap == 0.0))));
}

fn ellipsoid(t: Ray, size: vec3f) -> RayHit {
  let a = 1.0 / (size * size);
  let best = roots(t, dot(a * t.d, t.d), dot(a * t.d, t.p), dot(a * t.p, t.p) - 1.0).first;
  if (best < 0.0) { return RayHit(-1.0, vec3f()); }
  return RayHit(best, setNormal(a * hit(t, best)));
}

fn cylinder(t: Ray, radius: f32, half: f32) -> RayHit {
  var best = -1.0;
  var cap = 0.0;
  let w = t.d.z;
  if (abs(w) > PARALLEL) {
    for (var end = -1.0; end <= 1.0; end += 2.0) {
      let x = t.near + (end * half - t.p.z) / w;
      if (x < 0.0) { continue; }
      let at = hit(t, x).xy;
      if (dot(at, at) <= radius * radius && (best < 0.0 || x < best)) {
        best = x;
        cap = end;
      }
    }
  }
  let side = roundSide(t, radius).first;
  if (side >= 0.0 && abs(hit(t, side).z) <= half && (best < 0.0 || side < best)) {
    best = side;
    cap = 0.0;
  }
  if (best < 0.0) { return RayHit(-1.0, vec3f()); }
  if (cap == 0.0) { return RayHit(best, setNormal(vec3f(hit(t, best).xy, 0.0))); }
  return RayHit(best, vec3f(0.0, 0.0, cap));
}

fn box(t: Ray, size: vec3f) -> RayHit {
  var best = RayHit(-1.0, vec3f());
  for (var i = 0; i < 3; i++) {
    let w = t.d[i];
    if (abs(w) <= PARALLEL) { continue; }
    let j = select(0, 1, i == 0);
    let k = select(2, 1, i == 2);
    for (var end = -1.0; end <= 1.0; end += 2.0) {
      let x = t.near + (end * size[i] - t.p[i]) / w;
      let at = abs(hit(t, x));
      if (x < 0.0 || at[j] > size[j] || at[k] > size[k]) { continue; }
      if (best.dist < 0.0 || x < best.dist) {
        best = RayHit(x, vec3f(select(0.0, end, i == 0), select(0.0, end, i == 1), select(0.0, end, i == 2)));
      }
    }
  }
  return best;
}

/**
 * Distance along a ray to a geom's surface; -1: it misses.
 *   pose, size  of the geom (or site) in this world
 *   in          point and direction of the ray; the direction is unit
 *   out         what rayNormal needs, when the ray hits
 */
fn rayGeom(kind: i32, rot: mat3x3f, pos: vec3f, size: vec3f, point: vec3f, dir: vec3f) -> RayHit {
  let p = toLocal(rot, point - pos);
  let d = toLocal(rot, dir);
  let near = -dot(p, d) / max(dot(d, d), PARALLEL);
  let t = Ray(p + near * d, d, near);
  if (kind == GEOM_PLANE) { return plane(t, size.xy); }
  if (kind == GEOM_SPHERE) {
    let x = sphereAt(t, 0.0, size.x * size.x).first;
    if (x < 0.0) { return RayHit(-1.0, vec3f()); }
    return RayHit(x, setNormal(hit(t, x)));
  }
  if (kind == GEOM_CAPSULE) { return capsule(t, size.x, size.y); }
  if (kind == GEOM_ELLIPSOID) { return ellipsoid(t, size); }
  if (kind == GEOM_CYLINDER) { return cylinder(t, size.x, size.y); }
  if (kind == GEOM_BOX) { return box(t, size); }
  return RayHit(-1.0, vec3f());
}

/** the surface normal, in the world, where the last ray hit */
fn rayNormal(rot: mat3x3f, h: RayHit) -> vec3f { return rot * h.normal; }

/**
 * Is a point inside a geom.
 *   source  MuJoCo engine_util_misc.c, mju_insideGeom
 */
fn insideGeom(kind: i32, rot: mat3x3f, pos: vec3f, size: vec3f, point: vec3f) -> bool {
  let p = toLocal(rot, point - pos);
  let a = size.x;
  let b = size.y;
  if (kind == GEOM_SPHERE) { return dot(p, p) < a * a; }
  if (kind == GEOM_CAPSULE) {
    let over = p.z - max(-b, min(b, p.z));
    return p.x * p.x + p.y * p.y + over * over < a * a;
  }
  if (kind == GEOM_ELLIPSOID) {
    let q = p / size;
    return dot(q, q) < 1.0;
  }
  if (kind == GEOM_CYLINDER) { return abs(p.z) < b && p.x * p.x + p.y * p.y < a * a; }
  if (kind == GEOM_BOX) { return all(abs(p) < size); }
  return kind == GEOM_PLANE && p.z < 0.0;
}
