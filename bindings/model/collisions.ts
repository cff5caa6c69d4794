import { DSBL, GEOM } from './enums.js'
import type { ModelNumbers } from './finite.js'

/** integers of a row of `collidingGeoms` */
export const PAIR_ROW = 4

/**
 * Geom pairs that MuJoCo would test for contact, in the order of their contacts: all its filters but the geometric ones.
 * Pairs of bodies come by ids; explicit pairs stand before the others of their bodies and replace them.
 *
 * @returns (n, 4) row-major: geom1 and geom2, of which the first has the lower geom type, explicit pair or -1, condim
 *
 * Source: MuJoCo engine_collision_driver.c, mj_collision, filterBodyPair, filterBitmask, mj_contactParam (condim)
 */
export function collidingGeoms(field: ModelNumbers['field']): Int32Array {
  const { geom_type, geom_contype, geom_conaffinity, geom_condim, geom_priority, body_weldid } = field
  const { pair_geom1, pair_geom2, pair_dim, pair_signature, opt_disableflags } = field
  const disabled = opt_disableflags[0]
  if ((disabled & (DSBL.CONTACT | DSBL.CONSTRAINT)) !== 0) return new Int32Array(0)
  const rows: number[] = []
  const ngeom = geom_type.length
  const push = (g: number, h: number, pair: number, condim: number): void => {
    // planes and height fields have no collision function between them
    if (geom_type[g] <= GEOM.HFIELD && geom_type[h] <= GEOM.HFIELD) return
    if (geom_type[g] > geom_type[h]) rows.push(h, g, pair, condim)
    else rows.push(g, h, pair, condim)
  }

  const explicit = new Set<number>()
  for (let i = 0; i < pair_geom1.length; i++) {
    const [g, h] = [pair_geom1[i], pair_geom2[i]]
    explicit.add(Math.min(g, h) * ngeom + Math.max(g, h))
  }
  let next = 0
  const pushExplicit = (signature: number): void => {
    for (; next < pair_geom1.length && pair_signature[next] >>> 0 <= signature; next++)
      push(pair_geom1[next], pair_geom2[next], next, pair_dim[next])
  }

  const bodies = geomsOfBodies(field)
  const excluded = new Set(Array.from(field.exclude_signature, s => s >>> 0))
  for (let b1 = 0; b1 < body_weldid.length; b1++) {
    if (bodies.contype[b1] === 0 && bodies.conaffinity[b1] === 0) continue
    for (let b2 = b1 + 1; b2 < body_weldid.length; b2++) {
      const matches = (bodies.contype[b1] & bodies.conaffinity[b2]) | (bodies.contype[b2] & bodies.conaffinity[b1])
      if (matches === 0 || !bodiesCollide(field, b1, b2)) continue
      const signature = b1 * 65536 + b2
      pushExplicit(signature)
      if (excluded.has(signature)) continue
      const first = rows.length
      for (let g = bodies.start[b1]; g < bodies.start[b1 + 1]; g++) {
        for (let h = bodies.start[b2]; h < bodies.start[b2 + 1]; h++) {
          if (((geom_contype[g] & geom_conaffinity[h]) | (geom_contype[h] & geom_conaffinity[g])) === 0) continue
          if (explicit.size > 0 && explicit.has(g * ngeom + h)) continue
          const [p, q] = [geom_priority[g], geom_priority[h]]
          const condim = p === q ? Math.max(geom_condim[g], geom_condim[h]) : geom_condim[p > q ? g : h]
          push(g, h, -1, condim)
        }
      }
      // the tree search of bodies with several geoms sorts what it finds by geom1, geom2
      if ((disabled & DSBL.MIDPHASE) === 0 && rows.length - first > PAIR_ROW) sortRows(rows, first)
    }
  }
  pushExplicit(0xffffffff)
  return Int32Array.from(rows)
}

/** sort rows from `first` on by geom1, then geom2 */
function sortRows(rows: number[], first: number): void {
  const tail: number[][] = []
  for (let i = first; i < rows.length; i += PAIR_ROW) tail.push(rows.slice(i, i + PAIR_ROW))
  tail.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  rows.length = first
  for (const row of tail) rows.push(...row)
}

/** The geoms of every body, which follow each other, and the union of their bits. */
function geomsOfBodies({ geom_bodyid, geom_contype, geom_conaffinity, body_weldid }: ModelNumbers['field']): {
  start: Int32Array
  contype: Int32Array
  conaffinity: Int32Array
} {
  const nbody = body_weldid.length
  const start = new Int32Array(nbody + 1)
  const contype = new Int32Array(nbody)
  const conaffinity = new Int32Array(nbody)
  for (let g = 0; g < geom_bodyid.length; g++) {
    const b = geom_bodyid[g]
    start[b + 1] = g + 1
    contype[b] |= geom_contype[g]
    conaffinity[b] |= geom_conaffinity[g]
  }
  for (let b = 0; b < nbody; b++) start[b + 1] = Math.max(start[b + 1], start[b])
  return { start, contype, conaffinity }
}

/** Whether MuJoCo would look for contacts between two bodies that nothing excludes. */
function bodiesCollide(field: ModelNumbers['field'], body1: number, body2: number): boolean {
  const { body_weldid, body_parentid, body_dofnum, opt_disableflags } = field
  const weld1 = body_weldid[body1]
  const weld2 = body_weldid[body2]
  if (weld1 === weld2) return false
  // neither can move
  if (body_dofnum[weld1] === 0 && body_dofnum[weld2] === 0) return false
  if ((opt_disableflags[0] & DSBL.FILTERPARENT) !== 0 || weld1 === 0 || weld2 === 0) return true
  return weld1 !== body_weldid[body_parentid[weld2]] && weld2 !== body_weldid[body_parentid[weld1]]
}
