/** Which geoms may touch, and how much room their contacts need. */
import { SizeError } from '../errors.js'
import { collidingGeoms, PAIR_ROW } from '../model/collisions.js'
import { GEOM } from '../model/enums.js'
import type { Model } from '../model/model.js'

/** integers of a row of `cand` */
export const CAND_ROW = PAIR_ROW
/** most contacts two geoms make */
const MOST = 8
/**
 * Contacts a moving geom has on average in the densest pile we know: a box in a brick wall shares a face with twelve
 * others, four contacts each, and each is shared by two; with a third more as a reserve.
 */
const PER_GEOM = 32
/** rows of `cand` that fit in 64 MiB: 2,900 geoms that may all touch each other */
const MOST_CAND = 1 << 22

export interface ContactTables {
  /** (ncand, 4) geom1, geom2, pair or -1, condim, in the order of contacts */
  readonly cand: Int32Array
  /** room for contacts of one world */
  readonly nconmax: number
  /** records of a block of four worlds, with those that one pair of geoms may need before its worlds are counted */
  readonly nconblock: number
}

const tables = new WeakMap<Model, { cand: Int32Array; room: number }>()

/**
 * Candidates of a model and the room for their contacts.
 *
 * @param nconmax contacts one world has room for; default: all that its candidates can make, or for scenes of many geoms
 *   as many as a dense pile has
 * @throws {SizeError} NCAND when more geom pairs may touch than fit in memory
 */
export function contactTables(model: Model, nconmax?: number): ContactTables {
  let found = tables.get(model)
  if (!found) {
    found = candidates(model)
    tables.set(model, found)
  }
  const room = found.cand.length === 0 ? 0 : (nconmax ?? found.room)
  return { cand: found.cand, nconmax: room, nconblock: found.cand.length === 0 ? 0 : 4 * room + MOST }
}

function candidates(model: Model): { cand: Int32Array; room: number } {
  const { geom_type, geom_bodyid, body_weldid, body_dofnum } = model.field
  const known = (g: number) => geom_type[g] <= GEOM.BOX && geom_type[g] !== GEOM.HFIELD
  const rows = collidingGeoms(model.field)
  if (rows.length / PAIR_ROW > MOST_CAND)
    throw new SizeError(
      'NCAND',
      `${rows.length / PAIR_ROW} pairs of geoms may touch, at most ${MOST_CAND} are supported; let contype and conaffinity exclude some`,
    )
  const cand: number[] = []
  const moving = new Set<number>()
  let most = 0
  for (let i = 0; i < rows.length; i += PAIR_ROW) {
    const [g, h] = [rows[i], rows[i + 1]]
    if (!known(g) || !known(h)) continue
    cand.push(g, h, rows[i + 2], rows[i + 3])
    most += mostContacts(geom_type[g], geom_type[h])
    for (const x of [g, h]) if (body_dofnum[body_weldid[geom_bodyid[x]]] > 0) moving.add(x)
  }
  return { cand: Int32Array.from(cand), room: Math.min(most, Math.max(MOST, PER_GEOM * moving.size)) }
}

/** Most contacts of two geoms, the first of the lower type (mj_maxContact). */
function mostContacts(type1: number, type2: number): number {
  const one: readonly number[] = [GEOM.SPHERE, GEOM.ELLIPSOID]
  if (one.includes(type1) || one.includes(type2)) return 1
  if (type1 === GEOM.PLANE) return type2 === GEOM.CAPSULE ? 2 : 4
  if (type1 === GEOM.CAPSULE) return type2 === GEOM.CAPSULE ? 2 : type2 === GEOM.BOX ? 4 : 5
  return type1 === GEOM.BOX ? MOST : 5
}
