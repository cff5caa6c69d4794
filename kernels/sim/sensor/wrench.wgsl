// import { mulQuat, negQuat } from '../../math/spatial'
// import { ld3, ldi, ldu, ldmask, ldmat3, st3, par, par3, par4, i32at } from '../../math/v4'
// import { contactForce, equalityForce, ncon, Wrench } from '../contact-force'
// import { CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, DSBL_CONSTRAINT, DSBL_EQUALITY, DSBL_GRAVITY } from '../types'
// import { EQ_CONNECT, EQ_WELD, OBJ_BODY, OBJ_SITE, OBJ_XBODY } from '../types'
// import { SENS_FORCE } from './enums'
// import { bodyPose, objectBody, objectPos, objectPose, objectQuat, pointAcceleration, pointVelocity, subtreeEnd } from './object'
// import { subtreeCom } from './subtree'

/** sum (force 3, torque 3 about a point) += force f at another point */
fn addForce(sum: Wrench, about: vec3f, place: vec3f, f: vec3f) -> Wrench {
  return Wrench(sum.force + f, sum.torque + cross(place - about, f));
}

fn addTorque(sum: Wrench, n: vec3f) -> Wrench { return Wrench(sum.force, sum.torque + n); }

/** what the motion of body b takes, gravity included: m a at its centre, I alpha + w x I w */
fn addInertial(b: i32, sum: Wrench, about: vec3f) -> Wrench {
  let link = i32at(f_body_lnk, b);
  let mass = par(f_body_mass + b);
  let frame = objectPose(OBJ_BODY, b);
  if (link < 0) {
    if ((f_opt_disableflags & DSBL_GRAVITY) != 0) { return sum; }
    return addForce(sum, about, frame.pos, -(mass * par3(f_opt_gravity)));
  }
  let acc = pointAcceleration(link, frame.pos);
  let moved = addForce(sum, about, frame.pos, mass * acc.lin);

  // rotation in the axes of the inertia
  let inertia = par3(f_body_inertia + 3 * b);
  let vel = pointVelocity(b, frame.pos);
  let x = acc.rot * frame.rot;
  let w = vel.rot * frame.rot;
  return addTorque(moved, frame.rot * (inertia * x + cross(w, inertia * w)));
}

/** less what contacts do to the bodies [b, end) */
fn addContacts(b: i32, end: i32, sum: Wrench, about: vec3f) -> Wrench {
  var total = sum;
  let n = ncon();
  for (var k = 0; k < n; k++) {
    let C = f_con + CON_STRIDE * k;
    let body1 = i32at(f_geom_bodyid, ldi(C + CON_GEOM1));
    let body2 = i32at(f_geom_bodyid, ldi(C + CON_GEOM2));
    let in1 = body1 >= b && body1 < end;
    let in2 = body2 >= b && body2 < end;
    // a force within the subtree cancels
    if (in1 == in2 || !ldmask(C + CON_HAS)) { continue; }
    // the contact pushes the second body along the normal
    let push = contactForce(k);
    let frame = ldmat3(C + CON_FRAME);
    let sign = select(1.0, -1.0, in2);
    total = addForce(total, about, ld3(C + CON_POS), sign * (push.force * frame));
    total = addTorque(total, sign * (push.torque * frame));
  }
  return total;
}

/** where connect or weld e takes hold of its object (0 or 1): out (3) */
fn anchor(e: i32, side: i32) -> vec3f {
  let id = i32at(select(f_eq_obj2id, f_eq_obj1id, side == 0), e);
  if (i32at(f_eq_objtype, e) != OBJ_BODY) { return objectPos(OBJ_SITE, id); }
  let weld = i32at(f_eq_type, e) == EQ_WELD;
  let local = par3(f_eq_data + 11 * e + select(0, 3, (side == 1) != weld));
  let frame = bodyPose(id);
  return frame.rot * local + frame.pos;
}

/**
 * Torque of weld e on its first object, from the forces of its rows of rotation: the error is the vector part of
 * conj(q2) q1, times the torque scale, and a turn w of the first object changes it by that of conj(q2) w q1 / 2.
 *   in-out  torque (3): forces of the rows; then N*m in world axes
 */
fn weldTorque(e: i32, torque: vec3f) -> vec3f {
  let id1 = i32at(f_eq_obj1id, e);
  let id2 = i32at(f_eq_obj2id, e);
  let data = f_eq_data + 11 * e;
  let kind = select(OBJ_XBODY, OBJ_SITE, i32at(f_eq_objtype, e) == OBJ_SITE);
  var q1 = objectQuat(kind, id1);
  let q2 = objectQuat(kind, id2);
  if (kind == OBJ_XBODY) { q1 = mulQuat(q1, par4(data + 6)); }
  let x = mulQuat(mulQuat(q2, vec4f(0.0, torque)), negQuat(q1));
  return 0.5 * par(data + 10) * x.yzw;
}

/** less what connect and weld constraints do to the bodies [b, end) */
fn addEqualities(b: i32, end: i32, sum: Wrench, about: vec3f) -> Wrench {
  var total = sum;
  if ((f_opt_disableflags & (DSBL_CONSTRAINT | DSBL_EQUALITY)) != 0) { return total; }
  let n = f_neq;
  for (var e = 0; e < n; e++) {
    let kind = i32at(f_eq_type, e);
    if (kind != EQ_CONNECT && kind != EQ_WELD) { continue; }
    let objtype = i32at(f_eq_objtype, e);
    for (var side = 0; side < 2; side++) {
      let body = objectBody(objtype, i32at(select(f_eq_obj2id, f_eq_obj1id, side == 0), e));
      if (body < b || body >= end) { continue; }
      let rows = equalityForce(e);
      var torque = rows.torque;
      if (kind == EQ_WELD) { torque = weldTorque(e, torque); }
      // external forces are taken off: the first object is pushed, the second pushed back
      let sign = select(1.0, -1.0, side == 0);
      total = addForce(total, about, anchor(e, side), sign * rows.force);
      total = addTorque(total, sign * torque);
    }
  }
  return total;
}

/** less the forces applied from outside to body b */
fn addApplied(b: i32, sum: Wrench, about: vec3f) -> Wrench {
  let x = f_xfrc_applied + 6 * b;
  var bits = ldu(x);
  for (var i = 1; i < 6; i++) { bits = bits | ldu(x + i); }
  if (bits == 0u) { return sum; }
  return addTorque(addForce(sum, about, objectPos(OBJ_BODY, b), -ld3(x)), -ld3(x + 3));
}

/** what the bodies [b, end) take, less the forces on them from outside, about a point; sum (6) is begun anew */
fn subtreeWrench(b: i32, end: i32, about: vec3f) -> Wrench {
  var sum = Wrench(vec3f(), vec3f());
  for (var k = b; k < end; k++) {
    sum = addInertial(k, sum, about);
    sum = addApplied(k, sum, about);
  }
  if (f_ncand > 0) { sum = addContacts(b, end, sum, about); }
  if (f_neq > 0) { sum = addEqualities(b, end, sum, about); }
  return sum;
}

/**
 * The same of the whole world: MuJoCo adds the torques of the trees as they stand, each about the centre of mass of its
 * tree, and goes on as if all were about that of the world.
 *   in      about (3): the point; the CPU overwrites it
 */
fn worldWrench(about: vec3f) -> Wrench {
  var total = Wrench(vec3f(), vec3f());
  let n = subtreeEnd(0);
  for (var b = 1; b < n;) {
    let end = subtreeEnd(b);
    let sum = subtreeWrench(b, end, subtreeCom(b));
    total = Wrench(total.force + sum.force, total.torque + sum.torque);
    b = end;
  }
  return addForce(Wrench(vec3f(), total.torque), about, subtreeCom(0), total.force);
}

/**
 * Force or torque between a site's body and its parent, in the site's frame: what the motion of the body's subtree
 * takes, less the forces on it from outside.
 *   in      lnk, sens_acc, con, efc, xfrc_applied
 *   out     (3)      N or N*m
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint: cfrc_int, summed about the site
 */
fn wrenchSensor(i: i32, kind: i32, out: i32) {
  let site = i32at(f_sensor_objid, i);
  let b = objectBody(OBJ_SITE, site);
  let frame = objectPose(OBJ_SITE, site);
  var sum: Wrench;
  if (b == 0) { sum = worldWrench(frame.pos); }
  else { sum = subtreeWrench(b, subtreeEnd(b), frame.pos); }
  st3(out, select(sum.torque, sum.force, kind == SENS_FORCE) * frame.rot);
}
