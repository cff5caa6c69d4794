// What an adapter can do at best: multiply-adds without memory, and memory without arithmetic. Pipelines lay themselves out.

override ROUNDS: u32 = 64u;

@group(0) @binding(0) var<storage, read_write> sink: array<f32>;

/** 16 independent chains of multiply-adds an invocation, 64 of them a round: 128 operations */
@compute @workgroup_size(64)
fn multiplyAdd(@builtin(global_invocation_id) id: vec3u) {
  let a = vec4f(0.999);
  let b = vec4f(0.001);
  var x = vec4f(f32(id.x & 15u)) + vec4f(0.0, 1.0, 2.0, 3.0);
  var y = x + 4.0;
  var z = x + 8.0;
  var w = x + 12.0;
  for (var k = 0u; k < ROUNDS; k++) {
    x = fma(x, a, b); y = fma(y, a, b); z = fma(z, a, b); w = fma(w, a, b);
    x = fma(x, a, b); y = fma(y, a, b); z = fma(z, a, b); w = fma(w, a, b);
    x = fma(x, a, b); y = fma(y, a, b); z = fma(z, a, b); w = fma(w, a, b);
    x = fma(x, a, b); y = fma(y, a, b); z = fma(z, a, b); w = fma(w, a, b);
  }
  let sum = x + y + z + w;
  // nobody can tell that this is never so
  if (sum.x + sum.y + sum.z + sum.w == 12345.0) { sink[0] = sum.x; }
}

@group(0) @binding(1) var<storage, read> source: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> copy: array<vec4u>;

/** every word once from one buffer to another */
@compute @workgroup_size(64)
fn copyWords(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = arrayLength(&source);
  for (var i = id.x; i < n; i += 64u * groups.x) { copy[i] = source[i]; }
}
