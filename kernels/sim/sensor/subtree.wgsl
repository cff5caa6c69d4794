// import { normalize4 } from '../../math/spatial'
// import { subQuat } from '../../math/rotation'
// import { ld, ld3, ld4, st, st3, par, par3, par4, i32at } from '../../math/v4'
// import { at2, DSBL_GRAVITY, DSBL_SPRING, JNT_BALL, JNT_FREE, MINVAL, OBJ_BODY } from '../types'
// import { SENS_E_KINETIC, SENS_E_POTENTIAL, SENS_SUBTREEANGMOM, SENS_SUBTREECOM, SENS_SUBTREELINVEL } from './enums'
// import { objectPos, objectPose, pointVelocity, subtreeEnd } from './object'

/** centre of mass of the subtree of body b: out (3) (subtree_com) */
fn subtreeCom(b: i32) -> vec3f {
  let end = subtreeEnd(b);
  // without mass, the body's own inertial frame
  let o = objectPos(OBJ_BODY, b);
  var x = par(f_body_mass + b) * o;
  for (var k = b + 1; k < end; k++) { x = par(f_body_mass + k) * objectPos(OBJ_BODY, k) + x; }
  let mass = par(f_body_subtreemass + b);
  if (mass >= MINVAL) { return x * (1.0 / mass); }
  return o;
}

/**
 * Velocity of the centre of mass of the subtree of body b, or its angular momentum about that centre: out (3).
 *   in      lnk cvel, grp_com
 *   source  MuJoCo engine_core_smooth.c, mj_subtreeVel; the recursion over bodies is a sum over the subtree here
 */
fn subtreeMotion(b: i32, momentum: bool) -> vec3f {
  let end = subtreeEnd(b);

  // mean velocity
  var l = vec3f();
  for (var k = b; k < end; k++) { l = par(f_body_mass + k) * pointVelocity(k, objectPos(OBJ_BODY, k)).lin + l; }
  let mean = l * (1.0 / max(MINVAL, par(f_body_subtreemass + b)));
  if (!momentum) { return mean; }

  // spin of every body, and the momentum of its centre about the common one
  let com = subtreeCom(b);
  var n = vec3f();
  for (var k = b; k < end; k++) {
    let frame = objectPose(OBJ_BODY, k);
    let vel = pointVelocity(k, frame.pos);
    let spin = frame.rot * (par3(f_body_inertia + 3 * k) * (vel.rot * frame.rot));
    n = n + (spin + cross(frame.pos - com, par(f_body_mass + k) * (vel.lin - mean)));
  }
  return n;
}

/** energy of a spring at displacement x: its force is x (linear + poly0 x + poly1 x^2) (mju_polyPotential) */
fn springEnergy(linear: f32, poly: i32, x: f32) -> f32 {
  let quartic = 0.25 * par(poly + 1) * x + 0.3333333333333333 * par(poly);
  return x * x * (quartic * x + 0.5 * linear);
}

/** energy of a joint's springs */
fn jointEnergy(j: i32) -> f32 {
  let k = par(f_jnt_stiffness + j);
  let poly = f_jnt_stiffnesspoly + 2 * j;
  let kind = i32at(f_jnt_type, j);
  let adr = i32at(f_jnt_qposadr, j);
  var q = f_qpos + adr;
  var q0 = f_qpos_spring + adr;
  if (kind > JNT_BALL) { return springEnergy(k, poly, ld(q) - par(q0)); }
  var energy = 0.0;
  if (kind == JNT_FREE) {
    let x = ld3(q) - par3(q0);
    energy = springEnergy(k, poly, sqrt(dot(x, x)));
    q = q + 3;
    q0 = q0 + 3;
  }
  let x = subQuat(normalize4(ld4(q)), par4(q0));
  return energy + springEnergy(k, poly, sqrt(dot(x, x)));
}

/** energy of gravity and springs (mj_energyPos) */
fn potentialEnergy() -> f32 {
  var energy = 0.0;
  if ((f_opt_disableflags & DSBL_GRAVITY) == 0) {
    let g = par3(f_opt_gravity);
    let n = f_nbody;
    for (var b = 1; b < n; b++) { energy = energy - par(f_body_mass + b) * dot(g, objectPos(OBJ_BODY, b)); }
  }
  if ((f_opt_disableflags & DSBL_SPRING) == 0) {
    if (f_springs > 0) {
      for (var j = 0; j < f_njnt; j++) { energy = energy + jointEnergy(j); }
    }
    if (f_ntendon > 0) {
      for (var t = 0; t < f_ntendon; t++) {
        let length = ld(f_ten_length + t);
        let rest = f_tendon_lengthspring + 2 * t;
        let over = length > par(rest + 1);
        let under = length < par(rest);
        let x = select(0.0, length - select(par(rest), par(rest + 1), over), over || under);
        energy = energy + springEnergy(par(f_tendon_stiffness + t), f_tendon_stiffnesspoly + 2 * t, x);
      }
    }
  }
  return energy;
}

/** qvel' M qvel / 2 (mj_energyVel) */
fn kineticEnergy() -> f32 {
  var energy = 0.0;
  for (var i = 0; i < f_nv; i++) {
    let v = ld(f_qvel + i);
    var row = 0.5 * (ld(at2(f_qM, f_nv, i, i)) * v);
    let begin = i32at(f_M_rowadr, i);
    let end = begin + i32at(f_M_rownnz, i);
    for (var e = begin; e < end; e++) {
      let k = i32at(f_M_colind, e);
      row = ld(at2(f_qM, f_nv, i, k)) * ld(f_qvel + k) + row;
    }
    energy = row * v + energy;
  }
  return energy;
}

/**
 * Sensors of a subtree as a whole, and of all bodies' energy.
 *   out     (3), energy (1)      m, m/s, kg m^2/s, J
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel
 */
fn subtreeSensor(i: i32, kind: i32, out: i32) {
  let id = i32at(f_sensor_objid, i);
  if (f_SENSOR_43 > 0) {
    if (kind == SENS_E_POTENTIAL) { st(out, potentialEnergy()); }
  }
  if (f_SENSOR_44 > 0) {
    if (kind == SENS_E_KINETIC) { st(out, kineticEnergy()); }
  }
  if (f_SENSOR_35 > 0) {
    if (kind == SENS_SUBTREECOM) { st3(out, subtreeCom(id)); }
  }
  if (f_SENSOR_36 + f_SENSOR_37 > 0) {
    if (kind == SENS_SUBTREELINVEL || kind == SENS_SUBTREEANGMOM) { st3(out, subtreeMotion(id, kind == SENS_SUBTREEANGMOM)); }
  }
}
