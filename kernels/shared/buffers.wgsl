// import { lane, nlane } from '../math/v4'

// Buffers beside those of a world. T: tables that nothing here writes, among them the words of what is asked. E: work memory,
// number i of world w at word i * nlane + w where it is of a world. O: results. An address of 0 in T or O is nowhere.

fn tab(p: i32) -> f32 { return bitcast<f32>(T[p]); }
fn tabi(p: i32) -> i32 { return bitcast<i32>(T[p]); }

/** work memory of this invocation's world */
fn lde(p: i32) -> f32 { return bitcast<f32>(E[p * nlane + lane]); }
fn ste(p: i32, x: f32) { E[p * nlane + lane] = bitcast<u32>(x); }
fn ldei(p: i32) -> i32 { return bitcast<i32>(E[p * nlane + lane]); }
fn stei(p: i32, x: i32) { E[p * nlane + lane] = bitcast<u32>(x); }

/** work memory that belongs to no world */
fn plain(p: i32) -> f32 { return bitcast<f32>(E[p]); }
fn setPlain(p: i32, x: f32) { E[p] = bitcast<u32>(x); }

fn result(p: i32) -> f32 { return bitcast<f32>(O[p]); }
fn setResult(p: i32, x: f32) { O[p] = bitcast<u32>(x); }

/** word of what is asked of this dispatch: a record at call.a0 of T */
fn asked(word: i32) -> i32 { return tabi(i32(call.a0) + word); }
fn askedNumber(word: i32) -> f32 { return tab(i32(call.a0) + word); }
