// import { ld, ldi, ldmask, st } from '../math/v4'
// import { arefOf, C_COL, C_D, C_DIM, C_FRI, C_HAS, C_J, C_MU, C_NNZ, dimAt, forceOf, jarOf, sizeOf } from './contact'
// import { copyM, factorI, SMALL, solveLD } from './inertia'
// import { ctcEnd, nefc } from './row'
// import { addForces, rowForces } from './solve'
// import { at2, CNSTR_EQUALITY, CONE_ELLIPTIC, DSBL_WARMSTART, EFC_AREF, EFC_D, EFC_FORCE, EFC_JAR, EFC_JP, EFC_LOSS } from './types'
// import { EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, isFriction, MINVAL } from './types'

/** passes over one elliptic cone in a sweep: normal and friction are solved for in turn */
const CONE_PASSES: i32 = 4;
/** Newton steps on the multiplier of an elliptic cone's friction (mju_QCQP) */
const QCQP_ITERATIONS: i32 = 20;
/** sweeps with momentum: stiff rows may keep it swinging for ever, plain sweeps only descend */
const MOMENTUM_SWEEPS: i32 = 100;

// rows of pgs_B and pgs_A: scalar rows first, then the base rows of contacts in their order
fn inverseRow(r: i32) -> i32 { return f_pgs_B + r * f_nv; }

/** number of edges of a contact: forces of its own that the sweeps move */
fn edges(dim: i32) -> i32 {
  if (dim == 1) { return 1; }
  return select(2 * (dim - 1), dim, f_opt_cone == CONE_ELLIPTIC);
}

/** J y of base row r of a contact */
fn product(J: i32, col: i32, nnz: i32, r: i32, y: i32) -> f32 {
  let row = J + r * nnz;
  var sum = 0.0;
  for (var k = 0; k < nnz; k++) { sum += ld(row + k) * ld(y + ldi(col + k)); }
  return sum;
}

/** out = J y - aref of three base rows */
fn products3(J: i32, col: i32, nnz: i32, y: i32, aref: i32, out: i32) {
  var a = -ld(aref);
  var b = -ld(aref + 1);
  var c = -ld(aref + 2);
  for (var k = 0; k < nnz; k++) {
    let x = ld(y + ldi(col + k));
    a += ld(J + k) * x;
    b += ld(J + nnz + k) * x;
    c += ld(J + 2 * nnz + k) * x;
  }
  st(out, a);
  st(out + 1, b);
  st(out + 2, c);
}

/** y += B delta of three base rows */
fn move3(nv: i32, y: i32, B: i32, delta: i32) {
  let a = ld(delta);
  let b = ld(delta + 1);
  let c = ld(delta + 2);
  for (var k = 0; k < nv; k++) { st(y + k, ld(B + 2 * nv + k) * c + (ld(B + nv + k) * b + (ld(B + k) * a + ld(y + k)))); }
}

/** y += B delta */
fn move1(nv: i32, y: i32, B: i32, delta: f32) {
  for (var i = 0; i < nv; i++) { st(y + i, ld(B + i) * delta + ld(y + i)); }
}

/**
 * B = M^-1 J' of all base rows, and A = J B: one number a scalar row (regularizer included), dim x dim a contact
 * (mj_projectConstraint).
 */
fn project() {
  let nv = f_nv;
  let L = f_qH;
  let dinv = f_qHDiagInv;
  let J = f_efc_J;
  let col = f_efc_colind;
  let nnz = f_M_rownnz;
  let adr = f_M_rowadr;
  let mcol = f_M_colind;
  if (f_nv > SMALL) {
    // the factor that qacc_smooth has left
    for (var i = 0; i < nv; i++) { st(dinv + i, 1.0 / ld(at2(L, nv, i, i))); }
  } else {
    copyM(f_qM, L);
    factorI(nv, L, dinv, nnz, adr, mcol);
  }
  var r = 0;
  var A = f_pgs_A;
  let rows = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let B = inverseRow(r);
    let a = ldi(e + EFC_ROWADR);
    let n = ldi(e + EFC_ROWNNZ);
    for (var i = 0; i < nv; i++) { st(B + i, 0.0); }
    for (var k = a; k < a + n; k++) { st(B + ldi(col + k), ld(J + k)); }
    solveLD(nv, L, dinv, B, nnz, adr, mcol);
    var sum = 0.0;
    for (var k = a; k < a + n; k++) { sum += ld(J + k) * ld(B + ldi(col + k)); }
    let D = ld(e + EFC_D);
    let on = D > 0.0;
    st(A, select(1.0, sum + 1.0 / select(1.0, D, on), on));
    r++;
    A++;
  }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let n = ldi(e + C_NNZ);
      let Jc = J + ldi(e + C_J);
      let c = col + ldi(e + C_COL);
      for (var q = 0; q < dim; q++) {
        let B = inverseRow(r);
        for (var i = 0; i < nv; i++) { st(B + i, 0.0); }
        for (var k = 0; k < n; k++) { st(B + ldi(c + k), ld(Jc + q * n + k)); }
        solveLD(nv, L, dinv, B, nnz, adr, mcol);
        for (var t = 0; t < dim; t++) { st(A + t * dim + q, product(Jc, c, n, t, B)); }
        r++;
      }
      A += dim * dim;
    }
  }
}

/** forces of the sweeps from the zones at the warm start; out: their dual cost 1/2 f' (A + R) f + f' b */
fn warmForces(y: i32) -> f32 {
  let nv = f_nv;
  let J = f_efc_J;
  let col = f_efc_colind;
  let a = f_qacc_smooth;
  rowForces();
  for (var i = 0; i < nv; i++) { st(y + i, ld(a + i)); }
  var r = 0;
  let rows = f_efc + EFC_STRIDE * nefc();
  let end = ctcEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    move1(nv, y, inverseRow(r), ld(e + EFC_FORCE));
    r++;
  }
  if (f_nctc > 0) {
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      for (var q = 0; q < dim; q++) {
        move1(nv, y, inverseRow(r), ld(forceOf(e, dim) + q));
        r++;
      }
    }
  }
  // f'(J (y + a) / 2 - aref) + f' R f / 2
  var cost = 0.0;
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let force = ld(e + EFC_FORCE);
    let D = ld(e + EFC_D);
    var sum = 0.0;
    let begin = ldi(e + EFC_ROWADR);
    let stop = begin + ldi(e + EFC_ROWNNZ);
    for (var k = begin; k < stop; k++) {
      let i = ldi(col + k);
      sum += ld(J + k) * (ld(y + i) + ld(a + i));
    }
    let R = 1.0 / select(1.0, D, D > 0.0);
    cost += force * (0.5 * (R * force + sum) - ld(e + EFC_AREF));
  }
  var forces = f_pgs_f;
  if (f_nctc > 0) {
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let n = ldi(e + C_NNZ);
      let jar = jarOf(e, dim);
      let out = forceOf(e, dim);
      let aref = arefOf(e, dim);
      let Jc = J + ldi(e + C_J);
      let c = col + ldi(e + C_COL);
      let D = ld(e + C_D);
      let R = 1.0 / select(1.0, D, D > 0.0);
      for (var q = 0; q < dim; q++) {
        let sum = product(Jc, c, n, q, y) + product(Jc, c, n, q, a);
        cost += ld(out + q) * (0.5 * sum - ld(aref + q));
      }
      // forces of the edges, with their regularizer
      let count = edges(dim);
      for (var k = 0; k < count; k++) {
        var force = 0.0;
        var Rk = R;
        if (dim == 1 || f_opt_cone == CONE_ELLIPTIC) {
          force = ld(out + k);
          if (k > 0) {
            let mu = ld(e + C_MU);
            let fri = ld(e + C_FRI + k - 1);
            Rk = R * (mu * mu) / (fri * fri);
          }
        } else {
          let j = (k >> 1u) + 1;
          let t = ld(e + C_FRI + j - 1) * ld(jar + j);
          let x = ld(jar) + select(t, -t, (k & 1) == 1);
          force = select(0.0, -(D * x), x < 0.0);
        }
        st(forces + k, force);
        cost += 0.5 * Rk * (force * force);
      }
      forces += count;
    }
  }
  return cost;
}

/** one scalar row: f minus its residual over its diagonal, clipped; returns the fall of the dual cost */
fn sweepRow(nv: i32, e: i32, A: f32, B: i32, J: i32, col: i32, y: i32) -> f32 {
  let D = ld(e + EFC_D);
  let on = D > 0.0;
  let old = ld(e + EFC_FORCE);
  var res = old / select(1.0, D, on) - ld(e + EFC_AREF);
  let begin = ldi(e + EFC_ROWADR);
  let stop = begin + ldi(e + EFC_ROWNNZ);
  for (var k = begin; k < stop; k++) { res += ld(J + k) * ld(y + ldi(col + k)); }
  var force = old - res / A;
  let kind = ldi(e + EFC_TYPE);
  if (isFriction(kind)) {
    let loss = ld(e + EFC_LOSS);
    force = max(min(force, loss), -loss);
  } else if (kind != CNSTR_EQUALITY) { force = max(0.0, force); }
  let delta = select(0.0, force - old, on);
  st(e + EFC_FORCE, old + delta);
  move1(nv, y, B, delta);
  return -(delta * (0.5 * A * delta + res));
}

/** a pyramid, edge by edge; local holds the base residual J y - aref as the edges move it, delta the change of base forces */
fn sweepPyramid(e: i32, dim: i32, A: i32, forces: i32, local: i32, delta: i32) -> f32 {
  let D = ld(e + C_D);
  let on = ldmask(e + C_HAS) && D > 0.0;
  let R = 1.0 / select(1.0, D, on);
  var fall = 0.0;
  let count = select(2 * (dim - 1), 1, dim == 1);
  for (var k = 0; k < count; k++) {
    let j = select((k >> 1u) + 1, 0, dim == 1);
    var mu = 0.0;
    if (dim > 1) {
      let fri = ld(e + C_FRI + j - 1);
      mu = select(fri, -fri, (k & 1) == 1);
    }
    let old = ld(forces + k);
    let res = R * old + (mu * ld(local + j) + ld(local));
    let diag = R + (mu * (mu * ld(A + j * dim + j) + 2.0 * ld(A + j)) + ld(A));
    let change = select(0.0, max(0.0, old - res / select(1.0, diag, on)) - old, on);
    st(forces + k, old + change);
    fall -= change * (0.5 * diag * change + res);
    let side = mu * change;
    st(delta, ld(delta) + change);
    if (dim > 1) { st(delta + j, ld(delta + j) + side); }
    for (var q = 0; q < dim; q++) { st(local + q, ld(A + q * dim) * change + (ld(A + q * dim + j) * side + ld(local + q))); }
  }
  return fall;
}

/** Cholesky solve of (A + lambda) x = b, n <= 5, row stride 5; work: 25 */
fn solveSmall(n: i32, A: i32, lambda: f32, b: i32, x: i32, work: i32) {
  for (var i = 0; i < n; i++) {
    for (var j = 0; j <= i; j++) {
      var sum = ld(A + 5 * i + j);
      if (i == j) { sum += lambda; }
      for (var k = 0; k < j; k++) { sum -= ld(work + 5 * i + k) * ld(work + 5 * j + k); }
      if (i == j) { st(work + 5 * i + j, sqrt(max(MINVAL, sum))); }
      else { st(work + 5 * i + j, sum / ld(work + 5 * j + j)); }
    }
  }
  for (var i = 0; i < n; i++) {
    var sum = ld(b + i);
    for (var k = 0; k < i; k++) { sum -= ld(work + 5 * i + k) * ld(x + k); }
    st(x + i, sum / ld(work + 5 * i + i));
  }
  for (var i = n - 1; i >= 0; i--) {
    var sum = ld(x + i);
    for (var k = i + 1; k < n; k++) { sum -= ld(work + 5 * k + i) * ld(x + k); }
    st(x + i, sum / ld(work + 5 * i + i));
  }
}

/**
 * An elliptic cone: the normal force, the length of the whole force along its ray, then friction for that normal force as a
 * quadratic program on an ellipsoid. MuJoCo leaves out the first, and may stop short of the minimum.
 */
fn sweepCone(e: i32, dim: i32, A: i32, forces: i32, local: i32, delta: i32, w: i32) -> f32 {
  let D = ld(e + C_D);
  // nothing moves
  if (!(ldmask(e + C_HAS) && D > 0.0)) { return 0.0; }
  let R0 = 1.0 / D;
  let mu2 = ld(e + C_MU) * ld(e + C_MU);
  let n = dim - 1;
  // Ar = A + R (36), res (6), old (6), then the quadratic program: Q (25), b (5), x (5), t (5), work (25); what the first move adds (6)
  let Ar = w;
  let res = w + 36;
  let old = w + 42;
  let Q = w + 48;
  let b = w + 73;
  let x = w + 78;
  let t = w + 83;
  let work = w + 88;
  let lift = w + 113;
  for (var i = 0; i < dim; i++) {
    var R = R0;
    if (i > 0) {
      let fri = ld(e + C_FRI + i - 1);
      R = R0 * mu2 / (fri * fri);
    }
    for (var k = 0; k < dim; k++) { st(Ar + i * dim + k, ld(A + i * dim + k)); }
    st(Ar + i * dim + i, R + ld(A + i * dim + i));
    let force = ld(forces + i);
    st(old + i, force);
    st(res + i, R * force + ld(local + i));
  }
  // the normal alone, as far as friction lets it: a ray cannot leave the cone's surface, and friction keeps the normal. From
  // the apex, where neither gets away, along the ray on which the cost falls fastest
  var tangent = 0.0;
  var pull = 0.0;
  for (var i = 1; i < dim; i++) {
    let fri = ld(e + C_FRI + i - 1);
    let u = ld(old + i) / fri;
    let v = fri * ld(res + i);
    tangent += u * u;
    pull += v * v;
  }
  pull = sqrt(pull);
  let start = ld(old);
  let apex = start < MINVAL && pull > 0.0;
  let normalLift = max(sqrt(tangent), start - ld(res) / ld(Ar)) - start;
  st(lift, select(normalLift, 1.0, apex));
  for (var i = 1; i < dim; i++) {
    let fri = ld(e + C_FRI + i - 1);
    st(lift + i, select(0.0, -(fri * fri * (ld(res + i) / select(1.0, pull, apex))), apex));
  }
  var along = 0.0;
  var bend = 0.0;
  for (var i = 0; i < dim; i++) {
    var sum = 0.0;
    for (var k = 0; k < dim; k++) { sum += ld(Ar + i * dim + k) * ld(lift + k); }
    along += ld(lift + i) * ld(res + i);
    bend += ld(lift + i) * sum;
  }
  let length = select(1.0, max(0.0, -along / max(MINVAL, bend)), apex);
  var fall = -(length * (0.5 * length * bend + along));
  for (var i = 0; i < dim; i++) {
    st(lift + i, length * ld(lift + i));
    st(old + i, ld(old + i) + ld(lift + i));
  }
  for (var i = 0; i < dim; i++) {
    var sum = ld(res + i);
    for (var k = 0; k < dim; k++) { sum += ld(Ar + i * dim + k) * ld(lift + k); }
    st(res + i, sum);
  }

  let f0 = ld(old);
  let small = f0 < MINVAL;
  // ray: x = -v' res / v' A v, not beyond the apex
  var vr = 0.0;
  var vAv = 0.0;
  for (var i = 0; i < dim; i++) {
    let v = ld(old + i);
    vr += v * ld(res + i);
    var sum = 0.0;
    for (var k = 0; k < dim; k++) { sum += ld(Ar + i * dim + k) * ld(old + k); }
    vAv += v * sum;
  }
  let steady = vAv >= MINVAL;
  let ray = max(-1.0, select(0.0, -(vr / select(1.0, vAv, steady)), steady));
  let normal = select(ray * f0 + f0, max(0.0, f0 - ld(res) / ld(Ar)), small);
  st(forces, normal);

  // friction: scaled so that the ellipsoid is a ball of radius normal
  for (var i = 0; i < n; i++) {
    let fi = ld(e + C_FRI + i);
    var c = ld(res + i + 1);
    for (var k = 0; k < n; k++) {
      let a = ld(Ar + (i + 1) * dim + k + 1);
      c -= a * ld(old + k + 1);
      st(Q + 5 * i + k, fi * ld(e + C_FRI + k) * a);
    }
    c += ld(Ar + (i + 1) * dim) * (normal - f0);
    st(b + i, -(fi * c));
  }
  var lambda = 0.0;
  var inside = true;
  let r2 = normal * normal;
  for (var it = 0; it < QCQP_ITERATIONS; it++) {
    solveSmall(n, Q, lambda, b, x, work);
    var norm = 0.0;
    for (var i = 0; i < n; i++) { norm += ld(x + i) * ld(x + i); }
    let excess = norm - r2;
    if (!(excess > 1e-6 * (r2 + 1e-10))) { break; }
    inside = false;
    solveSmall(n, Q, lambda, x, t, work);
    var slope = 0.0;
    for (var i = 0; i < n; i++) { slope += ld(x + i) * ld(t + i); }
    lambda += excess / (2.0 * max(MINVAL, slope));
  }
  var norm = 0.0;
  for (var i = 0; i < n; i++) { norm += ld(x + i) * ld(x + i); }
  let onto = select(normal / sqrt(max(MINVAL, norm)), 1.0, inside);
  let none = normal < MINVAL;
  for (var i = 0; i < n; i++) { st(forces + i + 1, select(onto * ld(x + i) * ld(e + C_FRI + i), 0.0, none)); }
  for (var i = 0; i < dim; i++) { st(old + i, ld(forces + i) - ld(old + i)); }
  for (var i = 0; i < dim; i++) {
    let change = ld(old + i);
    var sum = 0.0;
    var moved = ld(local + i);
    for (var k = 0; k < dim; k++) {
      sum += ld(Ar + i * dim + k) * ld(old + k);
      moved += ld(A + i * dim + k) * (ld(lift + k) + ld(old + k));
    }
    st(local + i, moved);
    st(delta + i, ld(delta + i) + (change + ld(lift + i)));
    fall -= change * (0.5 * sum + ld(res + i));
  }
  return fall;
}

/**
 * Keep the forces the last sweep arrived at, and go on from there by beta times the way since those kept before, back onto
 * the cones where that leaves them; y follows.
 *   first   nothing was kept before
 */
fn remember(y: i32, beta: f32, first: bool) {
  let nv = f_nv;
  let kept = f_sol_x;
  for (var i = 0; i < nv; i++) {
    let now = ld(y + i);
    if (!first) { st(y + i, beta * (now - ld(kept + i)) + now); }
    st(kept + i, now);
  }
  var r = 0;
  let rows = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let ahead = extrapolate(e + EFC_FORCE, e + EFC_JP, beta, first);
    let kind = ldi(e + EFC_TYPE);
    var force = ahead;
    if (isFriction(kind)) {
      let loss = ld(e + EFC_LOSS);
      force = max(min(ahead, loss), -loss);
    } else if (kind != CNSTR_EQUALITY) { force = max(0.0, ahead); }
    st(e + EFC_FORCE, force);
    st(e + EFC_JAR, force);
    let back = force - ahead;
    if (back != 0.0) { move1(nv, y, inverseRow(r), back); }
    r++;
  }
  let further = f_npgsf;
  let delta = f_cone;
  var forces = f_pgs_f;
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let count = edges(dim);
      var away = false;
      for (var q = 0; q < dim; q++) { st(delta + q, 0.0); }
      var shrink = 1.0;
      var normal = 0.0;
      if (f_opt_cone == CONE_ELLIPTIC && dim > 1) {
        // onto the ellipsoid of the normal force
        normal = max(0.0, ahead1(forces, further, beta, first));
        var sum = 0.0;
        for (var k = 1; k < count; k++) {
          let t = ahead1(forces + k, further, beta, first) / ld(e + C_FRI + k - 1);
          sum += t * t;
        }
        let n2 = normal * normal;
        if (sum > n2) { shrink = sqrt(n2 / max(MINVAL, sum)); }
      }
      for (var k = 0; k < count; k++) {
        let ahead = extrapolate(forces + k, forces + k + further, beta, first);
        var force = max(0.0, ahead);
        if (f_opt_cone == CONE_ELLIPTIC && dim > 1) { force = select(shrink * ahead, normal, k == 0); }
        st(forces + k, force);
        st(forces + k + 2 * further, force);
        let back = force - ahead;
        away = away || back != 0.0;
        if (dim == 1 || f_opt_cone == CONE_ELLIPTIC) { st(delta + k, back); }
        else {
          let j = (k >> 1u) + 1;
          let side = ld(e + C_FRI + j - 1) * back;
          st(delta, ld(delta) + back);
          st(delta + j, ld(delta + j) + select(side, -side, (k & 1) == 1));
        }
      }
      if (away) {
        for (var q = 0; q < dim; q++) { move1(nv, y, inverseRow(r + q), ld(delta + q)); }
      }
      r += dim;
      forces += count;
    }
  }
}

/** x + beta (x - kept), what was kept being step further */
fn ahead1(x: i32, further: i32, beta: f32, first: bool) -> f32 {
  let now = ld(x);
  if (first) { return now; }
  return beta * (now - ld(x + further)) + now;
}

/** the same, and kept = x */
fn extrapolate(x: i32, kept: i32, beta: f32, first: bool) -> f32 {
  let now = ld(x);
  var ahead = now;
  if (!first) { ahead = beta * (now - ld(kept)) + now; }
  st(kept, now);
  return ahead;
}

/** scalar product of what the sweep changed with what momentum had added: negative where they disagree (O'Donoghue, Candes 2015) */
fn agreement() -> f32 {
  var sum = 0.0;
  let rows = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let start = ld(e + EFC_JAR);
    sum += (ld(e + EFC_FORCE) - start) * (start - ld(e + EFC_JP));
  }
  let further = f_npgsf;
  var forces = f_pgs_f;
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let stop = forces + edges(dimAt(e + C_DIM));
      for (; forces < stop; forces++) {
        let start = ld(forces + 2 * further);
        sum += (ld(forces) - start) * (start - ld(forces + further));
      }
    }
  }
  return sum;
}

/**
 * Constraint forces by projected Gauss-Seidel on the dual with momentum, in the order of the rows: sweeps end when one
 * lowers the cost by less than opt_tolerance. MuJoCo visits the rows in a shuffled order; both arrive at the same forces.
 *   in      qM, qacc_smooth with its factor in qH; rows with residuals and zones at the warm start
 *   out     qacc, qfrc_constraint, forces of the rows, solver_niter
 *   returns whether a world ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solPGS; Todorov, A convex, smooth and invertible contact model (IROS 2011)
 */
fn solPGS() -> bool {
  let nv = f_nv;
  let y = f_qacc;
  let J = f_efc_J;
  let col = f_efc_colind;
  let local = f_cone;
  let delta = f_cone + 6;
  let work = f_pgs_w;
  project();

  // a warm start worse than no forces is left out
  let cost = warmForces(y);
  let rows = f_efc + EFC_STRIDE * nefc();
  let end = ctcEnd();
  var forces = f_pgs_f;
  if (cost > 0.0 || (f_opt_disableflags & DSBL_WARMSTART) != 0) {
    for (var i = 0; i < nv; i++) { st(y + i, ld(f_qacc_smooth + i)); }
    for (var e = f_efc; e < rows; e += EFC_STRIDE) { st(e + EFC_FORCE, 0.0); }
    if (f_nctc > 0) {
      for (var e = f_ctc; e < end; e += sizeOf(e)) {
        let stop = forces + edges(dimAt(e + C_DIM));
        for (; forces < stop; forces++) { st(forces, 0.0); }
      }
    }
  }

  let tolerance = f_opt_tolerance * f_stat_meaninertia * f32(max(1, f_nv));
  var searching = true;
  var niter = 0.0;
  var age = 0.0;
  for (var it = 0; it < f_opt_iterations && searching; it++) {
    // momentum: from where the last sweep began, through where it ended
    let pushed = it < MOMENTUM_SWEEPS && age > 1.0;
    let beta = select(0.0, (age - 1.0) / (age + 2.0), pushed);
    remember(y, beta, it == 0);
    var fall = 0.0;
    var r = 0;
    var A = f_pgs_A;
    for (var e = f_efc; e < rows; e += EFC_STRIDE) {
      fall += sweepRow(nv, e, ld(A), inverseRow(r), J, col, y);
      r++;
      A++;
    }
    forces = f_pgs_f;
    if (f_nctc > 0) {
      for (var e = f_ctc; e < end; e += sizeOf(e)) {
        let dim = dimAt(e + C_DIM);
        let n = ldi(e + C_NNZ);
        let aref = arefOf(e, dim);
        let Jc = J + ldi(e + C_J);
        let c = col + ldi(e + C_COL);
        if (dim == 3) { products3(Jc, c, n, y, aref, local); }
        else {
          for (var q = 0; q < dim; q++) { st(local + q, product(Jc, c, n, q, y) - ld(aref + q)); }
        }
        for (var q = 0; q < dim; q++) { st(delta + q, 0.0); }
        var flat = true;
        if (f_opt_cone == CONE_ELLIPTIC) {
          if (dim > 1) {
            flat = false;
            for (var round = 0; round < CONE_PASSES; round++) { fall += sweepCone(e, dim, A, forces, local, delta, work); }
          }
        }
        if (flat) { fall += sweepPyramid(e, dim, A, forces, local, delta); }
        if (dim == 3) { move3(nv, y, inverseRow(r), delta); }
        else {
          for (var q = 0; q < dim; q++) { move1(nv, y, inverseRow(r + q), ld(delta + q)); }
        }
        r += dim;
        A += dim * dim;
        forces += edges(dim);
      }
    }
    niter += 1.0;
    age = select(0.0, age + 1.0, agreement() >= 0.0);
    searching = fall >= tolerance;
  }

  // base forces of contacts from those of their edges
  forces = f_pgs_f;
  if (f_nctc > 0) {
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let out = forceOf(e, dim);
      if (dim == 1 || f_opt_cone == CONE_ELLIPTIC) {
        for (var q = 0; q < dim; q++) { st(out + q, ld(forces + q)); }
      } else {
        var sum = 0.0;
        for (var j = 1; j < dim; j++) {
          let a = ld(forces + 2 * j - 2);
          let b = ld(forces + 2 * j - 1);
          sum += a + b;
          st(out + j, ld(e + C_FRI + j - 1) * (a - b));
        }
        st(out, sum);
      }
      forces += edges(dim);
    }
  }
  addForces();
  st(f_solver_niter, niter);
  return searching;
}
