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

/** rows of `cand`, a geom, from which sorting the spheres of every world costs less than testing every row */
const SWEEP_FROM = 60

// kinds of runs: assembly/sim/collision/broad.ts
const RUN_SPHERES = 0
const RUN_PLANE = 1
const RUN_PAIRS = 2

/** What the broad phase of a model needs to know. */
interface Broad {
  readonly sizes: { readonly ncand: number; nrun: number; nsweep: number; nindex: number; nhitword: number }
  readonly tables: {
    readonly cand: Int32Array
    readonly cand_run: Int32Array
    readonly sweep_geom: Int32Array
    readonly sweep_adr: Int32Array
    readonly sweep_cand: Int32Array
  }
}

export interface ContactTables extends Broad {
  /** room for contacts of one world */
  readonly nconmax: number
  /** records of a block of worlds, with those that one pair of geoms may need before its worlds are counted */
  readonly nconblock: number
}

/** Most contacts of a world: the scratch of a block holds four times as many records. */
const MAX_NCONMAX = 65536

/** @throws {SizeError} NCONMAX when it is no room for contacts */
export function checkContacts(nconmax: number | undefined): void {
  if (nconmax !== undefined && !(Number.isInteger(nconmax) && nconmax >= 1 && nconmax <= MAX_NCONMAX))
    throw new SizeError('NCONMAX', `nconmax: got ${nconmax}, expected a whole number from 1 to ${MAX_NCONMAX}`)
}

const found = new WeakMap<Model, Broad & { readonly room: number }>()

/**
 * Candidates of a model and the room for their contacts.
 *
 * @param nconmax contacts one world has room for; default: all that its candidates can make, or for scenes of many geoms
 *   as many as a dense pile has
 * @param lanes worlds that share records: a block's
 * @throws {SizeError} NCAND when more geom pairs may touch than fit in memory
 */
export function contactTables(model: Model, nconmax?: number, lanes = 4): ContactTables {
  let known = found.get(model)
  if (!known) {
    known = candidates(model)
    found.set(model, known)
  }
  const { sizes, tables } = known
  const room = sizes.ncand === 0 ? 0 : (nconmax ?? known.room)
  return { sizes, tables, nconmax: room, nconblock: sizes.ncand === 0 ? 0 : lanes * room + MOST }
}

function candidates(model: Model): Broad & { readonly room: number } {
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
  const room = Math.min(most, Math.max(MOST, PER_GEOM * moving.size))
  return { ...broad(Int32Array.from(cand), geom_type as Int32Array), room }
}

/** Rows of cand that are tested alike, and the index of pairs for the sweep of large scenes. */
function broad(cand: Int32Array, geomType: Int32Array): Broad {
  const ncand = cand.length / CAND_ROW
  const runs: number[] = []
  const spheres: number[] = []
  for (let row = 0; row < ncand; row++) {
    const g1 = cand[CAND_ROW * row]
    const kind = cand[CAND_ROW * row + 2] >= 0 ? RUN_PAIRS : geomType[g1] === GEOM.PLANE ? RUN_PLANE : RUN_SPHERES
    if (kind === RUN_SPHERES) spheres.push(row)
    const last = runs.length - 4
    if (runs[last] === g1 && runs[last + 3] === kind) runs[last + 2] = row + 1
    else runs.push(g1, row, row + 1, kind)
  }
  const geoms = new Set<number>()
  for (const row of spheres) geoms.add(cand[CAND_ROW * row]).add(cand[CAND_ROW * row + 1])
  const swept = spheres.length >= SWEEP_FROM * geoms.size ? spheres : []
  const index = pairIndex(cand, swept, geomType.length)
  return {
    sizes: {
      ncand,
      nrun: runs.length / 4,
      nsweep: index.sweep_geom.length,
      nindex: index.sweep_cand.length / 2,
      nhitword: index.sweep_geom.length > 0 ? Math.ceil(ncand / 32) : 0,
    },
    tables: { cand, cand_run: Int32Array.from(runs), ...index },
  }
}

/** For every geom of some rows of cand, in order, the geoms of higher id that it may touch, ascending, with their rows. */
function pairIndex(
  cand: Int32Array,
  rows: readonly number[],
  ngeom: number,
): { sweep_geom: Int32Array; sweep_adr: Int32Array; sweep_cand: Int32Array } {
  const low = (row: number) => Math.min(cand[CAND_ROW * row], cand[CAND_ROW * row + 1])
  const high = (row: number) => Math.max(cand[CAND_ROW * row], cand[CAND_ROW * row + 1])
  const place = new Int32Array(ngeom).fill(-1)
  for (const row of rows) place[low(row)] = place[high(row)] = 0
  const geoms: number[] = []
  for (let g = 0; g < ngeom; g++) if (place[g] === 0) place[g] = geoms.push(g) - 1

  const end = new Int32Array(geoms.length)
  for (const row of rows) end[place[low(row)]]++
  for (let i = 1; i < end.length; i++) end[i] += end[i - 1]
  const adr = new Int32Array(2 * geoms.length)
  for (let i = 0; i < end.length; i++) {
    adr[2 * i] = i > 0 ? end[i - 1] : 0
    adr[2 * i + 1] = adr[2 * i]
  }
  const index = new Int32Array(2 * rows.length)
  for (const row of rows) {
    // rows come nearly sorted by the higher id
    const first = adr[2 * place[low(row)]]
    let k = adr[2 * place[low(row)] + 1]++
    const other = place[high(row)]
    for (; k > first && index[2 * k - 2] > other; k--) index.copyWithin(2 * k, 2 * k - 2, 2 * k)
    index[2 * k] = other
    index[2 * k + 1] = row
  }
  return { sweep_geom: Int32Array.from(geoms), sweep_adr: adr, sweep_cand: index }
}

/** Most contacts of two geoms, the first of the lower type (mj_maxContact). */
function mostContacts(type1: number, type2: number): number {
  const one: readonly number[] = [GEOM.SPHERE, GEOM.ELLIPSOID]
  if (one.includes(type1) || one.includes(type2)) return 1
  if (type1 === GEOM.PLANE) return type2 === GEOM.CAPSULE ? 2 : 4
  if (type1 === GEOM.CAPSULE) return type2 === GEOM.CAPSULE ? 2 : type2 === GEOM.BOX ? 4 : 5
  return type1 === GEOM.BOX ? MOST : 5
}
