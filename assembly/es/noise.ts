/**
 * The normal numbers of a perturbation, regenerated wherever they are needed and stored nowhere.
 *
 * Parameter block b of (pair, generation) is the Philox block of counter (b, pair, generation, 0), key = seed: 8 normals,
 * number 2 k = table[low half of word k], number 2 k + 1 = table[high half]. Parameter j is number j & 7 of block j >> 3.
 * The table holds 65,536 normal quantiles (bindings/math/normal-table.ts), so that every machine and language has the
 * same bits. Four parameter blocks are made at a time: a group of 32 parameters.
 */
import { philoxRounds } from '../math/philox'
import { V } from '../math/v4'

/** parameters of a group */
export const GROUP = 32
/** bytes of a group's words; a half of them is the index of a number in the table */
export const WORDS: usize = 64

/** the words of a group: word k of its block b at out + 16 k + 4 b */
// @ts-ignore: decorator
@inline export function groupWords(group: u32, pair: u32, generation: u32, k0: u32, k1: u32, out: usize): void {
  const block = i32x4.add(i32x4.splat(<i32>(group << 2)), i32x4(0, 1, 2, 3))
  philoxRounds(block, i32x4.splat(<i32>pair), i32x4.splat(<i32>generation), i32x4.splat(0), k0, k1, 10, out)
}

/** normal number n (0 .. 31) of the group whose words are at w */
// @ts-ignore: decorator
@inline export function normal(w: usize, n: usize, table: usize): f32 {
  return load<f32>(table + (<usize>load<u16>(w + V * ((n & 7) >> 1) + 4 * (n >> 3) + 2 * (n & 1)) << 2))
}

/** normals 0 .. count - 1 of a pair as they are (LOWRANK), as one world of four: number j at out + 16 j + 4 lane. tmp: 64 bytes */
export function normalsLane(
  count: i32, pair: u32, generation: u32, k0: u32, k1: u32, table: usize, out: usize, lane: i32, tmp: usize,
): void {
  out += <usize>lane << 2
  for (let first = 0, group: u32 = 0; first < count; first += GROUP, group++) {
    groupWords(group, pair, generation, k0, k1, tmp)
    const end = min(GROUP, count - first)
    for (let n = 0; n < end; n++) store<f32>(out + V * <usize>(first + n), normal(tmp, <usize>n, table))
  }
}
