// import { i32at, ld, ldi, ldmask, ldu, st, sti, stu } from '../math/v4'
// import { coneHessian } from './cone'
// import { C_COL, C_CROSS, C_DIM, C_J, C_NNZ, C_ZONE, dimAt, sizeOf } from './contact'
// import { copyM, IN_W, pattern } from './inertia'
// import { coupled, ctcEnd, nefc } from './row'
// import { at2, CONE_ELLIPTIC, EFC_AREF, EFC_D, EFC_JAR, EFC_LOSS, EFC_QUAD, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE } from './types'
// import { isFriction } from './types'

/**
 * Pattern of the Hessian's factor where contacts couple branches of a tree or two trees: row k holds the columns below k
 * that elimination from the last dof down fills (Davis 2006, Direct Methods for Sparse Linear Systems, 4.1). Worlds that
 * share their contact records share it; without such contacts the model's own pattern holds.
 */
fn hessianPattern() {
  if (!coupled()) { return; }
  let nv = f_nv;
  let bits = f_Hs_bits;
  let words = (f_nv + 31) >> 5u;
  for (var w = 0; w < words * nv; w++) { sti(bits + w, i32at(f_H_bits, w)); }
  let last = ctcEnd();
  for (var e = f_ctc; e < last; e += sizeOf(e)) {
    if (ldi(e + C_CROSS) == 0) { continue; }
    // columns descend: the first one's row takes the others, elimination passes them on
    let c = f_efc_colind + ldi(e + C_COL);
    let n = ldi(e + C_NNZ);
    let row = bits + words * ldi(c);
    for (var k = 1; k < n; k++) {
      let i = ldi(c + k);
      let w = row + (i >> 5u);
      stu(w, ldu(w) | (1u << u32(i & 31)));
    }
  }
  var n = 0;
  for (var k = nv - 1; k >= 0; k--) {
    let row = bits + words * k;
    let begin = n;
    for (var w = words - 1; w >= 0; w--) {
      var x = ldu(row + w);
      while (x != 0u) {
        let b = 31u - countLeadingZeros(x);
        x ^= 1u << b;
        sti(f_Hs_colind + n, 32 * w + i32(b));
        n++;
      }
    }
    sti(f_Hs_rownnz + k, n - begin);
    sti(f_Hs_rowadr + k, begin);
    if (n > begin) {
      // fill: the rest of this row, in the row of its highest column
      let top = ldi(f_Hs_colind + begin);
      let to = bits + words * top;
      for (var w = 0; w < words; w++) { stu(to + w, ldu(to + w) | ldu(row + w)); }
      let w = to + (top >> 5u);
      stu(w, ldu(w) & ~(1u << u32(top & 31)));
    }
  }
}

// the pattern in force
fn patternNnz() -> i32 {
  if (f_nvH > 0) {
    if (coupled()) { return IN_W + f_Hs_rownnz; }
  }
  return f_H_rownnz;
}
fn patternAdr() -> i32 {
  if (f_nvH > 0) {
    if (coupled()) { return IN_W + f_Hs_rowadr; }
  }
  return f_H_rowadr;
}
fn patternCol() -> i32 {
  if (f_nvH > 0) {
    if (coupled()) { return IN_W + f_Hs_colind; }
  }
  return f_H_colind;
}

/** H = M on the pattern in force: what it has beyond M's becomes 0 */
fn copyInertia(H: i32) {
  let nv = f_nv;
  if (coupled() || f_nHnz > f_nMnz) {
    let nnz = patternNnz();
    let adr = patternAdr();
    let col = patternCol();
    for (var i = 0; i < nv; i++) {
      let row = H + nv * i;
      var a = pattern(adr, i);
      let end = a + pattern(nnz, i);
      for (; a < end; a++) { st(row + pattern(col, a), 0.0); }
    }
  }
  copyM(f_qM, H);
}

/** scalar rows: H += J' D J, b += J' (D aref, or the friction force) */
fn addRows(H: i32, b: i32) {
  let nv = f_nv;
  let rcol = f_efc_colind;
  let J = f_efc_J;
  let end = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < end; e += EFC_STRIDE) {
    let quad = ldmask(e + EFC_QUAD);
    let D = select(0.0, ld(e + EFC_D), quad);
    var push = D * ld(e + EFC_AREF);
    if (isFriction(ldi(e + EFC_TYPE))) {
      let loss = ld(e + EFC_LOSS);
      push = select(select(loss, -loss, ld(e + EFC_JAR) > 0.0), push, quad);
    } else if (!quad) { continue; }
    let begin = ldi(e + EFC_ROWADR);
    let stop = begin + ldi(e + EFC_ROWNNZ);
    if (stop == begin + 1) {
      // one joint: a diagonal entry
      let i = ldi(rcol + begin);
      let Ji = ld(J + begin);
      st(b + i, Ji * push + ld(b + i));
      let o = at2(H, nv, i, i);
      st(o, D * Ji * Ji + ld(o));
      continue;
    }
    for (var a = begin; a < stop; a++) {
      let i = ldi(rcol + a);
      let Ja = ld(J + a);
      st(b + i, Ja * push + ld(b + i));
      let DJ = D * Ja;
      for (var k = begin; k < stop; k++) {
        let j = ldi(rcol + k);
        if (j > i) { continue; }
        let o = at2(H, nv, i, j);
        st(o, DJ * ld(J + k) + ld(o));
      }
    }
  }
}

/** H += J' W of three rows over the columns col, lower triangle */
fn rank3(H: i32, stride: i32, J: i32, Wc: i32, step: i32, col: i32) {
  // two rows of H at a time: W is read once for both
  var a = 0;
  for (; a + 1 < step; a += 2) {
    let x = ld(J + a);
    let y = ld(J + step + a);
    let z = ld(J + 2 * step + a);
    let x2 = ld(J + a + 1);
    let y2 = ld(J + step + a + 1);
    let z2 = ld(J + 2 * step + a + 1);
    let i = ldi(col + a);
    let row = H + stride * i;
    let row2 = H + stride * ldi(col + a + 1);
    let o = row + i;
    st(o, z * ld(Wc + 2 * step + a) + (y * ld(Wc + step + a) + (x * ld(Wc + a) + ld(o))));
    for (var k = a + 1; k < step; k++) {
      let j = ldi(col + k);
      let w0 = ld(Wc + k);
      let w1 = ld(Wc + step + k);
      let w2 = ld(Wc + 2 * step + k);
      st(row + j, z * w2 + (y * w1 + (x * w0 + ld(row + j))));
      st(row2 + j, z2 * w2 + (y2 * w1 + (x2 * w0 + ld(row2 + j))));
    }
  }
  if (a < step) {
    let i = ldi(col + a);
    let o = H + stride * i + i;
    st(o, ld(J + 2 * step + a) * ld(Wc + 2 * step + a) + (ld(J + step + a) * ld(Wc + step + a) + (ld(J + a) * ld(Wc + a) + ld(o))));
  }
}

/** H += J' W of one row */
fn rank1(H: i32, stride: i32, J: i32, Wc: i32, step: i32, col: i32) {
  for (var a = 0; a < step; a++) {
    let x = ld(J + a);
    let row = H + stride * ldi(col + a);
    for (var k = a; k < step; k++) {
      let o = row + ldi(col + k);
      st(o, x * ld(Wc + k) + ld(o));
    }
  }
}

/** W = C J and b += J' push for a contact of dim rows; a pyramid's C has its first row, first column and diagonal only */
fn weigh(dim: i32, arrow: bool, C: i32, J: i32, Wc: i32, step: i32, col: i32, b: i32) {
  let push = C + dim * dim;
  for (var k = 0; k < step; k++) {
    let o = b + ldi(col + k);
    let n = ld(J + k);
    var sum = ld(push) * n + ld(o);
    var first = ld(C) * n;
    if (arrow) {
      for (var r = 1; r < dim; r++) {
        let x = ld(J + step * r + k);
        let c0 = ld(C + r);
        first += c0 * x;
        sum += ld(push + r) * x;
        st(Wc + step * r + k, ld(C + r * dim + r) * x + c0 * n);
      }
      st(Wc + k, first);
    } else {
      for (var r = 1; r < dim; r++) { sum += ld(push + r) * ld(J + step * r + k); }
      for (var r = 0; r < dim; r++) {
        var w = ld(C + r * dim) * n;
        for (var q = 1; q < dim; q++) { w += ld(C + r * dim + q) * ld(J + step * q + k); }
        st(Wc + step * r + k, w);
      }
    }
    st(o, sum);
  }
}

/** the same for the three rows of a common contact */
fn weigh3(C: i32, J: i32, Wc: i32, step: i32, col: i32, b: i32) {
  let c00 = ld(C);
  let c01 = ld(C + 1);
  let c02 = ld(C + 2);
  let c11 = ld(C + 4);
  let c22 = ld(C + 8);
  let p0 = ld(C + 9);
  let p1 = ld(C + 10);
  let p2 = ld(C + 11);
  for (var k = 0; k < step; k++) {
    let o = b + ldi(col + k);
    let x = ld(J + k);
    let y = ld(J + step + k);
    let z = ld(J + 2 * step + k);
    st(Wc + k, c02 * z + (c01 * y + c00 * x));
    st(Wc + step + k, c11 * y + c01 * x);
    st(Wc + 2 * step + k, c22 * z + c02 * x);
    st(o, p2 * z + (p1 * y + (p0 * x + ld(o))));
  }
}

/** contacts: H += J' C J, b += J' C aref */
fn addContacts(H: i32, b: i32) {
  let stride = f_nv;
  let C = f_cone;
  let Wc = f_ctc_W;
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      if (ldu(e + C_ZONE) == 0u) { continue; }
      let dim = dimAt(e + C_DIM);
      let J = f_efc_J + ldi(e + C_J);
      let col = f_efc_colind + ldi(e + C_COL);
      let step = ldi(e + C_NNZ);
      coneHessian(e, C);
      if (f_CONDIM_3 > 0 && f_opt_cone != CONE_ELLIPTIC) {
        if (dim == 3) { weigh3(C, J, Wc, step, col, b); }
      }
      if (f_CONDIM_1 + f_CONDIM_4 + f_CONDIM_6 > 0 || f_opt_cone == CONE_ELLIPTIC) {
        if (dim != 3 || f_opt_cone == CONE_ELLIPTIC) { weigh(dim, f_opt_cone != CONE_ELLIPTIC, C, J, Wc, step, col, b); }
      }
      // rows by three, then what is left: the first of 1, the last of 4
      var r = 0;
      for (; r + 3 <= dim; r += 3) { rank3(H, stride, J + r * step, Wc + r * step, step, col); }
      if (f_CONDIM_1 + f_CONDIM_4 > 0) {
        if (r < dim) { rank1(H, stride, J + r * step, Wc + r * step, step, col); }
      }
    }
  }
}

/**
 * Hessian of the cost at the present zones, and the right-hand side of H x = b whose solution is the minimum of the
 * quadratic model: H = M + J' C J, b = qfrc_smooth + J' C aref.
 *   out   H (nv, nv) lower triangle on the pattern in force; b (nv)
 */
fn makeHessian(H: i32, b: i32) {
  copyInertia(H);
  for (var i = 0; i < f_nv; i++) { st(b + i, ld(f_qfrc_smooth + i)); }
  addRows(H, b);
  addContacts(H, b);
}
