/** Where everything of one batch lies in linear memory, and the integer tables of its model's topology. */
import { SizeError } from '../errors.js'
import {
  constantFields,
  ENGINE_SIZES,
  type EngineSizeName,
  type Field,
  fieldSize,
  headerSlots,
  kernelModelFields,
  LINK,
  SIZES,
  type SizeName,
  scratchFields,
  snapshotFields,
  topologyFields,
  worldFields,
} from '../fields.js'
import { quatToMat } from '../model/inertia.js'
import type { Model } from '../model/model.js'
import { CAND_ROW, contactTables } from './candidates.js'

/** bytes of one quantity of a block of four worlds */
export const V = 16

export type Sizes = Readonly<Record<SizeName | EngineSizeName, number>>

export interface Layout {
  readonly sizes: Sizes
  /** byte offset of each field from its base */
  readonly m: ReadonlyMap<string, number>
  readonly p: ReadonlyMap<string, number>
  readonly d: ReadonlyMap<string, number>
  readonly s: ReadonlyMap<string, number>
  /** bytes of the model header with its tables, of a block of parameters, of a block of state, of a worker's scratch */
  readonly mbytes: number
  readonly pbytes: number
  readonly dbytes: number
  readonly sbytes: number
}

const align = (bytes: number, to = V): number => Math.ceil(bytes / to) * to

/** Lay out header, parameters, state and scratch for a model with these sizes. */
export function layOut(sizes: Sizes): Layout {
  const slots = headerSlots()
  const place = (fields: readonly Field[], start: number, bytesOf: (f: Field) => number) => {
    const map = new Map<string, number>()
    let at = start
    for (const field of fields) {
      map.set(field.name, at)
      at = align(at + bytesOf(field) * fieldSize(field, sizes))
    }
    return { map, end: at }
  }
  const four = () => 4
  const wide = (f: Field) => (f.type === 'f' ? V : 4)
  const perModel = [...kernelModelFields.filter(f => !f.perWorld), ...topologyFields]
  const m = place(perModel, align(4 * slots.length), four)
  const p = place([...kernelModelFields.filter(f => f.perWorld), ...constantFields], 0, wide)
  const d = place([...worldFields, ...snapshotFields], 0, wide)
  const s = place(scratchFields, 0, wide)
  return { sizes, m: m.map, p: p.map, d: d.map, s: s.map, mbytes: m.end, pbytes: p.end, dbytes: d.end, sbytes: s.end }
}

/** Integer tables of TOPOLOGY_FIELDS, by name, and the sizes that go with them. */
export interface Topology {
  readonly sizes: Sizes
  readonly tables: ReadonlyMap<string, Int32Array>
}

const FREE = 0
const SLIDE = 2
const PID = 5
const DCMOTOR = 3

/**
 * Derive links, kinematic trees, sparsity and constraint candidates of a model.
 *
 * @param varied fields that differ by world, or were written: a shortcut that depends on one cannot be read off the Model
 * @param nconmax room for contacts of one world; default: contactTables knows
 */
export function topology(model: Model, varied: ReadonlySet<string>, nconmax?: number): Topology {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const num = (name: string): Float64Array => model.field[name] as Float64Array
  const { nv, njnt, nbody, nactuator, neq } = model

  // links: which joint a body moves with, and each joint's parent
  const bodyLnk = new Int32Array(nbody).fill(-1)
  const lnkParent = new Int32Array(njnt).fill(-1)
  for (let b = 1; b < nbody; b++) {
    let link = bodyLnk[int('body_parentid')[b]]
    for (let k = 0; k < int('body_jntnum')[b]; k++) {
      const j = int('body_jntadr')[b] + k
      lnkParent[j] = link
      link = j
    }
    bodyLnk[b] = link
  }

  // kinematic trees: root bodies below which something moves
  const root = int('body_rootid')
  const groupOfRoot = new Map<number, number>()
  for (let b = 1; b < nbody; b++) {
    if (bodyLnk[b] >= 0 && !groupOfRoot.has(root[b])) groupOfRoot.set(root[b], groupOfRoot.size)
  }
  const bodyGroup = Int32Array.from({ length: nbody }, (_, b) => groupOfRoot.get(root[b]) ?? -1)
  const lnkGroup = Int32Array.from({ length: njnt }, (_, j) => bodyGroup[int('jnt_bodyid')[j]])
  const massive = new Uint8Array(njnt)
  for (let b = 1; b < nbody; b++) if (bodyLnk[b] >= 0) massive[bodyLnk[b]] = 1

  const { axis: lnkAxis, flags: lnkFlags } = linkFrames(model, varied, massive)

  // sparsity: ancestors of a dof; the factor of the Hessian also couples the joints of equality constraints
  const parent = int('dof_parentid')
  const rows: Set<number>[] = Array.from({ length: nv }, (_, i) => {
    const row = new Set<number>()
    for (let k = parent[i]; k >= 0; k = parent[k]) row.add(k)
    return row
  })
  const M = pack(rows)
  for (let e = 0; e < neq; e++) {
    if (int('eq_obj2id')[e] < 0) continue
    const a = int('jnt_dofadr')[int('eq_obj1id')[e]]
    const b = int('jnt_dofadr')[int('eq_obj2id')[e]]
    if (a !== b) rows[Math.max(a, b)].add(Math.min(a, b))
  }
  for (let k = nv - 1; k >= 0; k--) for (const i of rows[k]) for (const j of rows[k]) if (j < i) rows[i].add(j)
  const H = pack(rows)

  // constraint candidates; every dof may get friction loss in some world
  const limits: number[] = []
  let limitRows = 0
  let limitJ = 0
  for (let j = 0; j < njnt; j++) {
    if (!int('jnt_limited')[j]) continue
    limits.push(j)
    const scalar = int('jnt_type')[j] >= SLIDE
    limitRows += scalar ? 2 : 1
    limitJ += scalar ? 2 : 3
  }

  // activation slots of the servo family, in MuJoCo's order
  const slots = new Int32Array(5 * nactuator).fill(-1)
  for (let a = 0; a < nactuator; a++) {
    const dynprm = num('actuator_dynprm').subarray(10 * a, 10 * a + 10)
    const gainprm = num('actuator_gainprm').subarray(10 * a, 10 * a + 10)
    const kind = int('actuator_gaintype')[a]
    let at = int('actuator_actadr')[a]
    if (at < 0) continue
    const take = (slot: number, on: boolean) => {
      if (on) slots[5 * a + slot] = at++
    }
    if (kind === PID) {
      take(0, dynprm[1] > 0)
      take(1, gainprm[0] > 0)
    } else if (kind === DCMOTOR) {
      take(0, dynprm[7] > 0)
      take(1, gainprm[5] > 0)
      take(2, dynprm[2] > 0)
      take(3, dynprm[5] > 0)
      take(4, dynprm[0] > 0)
    } else continue
    const used = at - int('actuator_actadr')[a]
    if (used !== int('actuator_actnum')[a])
      throw new SizeError(
        'ACT_SLOTS',
        `actuator ${a}: its parameters need ${used} activations, the model has ${int('actuator_actnum')[a]}`,
      )
  }

  const simple = Int32Array.from({ length: nactuator }, (_, a) => {
    const joint = int('actuator_trnid')[2 * a]
    const plain =
      int('actuator_trntype')[a] <= 1 &&
      int('jnt_type')[joint] >= SLIDE &&
      int('actuator_dyntype')[a] === 0 &&
      int('actuator_gaintype')[a] === 0 &&
      int('actuator_biastype')[a] <= 1 &&
      int('actuator_ctrlnum')[a] === 1 &&
      int('actuator_actnum')[a] === 0 &&
      int('actuator_history')[2 * a] === 0
    return plain ? 1 + int('actuator_biastype')[a] : 0
  })

  const contacts = contactTables(model, nconmax)
  const sizes: Record<string, number> = {}
  for (const name of SIZES) sizes[name] = model[name]
  const engine: Record<EngineSizeName, number> = {
    planar: planarNormal(model, lnkAxis, lnkFlags),
    scalar: int('jnt_type').every(type => type >= SLIDE) ? 1 : 0,
    ngroup: groupOfRoot.size,
    nMnz: M.col.length,
    nHnz: H.col.length,
    njmax: neq + nv + limitRows,
    nJmax: 2 * neq + nv + limitJ,
    nfriction: nv,
    nlimit: limits.length,
    springs: ['jnt_stiffness', 'jnt_stiffnesspoly'].some(name => varied.has(name) || num(name).some(k => k !== 0))
      ? 1
      : 0,
    nsimple: simple.filter(x => x > 0).length,
    ncand: contacts.cand.length / CAND_ROW,
    nconmax: contacts.nconmax,
    nconblock: contacts.nconblock,
  }
  for (const name of ENGINE_SIZES) sizes[name] = engine[name]
  const tables = new Map<string, Int32Array>([
    ['lnk_parent', lnkParent],
    ['lnk_axis', lnkAxis],
    ['lnk_flags', lnkFlags],
    ['lnk_group', lnkGroup],
    ['body_lnk', bodyLnk],
    ['body_group', bodyGroup],
    ['grp_root', Int32Array.from(groupOfRoot.keys())],
    ['M_rownnz', M.nnz],
    ['M_rowadr', M.adr],
    ['M_colind', M.col],
    ['H_rownnz', H.nnz],
    ['H_rowadr', H.adr],
    ['H_colind', H.col],
    ['act_simple', simple],
    ['friction_dof', new Int32Array(nv)],
    ['limit_jnt', Int32Array.from(limits)],
    ['cand', contacts.cand],
    ['act_slot', slots],
  ])
  return { sizes: sizes as Sizes, tables }
}

/** product of two row-major 3x3 matrices, the second transposed on request */
function mat3(a: ArrayLike<number>, b: ArrayLike<number>, transpose = false): number[] {
  return Array.from({ length: 9 }, (_, e) => {
    const i = 3 * Math.floor(e / 3)
    const j = e % 3
    return [0, 1, 2].reduce((sum, k) => sum + a[i + k] * (transpose ? b[3 * j + k] : b[3 * k + j]), 0)
  })
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]

/** rotation whose third column is a unit vector; the twin of `basis` in assembly/sim/setconst.ts */
function basis([x, y, z]: readonly number[]): number[] {
  const sign = z >= 0 ? 1 : -1
  const k = -1 / (sign + z)
  const b = x * y * k
  return [1 + sign * k * x * x, b, x, sign * b, sign + k * y * y, y, -sign * x, -y, z]
}

/**
 * Axis column and ALIGNED flag of every link. A link whose axis is a coordinate axis of its parent's frame takes over
 * that frame, so that its rotation is a turn about one column and nothing else.
 */
function linkFrames(
  model: Model,
  varied: ReadonlySet<string>,
  massive: Uint8Array,
): { axis: Int32Array; flags: Int32Array } {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const num = (name: string): Float64Array => model.field[name] as Float64Array
  const axis = new Int32Array(model.njnt).fill(2)
  const flags = new Int32Array(model.njnt)
  const treeOf = (j: number) => int('dof_treeid')[int('jnt_dofadr')[j]]
  const frozen = !['jnt_axis', 'body_quat'].some(f => varied.has(f))
  // frame of each body in the link it moves with
  const frame: number[][] = [IDENTITY]
  for (let b = 1; b < model.nbody; b++) {
    let x = mat3(frame[int('body_parentid')[b]], quatToMat(num('body_quat').subarray(4 * b, 4 * b + 4)))
    for (let k = 0; k < int('body_jntnum')[b]; k++) {
      const j = int('body_jntadr')[b] + k
      if (!massive[j]) flags[j] |= LINK.MASSLESS
      const type = int('jnt_type')[j]
      // the frame of a free or ball joint is the body's own
      if (type < SLIDE) {
        x = IDENTITY
        if (
          type === FREE &&
          int('body_jntnum')[b] === 1 &&
          !int('dof_treeid').some((t, i) => t === treeOf(j) && int('dof_jntid')[i] !== j)
        )
          flags[j] |= LINK.STANDALONE
        continue
      }
      const own = [...num('jnt_axis').subarray(3 * j, 3 * j + 3)]
      const seen = [0, 1, 2].map(i => x[3 * i] * own[0] + x[3 * i + 1] * own[1] + x[3 * i + 2] * own[2])
      const column = seen.findIndex(a => Math.abs(Math.abs(a) - 1) < 1e-9)
      if (frozen && column >= 0) {
        axis[j] = column
        flags[j] |= LINK.ALIGNED | LINK.SAMEROT
      } else x = mat3(IDENTITY, basis(own), true)
    }
    frame.push(x)
  }
  return { axis, flags }
}

/** all links are scalar joints that move in one coordinate plane: its normal's index + 1, else 0 */
function planarNormal(model: Model, axis: Int32Array, flags: Int32Array): number {
  const type = model.field.jnt_type as Int32Array
  let normal = -1
  for (let j = 0; j < model.njnt; j++) {
    if (type[j] < SLIDE || !(flags[j] & LINK.ALIGNED)) return 0
    if (type[j] === SLIDE) continue
    if (normal >= 0 && axis[j] !== normal) return 0
    normal = axis[j]
  }
  if (normal < 0) return 0
  for (let j = 0; j < model.njnt; j++) if (type[j] === SLIDE && axis[j] === normal) return 0
  return normal + 1
}

/** compressed rows, columns descending */
function pack(rows: readonly Set<number>[]): { nnz: Int32Array; adr: Int32Array; col: Int32Array } {
  const nnz = Int32Array.from(rows, r => r.size)
  const adr = new Int32Array(rows.length)
  for (let i = 1; i < rows.length; i++) adr[i] = adr[i - 1] + nnz[i - 1]
  return { nnz, adr, col: Int32Array.from(rows.flatMap(r => [...r].sort((a, b) => b - a))) }
}

/**
 * Which links sit where their parent's frame is, or turned like it, in one world.
 *
 * @param lnkConst lnk_const of one world, (njnt, 24)
 */
export function frameFlags(model: Model, lnkConst: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: model.njnt }, (_, j) => {
    if ((model.field.jnt_type as Int32Array)[j] === 0) return 0
    const c = 24 * j
    let flags: number = LINK.SAMEROT
    for (let i = 0; i < 9; i++) if (lnkConst[c + i] !== IDENTITY[i]) flags &= ~LINK.SAMEROT
    if (lnkConst[c + 9] === 0 && lnkConst[c + 10] === 0 && lnkConst[c + 11] === 0) flags |= LINK.SAMEPOS
    return flags
  })
}
