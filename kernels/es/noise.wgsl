// import { philox4 } from '../math/philox'
// import { tab } from '../shared/buffers'

// The normal numbers of a perturbation, regenerated wherever they are needed and stored nowhere.
//
// Parameter block b of (pair, generation) is the Philox block of counter (b, pair, generation, 0), key = seed: 8 normals,
// number 2 k = table[low half of word k], number 2 k + 1 = table[high half]. Parameter j is number j & 7 of block j >> 3.
// The table holds 65,536 normal quantiles (bindings/math/normal-table.ts), so that every machine and language has the
// same bits. An invocation makes one parameter block at a time: a group of 8 parameters.

/** parameters of a group */
const GROUP: i32 = 8;

/** the words of a group, from whose halves its normal numbers come */
fn groupWords(group: u32, pair: u32, generation: u32, key: vec2u) -> vec4u {
  return philox4(vec4u(group, pair, generation, u32(STREAM_THETA)), key);
}

/** normal number n of a group, from its words */
fn normal(words: vec4u, n: i32, table: i32) -> f32 {
  let word = words[n >> 1u];
  return tab(table + i32(select(word & 0xffffu, word >> 16u, (n & 1) == 1)));
}

/** four normals of a block of eight, from its first two words or its last two */
fn normals4of8(words: vec2u, table: i32) -> vec4f {
  return vec4f(
    tab(table + i32(words.x & 0xffffu)), tab(table + i32(words.x >> 16u)),
    tab(table + i32(words.y & 0xffffu)), tab(table + i32(words.y >> 16u)),
  );
}
