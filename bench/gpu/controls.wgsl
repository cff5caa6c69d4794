// import { philox4, uniform4 } from '../math/philox'

/**
 * New controls for every world, uniform about the middle that the scene says.
 *   call  count: worlds, nlane: worlds of W, a0: number of the step, seedlo
 *   out   ctrl
 */
@compute @workgroup_size(64)
fn randomControls(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var world = id.x; world < call.count; world += 64u * groups.x) {
    for (var first = 0; first < f_nu; first += 4) {
      let words = philox4(vec4u(u32(first), world, call.a0, 0u), vec2u(call.seedlo, 0u));
      for (var k = 0; k < min(4, f_nu - first); k++) {
        let i = first + k;
        let x = CENTRE[i] + SPREAD[i] * (uniform4(words[k]) - 0.5);
        W[u32(f_ctrl + i) * call.nlane + world] = bitcast<u32>(x);
      }
    }
  }
}
