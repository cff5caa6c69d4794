// import { normals4, philox4 } from '../../math/philox'
// import { mulQuat, normalize4 } from '../../math/spatial'
// import { lane, ld, ld3, ld4, st, st3, st4, par, i32at } from '../../math/v4'

/** stream tag of sensor noise (STREAM in bindings/math/philox.ts); resets count above it */
const STREAM_SENSOR: i32 = 2;

const DATATYPE_POSITIVE: i32 = 1;
const DATATYPE_AXIS: i32 = 2;
const DATATYPE_QUATERNION: i32 = 3;

/** standard normal numbers 4 block .. 4 block + 3 of this step of every world: out (4) */
fn draw(block: i32) -> vec4f {
  // steps since the reset, and which reset it was
  let count = i32(round(ld(f_time) / par(f_opt_timestep)));
  let tag = STREAM_SENSOR + (i32(ld(f_episode)) << 8u);
  return normals4(philox4(vec4u(u32(block), u32(lane), u32(count), u32(tag)), vec2u(call.seedlo, call.seedhi)));
}

/**
 * Noise of sensor i's reading, as MuJoCo declares it and does not apply it: normal, with the sensor's standard deviation.
 * Real and positive quantities add it (a positive one that senses nothing stays as it is, and none turns negative), an
 * axis adds it and stays a unit vector, a quaternion turns by it about each of its axes (rad).
 *   model   sensor_noise (*)
 *   in-out  the reading (dim)
 */
fn addNoise(i: i32, out: i32) {
  let deviation = par(f_sensor_noise + i);
  if (!(deviation > 0.0)) { return; }
  let kind = i32at(f_sensor_datatype, i);
  let dim = i32at(f_sensor_dim, i);
  let adr = i32at(f_sensor_adr, i);
  var drawn = vec4f();
  var z = vec4f(1.0, 0.0, 0.0, 0.0);
  var block = -1;
  for (var k = 0; k < dim; k++) {
    if (((adr + k) >> 2u) != block) {
      block = (adr + k) >> 2u;
      drawn = draw(block);
    }
    let noise = deviation * drawn[(adr + k) & 3];
    if (kind == DATATYPE_QUATERNION) {
      if (k < 3) { z[k + 1] = 0.5 * noise; }
    } else {
      let x = ld(out + k);
      if (kind != DATATYPE_POSITIVE) { st(out + k, x + noise); }
      else if (x > 0.0) { st(out + k, max(0.0, x + noise)); }
    }
  }
  if (kind == DATATYPE_AXIS) {
    let axis = ld3(out);
    let n2 = dot(axis, axis);
    st3(out, axis * (1.0 / sqrt(select(1.0, n2, n2 > 0.0))));
  } else if (kind == DATATYPE_QUATERNION) {
    st4(out, mulQuat(ld4(out), normalize4(z)));
  }
}
