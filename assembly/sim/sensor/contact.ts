import { mulMatTVec3 } from '../../math/spatial'
import { add, and, cross1, div, dot3, ld, max4, mul, neg, splat, sqrt4, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { contactForce, ncon } from '../contact-force'
import { insideGeom, rayGeom } from '../ray'
import {
  at, i32at, CON_DIST, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, MINVAL, OBJ_BODY, OBJ_GEOM, OBJ_SITE,
  OBJ_UNKNOWN, OBJ_XBODY,
} from '../types'
import { CONDATA_DIST, CONDATA_FORCE, CONDATA_FOUND, CONDATA_NORMAL, CONDATA_POS, CONDATA_TANGENT, CONDATA_TORQUE } from './enums'
import { objectBody, objectPose, POSE, sensorTmp } from './object'

const REDUCE_MINDIST: i32 = 1
const REDUCE_MAXFORCE: i32 = 2
const REDUCE_NETFORCE: i32 = 3

// @ts-ignore: decorator
@inline function lane(a: usize, i: usize): f64 { return <f64>load<f32>(a + V * i) }

/**
 * Sum of the normal forces of the contacts of a site's body whose normals meet the site's zone.
 *   in      con, contact forces
 *   out     (1)      N
 *   source  MuJoCo engine_sensor.c, mjSENS_TOUCH
 */
export function touch(m: usize, p: usize, s: usize, i: i32, out: usize): void {
  const site = i32at(f.sensor_objid(m), i), body = objectBody(m, OBJ_SITE, site)
  const frame = sensorTmp(m, s), force = frame + POSE, ray = force + 6 * V
  const type = i32at(f.site_type(m), site), size = f.site_size(m, p) + 3 * V * <usize>site
  st(out, splat(0))
  const n = ncon(m, s)
  if (n > 0) objectPose(m, p, s, OBJ_SITE, site, frame)
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k
    const body1 = i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM1)), body2 = i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM2))
    if (body != body1 && body != body2) continue
    contactForce(m, s, k, force)
    // from the contact into the body
    const sign: f64 = body == body2 ? -1 : 1
    for (let l: usize = 0; l < 16; l += 4) {
      const normal = load<f32>(force + l)
      if (load<i32>(C + CON_HAS + l) == 0 || !(normal > 0)) continue
      const x = C + CON_POS + l, u = C + CON_FRAME + l
      const r = rayGeom(type, frame + l, size + l, lane(x, 0), lane(x, 1), lane(x, 2), sign * lane(u, 0), sign * lane(u, 1), sign * lane(u, 2), ray)
      if (r >= 0) store<f32>(out + l, load<f32>(out + l) + normal)
    }
  }
}

/** does a body and geom of a contact belong to what the sensor names */
function matches(m: usize, b: i32, geom: i32, type: i32, id: i32): bool {
  if (type == OBJ_UNKNOWN || type == OBJ_SITE) return true
  if (type == OBJ_GEOM) return id == geom
  if (type == OBJ_BODY) return id == b
  if (type != OBJ_XBODY) return false
  let body = b
  while (body > id) body = i32at(f.body_parentid(m), body)
  return body == id
}

/** 1: contact k is the sensor's; -1: with its normal turned round; 0: it is not (matchContact, all but the site) */
function direction(m: usize, i: i32, C: usize): i32 {
  const type1 = i32at(f.sensor_objtype(m), i), id1 = i32at(f.sensor_objid(m), i)
  const type2 = i32at(f.sensor_reftype(m), i), id2 = i32at(f.sensor_refid(m), i)
  if (type1 == OBJ_UNKNOWN && type2 == OBJ_UNKNOWN) return 1
  const geom1 = load<i32>(C, CON_GEOM1), geom2 = load<i32>(C, CON_GEOM2)
  const body1 = i32at(f.geom_bodyid(m), geom1), body2 = i32at(f.geom_bodyid(m), geom2)
  const m11 = matches(m, body1, geom1, type1, id1), m12 = matches(m, body2, geom2, type1, id1)
  const m21 = matches(m, body1, geom1, type2, id2), m22 = matches(m, body2, geom2, type2, id2)
  if ((!m11 && !m12) || (!m21 && !m22)) return 0
  if (type2 == OBJ_UNKNOWN) return m11 ? 1 : -1
  if (type1 == OBJ_UNKNOWN) return m22 ? 1 : -1
  return m11 && m22 ? 1 : m12 && m21 ? -1 : 0
}

/** mask of the worlds in which the sensor counts contact C: those that have it, and inside the site if it names one */
function counted(m: usize, p: usize, i: i32, C: usize, frame: usize, tmp: usize): v128 {
  const has = ld(C + CON_HAS)
  if (i32at(f.sensor_objtype(m), i) != OBJ_SITE) return has
  const site = i32at(f.sensor_objid(m), i), size = f.site_size(m, p) + 3 * V * <usize>site
  for (let l: usize = 0; l < 16; l += 4) {
    const x = C + CON_POS + l
    store<i32>(tmp + l, insideGeom(i32at(f.site_type(m), site), frame + l, size + l, lane(x, 0), lane(x, 1), lane(x, 2), tmp + V) ? -1 : 0)
  }
  return and(has, ld(tmp))
}

// sens_match (SCRATCH_FIELDS): one record a contact: mask of worlds that count it, criterion, then the direction
const MATCH: usize = 3 * V
const MATCH_CRITERION: usize = V
const MATCH_DIRECTION: usize = 2 * V

/** place of a data field in a slot, in quantities; -1: the sensor has not asked for it */
function fieldAt(spec: i32, field: i32): i32 {
  if (!(spec & (1 << field))) return -1
  let a = 0
  for (let k = 0; k < field; k++) if (spec & (1 << k)) a += k == CONDATA_FOUND || k == CONDATA_DIST ? 1 : 3
  return a
}

/** three values of one world, with a sign each for the first two and the third */
// @ts-ignore: decorator
@inline function put3(out: usize, from: usize, l: usize, sign: f32, third: f32): void {
  store<f32>(out + l, sign * load<f32>(from + l))
  store<f32>(out + V + l, sign * load<f32>(from + V + l))
  store<f32>(out + 2 * V + l, third * load<f32>(from + 2 * V + l))
}

/** one contact of one world into a slot: turned round, the frame turns about its second tangent (copySensorData) */
function fill(m: usize, s: usize, spec: i32, k: i32, flip: bool, nfound: i32, l: usize, out: usize, force: usize): void {
  const C = f.con(m, s) + CON_STRIDE * <usize>k
  const sign: f32 = flip ? -1 : 1
  let a = fieldAt(spec, CONDATA_FOUND)
  if (a >= 0) store<f32>(at(out, a) + l, <f32>nfound)
  const needForce = (spec & ((1 << CONDATA_FORCE) | (1 << CONDATA_TORQUE))) != 0
  if (needForce) contactForce(m, s, k, force)
  a = fieldAt(spec, CONDATA_FORCE)
  if (a >= 0) put3(at(out, a), force, l, 1, sign)
  a = fieldAt(spec, CONDATA_TORQUE)
  if (a >= 0) put3(at(out, a), force + 3 * V, l, 1, sign)
  a = fieldAt(spec, CONDATA_DIST)
  if (a >= 0) store<f32>(at(out, a) + l, load<f32>(C + CON_DIST + l))
  a = fieldAt(spec, CONDATA_POS)
  if (a >= 0) put3(at(out, a), C + CON_POS, l, 1, 1)
  a = fieldAt(spec, CONDATA_NORMAL)
  if (a >= 0) put3(at(out, a), C + CON_FRAME, l, sign, sign)
  a = fieldAt(spec, CONDATA_TANGENT)
  if (a >= 0) put3(at(out, a), C + CON_FRAME + 3 * V, l, sign, sign)
}

/** the num contacts of one world with the smallest criterion, ties in their own order, into slots */
function choose(m: usize, s: usize, spec: i32, size: i32, num: i32, l: usize, out: usize, force: usize): void {
  const n = ncon(m, s), match = f.sens_match(m, s)
  let nfound = 0
  for (let k = 0; k < n; k++) if (load<i32>(match + MATCH * <usize>k + l)) nfound++
  // each slot takes the next one after the last by (criterion, order)
  let last: f32 = -Infinity, lastK = -1
  const nslot = min(num, nfound)
  for (let slot = 0; slot < nslot; slot++) {
    let best = -1
    let least: f32 = 0
    for (let k = 0; k < n; k++) {
      const M = match + MATCH * <usize>k
      if (!load<i32>(M + l)) continue
      const c = load<f32>(M + MATCH_CRITERION + l)
      if (c < last || (c == last && k <= lastK)) continue
      if (best < 0 || c < least) {
        best = k
        least = c
      }
    }
    // only a criterion that is not a number leaves slots empty
    if (best < 0) return
    last = least
    lastK = best
    fill(m, s, spec, best, load<i32>(match + MATCH * <usize>best, MATCH_DIRECTION) < 0, nfound, l, at(out, slot * size), force)
  }
}

/** all contacts as one: net force and torque in the world's axes about their force-weighted centre */
function netForce(m: usize, s: usize, spec: i32, out: usize, tmp: usize): void {
  const n = ncon(m, s), match = f.sens_match(m, s)
  const wrench = tmp, force = tmp + 6 * V, torque = tmp + 9 * V
  let found = splat(0), weights = splat(0), c0 = splat(0), c1 = splat(0), c2 = splat(0)
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k, on = ld(match + MATCH * <usize>k)
    contactForce(m, s, k, wrench)
    const weight = and(on, sqrt4(dot3(ld(wrench), ld(wrench + V), ld(wrench + 2 * V), ld(wrench), ld(wrench + V), ld(wrench + 2 * V))))
    found = add(found, and(on, splat(1)))
    weights = add(weights, weight)
    // positions of contacts a world does not have are not numbers to count on
    c0 = add(c0, and(on, mul(weight, ld(C + CON_POS)))); c1 = add(c1, and(on, mul(weight, ld(C + CON_POS + V)))); c2 = add(c2, and(on, mul(weight, ld(C + CON_POS + 2 * V))))
  }
  const inv = div(splat(1), max4(weights, splat(MINVAL)))
  c0 = mul(c0, inv); c1 = mul(c1, inv); c2 = mul(c2, inv)

  let f0 = splat(0), f1 = splat(0), f2 = splat(0), t0 = splat(0), t1 = splat(0), t2 = splat(0)
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k, M = match + MATCH * <usize>k, on = ld(M)
    contactForce(m, s, k, wrench)
    if (load<i32>(M, MATCH_DIRECTION) < 0) for (let e: usize = 0; e < 6; e++) st(wrench + V * e, neg(ld(wrench + V * e)))
    mulMatTVec3(force, C + CON_FRAME, wrench)
    mulMatTVec3(torque, C + CON_FRAME, wrench + 3 * V)
    const x = sub(ld(C + CON_POS), c0), y = sub(ld(C + CON_POS + V), c1), z = sub(ld(C + CON_POS + 2 * V), c2)
    const u = ld(force), v = ld(force + V), w = ld(force + 2 * V)
    f0 = add(f0, and(on, u)); f1 = add(f1, and(on, v)); f2 = add(f2, and(on, w))
    t0 = add(t0, and(on, add(ld(torque), cross1(y, w, z, v))))
    t1 = add(t1, and(on, add(ld(torque + V), cross1(z, u, x, w))))
    t2 = add(t2, and(on, add(ld(torque + 2 * V), cross1(x, v, y, u))))
  }

  let a = fieldAt(spec, CONDATA_FOUND)
  if (a >= 0) st(at(out, a), found)
  a = fieldAt(spec, CONDATA_FORCE)
  if (a >= 0) { st(at(out, a), f0); st(at(out, a + 1), f1); st(at(out, a + 2), f2) }
  a = fieldAt(spec, CONDATA_TORQUE)
  if (a >= 0) { st(at(out, a), t0); st(at(out, a + 1), t1); st(at(out, a + 2), t2) }
  a = fieldAt(spec, CONDATA_POS)
  if (a >= 0) { st(at(out, a), c0); st(at(out, a + 1), c1); st(at(out, a + 2), c2) }
  a = fieldAt(spec, CONDATA_NORMAL)
  if (a >= 0) st(at(out, a), splat(1))
  a = fieldAt(spec, CONDATA_TANGENT)
  if (a >= 0) st(at(out, a + 1), splat(1))
}

/**
 * Contacts of what the sensor names: some of them, sorted, or their sum.
 *   in      con, contact forces
 *   out     (dim): slots, each with the fields asked for
 *   source  MuJoCo engine_sensor.c, mjSENS_CONTACT
 */
export function contactSensor(m: usize, p: usize, s: usize, i: i32, out: usize): void {
  const spec = i32at(f.sensor_intprm(m), 3 * i), reduce = i32at(f.sensor_intprm(m), 3 * i + 1), dim = i32at(f.sensor_dim(m), i)
  const frame = sensorTmp(m, s), tmp = frame + POSE, match = f.sens_match(m, s)
  for (let k = 0; k < dim; k++) st(at(out, k), splat(0))
  const n = ncon(m, s)
  if (n > 0 && i32at(f.sensor_objtype(m), i) == OBJ_SITE) objectPose(m, p, s, OBJ_SITE, i32at(f.sensor_objid(m), i), frame)

  let some = i32x4.splat(0)
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k, M = match + MATCH * <usize>k
    const side = direction(m, i, C)
    const on = side == 0 ? i32x4.splat(0) : counted(m, p, i, C, frame, tmp)
    st(M, on)
    st(M + MATCH_DIRECTION, i32x4.splat(side))
    some = v128.or(some, on)
    let criterion = splat(0)
    if (reduce == REDUCE_MINDIST) criterion = ld(C + CON_DIST)
    else if (reduce == REDUCE_MAXFORCE && side != 0) {
      contactForce(m, s, k, tmp)
      criterion = neg(dot3(ld(tmp), ld(tmp + V), ld(tmp + 2 * V), ld(tmp), ld(tmp + V), ld(tmp + 2 * V)))
    }
    st(M + MATCH_CRITERION, criterion)
  }
  if (reduce == REDUCE_NETFORCE) {
    netForce(m, s, spec, out, tmp)
    return
  }
  if (!v128.any_true(some)) return
  let size = 0
  for (let k = CONDATA_FOUND; k <= CONDATA_TANGENT; k++) if (spec & (1 << k)) size += k == CONDATA_FOUND || k == CONDATA_DIST ? 1 : 3
  for (let l: usize = 0; l < 16; l += 4) choose(m, s, spec, size, dim / size, l, out, tmp)
}
