// import { st, st3, stmask } from '../../math/v4'
// import { CON_DIST, CON_FRAME, CON_HAS, CON_POS, CON_STRIDE } from '../types'

// Contact records of functions that look at one world at a time.

/** Contact k of a world: signed distance, position, normal from geom 1 to geom 2; no hint for the tangent. */
fn contact(out: i32, k: i32, dist: f32, x: vec3f, n: vec3f) {
  let r = out + CON_STRIDE * k;
  stmask(r + CON_HAS, true);
  st(r + CON_DIST, dist);
  st3(r + CON_POS, x);
  st3(r + CON_FRAME, n);
  st3(r + CON_FRAME + 3, vec3f());
}
