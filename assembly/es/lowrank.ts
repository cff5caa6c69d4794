/**
 * Weighted sums of perturbations of low rank: a matrix (m, n) of theta moves by A B' / sqrt(rank), A (m, rank) and
 * B (n, rank) standard normal, a vector by its own normals. The numbers of a member count through theta piece by piece:
 * of a matrix A row by row, then B row by row.
 *   source  Sarkar et al. 2025, EGGROLL (arXiv 2511.16652)
 */
import { add, ld, mul, splat, st, V } from '../math/v4'
import * as G from '../shared/gradient'
import { GROUP, groupWords, normal } from './noise'

// @ts-ignore: decorator
@inline function piece(r: usize, i: i32): usize { return <usize>G.pieces(r) + 4 * <usize>(G.PIECE_WORDS * i) }
// @ts-ignore: decorator
@inline function word(p: usize, i: i32): i32 { return load<i32>(p + 4 * <usize>i) }
/** columns of B' in memory: whole quantities of the CPU engine */
// @ts-ignore: decorator
@inline function padded(columns: i32): i32 { return (columns + 3) & ~3 }

/**
 * Factors of pairs: A (m, rank) and B' (rank, n padded to 4) of a matrix, z of a vector.
 *   r    gradient record: pairs, rank, pieces, generation, key, table
 *   out  factors (npair, width)
 */
export function factors(r: usize, s: usize, begin: i32, end: i32): void {
  // s: WORDS bytes
  const table = <usize>G.normals(r), rank = G.rank(r)
  for (let i = begin; i < end; i++) {
    const pair = load<u32>(<usize>G.pairs(r) + 4 * <usize>i)
    const row = <usize>G.factors(r) + 4 * <usize>G.width(r) * <usize>i
    let number = 0
    for (let k = 0; k < G.npiece(r); k++) {
      const p = piece(r, k), rows = word(p, G.PIECE_ROWS), columns = word(p, G.PIECE_COLUMNS)
      let out = row + 4 * <usize>word(p, G.PIECE_PLACE)
      // A, or the vector
      for (let n = columns == 0 ? rows : rows * rank; n > 0; n--, out += 4) store<f32>(out, next(r, pair, number++, s, table))
      // B, turned
      for (let j = 0; j < columns; j++) {
        for (let c = 0; c < rank; c++) store<f32>(out + 4 * <usize>(c * padded(columns) + j), next(r, pair, number++, s, table))
      }
    }
  }
}

/** normal number n of a member; asked for in order from 0 */
// @ts-ignore: decorator
@inline function next(r: usize, pair: u32, n: i32, s: usize, table: usize): f32 {
  if ((n & (GROUP - 1)) == 0) groupWords(n / GROUP, pair, G.generation(r), G.thetalo(r), G.thetahi(r), s)
  return normal(s, <usize>(n & (GROUP - 1)), table)
}

/**
 * g += sum_p w_p z_p, and h += sum_p v_p z_p^2 where it is wanted, z_p of the factors; pairs in their order, every product
 * and sum rounded by itself.
 *   r       gradient record: weights w, squares v (0: no h), pieces, factors
 *   in-out  g, h (nparam)
 */
export function product(r: usize, begin: i32, end: i32): void {
  // units: a few rows of a matrix, a few entries of a vector
  const squared = G.squares(r) != 0
  for (let u = begin; u < end; u++) {
    const unit = <usize>G.units(r) + 8 * <usize>u
    const p = piece(r, load<i32>(unit)), first = load<i32>(unit, 4), rows = word(p, G.PIECE_ROWS), columns = word(p, G.PIECE_COLUMNS)
    const from = <usize>G.factors(r) + 4 * <usize>word(p, G.PIECE_PLACE), at: usize = word(p, G.PIECE_OFFSET) << 2
    const g = <usize>G.g(r) + at, h = <usize>G.h(r) + at
    if (columns == 0) {
      const last = min(first + G.UNIT_ENTRIES, rows)
      for (let j: usize = first << 2; j < <usize>last << 2; j += 4) vectorEntry(r, from + j, g + j, h + j, squared)
      continue
    }
    const last = min(first + G.UNIT_ROWS, rows)
    let a = from + 4 * <usize>(first * G.rank(r))
    const b = from + 4 * <usize>(rows * G.rank(r))
    if (last - first == 4 && !squared) {
      fourRows(r, columns, a, b, g + 4 * <usize>(first * columns))
      continue
    }
    for (let i = first; i < last; i++, a += 4 * <usize>G.rank(r)) {
      const row: usize = (i * columns) << 2
      oneRow(r, columns, a, b, g + row, h + row, squared)
    }
  }
}

function vectorEntry(r: usize, from: usize, g: usize, h: usize, squared: bool): void {
  const stride: usize = G.width(r) << 2, end: usize = G.npair(r) << 2
  let x = load<f32>(g)
  for (let i: usize = 0, z = from; i < end; i += 4, z += stride) x += load<f32>(<usize>G.weights(r) + i) * load<f32>(z)
  store<f32>(g, x)
  if (!squared) return
  x = load<f32>(h)
  for (let i: usize = 0, z = from; i < end; i += 4, z += stride) x += load<f32>(<usize>G.squares(r) + i) * (load<f32>(z) * load<f32>(z))
  store<f32>(h, x)
}

/** count (1 .. 4) entries of x to p; what follows them is someone else's */
// @ts-ignore: decorator
@inline function storeFirst(p: usize, x: v128, count: i32): void {
  if (count >= 4) {
    st(p, x)
    return
  }
  store<f32>(p, f32x4.extract_lane(x, 0))
  if (count > 1) store<f32>(p, f32x4.extract_lane(x, 1), 4)
  if (count > 2) store<f32>(p, f32x4.extract_lane(x, 2), 8)
}

/** four rows of a matrix from row a of A on */
function fourRows(r: usize, columns: i32, a: usize, b: usize, g: usize): void {
  const rank: usize = G.rank(r), stride: usize = G.width(r) << 2, row: usize = columns << 2, turned: usize = padded(columns) << 2
  const weights = <usize>G.weights(r), end = weights + 4 * <usize>G.npair(r)
  const scale = splat(reinterpret<f32>(G.scale(r)))
  for (let j = 0; j < columns; j += 4, b += V, g += V) {
    let x0 = ld(g), x1 = ld(g + row), x2 = ld(g + 2 * row), x3 = ld(g + 3 * row)
    for (let p = weights, ai = a, bi = b; p < end; p += 4, ai += stride, bi += stride) {
      const w = v128.load32_splat(p)
      let y = ld(bi)
      let z0 = mul(v128.load32_splat(ai), y), z1 = mul(v128.load32_splat(ai + 4 * rank), y)
      let z2 = mul(v128.load32_splat(ai + 8 * rank), y), z3 = mul(v128.load32_splat(ai + 12 * rank), y)
      for (let c: usize = 1; c < rank; c++) {
        const at = ai + 4 * c
        y = ld(bi + turned * c)
        z0 = add(z0, mul(v128.load32_splat(at), y))
        z1 = add(z1, mul(v128.load32_splat(at + 4 * rank), y))
        z2 = add(z2, mul(v128.load32_splat(at + 8 * rank), y))
        z3 = add(z3, mul(v128.load32_splat(at + 12 * rank), y))
      }
      x0 = add(x0, mul(w, mul(z0, scale)))
      x1 = add(x1, mul(w, mul(z1, scale)))
      x2 = add(x2, mul(w, mul(z2, scale)))
      x3 = add(x3, mul(w, mul(z3, scale)))
    }
    const count = columns - j
    storeFirst(g, x0, count)
    storeFirst(g + row, x1, count)
    storeFirst(g + 2 * row, x2, count)
    storeFirst(g + 3 * row, x3, count)
  }
}

function oneRow(r: usize, columns: i32, a: usize, b: usize, g: usize, h: usize, squared: bool): void {
  const rank: usize = G.rank(r), stride: usize = G.width(r) << 2, turned: usize = padded(columns) << 2
  const weights = <usize>G.weights(r), squares = <usize>G.squares(r), end: usize = G.npair(r) << 2
  const scale = splat(reinterpret<f32>(G.scale(r)))
  for (let j = 0; j < columns; j += 4, b += V, g += V, h += V) {
    let x = ld(g), xx = squared ? ld(h) : x
    for (let p: usize = 0, ai = a, bi = b; p < end; p += 4, ai += stride, bi += stride) {
      let z = mul(v128.load32_splat(ai), ld(bi))
      for (let c: usize = 1; c < rank; c++) z = add(z, mul(v128.load32_splat(ai + 4 * c), ld(bi + turned * c)))
      z = mul(z, scale)
      x = add(x, mul(v128.load32_splat(weights + p), z))
      if (squared) xx = add(xx, mul(v128.load32_splat(squares + p), mul(z, z)))
    }
    storeFirst(g, x, columns - j)
    if (squared) storeFirst(h, xx, columns - j)
  }
}
