/** The parameters of a member: theta + sign sigma z, the z of its pair regenerated. */
import { GROUP, groupWords, normal } from './noise'

/** theta + (sign sigma) z, two roundings; sigmas (nparam) in place of sigma when not 0 */
// @ts-ignore: decorator
@inline function perturbed(
  theta: usize, nparam: i32, sigma: f32, sigmas: usize, sign: f32, pair: u32, generation: u32, k0: u32, k1: u32,
  table: usize, out: usize, stride: usize, tmp: usize,
): void {
  const scale = sign * sigma
  for (let first = 0, group: u32 = 0; first < nparam; first += GROUP, group++) {
    groupWords(group, pair, generation, k0, k1, tmp)
    const count = min(GROUP, nparam - first)
    for (let n = 0; n < count; n++) {
      const j = <usize>(first + n)
      const s = sigmas == 0 ? scale : sign * load<f32>(sigmas + (j << 2))
      store<f32>(out + stride * j, load<f32>(theta + (j << 2)) + s * normal(tmp, <usize>n, table))
    }
  }
}

/**
 * The parameters of one member.
 *   in   theta (nparam); sigma, or sigmas (nparam) where its address is not 0; sign +1 or -1; pair, generation, key k0 k1;
 *        table (65,536)
 *   out  (nparam)
 */
export function perturb(
  theta: usize, nparam: i32, sigma: f32, sigmas: usize, sign: f32, pair: u32, generation: u32, k0: u32, k1: u32,
  table: usize, out: usize, tmp: usize,
): void {
  perturbed(theta, nparam, sigma, sigmas, sign, pair, generation, k0, k1, table, out, 4, tmp)
}

/** The same as numbers of one world. */
export function perturbLane(
  theta: usize, nparam: i32, sigma: f32, sigmas: usize, sign: f32, pair: u32, generation: u32, k0: u32, k1: u32,
  table: usize, out: usize, lane: i32, tmp: usize,
): void {
  perturbed(theta, nparam, sigma, sigmas, sign, pair, generation, k0, k1, table, out + (<usize>lane << 2), 16, tmp)
}
