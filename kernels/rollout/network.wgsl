// import { exp4 } from '../math/exp'
// import { sigmoid4, tanh4 } from '../math/tanh'
// import { lde, ste, tab, tabi } from '../shared/buffers'

// Policies of a world. Where a parameter differs by world it is a quantity in `wide`, addressed in E; where all worlds share
// it it is a number of `theta`, addressed in T. Products run over inputs in ascending order, so that every build of a policy
// rounds alike.

/** y (m) += W x, W (m, n) shared */
fn productShared(matrix: i32, m: i32, n: i32, x: i32, y: i32) {
  var o = 0;
  for (; o + 4 <= m; o += 4) {
    var sum = vec4f(lde(y + o), lde(y + o + 1), lde(y + o + 2), lde(y + o + 3));
    let w = matrix + n * o;
    for (var i = 0; i < n; i++) {
      sum += vec4f(tab(w + i), tab(w + n + i), tab(w + 2 * n + i), tab(w + 3 * n + i)) * lde(x + i);
    }
    ste(y + o, sum.x);
    ste(y + o + 1, sum.y);
    ste(y + o + 2, sum.z);
    ste(y + o + 3, sum.w);
  }
  for (; o < m; o++) {
    var sum = lde(y + o);
    let w = matrix + n * o;
    for (var i = 0; i < n; i++) { sum += tab(w + i) * lde(x + i); }
    ste(y + o, sum);
  }
}

/** y (m) += W x, W (m, n) of each world */
fn productWide(matrix: i32, m: i32, n: i32, x: i32, y: i32) {
  var o = 0;
  for (; o + 4 <= m; o += 4) {
    var sum = vec4f(lde(y + o), lde(y + o + 1), lde(y + o + 2), lde(y + o + 3));
    let w = matrix + n * o;
    for (var i = 0; i < n; i++) {
      sum += vec4f(lde(w + i), lde(w + n + i), lde(w + 2 * n + i), lde(w + 3 * n + i)) * lde(x + i);
    }
    ste(y + o, sum.x);
    ste(y + o + 1, sum.y);
    ste(y + o + 2, sum.z);
    ste(y + o + 3, sum.w);
  }
  for (; o < m; o++) {
    var sum = lde(y + o);
    let w = matrix + n * o;
    for (var i = 0; i < n; i++) { sum += lde(w + i) * lde(x + i); }
    ste(y + o, sum);
  }
}

/** t (rank) = B' x, B (n, rank) of each world; y (m) += A t */
fn productFactors(A: i32, B: i32, m: i32, n: i32, x: i32, y: i32, t: i32) {
  for (var k = 0; k < r_rank; k++) {
    var sum = 0.0;
    for (var i = 0; i < n; i++) { sum += lde(B + i * r_rank + k) * lde(x + i); }
    ste(t + k, sum);
  }
  for (var o = 0; o < m; o++) {
    var sum = lde(y + o);
    for (var k = 0; k < r_rank; k++) { sum += lde(A + o * r_rank + k) * lde(t + k); }
    ste(y + o, sum);
  }
}

fn vector(theta: i32, wide: i32, n: i32, y: i32) {
  if (r_perturb == PERTURB_NONE) {
    for (var i = 0; i < n; i++) { ste(y + i, tab(theta + i)); }
  } else {
    for (var i = 0; i < n; i++) { ste(y + i, lde(wide + i)); }
  }
}

fn product(theta: i32, wide: i32, m: i32, n: i32, x: i32, y: i32, t: i32) {
  if (r_perturb != PERTURB_NONE && r_perturb != PERTURB_LOWRANK) {
    productWide(wide, m, n, x, y);
  } else {
    productShared(theta, m, n, x, y);
    if (r_perturb == PERTURB_LOWRANK) {
      productFactors(wide, wide + m * r_rank, m, n, x, y, t);
    }
  }
}

/** quantities that a matrix takes in `wide` */
fn wideSize(m: i32, n: i32) -> i32 {
  if (r_perturb == PERTURB_NONE) {
    return 0;
  } else if (r_perturb == PERTURB_LOWRANK) {
    return (m + n) * r_rank;
  } else {
    return m * n;
  }
}

fn activate(kind: i32, y: i32, n: i32) {
  if (kind == ACTIVATION_TANH) {
    for (var i = 0; i < n; i++) { ste(y + i, tanh4(lde(y + i))); }
  } else if (kind == ACTIVATION_RELU) {
    for (var i = 0; i < n; i++) { ste(y + i, max(lde(y + i), 0.0)); }
  } else if (kind == ACTIVATION_ELU) {
    for (var i = 0; i < n; i++) {
      let v = lde(y + i);
      ste(y + i, select(exp4(v) - 1.0, v, v > 0.0));
    }
  } else if (kind == ACTIVATION_SOFTSIGN) {
    for (var i = 0; i < n; i++) {
      let v = lde(y + i);
      ste(y + i, v / (1.0 + abs(v)));
    }
  }
}

/** activation of W x + b */
fn dense(theta: i32, wide: i32, nin: i32, nout: i32, activation: i32, bias: bool, x: i32, y: i32, t: i32) {
  if (bias) {
    vector(theta + nin * nout, wide + wideSize(nout, nin), nout, y);
  } else {
    for (var i = 0; i < nout; i++) { ste(y + i, 0.0); }
  }
  product(theta, wide, nout, nin, x, y, t);
  activate(activation, y, nout);
}

/**
 * Gated recurrent unit (Cho et al. 2014, with the candidate's recurrent bias inside the reset gate):
 * z = s(W_z x + U_z h + b_z), r likewise, n = tanh(W_n x + b_n + r (U_n h + c_n)), h = (1 - z) n + z h.
 *   in-out  h (nout); y (nout) = h
 *   t       4 nout + rank quantities
 */
fn gru(theta: i32, wide: i32, nin: i32, n: i32, x: i32, h: i32, y: i32, t: i32) {
  let g = t;
  let u = t + 3 * n;
  let rest = t + 4 * n;
  let U = theta + 3 * n * nin;
  let b = U + 3 * n * n;
  let c = b + 3 * n;
  let wU = wide + wideSize(3 * n, nin);
  let wb = wU + wideSize(3 * n, n);
  let wc = wb + 3 * n;
  vector(b, wb, 3 * n, g);
  product(theta, wide, 3 * n, nin, x, g, rest);
  // the candidate's recurrent part stays apart until the reset gate is known
  vector(c, wc, n, u);
  if (r_perturb == PERTURB_LOWRANK) {
    productShared(U, 2 * n, n, h, g);
    productShared(U + 2 * n * n, n, n, h, u);
    for (var k = 0; k < r_rank; k++) {
      var sum = 0.0;
      for (var i = 0; i < n; i++) { sum += lde(wU + 3 * n * r_rank + i * r_rank + k) * lde(h + i); }
      ste(rest + k, sum);
    }
    for (var o = 0; o < 3 * n; o++) {
      let to = select(u + o - 2 * n, g + o, o < 2 * n);
      var sum = lde(to);
      for (var k = 0; k < r_rank; k++) { sum += lde(wU + o * r_rank + k) * lde(rest + k); }
      ste(to, sum);
    }
  } else if (r_perturb != PERTURB_NONE) {
    productWide(wU, 2 * n, n, h, g);
    productWide(wU + 2 * n * n, n, n, h, u);
  } else {
    productShared(U, 2 * n, n, h, g);
    productShared(U + 2 * n * n, n, n, h, u);
  }
  for (var i = 0; i < n; i++) {
    let z = sigmoid4(lde(g + i));
    let reset = sigmoid4(lde(g + n + i));
    let candidate = tanh4(reset * lde(u + i) + lde(g + 2 * n + i));
    ste(y + i, z * (lde(h + i) - candidate) + candidate);
  }
  for (var i = 0; i < n; i++) { ste(h + i, lde(y + i)); }
}

/**
 * Long short-term memory: gates i, f, g, o of W x + U h + b; c = s(f) c + s(i) tanh(g), h = s(o) tanh(c).
 *   in-out  h (nout), c (nout) behind it; y (nout) = h
 *   t       4 nout + rank quantities
 */
fn lstm(theta: i32, wide: i32, nin: i32, n: i32, x: i32, h: i32, y: i32, t: i32) {
  let g = t;
  let rest = t + 4 * n;
  let cell = h + n;
  let U = theta + 4 * n * nin;
  let b = U + 4 * n * n;
  let wU = wide + wideSize(4 * n, nin);
  let wb = wU + wideSize(4 * n, n);
  vector(b, wb, 4 * n, g);
  product(theta, wide, 4 * n, nin, x, g, rest);
  product(U, wU, 4 * n, n, h, g, rest);
  for (var i = 0; i < n; i++) {
    let c = sigmoid4(lde(g + n + i)) * lde(cell + i) + sigmoid4(lde(g + i)) * tanh4(lde(g + 2 * n + i));
    let next = sigmoid4(lde(g + 3 * n + i)) * tanh4(c);
    ste(cell + i, c);
    ste(h + i, next);
    ste(y + i, next);
  }
}

/** quantities of the buffers of forward: widest layer, and what recurrent ones need besides */
fn networkBuffer() -> i32 { return 6 * r_widest + r_rank; }

/** Walks the matrices and vectors of a policy in the order of theta: what member.ts needs of a layer. */
fn layerAt(l: i32) -> i32 { return r_network + LAYER_WORDS * l; }
fn kindOf(layer: i32) -> i32 { return tabi(layer + LAYER_AT_KIND); }
fn ninOf(layer: i32) -> i32 { return tabi(layer + LAYER_AT_NIN); }
fn noutOf(layer: i32) -> i32 { return tabi(layer + LAYER_AT_NOUT); }
fn hasBias(layer: i32) -> bool { return tabi(layer + LAYER_AT_BIAS) != 0; }
