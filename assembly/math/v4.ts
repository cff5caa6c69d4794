/**
 * Four-wide arithmetic: a v128 holds one quantity of four worlds. Short names keep the physics readable as formulas.
 * Plain SIMD only: no relaxed instruction, so every machine computes the same bits.
 */

/** bytes of one quantity of a block */
export const V: usize = 16

// @ts-ignore: decorator
@inline export function ld(p: usize): v128 { return v128.load(p) }
// @ts-ignore: decorator
@inline export function st(p: usize, x: v128): void { v128.store(p, x) }
// @ts-ignore: decorator
@inline export function splat(x: f32): v128 { return f32x4.splat(x) }
// @ts-ignore: decorator
@inline export function zero(): v128 { return f32x4.splat(0) }
// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b) }
// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b) }
// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b) }
// @ts-ignore: decorator
@inline export function div(a: v128, b: v128): v128 { return f32x4.div(a, b) }
// @ts-ignore: decorator
@inline export function neg(a: v128): v128 { return f32x4.neg(a) }
// @ts-ignore: decorator
@inline export function abs4(a: v128): v128 { return f32x4.abs(a) }
// @ts-ignore: decorator
@inline export function sqrt4(a: v128): v128 { return f32x4.sqrt(a) }
/** a * b + c, two roundings */
// @ts-ignore: decorator
@inline export function mad(a: v128, b: v128, c: v128): v128 { return f32x4.add(f32x4.mul(a, b), c) }
/** c - a * b, two roundings */
// @ts-ignore: decorator
@inline export function nmad(a: v128, b: v128, c: v128): v128 { return f32x4.sub(c, f32x4.mul(a, b)) }
/** b where a > b, else a; NaN in a stays (pmin takes the second operand only when it is smaller) */
// @ts-ignore: decorator
@inline export function min4(a: v128, b: v128): v128 { return f32x4.pmin(a, b) }
// @ts-ignore: decorator
@inline export function max4(a: v128, b: v128): v128 { return f32x4.pmax(a, b) }
// @ts-ignore: decorator
@inline export function clip(x: v128, lo: v128, hi: v128): v128 { return f32x4.pmax(f32x4.pmin(x, hi), lo) }
// @ts-ignore: decorator
@inline export function lt(a: v128, b: v128): v128 { return f32x4.lt(a, b) }
// @ts-ignore: decorator
@inline export function le(a: v128, b: v128): v128 { return f32x4.le(a, b) }
// @ts-ignore: decorator
@inline export function gt(a: v128, b: v128): v128 { return f32x4.gt(a, b) }
// @ts-ignore: decorator
@inline export function ge(a: v128, b: v128): v128 { return f32x4.ge(a, b) }
// @ts-ignore: decorator
@inline export function eq(a: v128, b: v128): v128 { return f32x4.eq(a, b) }
// @ts-ignore: decorator
@inline export function ne(a: v128, b: v128): v128 { return f32x4.ne(a, b) }
// @ts-ignore: decorator
@inline export function and(a: v128, b: v128): v128 { return v128.and(a, b) }
// @ts-ignore: decorator
@inline export function or(a: v128, b: v128): v128 { return v128.or(a, b) }
// @ts-ignore: decorator
@inline export function not(a: v128): v128 { return v128.not(a) }
/** a & ~b */
// @ts-ignore: decorator
@inline export function andnot(a: v128, b: v128): v128 { return v128.andnot(a, b) }
/** a where mask, else b */
// @ts-ignore: decorator
@inline export function sel(mask: v128, a: v128, b: v128): v128 { return v128.bitselect(a, b, mask) }
// @ts-ignore: decorator
@inline export function any(mask: v128): bool { return v128.any_true(mask) }
// @ts-ignore: decorator
@inline export function all(mask: v128): bool { return i32x4.all_true(mask) }
// @ts-ignore: decorator
@inline export function none(): v128 { return i32x4.splat(0) }
// @ts-ignore: decorator
@inline export function ones(): v128 { return i32x4.splat(-1) }
/** a0 b0 + a1 b1 + a2 b2 */
// @ts-ignore: decorator
@inline export function dot3(a0: v128, a1: v128, a2: v128, b0: v128, b1: v128, b2: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(a0, b0), f32x4.mul(a1, b1)), f32x4.mul(a2, b2))
}
/** a b - c d, one component of a cross product */
// @ts-ignore: decorator
@inline export function cross1(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.sub(f32x4.mul(a, b), f32x4.mul(c, d))
}
// @ts-ignore: decorator
@inline export function ceil4(a: v128): v128 { return f32x4.ceil(a) }
