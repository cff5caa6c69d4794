// import { st3, sti } from '../../../math/v4'
// import { BOX, CAPSULE, CYLINDER, ELLIPSOID, FEATURE1, FEATURE2, LINE, MINVAL, MINVAL2, Object, POINT, VERT1, VERT2, ccd } from './layout'

// Support points: the farthest point of an object in a direction.

struct SupportPoint { at: vec3f, feature: i32 }

/** out = farthest point of the object in the unit direction (x, y, z), its margin included; returns its feature */
fn supportPoint(obj: Object, d: vec3f) -> SupportPoint {
  let shape = obj.shape;
  if (shape == POINT) { return SupportPoint(obj.pos, -1); }
  // direction in the frame of the object
  let l = d * obj.mat;
  let s = obj.size;
  var p = vec3f();
  var feature = -1;
  if (shape == BOX) {
    p = select(-s, s, l >= vec3f());
    feature = select(0, 1, p.x > 0.0) | select(0, 2, p.y > 0.0) | select(0, 4, p.z > 0.0);
  } else if (shape == ELLIPSOID) {
    p = l * s;
    let norm2 = dot(p, p);
    if (norm2 < MINVAL2) {
      p = vec3f(s.x, 0.0, 0.0);
    } else {
      p *= s * (1.0 / sqrt(norm2));
    }
  } else if (shape == CYLINDER) {
    let norm2 = dot(l.xy, l.xy);
    var scale = 0.0;
    if (norm2 >= MINVAL2) { scale = s.x / sqrt(norm2); }
    p = vec3f(scale * l.xy, select(-s.y, s.y, l.z >= 0.0));
    feature = select(1, 0, l.z >= 0.0);
  } else {
    // sphere, capsule, line
    if (shape != LINE) { p = s.x * l; }
    if (shape == CAPSULE || shape == LINE) { p.z += select(-s.y, s.y, l.z >= 0.0); }
  }
  return SupportPoint(obj.mat * p + obj.pos + 0.5 * obj.margin * d, feature);
}

/** v = vertex of the Minkowski difference farthest in the unit direction (x, y, z) */
fn support(v: i32, d: vec3f) -> vec3f {
  let a = supportPoint(ccd.obj1, d);
  let b = supportPoint(ccd.obj2, -d);
  st3(v + VERT1, a.at);
  st3(v + VERT2, b.at);
  sti(v + FEATURE1, a.feature);
  sti(v + FEATURE2, b.feature);
  let out = a.at - b.at;
  st3(v, out);
  return out;
}

/** the same for a direction d of length n; along x when it has none */
fn supportAlong(v: i32, d: vec3f, n: f32) -> vec3f {
  return support(v, select(vec3f(1.0, 0.0, 0.0), d / max(n, MINVAL), n > MINVAL));
}
