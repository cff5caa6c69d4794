// import { ld3, ldmat3, st, st3, stmat3, par, par3, i32at } from '../../math/v4'
// import { insideGeom, rayGeom, rayNormal } from '../ray'
// import { GEOM_POS, GEOM_STRIDE, MINVAL, OBJ_BODY, OBJ_GEOM, OBJ_SITE } from '../types'
// import { RAYDATA_DEPTH, RAYDATA_DIR, RAYDATA_DIST, RAYDATA_NORMAL, RAYDATA_ORIGIN, RAYDATA_POINT } from './enums'
// import { objectBody, objectPos, objectPose, Pose } from './object'
// import { subtreeCom } from './subtree'

/** poses of all geoms that a ray can meet, for this step's rangefinders */
fn geomPoses() {
  let n = f_ngeom;
  for (var g = 0; g < n; g++) {
    if (i32at(f_geom_visible, g) == 0) { continue; }
    let frame = objectPose(OBJ_GEOM, g);
    stmat3(f_geoms + GEOM_STRIDE * g, frame.rot);
    st3(f_geoms + GEOM_STRIDE * g + GEOM_POS, frame.pos);
  }
}

/** the ray of one world; out (dim) */
fn rangeOf(i: i32, body: i32, frame: Pose, out: i32) {
  let n = f_ngeom;
  let dir = frame.rot[2];
  var dist = -1.0;
  var normal = vec3f();
  for (var g = 0; g < n; g++) {
    if (i32at(f_geom_visible, g) == 0 || i32at(f_geom_bodyid, g) == body) { continue; }
    let G = f_geoms + GEOM_STRIDE * g;
    let rot = ldmat3(G);
    let r = rayGeom(i32at(f_geom_type, g), rot, ld3(G + GEOM_POS), par3(f_geom_size + 3 * g), frame.pos, dir);
    if (r.dist < 0.0 || (dist >= 0.0 && r.dist >= dist)) { continue; }
    dist = r.dist;
    normal = rayNormal(rot, r);
  }

  let found = dist >= 0.0;
  let spec = i32at(f_sensor_intprm, 3 * i);
  var o = out;
  if ((spec & (1 << u32(RAYDATA_DIST))) != 0) {
    st(o, dist);
    o = o + 1;
  }
  if ((spec & (1 << u32(RAYDATA_DIR))) != 0) {
    st3(o, select(vec3f(), dir, found));
    o = o + 3;
  }
  if ((spec & (1 << u32(RAYDATA_ORIGIN))) != 0) {
    st3(o, frame.pos);
    o = o + 3;
  }
  if ((spec & (1 << u32(RAYDATA_POINT))) != 0) {
    st3(o, select(vec3f(), frame.pos + dist * dir, found));
    o = o + 3;
  }
  if ((spec & (1 << u32(RAYDATA_NORMAL))) != 0) {
    st3(o, normal);
    o = o + 3;
  }
  // seen from a site, depth is distance
  if ((spec & (1 << u32(RAYDATA_DEPTH))) != 0) { st(o, dist); }
}

/**
 * Distance from a site along its z axis to the nearest visible geom of another body, and what else the sensor asks for.
 *   in      geoms (geomPoses)
 *   out     (dim)      m; -1 where nothing is hit
 *   source  MuJoCo engine_sensor.c, mjSENS_RANGEFINDER; engine_ray.c, mj_ray
 */
fn rangefinder(i: i32, out: i32) {
  let site = i32at(f_sensor_objid, i);
  rangeOf(i, objectBody(OBJ_SITE, site), objectPose(OBJ_SITE, site), out);
}

/**
 * 1 where an object's position is inside a site, else 0.
 *   out     (1)
 *   source  MuJoCo engine_sensor.c, mjSENS_INSIDESITE
 */
fn insideSite(i: i32, out: i32) {
  let site = i32at(f_sensor_refid, i);
  let kind = i32at(f_sensor_objtype, i);
  let id = i32at(f_sensor_objid, i);
  let frame = objectPose(OBJ_SITE, site);
  var point = objectPos(kind, id);
  // a body without mass of its own stands for the bodies below it
  if (kind == OBJ_BODY && id > 0) {
    if (par(f_body_mass + id) < MINVAL && par(f_body_subtreemass + id) >= MINVAL) { point = subtreeCom(id); }
  }
  let inside = insideGeom(i32at(f_site_type, site), frame.rot, frame.pos, par3(f_site_size + 3 * site), point);
  st(out, select(0.0, 1.0, inside));
}
