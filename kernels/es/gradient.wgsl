// import { GROUP, groupWords, normals4of8 } from './noise'
// import { result, setResult, tab, tabi } from '../shared/buffers'

// Weighted sums over the pairs of a generation, their noise regenerated: the step of an evolution strategy.
//   source  Salimans et al. 2017 (arXiv 1703.03864), algorithm 2, with the sums turned round: every invocation makes all
//           pairs of its own parameters, so that nothing is sent and the order of summation is always that of the pairs

/**
 * g_j += sum_p w_p z_pj, pairs in ascending order, and h_j += sum_p v_p z_pj^2 where it is wanted; every product and sum
 * rounded by itself. Pairs whose weights are 0 are left out.
 *   r       gradient record: weights w, squares v (0: no h), first pair, generation, key, table
 *   in-out  g, h (whole groups)
 *   range   groups of parameters
 */
fn gradient(r: i32, group: i32) {
  if (tabi(r + G_squares) == 0) { addFirst(r, group); } else { addBoth(r, group); }
}

fn keyOf(r: i32) -> vec2u { return vec2u(T[r + G_thetalo], T[r + G_thetahi]); }

/** one group of g, some pairs */
fn addFirst(r: i32, group: i32) {
  let table = tabi(r + G_normals);
  let weights = tabi(r + G_weights);
  let npair = tabi(r + G_npair);
  let first = T[r + G_pair];
  let generation = T[r + G_generation];
  let key = keyOf(r);
  let g = tabi(r + G_g) + GROUP * group;
  var x = results4(g);
  var y = results4(g + 4);
  for (var pair = 0; pair < npair; pair++) {
    let w = tab(weights + pair);
    if (w == 0.0) { continue; }
    let words = groupWords(u32(group), first + u32(pair), generation, key);
    x += w * normals4of8(words.xy, table);
    y += w * normals4of8(words.zw, table);
  }
  setResults4(g, x);
  setResults4(g + 4, y);
}

/** one group of g and h, some pairs */
fn addBoth(r: i32, group: i32) {
  let table = tabi(r + G_normals);
  let weights = tabi(r + G_weights);
  let squares = tabi(r + G_squares);
  let npair = tabi(r + G_npair);
  let first = T[r + G_pair];
  let generation = T[r + G_generation];
  let key = keyOf(r);
  let g = tabi(r + G_g) + GROUP * group;
  let h = tabi(r + G_h) + GROUP * group;
  var x = results4(g);
  var y = results4(g + 4);
  var xx = results4(h);
  var yy = results4(h + 4);
  for (var pair = 0; pair < npair; pair++) {
    let w = tab(weights + pair);
    let v = tab(squares + pair);
    if (w == 0.0 && v == 0.0) { continue; }
    let words = groupWords(u32(group), first + u32(pair), generation, key);
    let a = normals4of8(words.xy, table);
    let b = normals4of8(words.zw, table);
    x += w * a;
    y += w * b;
    xx += v * (a * a);
    yy += v * (b * b);
  }
  setResults4(g, x);
  setResults4(g + 4, y);
  setResults4(h, xx);
  setResults4(h + 4, yy);
}

fn results4(p: i32) -> vec4f { return vec4f(result(p), result(p + 1), result(p + 2), result(p + 3)); }
fn setResults4(p: i32, x: vec4f) {
  setResult(p, x.x);
  setResult(p + 1, x.y);
  setResult(p + 2, x.z);
  setResult(p + 3, x.w);
}
