/** Where everything of one batch lies in linear memory, and the integer tables of its model's topology. */
import { SizeError } from '../errors.js'
import {
  CCD,
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
import { EQ, INT, OBJ, SOL, TRN } from '../model/enums.js'
import { quatToMat } from '../model/inertia.js'
import type { Model } from '../model/model.js'
import { byConvexRoutine } from '../model/support.js'
import { CAND_ROW, type ContactTables, contactTables } from './candidates.js'
import { sensorNeeds, visibleGeoms } from './sensor-needs.js'

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
const BALL = 1
const SLIDE = 2
const PID = 5
const DCMOTOR = 3

/**
 * Derive links, kinematic trees, sparsity and constraint candidates of a model.
 *
 * @param varied fields that differ by world, or were written: a shortcut that depends on one cannot be read off the Model
 * @param nconmax room for contacts of one world; default: contactTables knows
 * @param lanes worlds that share scratch: four in a block of the CPU engine
 */
export function topology(model: Model, varied: ReadonlySet<string>, nconmax?: number, lanes = 4): Topology {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const num = (name: string): Float64Array => model.field[name] as Float64Array
  const { nv, njnt, nbody, nactuator } = model

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

  const root = int('body_rootid')
  const { group: bodyGroup, roots: groupOfRoot } = bodyGroups(model, bodyLnk)
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
  const rowsOf = scalarRows(model)
  for (const dofs of rowsOf.couplings) for (const i of dofs) for (const j of dofs) if (j < i) rows[i].add(j)
  for (let k = nv - 1; k >= 0; k--) for (const i of rows[k]) for (const j of rows[k]) if (j < i) rows[i].add(j)
  const H = pack(rows)

  const contacts = contactStorage(model, bodyLnk, nconmax, lanes)

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

  const needed = (...names: string[]): boolean => names.some(name => varied.has(name) || num(name).some(x => x !== 0))
  const integrator = int('opt_integrator')[0]
  const implicit = integrator === INT.IMPLICIT
  const gravcomp = needed('body_gravcomp')
  const fluid = needed('opt_density', 'opt_viscosity')
  const tendonActuator = int('actuator_trntype').includes(TRN.TENDON)
  const tendons = compress(tendonDofs(model))
  const moments = momentRows(model, bodyLnk, tendons)
  const carried = int('jnt_bodyid').some(b => int('body_mocapid')[root[b]] >= 0)

  const sizes: Record<string, number> = {}
  for (const name of SIZES) sizes[name] = model[name]
  const engine: Record<EngineSizeName, number> = {
    // connect and weld ask for the general recursion's accelerations
    planar: rowsOf.bodies || implicit || gravcomp || fluid || carried ? 0 : planarNormal(model, lnkAxis, lnkFlags),
    scalar: int('jnt_type').every(type => type >= SLIDE) ? 1 : 0,
    ngroup: groupOfRoot.size,
    nMnz: M.col.length,
    nHnz: H.col.length,
    njmax: rowsOf.count + nv + limitRows,
    nJmax: rowsOf.entries + nv + limitJ + contacts.entries,
    nfriction: nv,
    nlimit: limits.length,
    springs: Number(needed('jnt_stiffness', 'jnt_stiffnesspoly')),
    nsimple: simple.filter(x => x > 0).length,
    ...contacts.sizes,
    nconmax: contacts.nconmax,
    nconblock: contacts.nconblock,
    nctc: contacts.quantities,
    nWmax: contacts.sizes.ncand > 0 || rowsOf.bodies ? 6 * nv : 0,
    nccd: ccdQuantities(model, contacts.tables.cand),
    ...dualSizes(model, rowsOf.count + nv + limitRows, contacts),
    nvH: contacts.coupled ? nv : 0,
    nHsmax: contacts.coupled ? (nv * (nv - 1)) / 2 : 0,
    nHbits: contacts.coupled ? nv * Math.ceil(nv / 32) : 0,
    tenarmature: Number(
      model.ntendon > 0 && (needed('tendon_armature') || (tendonActuator && needed('actuator_armature'))),
    ),
    tenforce: Number(
      model.ntendon > 0 &&
        (needed('tendon_stiffness', 'tendon_stiffnesspoly', 'tendon_damping', 'tendon_dampingpoly') ||
          (tendonActuator && needed('actuator_damping', 'actuator_dampingpoly'))),
    ),
    tenactlimited: Number(tendonActuator && int('tendon_actfrclimited').some(x => x !== 0)),
    nmoment: moments.col.length,
    nlu: implicit ? nv : integrator === INT.IMPLICITFAST && lnkFlags.some(x => x & LINK.STANDALONE) ? 6 : 0,
    refsites: Number(
      int('actuator_trntype').some((type, a) => type === TRN.SITE && int('actuator_trnid')[2 * a + 1] >= 0),
    ),
    xfrc: 0,
    gravcomp: Number(gravcomp),
    fluid: Number(fluid),
    sensorneeds: sensorNeeds(model),
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
    ['H_bits', contacts.coupled ? bitRows(rows) : new Int32Array(0)],
    ['act_simple', simple],
    ['friction_dof', new Int32Array(nv)],
    ['limit_jnt', Int32Array.from(limits)],
    ...Object.entries(contacts.tables),
    ['ten_rownnz', tendons.nnz],
    ['ten_rowadr', tendons.adr],
    ['ten_colind', tendons.col],
    ['geom_visible', visibleGeoms(model)],
    ['act_rownnz', moments.nnz],
    ['act_rowadr', moments.adr],
    ['act_colind', moments.col],
    ['act_side', moments.side],
    ['act_slot', slots],
  ])
  return { sizes: sizes as Sizes, tables }
}

/** last dof a body moves with; -1: it stands still. The twin of lastDof in assembly/sim/jacobian.ts */
function lastDof(model: Model, link: number): number {
  if (link < 0) return -1
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const type = int('jnt_type')[link]
  return int('jnt_dofadr')[link] + (type === FREE ? 5 : type === BALL ? 2 : 0)
}

/** the dofs from one up to the root of its tree */
function dofChain(model: Model, dof: number): number[] {
  const list: number[] = []
  for (let i = dof; i >= 0; i = (model.field.dof_parentid as Int32Array)[i]) list.push(i)
  return list
}

/** Rows of equalities and tendons: how many at most, entries of their Jacobians, and which sets of dofs they couple. */
function scalarRows(model: Model): { count: number; entries: number; couplings: number[][]; bodies: boolean } {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const links = bodyLinks(model)
  const couplings: number[][] = []
  let count = 0
  let entries = 0
  let bodies = false
  for (let e = 0; e < model.neq; e++) {
    const [type, a, b] = [int('eq_type')[e], int('eq_obj1id')[e], int('eq_obj2id')[e]]
    if (type === EQ.JOINT) {
      const dofs = b < 0 ? [int('jnt_dofadr')[a]] : [int('jnt_dofadr')[a], int('jnt_dofadr')[b]]
      couplings.push(dofs)
      count += 1
      entries += 2
    } else if (type === EQ.CONNECT || type === EQ.WELD) {
      const body = (id: number) => (int('eq_objtype')[e] === OBJ.SITE ? int('site_bodyid')[id] : id)
      const dofs = new Set([a, b].flatMap(id => dofChain(model, lastDof(model, links[body(id)]))))
      couplings.push([...dofs])
      const size = type === EQ.WELD ? 6 : 3
      count += size
      entries += size * dofs.size
      bodies = true
    }
  }
  for (let t = 0; t < model.ntendon; t++) {
    const begin = int('tendon_adr')[t]
    const dofs = new Set(
      Array.from(int('wrap_objid').subarray(begin, begin + int('tendon_num')[t]), j => int('jnt_dofadr')[j]),
    )
    couplings.push([...dofs])
    // friction loss, and both ends of a range
    count += 3
    entries += 3 * dofs.size
  }
  return { count, entries, couplings, bodies }
}

/** Quantities of the convex routine's memory, 0 when no candidate needs it. */
function ccdQuantities(model: Model, cand: Int32Array): number {
  const types = model.field.geom_type as Int32Array
  let needed = false
  for (let k = 0; k < cand.length; k += CAND_ROW) needed ||= byConvexRoutine(types[cand[k]], types[cand[k + 1]])
  if (!needed) return 0
  const iterations = Math.min(Math.max(model.field.opt_ccd_iterations[0], 1), CCD.MAXITERATIONS)
  const vertices = CCD.VERTEX * (CCD.FIRST_VERTICES + iterations)
  return Math.ceil((CCD.HEAD + vertices + (CCD.FACE + CCD.MAP) * CCD.FACES * iterations) / 16)
}

/** Storage of contacts: their candidates, and what the solver keeps of as many as a block may have. */
function contactStorage(
  model: Model,
  links: Int32Array,
  room: number | undefined,
  lanes: number,
): ContactTables & { dim: number; quantities: number; entries: number; coupled: boolean } {
  const tables = contactTables(model, room, lanes)
  const { nconblock } = tables
  const { cand } = tables.tables
  const body = model.field.geom_bodyid as Int32Array
  const lengths = Array.from(links, link => dofChain(model, lastDof(model, link)).length)
  let dim = 0
  let nnz = 0
  let coupled = false
  for (let k = 0; k < cand.length; k += CAND_ROW) {
    const [a, b] = [lengths[body[cand[k]]], lengths[body[cand[k + 1]]]]
    dim = Math.max(dim, cand[k + 3])
    nnz = Math.max(nnz, a + b)
    coupled ||= a > 0 && b > 0
  }
  const entries = nconblock * dim * Math.min(nnz, model.nv)
  return { ...tables, dim, quantities: nconblock * (6 + 5 * dim), entries, coupled }
}

/** Memory of the dual solver, which the others do without. */
function dualSizes(
  model: Model,
  njmax: number,
  { nconblock, dim }: { nconblock: number; dim: number },
): { npgsB: number; npgsA: number; npgsf: number } {
  if (model.field.opt_solver[0] !== SOL.PGS) return { npgsB: 0, npgsA: 0, npgsf: 0 }
  return {
    npgsB: (njmax + nconblock * dim) * model.nv,
    npgsA: njmax + nconblock * dim * dim,
    npgsf: nconblock * Math.max(1, 2 * (dim - 1)),
  }
}

/** sets of columns, 32 a word */
function bitRows(rows: readonly Set<number>[]): Int32Array {
  const words = Math.ceil(rows.length / 32)
  const bits = new Int32Array(rows.length * words)
  for (const [i, row] of rows.entries()) for (const j of row) bits[i * words + (j >> 5)] |= 1 << (j & 31)
  return bits
}

/** link each body moves with; -1: static */
export function bodyLinks(model: Model): Int32Array {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const links = new Int32Array(model.nbody).fill(-1)
  for (let b = 1; b < model.nbody; b++) {
    const joints = int('body_jntnum')[b]
    links[b] = joints > 0 ? int('body_jntadr')[b] + joints - 1 : links[int('body_parentid')[b]]
  }
  return links
}

/** Kinematic trees, by root bodies below which something moves: number of each root, and tree of each body; -1: none moves. */
export function bodyGroups(model: Model, links: Int32Array): { group: Int32Array; roots: ReadonlyMap<number, number> } {
  const root = model.field.body_rootid as Int32Array
  const roots = new Map<number, number>()
  for (let b = 1; b < model.nbody; b++) if (links[b] >= 0 && !roots.has(root[b])) roots.set(root[b], roots.size)
  return { group: Int32Array.from({ length: model.nbody }, (_, b) => roots.get(root[b]) ?? -1), roots }
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
    let x =
      int('body_mocapid')[b] >= 0
        ? IDENTITY
        : mat3(frame[int('body_parentid')[b]], quatToMat(num('body_quat').subarray(4 * b, 4 * b + 4)))
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

/** dofs of the joints of each fixed tendon, ascending */
function tendonDofs(model: Model): number[][] {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  return Array.from({ length: model.ntendon }, (_, t) => {
    const begin = int('tendon_adr')[t]
    const joints = int('wrap_objid').subarray(begin, begin + int('tendon_num')[t])
    return [...new Set(joints.map(j => int('jnt_dofadr')[j]))].sort((a, b) => a - b)
  })
}

/** Dofs of each actuator's moment, and whether they move its site or its reference site. */
function momentRows(model: Model, links: Int32Array, tendons: Rows): Rows & { readonly side: Int32Array } {
  const int = (name: string): Int32Array => model.field[name] as Int32Array
  const chain = (site: number): number[] =>
    site < 0 ? [] : dofChain(model, lastDof(model, links[int('site_bodyid')[site]]))
  const rows: number[][] = []
  const side: number[] = []
  for (let a = 0; a < model.nactuator; a++) {
    const [id, ref] = int('actuator_trnid').subarray(2 * a)
    const type = int('actuator_trntype')[a]
    let plus: number[] = []
    let minus: number[] = []
    if (type === TRN.TENDON) {
      plus = [...tendons.col.subarray(tendons.adr[id], tendons.adr[id] + tendons.nnz[id])]
    } else if (type === TRN.SITE) {
      // what moves both moves neither against the other
      const [ours, theirs] = [chain(id), chain(ref)]
      plus = ours.filter(dof => !theirs.includes(dof))
      minus = theirs.filter(dof => !ours.includes(dof))
    } else {
      const joint = int('jnt_type')[id]
      const first = int('jnt_dofadr')[id]
      plus = Array.from({ length: joint === FREE ? 6 : joint === BALL ? 3 : 1 }, (_, k) => first + k)
    }
    rows.push([...plus, ...minus])
    side.push(...plus.map(() => 1), ...minus.map(() => -1))
  }
  return { ...compress(rows), side: Int32Array.from(side) }
}

interface Rows {
  readonly nnz: Int32Array
  readonly adr: Int32Array
  readonly col: Int32Array
}

/** rows of columns, one after the other */
function compress(rows: readonly (readonly number[])[]): Rows {
  const nnz = Int32Array.from(rows, r => r.length)
  const adr = new Int32Array(rows.length)
  for (let i = 1; i < rows.length; i++) adr[i] = adr[i - 1] + nnz[i - 1]
  return { nnz, adr, col: Int32Array.from(rows.flat()) }
}

/** compressed rows, columns descending */
function pack(rows: readonly Set<number>[]): Rows {
  return compress(rows.map(row => [...row].sort((a, b) => b - a)))
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
