// Memory of one world. An address counts quantities: number i of world w stands at word i * nlane + w, so that
// neighbours read neighbours. Words are u32, because a float that carries an integer's bits may lose them.

/** where this invocation's world stands, and how many stand side by side */
var<private> lane: i32;
var<private> nlane: i32;
/** the same for its physical parameters: 0 and 1 while all worlds share them */
var<private> plane: i32;
var<private> npar: i32;

fn ld(p: i32) -> f32 { return bitcast<f32>(W[p * nlane + lane]); }
fn st(p: i32, x: f32) { W[p * nlane + lane] = bitcast<u32>(x); }
/** integer of a world */
fn ldi(p: i32) -> i32 { return bitcast<i32>(W[p * nlane + lane]); }
fn sti(p: i32, x: i32) { W[p * nlane + lane] = bitcast<u32>(x); }
/** bits of a world: masks are all ones or 0 */
fn ldu(p: i32) -> u32 { return W[p * nlane + lane]; }
fn stu(p: i32, x: u32) { W[p * nlane + lane] = x; }
fn ldmask(p: i32) -> bool { return W[p * nlane + lane] != 0u; }
fn stmask(p: i32, x: bool) { W[p * nlane + lane] = select(0u, 0xffffffffu, x); }
/** physical parameter or constant of a world */
fn par(p: i32) -> f32 { return bitcast<f32>(P[p * npar + plane]); }
fn setpar(p: i32, x: f32) { P[p * npar + plane] = bitcast<u32>(x); }
/** mask among the constants */
fn parmask(p: i32) -> bool { return P[p * npar + plane] != 0u; }
fn setparmask(p: i32, x: bool) { P[p * npar + plane] = select(0u, 0xffffffffu, x); }
/** integer and number of the model's tables, the same for all worlds */
fn i32at(p: i32, i: i32) -> i32 { return bitcast<i32>(M[p + i]); }
fn f32at(p: i32, i: i32) -> f32 { return bitcast<f32>(M[p + i]); }

// vectors at consecutive addresses; a matrix is row-major in memory, and M * x is M x
fn ld3(p: i32) -> vec3f { return vec3f(ld(p), ld(p + 1), ld(p + 2)); }
fn st3(p: i32, x: vec3f) { st(p, x.x); st(p + 1, x.y); st(p + 2, x.z); }
/** quaternion w, x, y, z */
fn ld4(p: i32) -> vec4f { return vec4f(ld(p), ld(p + 1), ld(p + 2), ld(p + 3)); }
fn st4(p: i32, x: vec4f) { st(p, x.x); st(p + 1, x.y); st(p + 2, x.z); st(p + 3, x.w); }
fn ldmat3(p: i32) -> mat3x3f {
  return mat3x3f(ld(p), ld(p + 3), ld(p + 6), ld(p + 1), ld(p + 4), ld(p + 7), ld(p + 2), ld(p + 5), ld(p + 8));
}
fn stmat3(p: i32, a: mat3x3f) {
  st(p, a[0].x); st(p + 1, a[1].x); st(p + 2, a[2].x);
  st(p + 3, a[0].y); st(p + 4, a[1].y); st(p + 5, a[2].y);
  st(p + 6, a[0].z); st(p + 7, a[1].z); st(p + 8, a[2].z);
}
fn par3(p: i32) -> vec3f { return vec3f(par(p), par(p + 1), par(p + 2)); }
fn par4(p: i32) -> vec4f { return vec4f(par(p), par(p + 1), par(p + 2), par(p + 3)); }
fn parmat3(p: i32) -> mat3x3f {
  return mat3x3f(par(p), par(p + 3), par(p + 6), par(p + 1), par(p + 4), par(p + 7), par(p + 2), par(p + 5), par(p + 8));
}

/** NaN or infinite, by its bits: compilers may assume that neither occurs */
fn notfinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }
/** a b - c d, one component of a cross product */
fn cross1(a: f32, b: f32, c: f32, d: f32) -> f32 { return a * b - c * d; }
