/** Entry points of evolution strategies. call.count invocations from call.first on. */
// import { factors as factorsOf, product as productOf } from './lowrank'
// import { gradient as gradientOf } from './gradient'
// import { perturb as perturbOf } from './perturb'
// import { ranks as ranksOf } from './rank'
// import { asked, askedNumber } from '../shared/buffers'

/** groups of 8 parameters; call.a0 of T is the gradient record */
@compute @workgroup_size(64)
fn gradient(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < call.count) { gradientOf(i32(call.a0), i32(call.first + id.x)); }
}

/** pairs of a record of low rank */
@compute @workgroup_size(64)
fn factors(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < call.count) { factorsOf(i32(call.a0), i32(call.first + id.x)); }
}

/** parameters, from the factors */
@compute @workgroup_size(64)
fn product(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < call.count) { productOf(i32(call.a0), i32(call.first + id.x)); }
}

/** groups of 8 parameters; at call.a0 of T the arguments of perturb, in their order, up to `out` */
@compute @workgroup_size(64)
fn perturb(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= call.count) { return; }
  perturbOf(
    asked(0), asked(1), askedNumber(2), asked(3), askedNumber(4), u32(asked(5)), u32(asked(6)),
    vec2u(u32(asked(7)), u32(asked(8))), asked(9), asked(10), i32(call.first + id.x),
  );
}

/** members: their fitness at call.a0 of T, their number call.a1, their ranks at call.a2 of O */
@compute @workgroup_size(64)
fn ranks(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < call.count) { ranksOf(i32(call.a0), i32(call.a1), i32(call.a2), i32(call.first + id.x)); }
}
