import { exp4, log4, pow4 } from '../math/exp'
import { normals4, philox4, uniform4 } from '../math/philox'
import { tanh4 } from '../math/tanh'
import { atan2, sincos } from '../math/trig'
import { add, and, clip, div, ld, max4, min4, mul, ne, not, or, sel, splat, st, sub, V, zero } from '../math/v4'
import * as P from '../shared/program'

// @ts-ignore: decorator
@inline function truth(mask: v128): v128 { return and(mask, splat(1)) }
// @ts-ignore: decorator
@inline function holds(x: v128): v128 { return ne(x, zero()) }

/**
 * Run one segment of a task program on a block.
 *   in      code segment's instructions; d, p, s: bases of loads; slots; who: env and generation of each world (2, i32)
 *   in-out  regs (nreg), slots (nslot), d
 *   mask    worlds whose stores count
 *   tmp     12 quantities
 */
export function runSegment(r: usize, segment: i32, d: usize, p: usize, s: usize, regs: usize, slots: usize, who: usize, mask: v128, tmp: usize): void {
  const range = <usize>P.segments(r) + 8 * <usize>segment
  const code = <usize>P.code(r)
  const stride: usize = 4 * <usize>P.INSTRUCTION
  const end: usize = code + stride * <usize>load<i32>(range, 4)
  for (let i: usize = code + stride * <usize>load<i32>(range); i < end; i += stride) {
    const dst = regs + V * <usize>load<i32>(i, 4)
    const a = load<i32>(i, 8), b = load<i32>(i, 12)
    const ra = regs + V * <usize>a, rb = regs + V * <usize>b
    switch (load<i32>(i)) {
      case P.OP_LOAD_D: st(dst, ld(d + <usize>a)); break
      case P.OP_LOAD_P: st(dst, ld(p + <usize>a)); break
      case P.OP_LOAD_S: st(dst, ld(s + <usize>a)); break
      case P.OP_LOAD_T: st(dst, ld(slots + V * <usize>a)); break
      case P.OP_STORE_D: {
        const to = d + <usize>load<i32>(i, 4)
        st(to, sel(mask, ld(ra), ld(to)))
        break
      }
      case P.OP_STORE_T: {
        const to = slots + V * <usize>load<i32>(i, 4)
        st(to, sel(mask, ld(ra), ld(to)))
        break
      }
      case P.OP_UNIFORM4: {
        words(r, a, b, slots, who, dst)
        for (let k: usize = 0; k < 4; k++) st(dst + V * k, uniform4(ld(dst + V * k)))
        break
      }
      case P.OP_NORMAL4: {
        words(r, a, b, slots, who, dst)
        normals4(dst, tmp)
        break
      }
      case P.OP_MOV: st(dst, ld(ra)); break
      case P.OP_NEG: st(dst, f32x4.neg(ld(ra))); break
      case P.OP_ABS: st(dst, f32x4.abs(ld(ra))); break
      case P.OP_SQRT: st(dst, f32x4.sqrt(ld(ra))); break
      case P.OP_EXP: st(dst, exp4(ld(ra))); break
      case P.OP_LOG: st(dst, log4(ld(ra))); break
      case P.OP_TANH: st(dst, tanh4(ld(ra))); break
      case P.OP_SIN: sincos(ld(ra), tmp); st(dst, ld(tmp)); break
      case P.OP_COS: sincos(ld(ra), tmp); st(dst, ld(tmp + V)); break
      case P.OP_FLOOR: st(dst, f32x4.floor(ld(ra))); break
      case P.OP_NOT: st(dst, truth(not(holds(ld(ra))))); break
      case P.OP_ADD: st(dst, add(ld(ra), ld(rb))); break
      case P.OP_SUB: st(dst, sub(ld(ra), ld(rb))); break
      case P.OP_MUL: st(dst, mul(ld(ra), ld(rb))); break
      case P.OP_DIV: st(dst, div(ld(ra), ld(rb))); break
      case P.OP_MIN: st(dst, min4(ld(ra), ld(rb))); break
      case P.OP_MAX: st(dst, max4(ld(ra), ld(rb))); break
      case P.OP_POW: st(dst, pow4(ld(ra), ld(rb))); break
      case P.OP_ATAN2: st(dst, atan2(ld(ra), ld(rb))); break
      case P.OP_LT: st(dst, truth(f32x4.lt(ld(ra), ld(rb)))); break
      case P.OP_LE: st(dst, truth(f32x4.le(ld(ra), ld(rb)))); break
      case P.OP_EQ: st(dst, truth(f32x4.eq(ld(ra), ld(rb)))); break
      case P.OP_AND: st(dst, truth(and(holds(ld(ra)), holds(ld(rb))))); break
      case P.OP_OR: st(dst, truth(or(holds(ld(ra)), holds(ld(rb))))); break
      case P.OP_WHERE: st(dst, sel(holds(ld(ra)), ld(rb), ld(regs + V * <usize>load<i32>(i, 16)))); break
      case P.OP_MAD: st(dst, add(mul(ld(ra), ld(rb)), ld(regs + V * <usize>load<i32>(i, 16)))); break
      case P.OP_CLIP: st(dst, clip(ld(ra), ld(rb), ld(regs + V * <usize>load<i32>(i, 16)))); break
      default: unreachable()
    }
  }
}

/** Random words of a place in the program: counter (place | step << 12, env, generation, stream). */
export function words(r: usize, place: i32, stream: i32, slots: usize, who: usize, out: usize): void {
  const step = i32x4.shl(i32x4.trunc_sat_f32x4_s(ld(slots)), P.PLACE_BITS)
  philox4(or(i32x4.splat(place), step), ld(who), ld(who + V), i32x4.splat(stream), P.seedlo(r), P.seedhi(r), out)
}
