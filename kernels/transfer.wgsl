// Moves values between the order in which the host has them, world by world, and that of the buffers, [quantity][world].

/**
 * Values of some worlds into W or P.
 *   call  a0: first address, a1: values of a world, a2: every world has its own (else all get the first row),
 *         a3: T begins with the numbers of the worlds (else they are all), a4: 1 for P, count: number of worlds
 *   in    T: numbers of the worlds (count), then values (count, a1) or (a1)
 */
@compute @workgroup_size(64) fn scatter(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let total = call.count * call.a1;
  for (var i = id.x; i < total; i += 64u * groups.x) {
    let e = i / call.count;
    let row = i % call.count;
    let world = select(row, T[row], call.a3 != 0u);
    let begin = select(0u, call.count, call.a3 != 0u);
    let value = T[begin + e + select(0u, row * call.a1, call.a2 != 0u)];
    if (call.a4 != 0u) { P[(call.a0 + e) * call.npar + world] = value; }
    else { W[(call.a0 + e) * call.nlane + world] = value; }
  }
}

/**
 * State of some worlds becomes 0.
 *   call  a1: quantities of the state, count: number of worlds
 *   in    T: numbers of the worlds (count)
 */
@compute @workgroup_size(64) fn clearWorlds(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let total = call.count * call.a1;
  for (var i = id.x; i < total; i += 64u * groups.x) {
    W[(i / call.count) * call.nlane + T[i % call.count]] = 0u;
  }
}

/**
 * Everything of one world in a row.
 *   call  first: the world, a1: number of quantities
 *   out   O (a1)
 */
@compute @workgroup_size(64) fn gatherWorld(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < call.a1; i += 64u * groups.x) { O[i] = W[i * call.nlane + call.first]; }
}

/**
 * Parameters that all worlds shared become those of each.
 *   call  a1: quantities, npar: number of worlds
 *   in    T (a1);  out P (a1, npar)
 */
@compute @workgroup_size(64) fn spread(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let total = call.a1 * call.npar;
  for (var i = id.x; i < total; i += 64u * groups.x) { P[i] = T[i / call.npar]; }
}
