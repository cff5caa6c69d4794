import type { ModelError } from '../errors.js'
import type { SizeName } from '../fields.js'
import { EQ, GEOM, OBJ, TRN, WRAP } from './enums.js'
import type { ModelNumbers } from './finite.js'
import { checkSensors } from './sensor-structure.js'

/** Int fields that address others: lowest value allowed, and the size all values stay below. */
const RANGES: readonly (readonly [field: string, lowest: number, below: SizeName])[] = [
  ['body_parentid', 0, 'nbody'],
  ['body_rootid', 0, 'nbody'],
  ['body_weldid', 0, 'nbody'],
  ['body_mocapid', -1, 'nmocap'],
  ['body_jntadr', -1, 'njnt'],
  ['body_dofadr', -1, 'nv'],
  ['jnt_qposadr', 0, 'nq'],
  ['jnt_dofadr', 0, 'nv'],
  ['jnt_bodyid', 0, 'nbody'],
  ['dof_bodyid', 0, 'nbody'],
  ['dof_jntid', 0, 'njnt'],
  ['dof_parentid', -1, 'nv'],
  ['dof_treeid', 0, 'nv'],
  ['geom_bodyid', 0, 'nbody'],
  ['geom_matid', -1, 'nmat'],
  ['site_bodyid', 0, 'nbody'],
  ['pair_geom1', 0, 'ngeom'],
  ['pair_geom2', 0, 'ngeom'],
  ['tendon_adr', 0, 'nwrap'],
  ['actuator_ctrladr', -1, 'nu'],
  ['actuator_outadr', -1, 'nout'],
  ['actuator_actadr', -1, 'na'],
  ['actuator_historyadr', -1, 'nhistory'],
  ['sensor_adr', -1, 'nsensordata'],
  ['sensor_historyadr', -1, 'nhistory'],
]

/** Start and count fields: start + count may not pass the size. */
const SPANS: readonly (readonly [adr: string, num: string, size: SizeName])[] = [
  ['body_jntadr', 'body_jntnum', 'njnt'],
  ['body_dofadr', 'body_dofnum', 'nv'],
  ['tendon_adr', 'tendon_num', 'nwrap'],
  ['actuator_ctrladr', 'actuator_ctrlnum', 'nu'],
  ['actuator_outadr', 'actuator_outnum', 'nout'],
  ['actuator_actadr', 'actuator_actnum', 'na'],
  ['sensor_adr', 'sensor_dim', 'nsensordata'],
]

/** Fields whose numbers decide how much room a row takes, or which function is called: the values they may have. */
const VALUES: readonly (readonly [field: string, values: readonly number[]])[] = [
  ['geom_type', Object.values(GEOM)],
  ['site_type', Object.values(GEOM)],
  ['geom_condim', [1, 3, 4, 6]],
  ['pair_dim', [1, 3, 4, 6]],
  ['eq_type', Object.values(EQ)],
  ['actuator_trntype', Object.values(TRN)],
  ['wrap_type', Object.values(WRAP)],
]

/** Positions and velocities a joint has, by jnt_type. */
const JOINT_NQ = [7, 4, 1, 1]
const JOINT_NV = [6, 3, 1, 1]

/**
 * Saved bytes come from anywhere, and the engine follows these numbers as addresses: check that they stay inside.
 *
 * @throws what `corrupt` makes, naming field and index
 */
export function checkIds(model: ModelNumbers, corrupt: (what: string) => ModelError): void {
  const { sizes, field } = model
  for (const [name, lowest, below] of RANGES) {
    const bad = field[name].findIndex(id => id < lowest || id >= sizes[below])
    if (bad >= 0) throw corrupt(`${name}[${bad}] is ${field[name][bad]}, with ${below} = ${sizes[below]}`)
  }
  for (const [adr, num, size] of SPANS) {
    const count = field[num]
    const bad = count.findIndex((n, i) => n < 0 || Math.max(field[adr][i], 0) + n > sizes[size])
    if (bad >= 0) throw corrupt(`${num}[${bad}] is ${count[bad]}, with ${size} = ${sizes[size]}`)
  }
  for (const [name, values] of VALUES) {
    const bad = field[name].findIndex(value => !values.includes(value))
    if (bad >= 0) throw corrupt(`${name}[${bad}] is ${field[name][bad]}`)
  }
  for (const name of ['pair_signature', 'exclude_signature']) {
    const bad = field[name].findIndex(both => both < 0 || both >> 16 >= sizes.nbody || (both & 0xffff) >= sizes.nbody)
    if (bad >= 0) throw corrupt(`${name}[${bad}] is ${field[name][bad]}, with nbody = ${sizes.nbody}`)
  }
  // recursions walk bodies and dofs in order of ids: parents come first
  for (const [name, root] of [
    ['body_parentid', 0],
    ['dof_parentid', -1],
  ] as const) {
    const loop = field[name].findIndex((parent, i) => parent >= Math.max(i, root + 1))
    if (loop >= 0) throw corrupt(`${name}[${loop}] is ${field[name][loop]}`)
  }
  checkJoints(sizes, field, corrupt)
  checkReferences(sizes, field, corrupt)
  checkSensors(model, corrupt)
}

type Corrupt = (what: string) => ModelError
type Sizes = ModelNumbers['sizes']
type Fields = ModelNumbers['field']

function checkJoints(sizes: Sizes, field: Fields, corrupt: Corrupt): void {
  for (let j = 0; j < sizes.njnt; j++) {
    const type = field.jnt_type[j]
    const [nq, nv] = [JOINT_NQ[type], JOINT_NV[type]]
    if (nq === undefined) throw corrupt(`jnt_type[${j}] is ${type}`)
    const fits = field.jnt_qposadr[j] + nq <= sizes.nq && field.jnt_dofadr[j] + nv <= sizes.nv
    if (!fits) throw corrupt(`joint ${j} of type ${type} leaves qpos or qvel`)
  }
}

/** Ids whose meaning depends on a type: transmissions, joint equalities, what sensors look at. */
function checkReferences(sizes: Sizes, field: Fields, corrupt: Corrupt): void {
  const check = (name: string, index: number, lowest: number, below: number): void => {
    const id = field[name][index]
    if (id < lowest || id >= below) throw corrupt(`${name}[${index}] is ${id}, expected ${lowest} to ${below - 1}`)
  }
  const targets: Readonly<Record<number, number>> = {
    [TRN.JOINT]: sizes.njnt,
    [TRN.JOINTINPARENT]: sizes.njnt,
    [TRN.TENDON]: sizes.ntendon,
    [TRN.SITE]: sizes.nsite,
  }
  for (let i = 0; i < sizes.nactuator; i++) {
    const below = targets[field.actuator_trntype[i]]
    if (below !== undefined) check('actuator_trnid', 2 * i, 0, below)
    // the site a force is expressed in
    if (field.actuator_trntype[i] === TRN.SITE) check('actuator_trnid', 2 * i + 1, -1, sizes.nsite)
  }
  for (let i = 0; i < sizes.neq; i++) {
    const joints = field.eq_type[i] === EQ.JOINT
    if (!joints && field.eq_type[i] !== EQ.CONNECT && field.eq_type[i] !== EQ.WELD) continue
    const below = joints ? sizes.njnt : field.eq_objtype[i] === OBJ.SITE ? sizes.nsite : sizes.nbody
    check('eq_obj1id', i, 0, below)
    check('eq_obj2id', i, joints ? -1 : 0, below)
  }
  for (let i = 0; i < sizes.nwrap; i++) {
    if (field.wrap_type[i] === WRAP.JOINT) check('wrap_objid', i, 0, sizes.njnt)
  }
  const objects: Readonly<Record<number, number>> = {
    [OBJ.BODY]: sizes.nbody,
    [OBJ.XBODY]: sizes.nbody,
    [OBJ.JOINT]: sizes.njnt,
    [OBJ.GEOM]: sizes.ngeom,
    [OBJ.SITE]: sizes.nsite,
    [OBJ.TENDON]: sizes.ntendon,
    [OBJ.ACTUATOR]: sizes.nactuator,
  }
  for (let i = 0; i < sizes.nsensor; i++) {
    const [object, reference] = [objects[field.sensor_objtype[i]], objects[field.sensor_reftype[i]]]
    if (object !== undefined) check('sensor_objid', i, 0, object)
    if (reference !== undefined) check('sensor_refid', i, -1, reference)
  }
}
