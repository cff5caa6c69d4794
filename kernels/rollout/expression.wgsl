// import { philox4, uniform4 } from '../math/philox'
// import { asked, lde, ldei } from '../shared/buffers'
// import { slotsOf, W_WHO } from './episode'

// What the segments of a task call. The segments themselves are text made from the task's expression graph
// (bindings/task/kernel.ts), which stands in the place of ./task.wgsl.

/** Random words of a place in the program: counter (place | step << 12, env, generation, stream). */
fn words(place: u32, stream: u32) -> vec4u {
  let step = u32(lde(slotsOf())) << u32(PLACE_BITS);
  let key = vec2u(u32(asked(R_seedlo)), u32(asked(R_seedhi)));
  return philox4(vec4u(place | step, u32(ldei(W_WHO)), u32(ldei(W_WHO + 1)), stream), key);
}

/** four words as uniform numbers */
fn uniforms(word: vec4u) -> vec4f { return vec4f(uniform4(word.x), uniform4(word.y), uniform4(word.z), uniform4(word.w)); }
