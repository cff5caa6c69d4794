/** Which geoms of a model MuJoCo would look for contacts between, by all its filters but the geometric ones. */
import { DSBL, GEOM } from './enums.js'
import type { ModelNumbers } from './finite.js'

/** Of every geom: one geom it can collide with (-1: none), and how many there are. */
export interface Collisions {
  readonly partner: Int32Array
  readonly count: Int32Array
}

/** Contacts of any kind are switched off in this model. */
export function contactsDisabled({ field }: ModelNumbers): boolean {
  return (field.opt_disableflags[0] & (DSBL.CONTACT | DSBL.CONSTRAINT)) !== 0
}

/**
 * Geom pairs that pass MuJoCo's filters (engine_collision_driver.c, filterBodyPair and filterBitmask), explicit pairs not
 * among them.
 *
 * @param wanted which pairs are looked at; default all
 */
export function collisions(model: ModelNumbers, wanted: (g: number, h: number) => boolean = () => true): Collisions {
  const { field, sizes } = model
  const { geom_bodyid, geom_contype, geom_conaffinity, geom_type } = field
  const partner = new Int32Array(sizes.ngeom).fill(-1)
  const count = new Int32Array(sizes.ngeom)
  if (contactsDisabled(model)) return { partner, count }
  const excluded = new Set(field.exclude_signature)
  const active: number[] = []
  for (let g = 0; g < sizes.ngeom; g++) if (geom_contype[g] !== 0 || geom_conaffinity[g] !== 0) active.push(g)
  for (let i = 0; i < active.length; i++) {
    for (let j = i + 1; j < active.length; j++) {
      const [g, h] = [active[i], active[j]]
      const matches = (geom_contype[g] & geom_conaffinity[h]) | (geom_contype[h] & geom_conaffinity[g])
      if (matches === 0 || !wanted(g, h)) continue
      // planes and height fields have no collision function between them
      if (geom_type[g] <= GEOM.HFIELD && geom_type[h] <= GEOM.HFIELD) continue
      if (!bodiesCollide(field, excluded, geom_bodyid[g], geom_bodyid[h])) continue
      if (count[g]++ === 0) partner[g] = h
      if (count[h]++ === 0) partner[h] = g
    }
  }
  return { partner, count }
}

/** Whether MuJoCo would look for contacts between two bodies. */
function bodiesCollide(field: ModelNumbers['field'], excluded: Set<number>, body1: number, body2: number): boolean {
  const { body_weldid, body_parentid, body_dofnum, opt_disableflags } = field
  const [weld1, weld2] = [body_weldid[body1], body_weldid[body2]]
  if (weld1 === weld2) return false
  // neither can move
  if (body_dofnum[weld1] === 0 && body_dofnum[weld2] === 0) return false
  const [parent1, parent2] = [body_weldid[body_parentid[weld1]], body_weldid[body_parentid[weld2]]]
  const filterParent = (opt_disableflags[0] & DSBL.FILTERPARENT) === 0
  if (filterParent && weld1 !== 0 && weld2 !== 0 && (weld1 === parent2 || weld2 === parent1)) return false
  return !excluded.has((Math.min(body1, body2) << 16) + Math.max(body1, body2))
}

/** types that collide by MuJoCo's general convex routine with every convex type not listed in CLOSED */
const CONVEX: readonly number[] = [GEOM.SPHERE, GEOM.CAPSULE, GEOM.ELLIPSOID, GEOM.CYLINDER, GEOM.BOX]
/** pairs of convex types that have a function of their own (engine_collision_driver.c, mjCOLLISIONFUNC) */
const CLOSED = new Set(
  [
    [GEOM.SPHERE, GEOM.SPHERE],
    [GEOM.SPHERE, GEOM.CAPSULE],
    [GEOM.SPHERE, GEOM.CYLINDER],
    [GEOM.SPHERE, GEOM.BOX],
    [GEOM.CAPSULE, GEOM.CAPSULE],
    [GEOM.CAPSULE, GEOM.BOX],
    [GEOM.BOX, GEOM.BOX],
  ].map(([a, b]) => a * 16 + b),
)

/** Do geoms of these types collide by the general convex routine? */
export function byConvexRoutine(type1: number, type2: number): boolean {
  if (!CONVEX.includes(type1) || !CONVEX.includes(type2)) return false
  return !CLOSED.has(Math.min(type1, type2) * 16 + Math.max(type1, type2))
}
