import { V } from '../../math/v4'
import * as f from '../../shared/fields'
import { insideGeom, rayGeom, rayNormal } from '../ray'
import { at, i32at, GEOM_STRIDE, MINVAL, OBJ_BODY, OBJ_GEOM, OBJ_SITE } from '../types'
import { RAYDATA_DEPTH, RAYDATA_DIR, RAYDATA_DIST, RAYDATA_NORMAL, RAYDATA_ORIGIN, RAYDATA_POINT } from './enums'
import { objectBody, objectPos, objectPose, POSE, POSE_P, sensorTmp } from './object'
import { subtreeCom } from './subtree'

// @ts-ignore: decorator
@inline function lane(a: usize, i: i32): f64 { return <f64>load<f32>(at(a, i)) }
// @ts-ignore: decorator
@inline function put(a: usize, i: i32, x: f64): void { store<f32>(at(a, i), <f32>x) }

/** poses of all geoms that a ray can meet, for this step's rangefinders */
export function geomPoses(m: usize, p: usize, s: usize): void {
  const n = f.ngeom(m)
  for (let g = 0; g < n; g++) {
    if (i32at(f.geom_visible(m), g)) objectPose(m, p, s, OBJ_GEOM, g, f.geoms(m, s) + GEOM_STRIDE * <usize>g)
  }
}

/** the ray of one world; out (dim) */
function rangeOf(m: usize, p: usize, s: usize, i: i32, body: i32, frame: usize, ray: usize, l: usize, out: usize): void {
  const n = f.ngeom(m), pose = frame + l
  const x = lane(pose + POSE_P, 0), y = lane(pose + POSE_P, 1), z = lane(pose + POSE_P, 2)
  const u = lane(pose, 2), v = lane(pose, 5), w = lane(pose, 8)
  let dist: f64 = -1, n0: f64 = 0, n1: f64 = 0, n2: f64 = 0
  for (let g = 0; g < n; g++) {
    if (!i32at(f.geom_visible(m), g) || i32at(f.geom_bodyid(m), g) == body) continue
    const G = f.geoms(m, s) + GEOM_STRIDE * <usize>g + l
    const r = rayGeom(i32at(f.geom_type(m), g), G, f.geom_size(m, p) + 3 * V * <usize>g + l, x, y, z, u, v, w, ray)
    if (r < 0 || (dist >= 0 && r >= dist)) continue
    dist = r
    n0 = rayNormal(G, ray, 0)
    n1 = rayNormal(G, ray, 1)
    n2 = rayNormal(G, ray, 2)
  }

  const hit = dist >= 0
  const spec = i32at(f.sensor_intprm(m), 3 * i)
  let o = out + l
  if (spec & (1 << RAYDATA_DIST)) {
    put(o, 0, dist)
    o += V
  }
  if (spec & (1 << RAYDATA_DIR)) {
    put(o, 0, hit ? u : 0); put(o, 1, hit ? v : 0); put(o, 2, hit ? w : 0)
    o += 3 * V
  }
  if (spec & (1 << RAYDATA_ORIGIN)) {
    put(o, 0, x); put(o, 1, y); put(o, 2, z)
    o += 3 * V
  }
  if (spec & (1 << RAYDATA_POINT)) {
    put(o, 0, hit ? x + dist * u : 0); put(o, 1, hit ? y + dist * v : 0); put(o, 2, hit ? z + dist * w : 0)
    o += 3 * V
  }
  if (spec & (1 << RAYDATA_NORMAL)) {
    put(o, 0, n0); put(o, 1, n1); put(o, 2, n2)
    o += 3 * V
  }
  // seen from a site, depth is distance
  if (spec & (1 << RAYDATA_DEPTH)) put(o, 0, dist)
}

/**
 * Distance from a site along its z axis to the nearest visible geom of another body, and what else the sensor asks for.
 *   in      geoms (geomPoses)
 *   out     (dim)      m; -1 where nothing is hit
 *   source  MuJoCo engine_sensor.c, mjSENS_RANGEFINDER; engine_ray.c, mj_ray
 */
export function rangefinder(m: usize, p: usize, s: usize, i: i32, out: usize): void {
  const frame = sensorTmp(m, s), site = i32at(f.sensor_objid(m), i)
  objectPose(m, p, s, OBJ_SITE, site, frame)
  for (let l: usize = 0; l < 4; l++) rangeOf(m, p, s, i, objectBody(m, OBJ_SITE, site), frame, frame + POSE, 4 * l, out)
}

/**
 * 1 where an object's position is inside a site, else 0.
 *   out     (1)
 *   source  MuJoCo engine_sensor.c, mjSENS_INSIDESITE
 */
export function insideSite(m: usize, p: usize, s: usize, i: i32, out: usize): void {
  const site = i32at(f.sensor_refid(m), i), frame = sensorTmp(m, s), point = frame + POSE, com = point + 3 * V
  const type = i32at(f.sensor_objtype(m), i), id = i32at(f.sensor_objid(m), i)
  objectPose(m, p, s, OBJ_SITE, site, frame)
  objectPos(m, p, s, type, id, point)
  // a body without mass of its own stands for the bodies below it
  if (type == OBJ_BODY && id > 0) subtreeCom(m, p, s, id, com)
  const size = f.site_size(m, p) + 3 * V * <usize>site
  for (let l: usize = 0; l < 16; l += 4) {
    const massless = type == OBJ_BODY && id > 0 && load<f32>(at(f.body_mass(m, p), id) + l) < MINVAL && load<f32>(at(f.body_subtreemass(m, p), id) + l) >= MINVAL
    const o = (massless ? com : point) + l
    const inside = insideGeom(i32at(f.site_type(m), site), frame + l, size + l, lane(o, 0), lane(o, 1), lane(o, 2), com + 3 * V)
    store<f32>(out + l, inside ? 1 : 0)
  }
}
