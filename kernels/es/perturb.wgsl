// import { GROUP, groupWords, normal } from './noise'
// import { setResult, ste, tab } from '../shared/buffers'

// The parameters of a member: theta + sign sigma z, the z of its pair regenerated.

/** theta + (sign sigma) z, two roundings; sigmas (nparam) in place of sigma when not 0 */
fn perturbed(theta: i32, j: i32, sigma: f32, sigmas: i32, sign: f32, words: vec4u, n: i32, table: i32) -> f32 {
  var s = sign * sigma;
  if (sigmas != 0) { s = sign * tab(sigmas + j); }
  return tab(theta + j) + s * normal(words, n, table);
}

/**
 * The parameters of one member.
 *   in   theta (nparam); sigma, or sigmas (nparam) where its address is not 0; sign +1 or -1; pair, generation, key k0 k1;
 *        table (65,536)
 *   out  (nparam)
 */
fn perturb(
  theta: i32, nparam: i32, sigma: f32, sigmas: i32, sign: f32, pair: u32, generation: u32, key: vec2u,
  table: i32, out: i32, group: i32,
) {
  let words = groupWords(u32(group), pair, generation, key);
  let first = GROUP * group;
  let count = min(GROUP, nparam - first);
  for (var n = 0; n < count; n++) {
    let j = first + n;
    setResult(out + j, perturbed(theta, j, sigma, sigmas, sign, words, n, table));
  }
}

/** The same as numbers of one world. */
fn perturbLane(
  theta: i32, nparam: i32, sigma: f32, sigmas: i32, sign: f32, pair: u32, generation: u32, key: vec2u,
  table: i32, out: i32,
) {
  for (var first = 0; first < nparam; first += GROUP) {
    let words = groupWords(u32(first / GROUP), pair, generation, key);
    let count = min(GROUP, nparam - first);
    for (var n = 0; n < count; n++) {
      let j = first + n;
      ste(out + j, perturbed(theta, j, sigma, sigmas, sign, words, n, table));
    }
  }
}
