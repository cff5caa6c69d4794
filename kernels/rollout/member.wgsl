// import { GROUP, groupWords, normal } from '../es/noise'
// import { perturbLane } from '../es/perturb'
// import { asked, askedNumber, lde, ste, tab } from '../shared/buffers'
// import { hasBias, kindOf, layerAt, ninOf, noutOf } from './network'

// The parameters of an episode's policy, made in its lane when it begins: regenerated, or copied from a table.

/** Parameters of member `member` in its lane of wide (nwide). */
fn makeMember(member: i32, wide: i32) {
  if (r_perturb == PERTURB_NONE) {
    return;
  } else if (r_perturb == PERTURB_ROWS) {
    let row = asked(R_members) + member * r_nparam;
    for (var i = 0; i < r_nparam; i++) { ste(wide + i, tab(row + i)); }
  } else {
    let sigma = askedNumber(R_sigma);
    var pair = member >> 1u;
    var sign = select(1.0, -1.0, (member & 1) == 1);
    if (r_perturb == PERTURB_INDEPENDENT) {
      pair = member;
      sign = 1.0;
    }
    if (r_perturb == PERTURB_LOWRANK) {
      lowRank(u32(pair), sign * sigma, wide);
    } else {
      perturbLane(
        r_theta, r_nparam, sigma, asked(R_sigmas), sign, u32(pair), u32(asked(R_generation)), thetaKey(), r_normals, wide,
      );
    }
  }
}

/** key of the perturbations */
fn thetaKey() -> vec2u { return vec2u(u32(asked(R_thetalo)), u32(asked(R_thetahi))); }

/**
 * Factors of every matrix and perturbed vectors, in the order of theta: A (m, rank) scaled by sign sigma / sqrt(rank),
 * B (n, rank), then theta + sign sigma z for the vectors of the layer (EGGROLL, arXiv 2511.16652).
 */
fn lowRank(pair: u32, scale: f32, wide: i32) {
  for (var first = 0; first < r_nwide; first += GROUP) {
    let words = groupWords(u32(first / GROUP), pair, u32(asked(R_generation)), thetaKey());
    let count = min(GROUP, r_nwide - first);
    for (var i = 0; i < count; i++) { ste(wide + first + i, normal(words, i, r_normals)); }
  }
  let root = scale / sqrt(f32(r_rank));
  var at = wide;
  var theta = r_theta;
  for (var l = 0; l < r_nlayer; l++) {
    let L = layerAt(l);
    let nin = ninOf(L);
    let nout = noutOf(L);
    let dense = kindOf(L) == LAYER_DENSE;
    let gates = select(select(4, 3, kindOf(L) == LAYER_GRU), 1, dense);
    let rows = gates * nout;
    let matrices = select(2, 1, dense);
    for (var matrix = 0; matrix < matrices; matrix++) {
      let columns = select(nout, nin, matrix == 0);
      for (var i = 0; i < rows * r_rank; i++) { ste(at + i, root * lde(at + i)); }
      at += (rows + columns) * r_rank;
      theta += rows * columns;
    }
    let vectors = select(4 * nout, select(0, nout, hasBias(L)), dense);
    for (var i = 0; i < vectors; i++) {
      ste(at, tab(theta) + scale * lde(at));
      at++;
      theta++;
    }
  }
}
