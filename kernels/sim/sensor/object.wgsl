// import { axisAngle2Quat } from '../../math/rotation'
// import { mulQuat, normalize4, quat2Mat, ldSpatial, Spatial } from '../../math/spatial'
// import { ld, ld3, ld4, ldmat3, par, par3, par4, parmat3, i32at } from '../../math/v4'
// import { bodyBase } from '../mocap'
// import { JNT_BALL, JNT_FREE, JNT_SLIDE, LNK_CACC, LNK_CVEL, LNK_P, LNK_STRIDE, OBJ_GEOM, OBJ_SITE, OBJ_XBODY } from '../types'

/** a frame in another: what stands as rotation 9, position 3 in memory */
struct Pose { rot: mat3x3f, pos: vec3f }

/** id of the body an object belongs to */
fn objectBody(kind: i32, id: i32) -> i32 {
  if (kind == OBJ_GEOM) { return i32at(f_geom_bodyid, id); }
  if (kind == OBJ_SITE) { return i32at(f_site_bodyid, id); }
  return id;
}

/** one past the last body of the subtree of b: bodies stand depth first */
fn subtreeEnd(b: i32) -> i32 {
  let n = f_nbody;
  var end = b + 1;
  while (end < n && i32at(f_body_parentid, end) >= b) { end++; }
  return end;
}

/** out = pose a followed by pose b in it; out may not overlap the arguments */
fn compose(a: Pose, b: Pose) -> Pose { return Pose(a.rot * b.rot, a.rot * b.pos + a.pos); }

/**
 * Pose of a body frame in the world.
 *   in   lnk R, p; mocap
 *   out  rotation 9, position 3
 */
fn bodyPose(b: i32) -> Pose {
  let at = f_body_frame + 12 * b;
  let local = Pose(parmat3(at), par3(at + LNK_P));
  let base = bodyBase(b);
  if (base == 0) { return local; }
  return compose(Pose(ldmat3(base), ld3(base + LNK_P)), local);
}

/** where a body's inertial frame, a geom or a site sits in its body: position, or with `quat` the orientation */
fn localFrame(kind: i32, id: i32, quat: bool) -> i32 {
  if (quat) {
    if (kind == OBJ_GEOM) { return f_geom_quat + 4 * id; }
    if (kind == OBJ_SITE) { return f_site_quat + 4 * id; }
    return f_body_iquat + 4 * id;
  }
  if (kind == OBJ_GEOM) { return f_geom_pos + 3 * id; }
  if (kind == OBJ_SITE) { return f_site_pos + 3 * id; }
  return f_body_ipos + 3 * id;
}

/**
 * Pose of a body (xbody), body's inertial frame (body), geom or site in the world.
 *   out     rotation 9, position 3
 *   source  MuJoCo engine_sensor.c, get_xpos_xmat
 */
fn objectPose(kind: i32, id: i32) -> Pose {
  let frame = bodyPose(objectBody(kind, id));
  if (kind == OBJ_XBODY) { return frame; }
  return compose(frame, Pose(quat2Mat(par4(localFrame(kind, id, true))), par3(localFrame(kind, id, false))));
}

/** position only of what objectPose places; out (3) */
fn objectPos(kind: i32, id: i32) -> vec3f {
  let frame = bodyPose(objectBody(kind, id));
  if (kind == OBJ_XBODY) { return frame.pos; }
  return frame.rot * par3(localFrame(kind, id, false)) + frame.pos;
}

/** orientation of body b in its parent: out (4) */
fn jointsQuat(b: i32) -> vec4f {
  let first = i32at(f_body_jntadr, b);
  let num = i32at(f_body_jntnum, b);
  if (f_nmocap > 0) {
    let mocap = i32at(f_body_mocapid, b);
    if (mocap >= 0) { return normalize4(ld4(f_mocap_quat + 4 * mocap)); }
  }
  var out = par4(f_body_quat + 4 * b);
  for (var j = first; j < first + num; j++) {
    let kind = i32at(f_jnt_type, j);
    let adr = i32at(f_jnt_qposadr, j);
    let q = f_qpos + adr;
    if (f_JNT_FREE > 0 && kind == JNT_FREE) {
      out = normalize4(ld4(q + 3));
      continue;
    }
    if (kind == JNT_SLIDE) { continue; }
    var rot: vec4f;
    if (f_JNT_BALL > 0 && kind == JNT_BALL) { rot = normalize4(ld4(q)); }
    else { rot = axisAngle2Quat(par3(f_jnt_axis + 3 * j), ld(q) - par(f_qpos0 + adr)); }
    out = mulQuat(out, rot);
  }
  return out;
}

/**
 * Orientation of an object as a quaternion with MuJoCo's sign: the product of the quaternions on the way from the world.
 *   out     quaternion 4
 *   source  MuJoCo engine_sensor.c, get_xquat
 */
fn objectQuat(kind: i32, id: i32) -> vec4f {
  var out = vec4f(1.0, 0.0, 0.0, 0.0);
  for (var b = objectBody(kind, id); b > 0; b = i32at(f_body_parentid, b)) { out = mulQuat(jointsQuat(b), out); }
  out = normalize4(out);
  if (kind == OBJ_XBODY) { return out; }
  return mulQuat(out, par4(localFrame(kind, id, true)));
}

/** vector from the com of the tree of link j to a point: out (3) */
fn arm(link: i32, point: vec3f) -> vec3f { return point - ld3(f_grp_com + 4 * i32at(f_lnk_group, link)); }

/** out = spatial vector x (angular 3, linear 3 at the com) seen at r from the com: linear part + angular x r */
fn shifted(x: Spatial, r: vec3f) -> Spatial { return Spatial(x.rot, x.lin + cross(x.rot, r)); }

/**
 * Velocity of a point that moves with a body, in world axes.
 *   in      lnk cvel, grp_com
 *   out     angular 3, linear 3; 0 when nothing moves the body
 *   source  MuJoCo engine_core_util.c, mj_objectVelocity
 */
fn pointVelocity(b: i32, point: vec3f) -> Spatial {
  let link = i32at(f_body_lnk, b);
  if (link < 0) { return Spatial(vec3f(), vec3f()); }
  return shifted(ldSpatial(f_lnk + LNK_STRIDE * link + LNK_CVEL), arm(link, point));
}

/**
 * Acceleration of a point that moves with a link, less gravity, in world axes.
 *   in      lnk cvel cacc, sens_acc, grp_com
 *   out     angular 3, linear 3
 *   source  MuJoCo engine_core_util.c, mj_objectAcceleration
 */
fn pointAcceleration(link: i32, point: vec3f) -> Spatial {
  let L = f_lnk + LNK_STRIDE * link;
  let r = arm(link, point);
  let acc = ldSpatial(L + LNK_CACC);
  let more = ldSpatial(f_sens_acc + 6 * link);
  let a = shifted(Spatial(acc.rot + more.rot, acc.lin + more.lin), r);
  let v = shifted(ldSpatial(L + LNK_CVEL), r);
  // the point turns with the body: w x v
  return Spatial(a.rot, a.lin + cross(v.rot, v.lin));
}
