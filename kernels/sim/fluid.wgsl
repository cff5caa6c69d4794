// import { normalize4, quat2Mat } from '../math/spatial'
// import { i32at, ld, ld3, ldmat3, par, par3, par4, parmask, parmat3, setpar, setparmask, st, sti } from '../math/v4'
// import { IN_W } from './inertia'
// import { lastDof } from './jacobian'
// import { addOuter } from './outer'
// import { JNT_BALL, JNT_FREE, JNT_SLIDE, LC_SIGN, LC_STRIDE, LNK_CVEL, LNK_P, LNK_R, LNK_STRIDE, MINVAL } from './types'
// import { addWrench, clearWrenches, projectWrenches } from './wrench'

// fluid_const (CONSTANT_FIELDS): inertial frame in the link 9, equivalent box 3, mass is enough to count (mask)
const STRIDE: i32 = 13;
const BOX: i32 = 9;
const HAS: i32 = 12;

const PI: f32 = 3.14159265358979;

/**
 * Inertial frames of bodies in their links and boxes of the same inertia.
 *   model   body_inertia body_mass body_iquat body_frame (*)
 *   out     fluid_const (nbody, 13)
 *   source  MuJoCo engine_passive.c, mj_inertiaBoxFluidModel
 */
fn fluidConstants() {
  if (f_fluid != 0) {
    for (var b = 1; b < f_nbody; b++) {
      let C = f_fluid_const + STRIDE * b;
      let frame = parmat3(f_body_frame + 12 * b) * quat2Mat(normalize4(par4(f_body_iquat + 4 * b)));
      for (var k = 0; k < 9; k++) { setpar(C + k, frame[k % 3][k / 3]); }
      let mass = par(f_body_mass + b);
      let inertia = par3(f_body_inertia + 3 * b);
      let has = mass >= MINVAL;
      let k = 6.0 / select(1.0, mass, has);
      setpar(C + BOX, sqrt(max(MINVAL, inertia.y + inertia.z - inertia.x) * k));
      setpar(C + BOX + 1, sqrt(max(MINVAL, inertia.x + inertia.z - inertia.y) * k));
      setpar(C + BOX + 2, sqrt(max(MINVAL, inertia.x + inertia.y - inertia.z) * k));
      setparmask(C + HAS, has);
    }
  }
}

/** inertial frame of a body in the world, velocities in it */
struct LocalVelocity { frame: mat3x3f, angular: vec3f, linear: vec3f }

/**
 * Velocity of a body's com relative to the medium, in its inertial frame.
 *   out     inertial frame in the world 9, angular velocity 3, linear velocity 3
 */
fn localVelocity(body: i32) -> LocalVelocity {
  let link = i32at(f_body_lnk, body);
  let L = f_lnk + LNK_STRIDE * link;
  let R = ldmat3(L + LNK_R);
  let angular = ld3(L + LNK_CVEL);
  let frame = R * parmat3(f_fluid_const + STRIDE * body);
  // at the com of the body, less the wind
  let r = R * par3(f_body_com + 3 * body) + ld3(L + LNK_P) - ld3(f_grp_com + 4 * i32at(f_lnk_group, link));
  let linear = ld3(L + LNK_CVEL + 3) + cross(angular, r) - par3(f_opt_wind);
  return LocalVelocity(frame, transpose(frame) * angular, transpose(frame) * linear);
}

/** drag of rotation and translation: constants, and coefficients of |v| by component */
struct Drag { turn: f32, push: f32, turn2: vec3f, push2: vec3f }

/**
 * Drag of each component of the velocity: force = -(linear + quadratic |v|) v.
 *   box     sides 3
 *   out     linear: rotation, translation; quadratic: rotation 3, translation 3
 */
fn dragCoefficients(box: vec3f) -> Drag {
  let viscosity = max(0.0, par(f_opt_viscosity));
  let density = max(0.0, par(f_opt_density));
  let diam = (1.0 / 3.0) * (box.x + box.y + box.z);
  let pull = PI * diam * viscosity;
  let box4 = box * box * (box * box);
  let turn = (1.0 / 64.0) * density;
  let push = 0.5 * density;
  return Drag(
    pull * diam * diam,
    3.0 * pull,
    turn * box * vec3f(box4.y + box4.z, box4.x + box4.z, box4.x + box4.y),
    push * vec3f(box.y * box.z, box.x * box.z, box.x * box.y),
  );
}

/**
 * Forces of the medium on bodies, each taken for a box of its inertia.
 *   model   opt_density opt_viscosity opt_wind fluid_const body_com (*)
 *   in      lnk R p cvel, grp_com
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_passive.c, mj_inertiaBoxFluidModel
 */
fn fluidForces(qfrc: i32) {
  clearWrenches();
  for (var b = 1; b < f_nbody; b++) {
    if (i32at(f_body_lnk, b) < 0) { continue; }
    let C = f_fluid_const + STRIDE * b;
    if (!parmask(C + HAS)) { continue; }
    let v = localVelocity(b);
    let drag = dragCoefficients(par3(C + BOX));
    let torque = -v.angular * (drag.turn2 * abs(v.angular) + drag.turn);
    let force = -v.linear * (drag.push2 * abs(v.linear) + drag.push);
    addWrench(b, v.frame * force, v.frame * torque);
  }
  projectWrenches(qfrc);
}

/** Jacobian of a body's com in the inertial frame at R: 6 rows (rotation, translation) over the dofs that move it; returns their number */
fn localJacobian(body: i32, R: mat3x3f, cols: i32, out: i32) -> i32 {
  let own = f_lnk + LNK_STRIDE * i32at(f_body_lnk, body);
  let x = ldmat3(own + LNK_R) * par3(f_body_com + 3 * body) + ld3(own + LNK_P);
  let toFrame = transpose(R);
  var n = 0;
  for (var i = lastDof(body); i >= 0; i = i32at(f_dof_parentid, i)) {
    let j = i32at(f_dof_jntid, i);
    let kind = i32at(f_jnt_type, j);
    let L = f_lnk + LNK_STRIDE * j;
    var c = i - i32at(f_jnt_dofadr, j);
    var sign = 1.0;
    if (kind > JNT_BALL) {
      c = i32at(f_lnk_axis, j);
      sign = par(f_lnk_const + LC_STRIDE * j + LC_SIGN);
    }
    let slides = kind == JNT_SLIDE || (kind == JNT_FREE && c < 3);
    var turn = vec3f();
    var push = vec3f();
    if (kind == JNT_FREE && slides) {
      push[c] = 1.0;
    } else {
      let column = L + LNK_R + select(c, c - 3, kind == JNT_FREE);
      let a = sign * vec3f(ld(column), ld(column + 3), ld(column + 6));
      if (slides) {
        push = a;
      } else {
        turn = a;
        push = cross(a, x - ld3(L + LNK_P));
      }
    }
    let rotation = toFrame * turn;
    let translation = toFrame * push;
    for (var r = 0; r < 3; r++) {
      st(out + r * f_nv + n, rotation[r]);
      st(out + (3 + r) * f_nv + n, translation[r]);
    }
    sti(cols + n, i);
    n++;
  }
  return n;
}

/**
 * H -= h d(fluid forces) / d qvel (mjd_inertiaBoxFluid).
 *   in      as fluidForces
 *   in-out  H (nv, nv), lower triangle
 */
fn fluidDerivative(h: f32, H: i32) {
  for (var b = 1; b < f_nbody; b++) {
    if (i32at(f_body_lnk, b) < 0) { continue; }
    let C = f_fluid_const + STRIDE * b;
    if (!parmask(C + HAS)) { continue; }
    let v = localVelocity(b);
    let drag = dragCoefficients(par3(C + BOX));
    let nnz = localJacobian(b, v.frame, f_fluid_col, f_fluid_J);
    let turn = 2.0 * drag.turn2 * abs(v.angular) + drag.turn;
    let push = 2.0 * drag.push2 * abs(v.linear) + drag.push;
    for (var k = 0; k < 3; k++) { addOuter(H, nnz, IN_W + f_fluid_col, f_fluid_J + k * f_nv, h * turn[k]); }
    for (var k = 0; k < 3; k++) { addOuter(H, nnz, IN_W + f_fluid_col, f_fluid_J + (3 + k) * f_nv, h * push[k]); }
  }
}
