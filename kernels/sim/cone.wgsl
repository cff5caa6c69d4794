// Friction cones: zone, force, Hessian and cost of one contact, given its base residual jar.

// import { ld, ld3, ldi, ldu, st, st3 } from '../math/v4'
// import { arefOf, C_COL, C_D, C_DIM, C_FRI, C_J, C_MU, C_NNZ, C_ZONE, dimAt, jarOf } from './contact'
// import { CONE_ELLIPTIC } from './types'

// A record is of this world alone, so C_HAS holds and nothing here asks for it.

// zones of an elliptic cone; of a pyramid the zone is a set of bits, one an edge whose residual is negative
const BOTTOM: u32 = 1u;
const CONE: u32 = 2u;

/** out (dim) = J x - aref */
fn residual(e: i32, J: i32, col: i32, x: i32, out: i32) {
  times(e, J, col, x, true, out);
}

/** out (dim) = J x */
fn product(e: i32, J: i32, col: i32, x: i32, out: i32) {
  times(e, J, col, x, false, out);
}

fn times(e: i32, J: i32, col: i32, x: i32, less: bool, out: i32) {
  let dim = dimAt(e + C_DIM);
  let nnz = ldi(e + C_NNZ);
  var row = J + ldi(e + C_J);
  let c = col + ldi(e + C_COL);
  let aref = arefOf(e, dim);
  var r = 0;
  if (dim >= 3) {
    // three rows at once: x and the columns are read once for them
    var a = vec3f(0.0);
    if (less) { a = -ld3(aref); }
    for (var k = 0; k < nnz; k++) {
      let y = ld(x + ldi(c + k));
      a += vec3f(ld(row + k), ld(row + nnz + k), ld(row + 2 * nnz + k)) * y;
    }
    st3(out, a);
    row += 3 * nnz;
    r = 3;
  }
  for (; r < dim; r++) {
    var a = 0.0;
    if (less) { a = -ld(aref + r); }
    for (var k = 0; k < nnz; k++) { a += ld(row + k) * ld(x + ldi(c + k)); }
    st(out + r, a);
    row += nnz;
  }
}

fn bit(mask: bool, k: i32) -> u32 { return select(0u, 1u << u32(k), mask); }
fn edge(zone: u32, k: i32) -> bool { return (zone & (1u << u32(k))) != 0u; }

/** length of the tangential residual, each component times its friction */
fn tangent(e: i32, dim: i32, jar: i32) -> f32 {
  var sum = 0.0;
  for (var j = 1; j < dim; j++) {
    let u = ld(jar + j) * ld(e + C_FRI + j - 1);
    sum += u * u;
  }
  return sqrt(sum);
}

/** zone at a residual (mj_constraintUpdate) */
fn zoneAt(e: i32, jar: i32) -> u32 {
  let dim = dimAt(e + C_DIM);
  let n = ld(jar);
  if (dim == 1) { return bit(n < 0.0, 0); }
  if (f_opt_cone == CONE_ELLIPTIC) {
    let mu = ld(e + C_MU);
    let N = n * mu;
    let T = tangent(e, dim, jar);
    let level = T <= 0.0;
    let top = N >= mu * T || (level && N >= 0.0);
    let bottom = mu * N + T <= 0.0 || (level && N < 0.0);
    if (top) { return 0u; }
    return select(CONE, BOTTOM, bottom);
  } else {
    var zone = 0u;
    for (var j = 1; j < dim; j++) {
      let t = ld(e + C_FRI + j - 1) * ld(jar + j);
      zone = zone | bit(n + t < 0.0, 2 * j - 2) | bit(n - t < 0.0, 2 * j - 1);
    }
    return zone;
  }
}

/** is the cost no quadratic around here */
fn curved(e: i32) -> bool { return ldu(e + C_ZONE) == CONE; }

/** base force of a contact from its zone and residual, -ds/djar; out (dim) */
fn force(e: i32, out: i32) {
  let dim = dimAt(e + C_DIM);
  let jar = jarOf(e, dim);
  let D = ld(e + C_D);
  let zone = ldu(e + C_ZONE);
  let n = ld(jar);
  if (dim == 1) {
    st(out, select(0.0, -(D * n), edge(zone, 0)));
    return;
  }
  if (f_opt_cone == CONE_ELLIPTIC) {
    let mu = ld(e + C_MU);
    let mu2 = mu * mu;
    let N = n * mu;
    let T = tangent(e, dim, jar);
    let cone = zone == CONE;
    let bottom = zone == BOTTOM;
    let scale = D / mu2;
    let f0 = -(scale / (1.0 + mu2) * (N - mu * T) * mu);
    st(out, select(select(0.0, -(D * n), bottom), f0, cone));
    let k = -(f0 / select(1.0, T, T > 0.0));
    for (var j = 1; j < dim; j++) {
      let fri = ld(e + C_FRI + j - 1);
      let f2 = fri * fri;
      let x = ld(jar + j);
      st(out + j, select(select(0.0, -(scale * f2 * x), bottom), k * x * f2, cone));
    }
  } else {
    var sum = 0.0;
    for (var j = 1; j < dim; j++) {
      let fri = ld(e + C_FRI + j - 1);
      let t = fri * ld(jar + j);
      let a = select(0.0, -(D * (n + t)), edge(zone, 2 * j - 2));
      let b = select(0.0, -(D * (n - t)), edge(zone, 2 * j - 1));
      sum += a + b;
      st(out + j, fri * (a - b));
    }
    st(out, sum);
  }
}

/**
 * Second derivative of the cost in the base residual, and C aref: the gradient of the cost at x is J'(C (J x - aref)) on
 * every zone, because a cone's cost is homogeneous.
 *   out   C (dim, dim), then C aref (dim)
 */
fn coneHessian(e: i32, out: i32) {
  let dim = dimAt(e + C_DIM);
  let jar = jarOf(e, dim);
  let aref = arefOf(e, dim);
  let D = ld(e + C_D);
  let zone = ldu(e + C_ZONE);
  if (dim == 1) {
    let c = select(0.0, D, edge(zone, 0));
    st(out, c);
    st(out + 1, c * ld(aref));
    return;
  }
  let push = out + dim * dim;
  if (f_opt_cone != CONE_ELLIPTIC) {
    // the edges of a pyramid couple each tangent with the normal alone
    var c00 = 0.0;
    var p0 = 0.0;
    for (var k = 1; k < dim * dim; k++) { st(out + k, 0.0); }
    let a0 = ld(aref);
    for (var j = 1; j < dim; j++) {
      let fri = ld(e + C_FRI + j - 1);
      let aj = ld(aref + j);
      let a = select(0.0, D, edge(zone, 2 * j - 2));
      let b = select(0.0, D, edge(zone, 2 * j - 1));
      let both = a + b;
      let c0 = fri * (a - b);
      let cj = fri * fri * both;
      c00 += both;
      p0 += c0 * aj;
      st(out + j, c0);
      st(out + j * dim, c0);
      st(out + j * dim + j, cj);
      st(push + j, c0 * a0 + cj * aj);
    }
    st(out, c00);
    st(push, c00 * a0 + p0);
  } else {
    let mu = ld(e + C_MU);
    let mu2 = mu * mu;
    let N = ld(jar) * mu;
    let T = tangent(e, dim, jar);
    let cone = zone == CONE;
    let bottom = zone == BOTTOM;
    let scale = D / mu2;
    let Dm = scale / (1.0 + mu2);
    let inv = 1.0 / select(1.0, T, T > 0.0);
    let NT = mu * N * inv;
    let around = mu2 - NT;
    let cube = NT * (inv * inv);
    st(out, select(select(0.0, D, bottom), Dm * mu2, cone));
    for (var j = 1; j < dim; j++) {
      let fj = ld(e + C_FRI + j - 1);
      let Uj = fj * ld(jar + j);
      let f2 = fj * fj;
      let c0 = select(0.0, -(Dm * (mu2 * fj) * (inv * Uj)), cone);
      st(out + j, c0);
      st(out + j * dim, c0);
      for (var k = 1; k < j; k++) {
        let fk = ld(e + C_FRI + k - 1);
        let Uk = fk * ld(jar + k);
        let c = select(0.0, Dm * (fj * fk) * (cube * (Uj * Uk)), cone);
        st(out + j * dim + k, c);
        st(out + k * dim + j, c);
      }
      st(out + j * dim + j, select(select(0.0, scale * f2, bottom), Dm * f2 * (cube * (Uj * Uj) + around), cone));
    }
    for (var r = 0; r < dim; r++) {
      var sum = 0.0;
      for (var k = 0; k < dim; k++) { sum += ld(out + r * dim + k) * ld(aref + k); }
      st(push + r, sum);
    }
  }
}

/** cost of a one-sided quadratic at y, less that at x; dy = y - x (exact where their difference is small) */
fn gain(D: f32, x: f32, y: f32, dy: f32) -> f32 {
  let inx = x < 0.0;
  let iny = y < 0.0;
  let both = dy * (x + y);
  return 0.5 * D * select(select(0.0, y * y, iny) - select(0.0, x * x, inx), both, inx && iny);
}

/**
 * Cost of a contact along jar + alpha jp, less that at alpha 0: adds derivative, second derivative and difference to out
 * (PrimalEval).
 */
fn coneLine(e: i32, jp: i32, alpha: f32, out: vec3f) -> vec3f {
  let dim = dimAt(e + C_DIM);
  let jar = jarOf(e, dim);
  let D = ld(e + C_D);
  var d1 = out.x;
  var d2 = out.y;
  var cost = out.z;
  let n0 = ld(jar);
  let v0 = ld(jp);
  if (dim == 1) {
    let y = alpha * v0 + n0;
    if (y < 0.0) {
      d1 += D * y * v0;
      d2 += D * (v0 * v0);
    }
    cost += gain(D, n0, y, alpha * v0);
    return vec3f(d1, d2, cost);
  }
  if (f_opt_cone != CONE_ELLIPTIC) {
    for (var j = 1; j < dim; j++) {
      let fri = ld(e + C_FRI + j - 1);
      let t = fri * ld(jar + j);
      let w = fri * ld(jp + j);
      var x = n0 + t;
      var v = v0 + w;
      var dy = alpha * v;
      var y = x + dy;
      if (y < 0.0) {
        d1 += D * y * v;
        d2 += D * (v * v);
      }
      cost += gain(D, x, y, dy);
      x = n0 - t;
      v = v0 - w;
      dy = alpha * v;
      y = x + dy;
      if (y < 0.0) {
        d1 += D * y * v;
        d2 += D * (v * v);
      }
      cost += gain(D, x, y, dy);
    }
    return vec3f(d1, d2, cost);
  } else {
    let mu = ld(e + C_MU);
    let mu2 = mu * mu;
    let N0 = n0 * mu;
    let N1 = v0 * mu;
    let N = alpha * N1 + N0;
    var UU = 0.0;
    var UV = 0.0;
    var VV = 0.0;
    for (var j = 1; j < dim; j++) {
      let fri = ld(e + C_FRI + j - 1);
      let u = fri * ld(jar + j);
      let v = fri * ld(jp + j);
      UU += u * u;
      UV += u * v;
      VV += v * v;
    }
    let TT = alpha * (alpha * VV + 2.0 * UV) + UU;
    let T0 = sqrt(UU);
    let T = sqrt(select(0.0, TT, TT > 0.0));
    let scale = D / mu2;
    let Dm = scale / (1.0 + mu2);
    let level = T <= 0.0;
    let top = N >= mu * T || (level && N >= 0.0);
    let bottom = (mu * N + T <= 0.0 || (level && N < 0.0)) && !top;
    let cone = !(top || bottom);
    let level0 = T0 <= 0.0;
    let top0 = N0 >= mu * T0 || (level0 && N0 >= 0.0);
    let bottom0 = (mu * N0 + T0 <= 0.0 || (level0 && N0 < 0.0)) && !top0;
    let cone0 = !(top0 || bottom0);
    // bottom: all rows quadratic, D_j = D friction_j^2 / mu^2
    let q1 = scale * (N * N1 + (alpha * VV + UV));
    let q2 = scale * (N1 * N1 + VV);
    let q0 = 0.5 * (scale * (N0 * N0 + UU));
    let q = 0.5 * (scale * (N * N + TT));
    // middle: Dm / 2 (N - mu T)^2
    let inv = 1.0 / select(1.0, T, T > 0.0);
    let T1 = (alpha * VV + UV) * inv;
    let T2 = (VV - T1 * T1) * inv;
    let A = N - mu * T;
    let A1 = N1 - mu * T1;
    let B = N0 - mu * T0;
    let c1 = Dm * (A * A1);
    let c2 = Dm * (A1 * A1 - mu * A * T2);
    let c0 = 0.5 * (Dm * (B * B));
    let c = 0.5 * (Dm * (A * A));
    let sum = T + T0;
    let dT = alpha * (alpha * VV + 2.0 * UV) / select(1.0, sum, sum > 0.0);
    let dc = 0.5 * (Dm * ((alpha * N1 - mu * dT) * (A + B)));
    let dq = 0.5 * scale * (alpha * N1 * (N + N0) + alpha * (alpha * VV + 2.0 * UV));
    let mixed = select(select(0.0, q, bottom), c, cone) - select(select(0.0, q0, bottom0), c0, cone0);
    let same = select(select(0.0, dq, bottom && bottom0), dc, cone && cone0);
    let agree = (cone && cone0) || (bottom && bottom0) || (top && top0);
    d1 += select(select(0.0, q1, bottom), c1, cone);
    d2 += select(select(0.0, q2, bottom), c2, cone);
    cost += select(mixed, same, agree);
    return vec3f(d1, d2, cost);
  }
}
