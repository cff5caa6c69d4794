import { normals4, philox4 } from '../../math/philox'
import { mulQuat, normalize4 } from '../../math/spatial'
import { add, and, div, dot3, gt, ld, max4, mul, sel, splat, sqrt4, st, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { at, i32at } from '../types'

/** stream tag of sensor noise (STREAM in bindings/math/philox.ts); resets count above it */
const STREAM_SENSOR: i32 = 2

const DATATYPE_POSITIVE: i32 = 1
const DATATYPE_AXIS: i32 = 2
const DATATYPE_QUATERNION: i32 = 3

/** standard normal numbers 4 block .. 4 block + 3 of this step of every world: out (4) */
function draw(m: usize, p: usize, d: usize, block: i32, out: usize, tmp: usize): void {
  const first = 4 * <i32>((d - <usize>f.dbase(m)) / <usize>f.dstride(m))
  const world = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3))
  // steps since the reset, and which reset it was
  const step = i32x4.trunc_sat_f32x4_s(f32x4.nearest(div(ld(f.time(m, d)), ld(f.opt_timestep(m, p)))))
  const tag = i32x4.add(i32x4.splat(STREAM_SENSOR), i32x4.shl(i32x4.trunc_sat_f32x4_s(ld(f.episode(m, d))), 8))
  philox4(i32x4.splat(block), world, step, tag, <u32>f.seedlo(m), <u32>f.seedhi(m), out)
  normals4(out, tmp)
}

/**
 * Noise of sensor i's reading, as MuJoCo declares it and does not apply it: normal, with the sensor's standard deviation.
 * Real and positive quantities add it (a positive one that senses nothing stays as it is, and none turns negative), an
 * axis adds it and stays a unit vector, a quaternion turns by it about each of its axes (rad).
 *   model   sensor_noise (*)
 *   in-out  the reading (dim)
 */
export function addNoise(m: usize, p: usize, d: usize, i: i32, out: usize, tmp: usize): void {
  const std = ld(at(f.sensor_noise(m, p), i)), on = gt(std, splat(0))
  if (!v128.any_true(on)) return
  const kind = i32at(f.sensor_datatype(m), i), dim = i32at(f.sensor_dim(m), i), adr = i32at(f.sensor_adr(m), i)
  const drawn = tmp, z = tmp + 8 * V, q = tmp + 12 * V
  let block = -1
  for (let k = 0; k < dim; k++) {
    if ((adr + k) >> 2 != block) {
      block = (adr + k) >> 2
      draw(m, p, d, block, drawn, drawn + 4 * V)
    }
    const noise = and(on, mul(std, ld(at(drawn, (adr + k) & 3))))
    const x = ld(at(out, k))
    if (kind == DATATYPE_QUATERNION) {
      if (k < 3) st(at(z, k), noise)
    } else if (kind == DATATYPE_POSITIVE) st(at(out, k), sel(gt(x, splat(0)), max4(splat(0), add(x, noise)), x))
    else st(at(out, k), add(x, noise))
  }
  if (kind == DATATYPE_AXIS) {
    const n2 = dot3(ld(out), ld(out + V), ld(out + 2 * V), ld(out), ld(out + V), ld(out + 2 * V))
    const inv = div(splat(1), sqrt4(sel(gt(n2, splat(0)), n2, splat(1))))
    for (let k: usize = 0; k < 3; k++) st(out + V * k, sel(on, mul(inv, ld(out + V * k)), ld(out + V * k)))
  } else if (kind == DATATYPE_QUATERNION) {
    st(q, splat(1))
    for (let k: usize = 0; k < 3; k++) st(q + V * (k + 1), mul(splat(0.5), ld(z + V * k)))
    normalize4(q, q)
    mulQuat(z, out, q)
    for (let k: usize = 0; k < 4; k++) st(out + V * k, sel(on, ld(z + V * k), ld(out + V * k)))
  }
}
