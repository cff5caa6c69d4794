// import { dense } from './network'

// The policy: text of bindings/task/kernel.ts takes the place of this file, with the sizes of the layers as numbers, so that
// the bounds of all loops are known when it is compiled. This one has one layer.

/**
 * Actions of a world.
 *   in      x (nobs), theta (nparam), wide: parameters that differ by world
 *   in-out  memory (nmemory): states of recurrent layers
 *   buffer  networkBuffer quantities
 *   returns address of the action (nact)
 */
fn network(x: i32, wide: i32, memory: i32, buffer: i32) -> i32 {
  dense(r_theta, wide, r_nobs, r_nact, ACTIVATION_TANH, true, x, buffer, buffer + 2 * r_widest);
  return buffer;
}
