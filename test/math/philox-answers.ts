/** Known answers of Philox4x32 (algorithms-learning.md, 1.7): all but the fourth are Random123's own. */
export interface PhiloxAnswer {
  readonly counter: readonly [number, number, number, number]
  readonly key: readonly [number, number]
  readonly rounds: number
  readonly words: readonly number[]
}

const ALL = 0xffffffff

export const PHILOX_ANSWERS: readonly PhiloxAnswer[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], rounds: 10, words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [ALL, ALL, ALL, ALL],
    key: [ALL, ALL],
    rounds: 10,
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    rounds: 10,
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
  { counter: [0, 1, 2, 3], key: [42, 7], rounds: 10, words: [0x1d42a33c, 0x75bff8ee, 0xb2579068, 0x5b5372dc] },
  { counter: [0, 0, 0, 0], key: [0, 0], rounds: 7, words: [0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48] },
]
