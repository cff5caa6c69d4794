import { mulMatTVec3 } from '../math/spatial'
import { add, and, cross1, ld, neg, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { contactForce, contactRows, ncon } from '../sim/contact-force'
import { at, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, i32at } from '../sim/types'

/**
 * What the contacts of the last timestep do to each body, about the centre of mass of its tree as it was then.
 *   in      con, ctc and grp_com as the last timestep leaves them
 *   out     cfrc_ext (nbody, 6): torque, force; the world body's is 0
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint, without applied forces and equalities
 */
export function contactForces(m: usize, s: usize, mask: v128, tmp: usize): void {
  // in the worlds of `mask`
  const out = f.cfrc_ext(m, s), nbody = f.nbody(m)
  for (let i = 0; i < 6 * nbody; i++) st(at(out, i), sel(mask, splat(0), ld(at(out, i))))
  contactRows(m, s)
  const n = ncon(m, s)
  const force = tmp + 6 * V, torque = tmp + 9 * V
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k
    contactForce(m, s, k, tmp)
    mulMatTVec3(force, C + CON_FRAME, tmp)
    mulMatTVec3(torque, C + CON_FRAME, tmp + 3 * V)
    const has = and(mask, ld(C + CON_HAS))
    // the contact pushes the second body along the normal
    addWrench(m, s, i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM1)), has, C + CON_POS, force, torque, true)
    addWrench(m, s, i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM2)), has, C + CON_POS, force, torque, false)
  }
}

// @ts-ignore: decorator
@inline function signed(has: v128, p: usize, back: bool): v128 { return and(has, back ? neg(ld(p)) : ld(p)) }

function addWrench(m: usize, s: usize, body: i32, has: v128, where: usize, force: usize, torque: usize, back: bool): void {
  const group = i32at(f.body_group(m), body)
  if (group < 0) return
  const sum = f.cfrc_ext(m, s) + 6 * V * <usize>body, com = f.grp_com(m, s) + 4 * V * <usize>group
  const x = sub(ld(where), ld(com)), y = sub(ld(where + V), ld(com + V)), z = sub(ld(where + 2 * V), ld(com + 2 * V))
  const f0 = signed(has, force, back), f1 = signed(has, force + V, back), f2 = signed(has, force + 2 * V, back)
  // a lane without this contact may hold anything
  st(sum, add(ld(sum), and(has, add(signed(has, torque, back), cross1(y, f2, z, f1)))))
  st(sum + V, add(ld(sum + V), and(has, add(signed(has, torque + V, back), cross1(z, f0, x, f2)))))
  st(sum + 2 * V, add(ld(sum + 2 * V), and(has, add(signed(has, torque + 2 * V, back), cross1(x, f1, y, f0)))))
  st(sum + 3 * V, add(ld(sum + 3 * V), f0))
  st(sum + 4 * V, add(ld(sum + 4 * V), f1))
  st(sum + 5 * V, add(ld(sum + 5 * V), f2))
}
