/**
 * Dense linear algebra of the host: AssemblyScript, two doubles a v128. This file and its imports are compiled into
 * dense.wasm.ts by test/math/build-dense.ts.
 *
 * Matrices are row-major with leading dimension `ld`, even, so that every row begins on 16 bytes. Pointers are bytes.
 * The order of every sum is fixed by n alone: results are the same on every machine.
 */
import { at } from './vector'

export { tridiagonalize, backTransform } from './householder'
export { tridiagonalEigen } from './divide'

/**
 * C (m, n) = A (m, k) B (k, n). n counts up to an even number; C's padding column is written.
 */
export function matmul(m: i32, n: i32, k: i32, a: usize, lda: i32, b: usize, ldb: i32, c: usize, ldc: i32): void {
  const ra = (<usize>lda) << 3, rb = (<usize>ldb) << 3, rc = (<usize>ldc) << 3
  let i = 0
  for (; i + 4 <= m; i += 4) {
    const a0 = a + <usize>i * ra, c0 = c + <usize>i * rc
    let j = 0
    for (; j + 4 <= n; j += 4) {
      let pa = a0, pb = at(b, j)
      let s00 = f64x2.splat(0), s01 = f64x2.splat(0), s10 = f64x2.splat(0), s11 = f64x2.splat(0)
      let s20 = f64x2.splat(0), s21 = f64x2.splat(0), s30 = f64x2.splat(0), s31 = f64x2.splat(0)
      for (let l = 0; l < k; l++) {
        const b0 = v128.load(pb), b1 = v128.load(pb, 16)
        let t = v128.load64_splat(pa)
        s00 = f64x2.add(s00, f64x2.mul(t, b0))
        s01 = f64x2.add(s01, f64x2.mul(t, b1))
        t = v128.load64_splat(pa + ra)
        s10 = f64x2.add(s10, f64x2.mul(t, b0))
        s11 = f64x2.add(s11, f64x2.mul(t, b1))
        t = v128.load64_splat(pa + 2 * ra)
        s20 = f64x2.add(s20, f64x2.mul(t, b0))
        s21 = f64x2.add(s21, f64x2.mul(t, b1))
        t = v128.load64_splat(pa + 3 * ra)
        s30 = f64x2.add(s30, f64x2.mul(t, b0))
        s31 = f64x2.add(s31, f64x2.mul(t, b1))
        pa += 8
        pb += rb
      }
      const pc = at(c0, j)
      v128.store(pc, s00)
      v128.store(pc, s01, 16)
      v128.store(pc + rc, s10)
      v128.store(pc + rc, s11, 16)
      v128.store(pc + 2 * rc, s20)
      v128.store(pc + 2 * rc, s21, 16)
      v128.store(pc + 3 * rc, s30)
      v128.store(pc + 3 * rc, s31, 16)
    }
    for (; j < n; j += 2) {
      let pa = a0, pb = at(b, j)
      let s0 = f64x2.splat(0), s1 = f64x2.splat(0), s2 = f64x2.splat(0), s3 = f64x2.splat(0)
      for (let l = 0; l < k; l++) {
        const b0 = v128.load(pb)
        s0 = f64x2.add(s0, f64x2.mul(v128.load64_splat(pa), b0))
        s1 = f64x2.add(s1, f64x2.mul(v128.load64_splat(pa + ra), b0))
        s2 = f64x2.add(s2, f64x2.mul(v128.load64_splat(pa + 2 * ra), b0))
        s3 = f64x2.add(s3, f64x2.mul(v128.load64_splat(pa + 3 * ra), b0))
        pa += 8
        pb += rb
      }
      const pc = at(c0, j)
      v128.store(pc, s0)
      v128.store(pc + rc, s1)
      v128.store(pc + 2 * rc, s2)
      v128.store(pc + 3 * rc, s3)
    }
  }
  // rows left over, one at a time
  for (; i < m; i++) {
    const a0 = a + <usize>i * ra, c0 = c + <usize>i * rc
    for (let j = 0; j < n; j += 2) {
      let pa = a0, pb = at(b, j)
      let s = f64x2.splat(0)
      for (let l = 0; l < k; l++) {
        s = f64x2.add(s, f64x2.mul(v128.load64_splat(pa), v128.load(pb)))
        pa += 8
        pb += rb
      }
      v128.store(at(c0, j), s)
    }
  }
}

/**
 * Lower triangle of C (n, n) = decay C + A^T B, A and B (k, n). Blocks of 4 x 4 are completed, so part of the upper triangle is
 * written too; n counts up to a multiple of 4 and ld must cover it in A, B and C, rows of C included.
 */
export function rankUpdate(n: i32, k: i32, decay: f64, a: usize, b: usize, ld: i32, c: usize): void {
  const r = (<usize>ld) << 3
  const d = f64x2.splat(decay)
  for (let i = 0; i < n; i += 4) {
    for (let j = 0; j <= i; j += 4) {
      let pa = at(a, i), pb = at(b, j)
      let s00 = f64x2.splat(0), s01 = f64x2.splat(0), s10 = f64x2.splat(0), s11 = f64x2.splat(0)
      let s20 = f64x2.splat(0), s21 = f64x2.splat(0), s30 = f64x2.splat(0), s31 = f64x2.splat(0)
      for (let l = 0; l < k; l++) {
        const b0 = v128.load(pb), b1 = v128.load(pb, 16)
        let t = v128.load64_splat(pa)
        s00 = f64x2.add(s00, f64x2.mul(t, b0))
        s01 = f64x2.add(s01, f64x2.mul(t, b1))
        t = v128.load64_splat(pa, 8)
        s10 = f64x2.add(s10, f64x2.mul(t, b0))
        s11 = f64x2.add(s11, f64x2.mul(t, b1))
        t = v128.load64_splat(pa, 16)
        s20 = f64x2.add(s20, f64x2.mul(t, b0))
        s21 = f64x2.add(s21, f64x2.mul(t, b1))
        t = v128.load64_splat(pa, 24)
        s30 = f64x2.add(s30, f64x2.mul(t, b0))
        s31 = f64x2.add(s31, f64x2.mul(t, b1))
        pa += r
        pb += r
      }
      let pc = at(c + <usize>i * r, j)
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc)), s00))
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc, 16)), s01), 16)
      pc += r
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc)), s10))
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc, 16)), s11), 16)
      pc += r
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc)), s20))
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc, 16)), s21), 16)
      pc += r
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc)), s30))
      v128.store(pc, f64x2.add(f64x2.mul(d, v128.load(pc, 16)), s31), 16)
    }
  }
}
