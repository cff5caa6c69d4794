// import { GROUP, groupWords, normal } from './noise'
// import { plain, result, setPlain, setResult, tab, tabi } from '../shared/buffers'

// Weighted sums of perturbations of low rank: a matrix (m, n) of theta moves by A B' / sqrt(rank), A (m, rank) and
// B (n, rank) standard normal, a vector by its own normals. The numbers of a member count through theta piece by piece:
// of a matrix A row by row, then B row by row.
//   source  Sarkar et al. 2025, EGGROLL (arXiv 2511.16652)

fn piece(r: i32, i: i32) -> i32 { return tabi(r + G_pieces) + PIECE_WORDS * i; }
fn word(p: i32, i: i32) -> i32 { return tabi(p + i); }
/** columns of B' in memory: whole quantities of the CPU engine */
fn padded(columns: i32) -> i32 { return (columns + 3) & -4; }

/** words of the group under way */
var<private> words: vec4u;

/**
 * Factors of pairs: A (m, rank) and B' (rank, n padded to 4) of a matrix, z of a vector.
 *   r    gradient record: pairs, rank, pieces, generation, key, table
 *   out  factors (npair, width)
 */
fn factors(r: i32, i: i32) {
  let table = tabi(r + G_normals);
  let rank = tabi(r + G_rank);
  let pair = T[tabi(r + G_pairs) + i];
  let row = tabi(r + G_factors) + tabi(r + G_width) * i;
  var number = 0;
  for (var k = 0; k < tabi(r + G_npiece); k++) {
    let p = piece(r, k);
    let rows = word(p, PIECE_ROWS);
    let columns = word(p, PIECE_COLUMNS);
    var out = row + word(p, PIECE_PLACE);
    // A, or the vector
    for (var n = select(rows * rank, rows, columns == 0); n > 0; n--) {
      setPlain(out, next(r, pair, number, table));
      number++;
      out++;
    }
    // B, turned
    for (var j = 0; j < columns; j++) {
      for (var c = 0; c < rank; c++) {
        setPlain(out + c * padded(columns) + j, next(r, pair, number, table));
        number++;
      }
    }
  }
}

/** normal number n of a member; asked for in order from 0 */
fn next(r: i32, pair: u32, n: i32, table: i32) -> f32 {
  if ((n & (GROUP - 1)) == 0) {
    words = groupWords(u32(n / GROUP), pair, T[r + G_generation], vec2u(T[r + G_thetalo], T[r + G_thetahi]));
  }
  return normal(words, n & (GROUP - 1), table);
}

/**
 * g += sum_p w_p z_p, and h += sum_p v_p z_p^2 where it is wanted, z_p of the factors; pairs in their order, every product
 * and sum rounded by itself.
 *   r       gradient record: weights w, squares v (0: no h), pieces, factors
 *   in-out  g, h (nparam)
 */
fn product(r: i32, parameter: i32) {
  // the piece that the parameter stands in
  var k = 0;
  while (k + 1 < tabi(r + G_npiece) && word(piece(r, k + 1), PIECE_OFFSET) <= parameter) { k++; }
  let p = piece(r, k);
  let columns = word(p, PIECE_COLUMNS);
  let begin = tabi(r + G_factors) + word(p, PIECE_PLACE);
  let entry = parameter - word(p, PIECE_OFFSET);
  if (columns == 0) {
    vectorEntry(r, begin + entry, parameter);
  } else {
    let row = entry / columns;
    matrixEntry(r, columns, begin + row * tabi(r + G_rank), begin + word(p, PIECE_ROWS) * tabi(r + G_rank) + entry - row * columns, parameter);
  }
}

fn vectorEntry(r: i32, begin: i32, parameter: i32) {
  let stride = tabi(r + G_width);
  let npair = tabi(r + G_npair);
  let g = tabi(r + G_g) + parameter;
  var x = result(g);
  for (var i = 0; i < npair; i++) { x += tab(tabi(r + G_weights) + i) * plain(begin + stride * i); }
  setResult(g, x);
  if (tabi(r + G_squares) == 0) { return; }
  let h = tabi(r + G_h) + parameter;
  x = result(h);
  for (var i = 0; i < npair; i++) {
    let z = plain(begin + stride * i);
    x += tab(tabi(r + G_squares) + i) * (z * z);
  }
  setResult(h, x);
}

/** one entry of a matrix, whose row of A is at a and whose column of B' at b */
fn matrixEntry(r: i32, columns: i32, a: i32, b: i32, parameter: i32) {
  let rank = tabi(r + G_rank);
  let stride = tabi(r + G_width);
  let turned = padded(columns);
  let scale = tab(r + G_scale);
  let weights = tabi(r + G_weights);
  let squares = tabi(r + G_squares);
  let npair = tabi(r + G_npair);
  let g = tabi(r + G_g) + parameter;
  let h = tabi(r + G_h) + parameter;
  var x = result(g);
  var xx = 0.0;
  if (squares != 0) { xx = result(h); }
  for (var p = 0; p < npair; p++) {
    let ai = a + stride * p;
    let bi = b + stride * p;
    var z = plain(ai) * plain(bi);
    for (var c = 1; c < rank; c++) { z += plain(ai + c) * plain(bi + turned * c); }
    z *= scale;
    x += tab(weights + p) * z;
    if (squares != 0) { xx += tab(squares + p) * (z * z); }
  }
  setResult(g, x);
  if (squares != 0) { setResult(h, xx); }
}
