/** The parameters of an episode's policy, made in its lane when it begins: regenerated, or copied from a table. */
import { GROUP, groupWords, normal } from '../es/noise'
import { perturbLane } from '../es/perturb'
import { V } from '../math/v4'
import * as P from '../shared/program'
import { hasBias, kindOf, layerAt, ninOf, noutOf } from './network'

// @ts-ignore: decorator
@inline function put(wide: usize, i: i32, lane: i32, x: f32): void { store<f32>(wide + V * <usize>i + 4 * <usize>lane, x) }
// @ts-ignore: decorator
@inline function get(wide: usize, i: i32, lane: i32): f32 { return load<f32>(wide + V * <usize>i + 4 * <usize>lane) }

/** Parameters of member `member` in its lane of wide (nwide). */
export function makeMember(r: usize, member: i32, lane: i32, wide: usize, tmp: usize): void {
  // tmp: WORDS bytes
  const kind = P.perturb(r)
  if (kind == P.PERTURB_NONE) return
  if (kind == P.PERTURB_ROWS) {
    const n = P.nparam(r), row = <usize>P.members(r) + 4 * <usize>(member * n)
    for (let i = 0; i < n; i++) put(wide, i, lane, load<f32>(row + 4 * <usize>i))
    return
  }
  const sigma = reinterpret<f32>(P.sigma(r))
  const pair = kind == P.PERTURB_INDEPENDENT ? member : member >> 1
  const sign: f32 = kind != P.PERTURB_INDEPENDENT && (member & 1) ? -1 : 1
  if (kind == P.PERTURB_LOWRANK) {
    lowRank(r, pair, sign * sigma, lane, wide, tmp)
    return
  }
  perturbLane(
    <usize>P.theta(r), P.nparam(r), sigma, <usize>P.sigmas(r), sign, pair, P.generation(r), P.thetalo(r), P.thetahi(r),
    <usize>P.normals(r), wide, lane, tmp,
  )
}

/**
 * Factors of every matrix and perturbed vectors, in the order of theta: A (m, rank) scaled by sign sigma / sqrt(rank),
 * B (n, rank), then theta + sign sigma z for the vectors of the layer (EGGROLL, arXiv 2511.16652).
 */
function lowRank(r: usize, pair: u32, scale: f32, lane: i32, wide: usize, tmp: usize): void {
  const n = P.nwide(r)
  for (let first = 0, group: u32 = 0; first < n; first += GROUP, group++) {
    groupWords(group, pair, P.generation(r), P.thetalo(r), P.thetahi(r), tmp)
    const count = min(GROUP, n - first)
    for (let i = 0; i < count; i++) put(wide, first + i, lane, normal(tmp, <usize>i, <usize>P.normals(r)))
  }
  const rank = P.rank(r), root: f32 = scale / sqrt(<f32>rank)
  let at = 0, theta = <usize>P.theta(r)
  for (let l = 0; l < P.nlayer(r); l++) {
    const L = layerAt(r, l), nin = ninOf(L), nout = noutOf(L)
    const dense = kindOf(L) == P.LAYER_DENSE
    const gates = dense ? 1 : kindOf(L) == P.LAYER_GRU ? 3 : 4
    const rows = gates * nout
    const matrices = dense ? 1 : 2
    for (let matrix = 0; matrix < matrices; matrix++) {
      const columns = matrix == 0 ? nin : nout
      for (let i = 0; i < rows * rank; i++) put(wide, at + i, lane, root * get(wide, at + i, lane))
      at += (rows + columns) * rank
      theta += 4 * <usize>(rows * columns)
    }
    const vectors = dense ? (hasBias(L) ? nout : 0) : (gates == 3 ? 4 : gates) * nout
    for (let i = 0; i < vectors; i++, at++, theta += 4) put(wide, at, lane, load<f32>(theta) + scale * get(wide, at, lane))
  }
}
