// import { i32at, ld3, ldmat3, par, par3, par4, parmat3, setpar, st, st3 } from '../math/v4'
// import { normalize4, quat2Mat } from '../math/spatial'
// import { bodyBase } from './mocap'
// import { GEOM_CAPSULE, GEOM_PLANE, GEOM_POS, GEOM_SPHERE, GEOM_STRIDE, LNK_P, LNK_R } from './types'

/**
 * Constants of geoms: the frame in the link of the geom's body, and how far from its centre contacts reach.
 *   model   geom_pos geom_quat geom_rbound geom_margin geom_gap (*), body_frame (*)
 *   out     geom_frame (ngeom, 12), geom_reach (ngeom)
 */
fn geomConstants() {
  for (var g = 0; g < f_ngeom; g++) {
    let F = f_geom_frame + GEOM_STRIDE * g;
    let base = f_body_frame + GEOM_STRIDE * i32at(f_geom_bodyid, g);
    let body = parmat3(base);
    let rows = transpose(body * quat2Mat(normalize4(par4(f_geom_quat + 4 * g))));
    let pos = body * par3(f_geom_pos + 3 * g) + par3(base + GEOM_POS);
    for (var i = 0; i < 3; i++) {
      setpar(F + i, rows[0][i]);
      setpar(F + 3 + i, rows[1][i]);
      setpar(F + 6 + i, rows[2][i]);
      setpar(F + GEOM_POS + i, pos[i]);
    }
    setpar(f_geom_reach + g, par(f_geom_rbound + g) + (par(f_geom_margin + g) + par(f_geom_gap + g)));
  }
}

/**
 * Poses of all geoms in the world.
 *   model   geom_frame (*), geom_bodyid, geom_type
 *   in      lnk R, p; mocap
 *   out     geoms: rotation 9, position 3. Of planes, spheres and capsules only the z axis is turned unless all is asked for
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics
 */
fn geomFrames(full: bool) {
  for (var g = 0; g < f_ngeom; g++) {
    let F = f_geom_frame + GEOM_STRIDE * g;
    let G = f_geoms + GEOM_STRIDE * g;
    let L = bodyBase(i32at(f_geom_bodyid, g));
    if (L == 0) {
      for (var i = 0; i < 12; i++) { st(G + i, par(F + i)); }
      continue;
    }
    let R = ldmat3(L + LNK_R);
    st3(G + GEOM_POS, ld3(L + LNK_P) + R * par3(F + GEOM_POS));
    let kind = i32at(f_geom_type, g);
    let round = kind == GEOM_PLANE || kind == GEOM_SPHERE || kind == GEOM_CAPSULE;
    for (var c = select(0, 2, round && !full); c < 3; c++) {
      let x = R * vec3f(par(F + c), par(F + 3 + c), par(F + 6 + c));
      st(G + c, x.x);
      st(G + 3 + c, x.y);
      st(G + 6 + c, x.z);
    }
  }
}
