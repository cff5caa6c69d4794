// import { subQuat } from '../math/rotation'
// import { normalize4 } from '../math/spatial'
// import { i32at, ld, ld3, ld4, par, par3, par4, st, st3 } from '../math/v4'
// import { fluidForces } from './fluid'
// import { tendonSpringDamper } from './tendon'
// import { DSBL_DAMPER, DSBL_GRAVITY, DSBL_SPRING, JNT_FREE } from './types'
// import { gravcomp } from './wrench'

/** linear + poly0 x + poly1 x^2 */
fn polyForce(linear: f32, poly: i32, x: f32) -> f32 { return linear + x * (par(poly + 1) * x + par(poly)); }

/** joint springs and dampers (mj_springdamper) */
fn springDamper() {
  // dampers: -v (b + b1 |v| + b2 v^2)
  if ((f_opt_disableflags & DSBL_DAMPER) != 0) {
    for (var i = 0; i < f_nv; i++) { st(f_qfrc_passive + i, 0.0); }
  } else {
    for (var i = 0; i < f_nv; i++) {
      let v = ld(f_qvel + i);
      let b = f_dof_drag + 3 * i;
      st(f_qfrc_passive + i, -v * polyForce(par(b), b + 1, abs(v)));
    }
  }
  if (f_springs != 0 && (f_opt_disableflags & DSBL_SPRING) == 0) {
    for (var j = 0; j < f_njnt; j++) {
      let k = par(f_jnt_stiffness + j);
      let k12 = f_jnt_stiffnesspoly + 2 * j;
      if (k == 0.0 && par(k12) == 0.0 && par(k12 + 1) == 0.0) { continue; }
      let kind = i32at(f_jnt_type, j);
      var q = f_qpos + i32at(f_jnt_qposadr, j);
      var q0 = f_qpos_spring + i32at(f_jnt_qposadr, j);
      var o = f_qfrc_passive + i32at(f_jnt_dofadr, j);

      if (kind >= 2) {
        let x = ld(q) - par(q0);
        st(o, ld(o) - x * polyForce(k, k12, x));
        continue;
      }
      if (kind == JNT_FREE) {
        let x = ld3(q) - par3(q0);
        st3(o, ld3(o) - x * polyForce(k, k12, sqrt(dot(x, x))));
        q += 3;
        q0 += 3;
        o += 3;
      }
      // orientation: the rotation vector from the spring's pose
      let x = subQuat(normalize4(ld4(q)), par4(q0));
      st3(o, ld3(o) - x * polyForce(k, k12, sqrt(dot(x, x))));
    }
  }
}

/**
 * All passive forces: springs, dampers, tendons, the medium, gravity compensation that no actuator carries.
 *   model   jnt_stiffness jnt_stiffnesspoly qpos_spring dof_drag lnk_gravcomp opt_density opt_viscosity opt_wind (*), jnt_actgravcomp
 *   in      qpos, qvel, ten_length, ten_velocity, lnk R p cvel
 *   out     qfrc_passive, qfrc_gravcomp (nv)      N or N*m
 *   source  MuJoCo engine_passive.c, mj_passive
 */
fn passive() {
  springDamper();
  if (f_tenforce != 0) {
    tendonSpringDamper(f_qfrc_passive);
  }
  // with springs and dampers off MuJoCo leaves out the rest too
  if (f_fluid != 0 && (f_opt_disableflags & (DSBL_SPRING | DSBL_DAMPER)) != (DSBL_SPRING | DSBL_DAMPER)) {
    fluidForces(f_qfrc_passive);
  }
  if (f_gravcomp != 0) {
    if ((f_opt_disableflags & DSBL_GRAVITY) != 0 || (f_opt_disableflags & (DSBL_SPRING | DSBL_DAMPER)) == (DSBL_SPRING | DSBL_DAMPER)) {
      for (var i = 0; i < f_nv; i++) { st(f_qfrc_gravcomp + i, 0.0); }
    } else {
      gravcomp();
      for (var i = 0; i < f_nv; i++) {
        if (i32at(f_jnt_actgravcomp, i32at(f_dof_jntid, i)) == 0) { st(f_qfrc_passive + i, ld(f_qfrc_passive + i) + ld(f_qfrc_gravcomp + i)); }
      }
    }
  }
}

/** d(damping force)/dv with its sign changed: b + 2 b1 |v| + 3 b2 v^2 (mjd_xPolyForce) */
fn dampingDerivative(i: i32) -> f32 {
  let b = f_dof_drag + 3 * i;
  let v = abs(ld(f_qvel + i));
  return par(b) + v * (3.0 * par(b + 2) * v + 2.0 * par(b + 1));
}
