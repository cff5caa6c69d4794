// import { ld, ld3, ldi, ldmask, ldmat3, st, st3, sti, stmask, par3, i32at } from '../../math/v4'
// import { contactForce, ncon } from '../contact-force'
// import { insideGeom, rayGeom } from '../ray'
// import { CON_DIST, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, MINVAL, OBJ_BODY, OBJ_GEOM, OBJ_SITE } from '../types'
// import { OBJ_UNKNOWN, OBJ_XBODY } from '../types'
// import { CONDATA_DIST, CONDATA_FORCE, CONDATA_FOUND, CONDATA_NORMAL, CONDATA_POS, CONDATA_TANGENT, CONDATA_TORQUE } from './enums'
// import { objectBody, objectPose, Pose } from './object'

const REDUCE_MINDIST: i32 = 1;
const REDUCE_MAXFORCE: i32 = 2;
const REDUCE_NETFORCE: i32 = 3;

/**
 * Sum of the normal forces of the contacts of a site's body whose normals meet the site's zone.
 *   in      con, contact forces
 *   out     (1)      N
 *   source  MuJoCo engine_sensor.c, mjSENS_TOUCH
 */
fn touch(i: i32, out: i32) {
  let site = i32at(f_sensor_objid, i);
  let body = objectBody(OBJ_SITE, site);
  let kind = i32at(f_site_type, site);
  let size = par3(f_site_size + 3 * site);
  var sum = 0.0;
  let n = ncon();
  var frame: Pose;
  if (n > 0) { frame = objectPose(OBJ_SITE, site); }
  for (var k = 0; k < n; k++) {
    let C = f_con + CON_STRIDE * k;
    let body1 = i32at(f_geom_bodyid, ldi(C + CON_GEOM1));
    let body2 = i32at(f_geom_bodyid, ldi(C + CON_GEOM2));
    if (body != body1 && body != body2) { continue; }
    let normal = contactForce(k).force.x;
    // from the contact into the body
    let sign = select(1.0, -1.0, body == body2);
    if (!ldmask(C + CON_HAS) || !(normal > 0.0)) { continue; }
    let r = rayGeom(kind, frame.rot, frame.pos, size, ld3(C + CON_POS), sign * ld3(C + CON_FRAME)).dist;
    if (r >= 0.0) { sum = sum + normal; }
  }
  st(out, sum);
}

/** does a body and geom of a contact belong to what the sensor names */
fn matches(b: i32, geom: i32, kind: i32, id: i32) -> bool {
  if (kind == OBJ_UNKNOWN || kind == OBJ_SITE) { return true; }
  if (kind == OBJ_GEOM) { return id == geom; }
  if (kind == OBJ_BODY) { return id == b; }
  if (kind != OBJ_XBODY) { return false; }
  var body = b;
  while (body > id) { body = i32at(f_body_parentid, body); }
  return body == id;
}

/** 1: contact k is the sensor's; -1: with its normal turned round; 0: it is not (matchContact, all but the site) */
fn direction(i: i32, C: i32) -> i32 {
  let type1 = i32at(f_sensor_objtype, i);
  let id1 = i32at(f_sensor_objid, i);
  let type2 = i32at(f_sensor_reftype, i);
  let id2 = i32at(f_sensor_refid, i);
  if (type1 == OBJ_UNKNOWN && type2 == OBJ_UNKNOWN) { return 1; }
  let geom1 = ldi(C + CON_GEOM1);
  let geom2 = ldi(C + CON_GEOM2);
  let body1 = i32at(f_geom_bodyid, geom1);
  let body2 = i32at(f_geom_bodyid, geom2);
  let m11 = matches(body1, geom1, type1, id1);
  let m12 = matches(body2, geom2, type1, id1);
  let m21 = matches(body1, geom1, type2, id2);
  let m22 = matches(body2, geom2, type2, id2);
  if ((!m11 && !m12) || (!m21 && !m22)) { return 0; }
  if (type2 == OBJ_UNKNOWN) { return select(-1, 1, m11); }
  if (type1 == OBJ_UNKNOWN) { return select(-1, 1, m22); }
  return select(select(0, -1, m12 && m21), 1, m11 && m22);
}

/** mask of the worlds in which the sensor counts contact C: those that have it, and inside the site if it names one */
fn counted(i: i32, C: i32, frame: Pose) -> bool {
  let has = ldmask(C + CON_HAS);
  if (i32at(f_sensor_objtype, i) != OBJ_SITE) { return has; }
  let site = i32at(f_sensor_objid, i);
  return has && insideGeom(i32at(f_site_type, site), frame.rot, frame.pos, par3(f_site_size + 3 * site), ld3(C + CON_POS));
}

// sens_match (SCRATCH_FIELDS): one record a contact: mask of worlds that count it, criterion, then the direction
const MATCH: i32 = 3;
const MATCH_CRITERION: i32 = 1;
const MATCH_DIRECTION: i32 = 2;

/** place of a data field in a slot, in quantities; -1: the sensor has not asked for it */
fn fieldAt(spec: i32, field: i32) -> i32 {
  if ((spec & (1 << u32(field))) == 0) { return -1; }
  var a = 0;
  for (var k = 0; k < field; k++) {
    if ((spec & (1 << u32(k))) != 0) { a = a + select(3, 1, k == CONDATA_FOUND || k == CONDATA_DIST); }
  }
  return a;
}

/** three values of one world, with a sign each for the first two and the third */
fn put3(out: i32, x: vec3f, sign: f32, third: f32) { st3(out, vec3f(sign * x.xy, third * x.z)); }

/** one contact of one world into a slot: turned round, the frame turns about its second tangent (copySensorData) */
fn fill(spec: i32, k: i32, flip: bool, nfound: i32, out: i32) {
  let C = f_con + CON_STRIDE * k;
  let sign = select(1.0, -1.0, flip);
  var a = fieldAt(spec, CONDATA_FOUND);
  if (a >= 0) { st(out + a, f32(nfound)); }
  let needForce = (spec & ((1 << u32(CONDATA_FORCE)) | (1 << u32(CONDATA_TORQUE)))) != 0;
  if (needForce) {
    let push = contactForce(k);
    a = fieldAt(spec, CONDATA_FORCE);
    if (a >= 0) { put3(out + a, push.force, 1.0, sign); }
    a = fieldAt(spec, CONDATA_TORQUE);
    if (a >= 0) { put3(out + a, push.torque, 1.0, sign); }
  }
  a = fieldAt(spec, CONDATA_DIST);
  if (a >= 0) { st(out + a, ld(C + CON_DIST)); }
  a = fieldAt(spec, CONDATA_POS);
  if (a >= 0) { put3(out + a, ld3(C + CON_POS), 1.0, 1.0); }
  a = fieldAt(spec, CONDATA_NORMAL);
  if (a >= 0) { put3(out + a, ld3(C + CON_FRAME), sign, sign); }
  a = fieldAt(spec, CONDATA_TANGENT);
  if (a >= 0) { put3(out + a, ld3(C + CON_FRAME + 3), sign, sign); }
}

/** the num contacts of one world with the smallest criterion, ties in their own order, into slots */
fn choose(spec: i32, size: i32, num: i32, out: i32) {
  let n = ncon();
  var nfound = 0;
  for (var k = 0; k < n; k++) {
    if (ldmask(f_sens_match + MATCH * k)) { nfound++; }
  }
  // each slot takes the next one after the last by (criterion, order)
  var last = 0.0;
  var lastK = -1;
  let nslot = min(num, nfound);
  for (var slot = 0; slot < nslot; slot++) {
    var best = -1;
    var least = 0.0;
    for (var k = 0; k < n; k++) {
      let M = f_sens_match + MATCH * k;
      if (!ldmask(M)) { continue; }
      let c = ld(M + MATCH_CRITERION);
      if (lastK >= 0 && (c < last || (c == last && k <= lastK))) { continue; }
      if (best < 0 || c < least) {
        best = k;
        least = c;
      }
    }
    // only a criterion that is not a number leaves slots empty
    if (best < 0) { return; }
    last = least;
    lastK = best;
    fill(spec, best, ldi(f_sens_match + MATCH * best + MATCH_DIRECTION) < 0, nfound, out + slot * size);
  }
}

/** all contacts as one: net force and torque in the world's axes about their force-weighted centre */
fn netForce(spec: i32, out: i32) {
  let n = ncon();
  var found = 0.0;
  var weights = 0.0;
  var centre = vec3f();
  for (var k = 0; k < n; k++) {
    if (!ldmask(f_sens_match + MATCH * k)) { continue; }
    let push = contactForce(k).force;
    let weight = sqrt(dot(push, push));
    found = found + 1.0;
    weights = weights + weight;
    centre = centre + weight * ld3(f_con + CON_STRIDE * k + CON_POS);
  }
  centre = centre * (1.0 / max(weights, MINVAL));

  var force = vec3f();
  var torque = vec3f();
  for (var k = 0; k < n; k++) {
    let C = f_con + CON_STRIDE * k;
    let M = f_sens_match + MATCH * k;
    if (!ldmask(M)) { continue; }
    let push = contactForce(k);
    let sign = select(1.0, -1.0, ldi(M + MATCH_DIRECTION) < 0);
    let frame = ldmat3(C + CON_FRAME);
    let u = (sign * push.force) * frame;
    force = force + u;
    torque = torque + ((sign * push.torque) * frame + cross(ld3(C + CON_POS) - centre, u));
  }

  var a = fieldAt(spec, CONDATA_FOUND);
  if (a >= 0) { st(out + a, found); }
  a = fieldAt(spec, CONDATA_FORCE);
  if (a >= 0) { st3(out + a, force); }
  a = fieldAt(spec, CONDATA_TORQUE);
  if (a >= 0) { st3(out + a, torque); }
  a = fieldAt(spec, CONDATA_POS);
  if (a >= 0) { st3(out + a, centre); }
  a = fieldAt(spec, CONDATA_NORMAL);
  if (a >= 0) { st(out + a, 1.0); }
  a = fieldAt(spec, CONDATA_TANGENT);
  if (a >= 0) { st(out + a + 1, 1.0); }
}

/**
 * Contacts of what the sensor names: some of them, sorted, or their sum.
 *   in      con, contact forces
 *   out     (dim): slots, each with the fields asked for
 *   source  MuJoCo engine_sensor.c, mjSENS_CONTACT
 */
fn contactSensor(i: i32, out: i32) {
  let spec = i32at(f_sensor_intprm, 3 * i);
  let reduce = i32at(f_sensor_intprm, 3 * i + 1);
  let dim = i32at(f_sensor_dim, i);
  for (var k = 0; k < dim; k++) { st(out + k, 0.0); }
  let n = ncon();
  var frame: Pose;
  if (n > 0 && i32at(f_sensor_objtype, i) == OBJ_SITE) { frame = objectPose(OBJ_SITE, i32at(f_sensor_objid, i)); }

  var some = false;
  for (var k = 0; k < n; k++) {
    let C = f_con + CON_STRIDE * k;
    let M = f_sens_match + MATCH * k;
    let side = direction(i, C);
    var on = false;
    if (side != 0) { on = counted(i, C, frame); }
    stmask(M, on);
    sti(M + MATCH_DIRECTION, side);
    some = some || on;
    var criterion = 0.0;
    if (reduce == REDUCE_MINDIST) { criterion = ld(C + CON_DIST); }
    else if (reduce == REDUCE_MAXFORCE && side != 0) {
      let push = contactForce(k).force;
      criterion = -dot(push, push);
    }
    st(M + MATCH_CRITERION, criterion);
  }
  if (reduce == REDUCE_NETFORCE) {
    netForce(spec, out);
    return;
  }
  if (!some) { return; }
  var size = 0;
  for (var k = CONDATA_FOUND; k <= CONDATA_TANGENT; k++) {
    if ((spec & (1 << u32(k))) != 0) { size = size + select(3, 1, k == CONDATA_FOUND || k == CONDATA_DIST); }
  }
  choose(spec, size, dim / size, out);
}
