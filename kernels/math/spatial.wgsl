// import { ld, ld3, st3 } from './v4'

// Vectors, matrices and quaternions (w, x, y, z) are values here; the spatial vectors of sim/ are rotation first,
// translation second.

/** a motion or force */
struct Spatial { rot: vec3f, lin: vec3f }

fn ldSpatial(p: i32) -> Spatial { return Spatial(ld3(p), ld3(p + 3)); }
fn stSpatial(p: i32, x: Spatial) { st3(p, x.rot); st3(p + 3, x.lin); }

/** quat, made unit; a zero quaternion becomes the identity (mju_normalize4) */
fn normalize4(q: vec4f) -> vec4f {
  let n2 = dot(q, q);
  if (n2 < 1e-30) { return vec4f(1.0, 0.0, 0.0, 0.0); }
  return q * (1.0 / sqrt(n2));
}

/** a b */
fn mulQuat(a: vec4f, b: vec4f) -> vec4f {
  return vec4f(
    a.x * b.x - a.y * b.y - a.z * b.z - a.w * b.w,
    a.x * b.y + a.y * b.x + a.z * b.w - a.w * b.z,
    a.x * b.z - a.y * b.w + a.z * b.x + a.w * b.y,
    a.x * b.w + a.y * b.z - a.z * b.y + a.w * b.x,
  );
}

/** rotation matrix of a unit quaternion (mju_quat2Mat) */
fn quat2Mat(q: vec4f) -> mat3x3f {
  let w = q.x; let x = q.y; let y = q.z; let z = q.w;
  let ww = w * w; let xx = x * x; let yy = y * y; let zz = z * z;
  return mat3x3f(
    ww + xx - yy - zz, 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
    2.0 * (x * y - w * z), ww - xx + yy - zz, 2.0 * (y * z + w * x),
    2.0 * (x * z + w * y), 2.0 * (y * z - w * x), ww - xx - yy + zz,
  );
}

/** v rotated by a unit quaternion (mju_rotVecQuat): v + 2 w (u x v) + 2 u x (u x v) */
fn rotVecQuat(v: vec3f, q: vec4f) -> vec3f {
  let t = 2.0 * cross(q.yzw, v);
  return v + q.x * t + cross(q.yzw, t);
}

/** symmetric matrix: xx yy zz, xy xz yz */
struct Sym3 { diag: vec3f, off: vec3f }

/** R diag(d) R' as xx yy zz xy xz yz */
fn rotDiag(r: mat3x3f, d: vec3f) -> Sym3 {
  let rows = transpose(r);
  let x = rows[0] * d;
  let y = rows[1] * d;
  return Sym3(
    vec3f(dot(x, rows[0]), dot(y, rows[1]), dot(rows[2] * d, rows[2])),
    vec3f(dot(x, rows[1]), dot(x, rows[2]), dot(y, rows[2])),
  );
}

/**
 * Inertia times spatial motion (mju_mulInertVec).
 *   inert  Ixx Iyy Izz Ixy Ixz Iyz hx hy hz m, h = m c
 *   x      angular 3, linear 3
 */
fn mulInertVec(inert: i32, x: Spatial) -> Spatial {
  let d = ld3(inert);
  let o = ld3(inert + 3);
  let h = ld3(inert + 6);
  let w = x.rot;
  return Spatial(
    vec3f(
      d.x * w.x + o.x * w.y + o.y * w.z,
      o.x * w.x + d.y * w.y + o.z * w.z,
      o.y * w.x + o.z * w.y + d.z * w.z,
    ) + cross(h, x.lin),
    ld(inert + 9) * x.lin - cross(h, w),
  );
}

fn dot6(a: Spatial, b: Spatial) -> f32 { return dot(a.rot, b.rot) + dot(a.lin, b.lin); }

/** v x x of spatial motions (mju_crossMotion) */
fn crossMotion(v: Spatial, x: Spatial) -> Spatial {
  return Spatial(cross(v.rot, x.rot), cross(v.rot, x.lin) + cross(v.lin, x.rot));
}

/** conjugate of a quaternion (mju_negQuat) */
fn negQuat(q: vec4f) -> vec4f { return vec4f(q.x, -q.yzw); }
