/**
 * The table of every model and world quantity: the one place where names, types, shapes, units and meanings stand.
 * `npm run fields` generates assembly/shared from it; a test compares. The meaning of a row is the comment behind it, which
 * the generator reads and the package leaves out.
 *
 * Names are MuJoCo's. A leading `*` marks a Model field that may be shared by all worlds or hold one value per world.
 * Shapes are symbolic: sizes of the Model, or numbers.
 */

export type FieldRow = readonly [name: string, type: 'f' | 'i', shape: readonly (string | number)[], unit: string]

/** Scalars that are sizes; integers of the Model itself. */
export const SIZES = [
  'nq',
  'nv',
  'nu',
  'na',
  'nbody',
  'njnt',
  'ngeom',
  'nsite',
  'neq',
  'ntendon',
  'nactuator',
  'nout',
  'nsensor',
  'nsensordata',
  'nhistory',
  'nmocap',
  'nkey',
  'npair',
  'nexclude',
  'nwrap',
  'ngravcomp',
  'nmat',
] as const
export type SizeName = (typeof SIZES)[number]

// biome-ignore format: one row a line reads as the table it is
export const MODEL_FIELDS: readonly FieldRow[] = [
  // options and statistics
  ['*opt_timestep', 'f', [1], 's'], // simulation timestep
  ['*opt_gravity', 'f', [3], 'm/s^2'], // gravitational acceleration
  ['*opt_wind', 'f', [3], 'm/s'], // wind velocity
  ['*opt_magnetic', 'f', [3], 'T'], // global magnetic flux
  ['*opt_density', 'f', [1], 'kg/m^3'], // density of the medium
  ['*opt_viscosity', 'f', [1], 'Pa*s'], // viscosity of the medium
  ['*opt_impratio', 'f', [1], '1'], // ratio of friction-to-normal contact impedance
  ['opt_tolerance', 'f', [1], '1'], // main solver tolerance
  ['opt_ls_tolerance', 'f', [1], '1'], // line search tolerance
  ['opt_ccd_tolerance', 'f', [1], 'm'], // tolerance of the convex collision routine
  ['opt_ccd_iterations', 'i', [1], '1'], // maximum number of iterations of the convex collision routine
  ['opt_iterations', 'i', [1], '1'], // maximum number of main solver iterations
  ['opt_ls_iterations', 'i', [1], '1'], // maximum number of line search iterations
  ['opt_integrator', 'i', [1], 'enum'], // integration mode (mjtIntegrator)
  ['opt_cone', 'i', [1], 'enum'], // type of friction cone (mjtCone)
  ['opt_jacobian', 'i', [1], 'enum'], // type of Jacobian (mjtJacobian)
  ['opt_solver', 'i', [1], 'enum'], // solver algorithm (mjtSolver)
  ['opt_disableflags', 'i', [1], 'bits'], // disabled features (mjtDisableBit)
  ['opt_enableflags', 'i', [1], 'bits'], // enabled features (mjtEnableBit)
  ['opt_disableactuator', 'i', [1], 'bits'], // disabled actuator groups
  ['stat_meaninertia', 'f', [1], 'kg or kg*m^2'], // mean diagonal inertia
  // reference pose
  ['*qpos0', 'f', ['nq'], 'm or rad'], // qpos values at default pose
  ['*qpos_spring', 'f', ['nq'], 'm or rad'], // reference pose for springs
  // bodies
  ['body_parentid', 'i', ['nbody'], 'id'], // id of body's parent
  ['body_rootid', 'i', ['nbody'], 'id'], // ancestor that is a direct child of the world
  ['body_weldid', 'i', ['nbody'], 'id'], // top body this body is welded to
  ['body_mocapid', 'i', ['nbody'], 'id'], // id of mocap data; -1: none
  ['body_jntnum', 'i', ['nbody'], '1'], // number of joints for this body
  ['body_jntadr', 'i', ['nbody'], 'adr'], // start address of joints; -1: no joints
  ['body_dofnum', 'i', ['nbody'], '1'], // number of motion degrees of freedom
  ['body_dofadr', 'i', ['nbody'], 'adr'], // start address of dofs; -1: no dofs
  ['body_simple', 'i', ['nbody'], '0..2'], // 1: diagonal M; 2: diagonal M, sliders only
  ['*body_pos', 'f', ['nbody', 3], 'm'], // position offset relative to the parent body
  ['*body_quat', 'f', ['nbody', 4], '1'], // orientation offset relative to the parent body
  ['*body_ipos', 'f', ['nbody', 3], 'm'], // local position of the centre of mass
  ['*body_iquat', 'f', ['nbody', 4], '1'], // local orientation of the inertia ellipsoid
  ['*body_mass', 'f', ['nbody'], 'kg'], // mass
  ['*body_subtreemass', 'f', ['nbody'], 'kg'], // mass of the subtree starting at this body
  ['*body_inertia', 'f', ['nbody', 3], 'kg*m^2'], // diagonal inertia in the ipos/iquat frame
  ['*body_invweight0', 'f', ['nbody', 2], '1/kg, 1/(kg*m^2)'], // mean inverse inertia in qpos0 (translation, rotation)
  ['*body_gravcomp', 'f', ['nbody'], '1'], // antigravity force, in units of body weight
  // joints
  ['jnt_type', 'i', ['njnt'], 'enum'], // type of joint (mjtJoint)
  ['jnt_qposadr', 'i', ['njnt'], 'adr'], // start address in qpos
  ['jnt_dofadr', 'i', ['njnt'], 'adr'], // start address in qvel
  ['jnt_bodyid', 'i', ['njnt'], 'id'], // id of the joint's body
  ['jnt_limited', 'i', ['njnt'], 'bool'], // does the joint have limits
  ['jnt_actfrclimited', 'i', ['njnt'], 'bool'], // does the joint have actuator force limits
  ['jnt_actgravcomp', 'i', ['njnt'], 'bool'], // is gravity compensation force applied via actuators
  ['*jnt_solref', 'f', ['njnt', 2], 's, 1'], // constraint solver reference: limit
  ['*jnt_solimp', 'f', ['njnt', 5], '1'], // constraint solver impedance: limit
  ['*jnt_pos', 'f', ['njnt', 3], 'm'], // local anchor position
  ['*jnt_axis', 'f', ['njnt', 3], '1'], // local joint axis
  ['*jnt_stiffness', 'f', ['njnt'], 'N/m or N*m/rad'], // stiffness coefficient
  ['*jnt_stiffnesspoly', 'f', ['njnt', 2], 'SI'], // high-order stiffness coefficients
  ['*jnt_range', 'f', ['njnt', 2], 'm or rad'], // joint limits
  ['*jnt_actfrcrange', 'f', ['njnt', 2], 'N or N*m'], // range of total actuator force
  ['*jnt_margin', 'f', ['njnt'], 'm or rad'], // minimum distance for limit detection
  // degrees of freedom
  ['dof_bodyid', 'i', ['nv'], 'id'], // id of the dof's body
  ['dof_jntid', 'i', ['nv'], 'id'], // id of the dof's joint
  ['dof_parentid', 'i', ['nv'], 'id'], // id of the dof's parent; -1: none
  ['dof_treeid', 'i', ['nv'], 'id'], // id of the dof's tree
  ['*dof_solref', 'f', ['nv', 2], 's, 1'], // constraint solver reference: frictionloss
  ['*dof_solimp', 'f', ['nv', 5], '1'], // constraint solver impedance: frictionloss
  ['*dof_frictionloss', 'f', ['nv'], 'N or N*m'], // friction loss
  ['*dof_armature', 'f', ['nv'], 'kg or kg*m^2'], // armature inertia
  ['*dof_damping', 'f', ['nv'], 'N*s/m or N*m*s/rad'], // damping coefficient
  ['*dof_dampingpoly', 'f', ['nv', 2], 'SI'], // high-order damping coefficients
  ['*dof_invweight0', 'f', ['nv'], '1/kg or 1/(kg*m^2)'], // diagonal inverse inertia in qpos0
  ['*dof_M0', 'f', ['nv'], 'kg or kg*m^2'], // diagonal inertia in qpos0
  // geoms
  ['geom_type', 'i', ['ngeom'], 'enum'], // geometric type (mjtGeom)
  ['geom_contype', 'i', ['ngeom'], 'bits'], // geom contact type
  ['geom_conaffinity', 'i', ['ngeom'], 'bits'], // geom contact affinity
  ['geom_condim', 'i', ['ngeom'], '1'], // contact dimensionality
  ['geom_bodyid', 'i', ['ngeom'], 'id'], // id of the geom's body
  ['geom_priority', 'i', ['ngeom'], '1'], // geom contact priority
  ['*geom_solmix', 'f', ['ngeom'], '1'], // mixing coefficient for solref/imp in geom pair
  ['*geom_solref', 'f', ['ngeom', 2], 's, 1'], // constraint solver reference: contact
  ['*geom_solimp', 'f', ['ngeom', 5], '1'], // constraint solver impedance: contact
  ['*geom_size', 'f', ['ngeom', 3], 'm'], // geom-specific size parameters
  ['*geom_pos', 'f', ['ngeom', 3], 'm'], // local position offset relative to the body
  ['*geom_quat', 'f', ['ngeom', 4], '1'], // local orientation offset relative to the body
  ['*geom_friction', 'f', ['ngeom', 3], '1, m, m'], // friction for slide, spin, roll
  ['*geom_margin', 'f', ['ngeom'], 'm'], // detect contact if distance is below margin
  ['*geom_gap', 'f', ['ngeom'], 'm'], // contacts are reported below margin + gap, and act below margin
  ['*geom_rbound', 'f', ['ngeom'], 'm'], // radius of bounding sphere; 0: plane
  ['geom_matid', 'i', ['ngeom'], 'id'], // material for rendering; -1: none
  ['geom_rgba', 'f', ['ngeom', 4], '1'], // color when the geom has no material: with an alpha of 0 rays do not see it
  ['mat_rgba', 'f', ['nmat', 4], '1'], // color of a material
  // contact pairs and exclusions
  ['pair_dim', 'i', ['npair'], '1'], // contact dimensionality
  ['pair_geom1', 'i', ['npair'], 'id'], // id of geom1
  ['pair_geom2', 'i', ['npair'], 'id'], // id of geom2
  ['pair_signature', 'i', ['npair'], 'bits'], // (body1 << 16) + body2
  ['*pair_solref', 'f', ['npair', 2], 's, 1'], // solver reference: contact normal
  ['*pair_solreffriction', 'f', ['npair', 2], 's, 1'], // solver reference: contact friction; 0: as the normal
  ['*pair_solimp', 'f', ['npair', 5], '1'], // solver impedance: contact
  ['*pair_margin', 'f', ['npair'], 'm'], // detect contact if distance is below margin
  ['*pair_gap', 'f', ['npair'], 'm'], // contacts are reported below margin + gap, and act below margin
  ['*pair_friction', 'f', ['npair', 5], '1, m, m'], // tangent 2, spin, roll 2
  ['exclude_signature', 'i', ['nexclude'], 'bits'], // (body1 << 16) + body2
  // sites
  ['site_type', 'i', ['nsite'], 'enum'], // geometric type (mjtGeom)
  ['*site_size', 'f', ['nsite', 3], 'm'], // geometric size
  ['site_bodyid', 'i', ['nsite'], 'id'], // id of the site's body
  ['*site_pos', 'f', ['nsite', 3], 'm'], // local position offset relative to the body
  ['*site_quat', 'f', ['nsite', 4], '1'], // local orientation offset relative to the body
  // equality constraints
  ['eq_type', 'i', ['neq'], 'enum'], // constraint type (mjtEq)
  ['eq_obj1id', 'i', ['neq'], 'id'], // id of object 1
  ['eq_obj2id', 'i', ['neq'], 'id'], // id of object 2
  ['eq_objtype', 'i', ['neq'], 'enum'], // type of both objects (mjtObj)
  ['eq_active0', 'i', ['neq'], 'bool'], // initial enable/disable constraint state
  ['*eq_solref', 'f', ['neq', 2], 's, 1'], // constraint solver reference
  ['*eq_solimp', 'f', ['neq', 5], '1'], // constraint solver impedance
  ['*eq_data', 'f', ['neq', 11], 'SI'], // numeric data for the constraint
  // tendons
  ['tendon_adr', 'i', ['ntendon'], 'adr'], // address of the first object in the path
  ['tendon_num', 'i', ['ntendon'], '1'], // number of objects in the path
  ['tendon_limited', 'i', ['ntendon'], 'bool'], // does the tendon have length limits
  ['tendon_actfrclimited', 'i', ['ntendon'], 'bool'], // does the tendon have actuator force limits
  ['*tendon_solref_lim', 'f', ['ntendon', 2], 's, 1'], // constraint solver reference: limit
  ['*tendon_solimp_lim', 'f', ['ntendon', 5], '1'], // constraint solver impedance: limit
  ['*tendon_solref_fri', 'f', ['ntendon', 2], 's, 1'], // constraint solver reference: friction
  ['*tendon_solimp_fri', 'f', ['ntendon', 5], '1'], // constraint solver impedance: friction
  ['*tendon_range', 'f', ['ntendon', 2], 'm or rad'], // length limits
  ['*tendon_actfrcrange', 'f', ['ntendon', 2], 'N or N*m'], // range of total actuator force
  ['*tendon_margin', 'f', ['ntendon'], 'm or rad'], // minimum distance for limit detection
  ['*tendon_stiffness', 'f', ['ntendon'], 'SI'], // stiffness coefficient
  ['*tendon_stiffnesspoly', 'f', ['ntendon', 2], 'SI'], // high-order stiffness coefficients
  ['*tendon_damping', 'f', ['ntendon'], 'SI'], // damping coefficient
  ['*tendon_dampingpoly', 'f', ['ntendon', 2], 'SI'], // high-order damping coefficients
  ['*tendon_armature', 'f', ['ntendon'], 'SI'], // inertia associated with the velocity of the tendon
  ['*tendon_frictionloss', 'f', ['ntendon'], 'N or N*m'], // loss due to friction
  ['*tendon_lengthspring', 'f', ['ntendon', 2], 'm or rad'], // spring resting length range
  ['*tendon_length0', 'f', ['ntendon'], 'm or rad'], // tendon length in qpos0
  ['*tendon_invweight0', 'f', ['ntendon'], 'SI'], // inverse inertia in qpos0
  ['wrap_type', 'i', ['nwrap'], 'enum'], // type of object in the path (mjtWrap)
  ['wrap_objid', 'i', ['nwrap'], 'id'], // object id: joint
  ['*wrap_prm', 'f', ['nwrap'], '1'], // joint coefficient
  // actuators
  ['actuator_trntype', 'i', ['nactuator'], 'enum'], // transmission type (mjtTrn)
  ['actuator_dyntype', 'i', ['nactuator'], 'enum'], // dynamics type (mjtDyn)
  ['actuator_gaintype', 'i', ['nactuator'], 'enum'], // gain type (mjtGain)
  ['actuator_biastype', 'i', ['nactuator'], 'enum'], // bias type (mjtBias)
  ['actuator_trnid', 'i', ['nactuator', 2], 'id'], // transmission id: joint, tendon, site
  ['actuator_group', 'i', ['nactuator'], '1'], // group for disabling
  ['actuator_ctrladr', 'i', ['nactuator'], 'adr'], // start address in ctrl
  ['actuator_ctrlnum', 'i', ['nactuator'], '1'], // number of controls
  ['actuator_ctrlspec', 'i', ['nactuator'], 'bits'], // which inputs a servo has (mjtCtrlInput)
  ['actuator_outadr', 'i', ['nactuator'], 'adr'], // start address in actuator_force
  ['actuator_outnum', 'i', ['nactuator'], '1'], // number of force outputs
  ['actuator_actadr', 'i', ['nactuator'], 'adr'], // first activation address; -1: stateless
  ['actuator_actnum', 'i', ['nactuator'], '1'], // number of activation variables
  ['actuator_ctrllimited', 'i', ['nu'], 'bool'], // is control limited
  ['actuator_forcelimited', 'i', ['nactuator'], 'bool'], // is force limited
  ['actuator_actlimited', 'i', ['nactuator'], 'bool'], // is activation limited
  ['actuator_actearly', 'i', ['nactuator'], 'bool'], // step activation before force
  ['actuator_history', 'i', ['nactuator', 2], '1'], // history buffer: nsample, interp
  ['actuator_historyadr', 'i', ['nactuator'], 'adr'], // address in the history buffer; -1: none
  ['*actuator_delay', 'f', ['nactuator'], 's'], // delay of the control input
  ['*actuator_dynprm', 'f', ['nactuator', 10], 'SI'], // dynamics parameters
  ['*actuator_gainprm', 'f', ['nactuator', 10], 'SI'], // gain parameters
  ['*actuator_biasprm', 'f', ['nactuator', 10], 'SI'], // bias parameters
  ['*actuator_ctrlrange', 'f', ['nu', 2], 'SI'], // range of controls
  ['*actuator_forcerange', 'f', ['nactuator', 2], 'N or N*m'], // range of forces
  ['*actuator_actrange', 'f', ['nactuator', 2], 'SI'], // range of activations
  ['*actuator_gear', 'f', ['nout', 6], '1 or m'], // scale length and transmitted force
  ['*actuator_damping', 'f', ['nactuator'], 'SI'], // damping coefficient added to the joint
  ['*actuator_dampingpoly', 'f', ['nactuator', 2], 'SI'], // high-order damping coefficients
  ['*actuator_armature', 'f', ['nactuator'], 'SI'], // armature added to the joint
  ['*actuator_length0', 'f', ['nout'], 'm or rad'], // actuator length in qpos0
  ['*actuator_acc0', 'f', ['nout'], 'SI'], // acceleration from unit force in qpos0
  // sensors
  ['sensor_type', 'i', ['nsensor'], 'enum'], // sensor type (mjtSensor)
  ['sensor_datatype', 'i', ['nsensor'], 'enum'], // numeric data type (mjtDataType)
  ['sensor_needstage', 'i', ['nsensor'], 'enum'], // required compute stage (mjtStage)
  ['sensor_objtype', 'i', ['nsensor'], 'enum'], // type of sensorized object (mjtObj)
  ['sensor_objid', 'i', ['nsensor'], 'id'], // id of sensorized object
  ['sensor_reftype', 'i', ['nsensor'], 'enum'], // type of reference frame (mjtObj)
  ['sensor_refid', 'i', ['nsensor'], 'id'], // id of reference frame; -1: global frame
  ['sensor_intprm', 'i', ['nsensor', 3], '1'], // sensor parameters
  ['sensor_dim', 'i', ['nsensor'], '1'], // number of scalar outputs
  ['sensor_adr', 'i', ['nsensor'], 'adr'], // address in sensordata
  ['sensor_history', 'i', ['nsensor', 2], '1'], // history buffer: nsample, interp
  ['sensor_historyadr', 'i', ['nsensor'], 'adr'], // address in the history buffer; -1: none
  ['*sensor_delay', 'f', ['nsensor'], 's'], // delay of the reading
  ['*sensor_interval', 'f', ['nsensor', 2], 's'], // sampling period and phase
  ['*sensor_cutoff', 'f', ['nsensor'], 'SI'], // cutoff for real and positive; 0: ignore
  ['*sensor_noise', 'f', ['nsensor'], 'SI'], // noise standard deviation, declared and never applied by MuJoCo
  // keyframes
  ['key_time', 'f', ['nkey'], 's'], // key time
  ['key_qpos', 'f', ['nkey', 'nq'], 'm or rad'], // key position
  ['key_qvel', 'f', ['nkey', 'nv'], 'm/s or rad/s'], // key velocity
  ['key_act', 'f', ['nkey', 'na'], 'SI'], // key activation
  ['key_ctrl', 'f', ['nkey', 'nu'], 'SI'], // key control
  ['key_mpos', 'f', ['nkey', 'nmocap', 3], 'm'], // key mocap position
  ['key_mquat', 'f', ['nkey', 'nmocap', 4], '1'], // key mocap quaternion
]

/** Quantities kept for every world: state, inputs and the results of the last step. */
// biome-ignore format: one row a line reads as the table it is
export const WORLD_FIELDS: readonly FieldRow[] = [
  // state
  ['time', 'f', [1], 's'], // simulation time
  ['qpos', 'f', ['nq'], 'm or rad'], // position
  ['qvel', 'f', ['nv'], 'm/s or rad/s'], // velocity
  ['act', 'f', ['na'], 'SI'], // actuator activation
  ['qacc_warmstart', 'f', ['nv'], 'm/s^2 or rad/s^2'], // acceleration used for warm start
  ['history', 'f', ['nhistory'], 'SI'], // delay buffers of controls and sensors
  // inputs
  ['ctrl', 'f', ['nu'], 'SI'], // control
  ['qfrc_applied', 'f', ['nv'], 'N or N*m'], // applied generalized force
  ['xfrc_applied', 'f', ['nbody', 6], 'N, N*m'], // applied Cartesian force and torque at the com of each body
  ['eq_active', 'f', ['neq'], 'bool'], // is the equality constraint active
  ['mocap_pos', 'f', ['nmocap', 3], 'm'], // position of mocap bodies
  ['mocap_quat', 'f', ['nmocap', 4], '1'], // orientation of mocap bodies
  ['actuator_enable', 'f', ['nactuator'], '1'], // actuator on (1) or off (0); ours: MuJoCo switches groups, for all worlds
  ['actuator_supply', 'f', ['nactuator'], '1'], // supply voltage over nominal voltage of a dcmotor; ours
  // results of the last forward or step
  ['qacc', 'f', ['nv'], 'm/s^2 or rad/s^2'], // acceleration
  ['act_dot', 'f', ['na'], 'SI/s'], // time-derivative of the activation
  ['actuator_force', 'f', ['nout'], 'N or N*m'], // actuator force in actuation space
  ['qfrc_actuator', 'f', ['nv'], 'N or N*m'], // actuator force in joint space
  ['qfrc_constraint', 'f', ['nv'], 'N or N*m'], // constraint force in joint space
  ['sensordata', 'f', ['nsensordata'], 'SI'], // sensor readings
  ['solver_niter', 'f', [1], '1'], // solver iterations of the last forward
  ['ncon', 'f', [1], '1'], // detected contacts of the last forward, those that found no room included
  ['nefc', 'f', [1], '1'], // constraint rows of the last forward
  ['status', 'f', [1], 'bits'], // status bits of this world (StatusBit)
]

/** Quantities recomputed from the state of the last forward when asked for; they live in a worker's scratch. */
// biome-ignore format: one row a line reads as the table it is
export const DERIVED_FIELDS: readonly FieldRow[] = [
  ['xpos', 'f', ['nbody', 3], 'm'], // Cartesian position of the body frame
  ['xquat', 'f', ['nbody', 4], '1'], // Cartesian orientation of the body frame
  ['xmat', 'f', ['nbody', 9], '1'], // Cartesian orientation of the body frame
  ['xipos', 'f', ['nbody', 3], 'm'], // Cartesian position of the body com
  ['geom_xpos', 'f', ['ngeom', 3], 'm'], // Cartesian position of the geom
  ['geom_xmat', 'f', ['ngeom', 9], '1'], // Cartesian orientation of the geom
  ['xanchor', 'f', ['njnt', 3], 'm'], // Cartesian position of the joint anchor
  ['xaxis', 'f', ['njnt', 3], '1'], // Cartesian joint axis
  ['cdof', 'f', ['nv', 6], 'rad, m'], // com-based motion axis of each dof
  ['cvel', 'f', ['nbody', 6], 'rad/s, m/s'], // com-based velocity
  ['cdof_dot', 'f', ['nv', 6], 'rad/s, m/s'], // time-derivative of cdof
  ['qM', 'f', ['nv', 'nv'], 'kg, kg*m, kg*m^2'], // joint-space inertia, lower triangle
  ['qfrc_bias', 'f', ['nv'], 'N or N*m'], // Coriolis, centrifugal and gravitational force
  ['qfrc_passive', 'f', ['nv'], 'N or N*m'], // springs, dampers, fluid, gravity compensation
  ['qfrc_gravcomp', 'f', ['nv'], 'N or N*m'], // gravity compensation, whether passive or by the actuators
  ['qfrc_smooth', 'f', ['nv'], 'N or N*m'], // net unconstrained force
  ['qacc_smooth', 'f', ['nv'], 'm/s^2 or rad/s^2'], // unconstrained acceleration
  ['ten_length', 'f', ['ntendon'], 'm or rad'], // tendon length
  ['ten_velocity', 'f', ['ntendon'], 'm/s or rad/s'], // tendon velocity
  ['actuator_length', 'f', ['nout'], 'm or rad'], // actuator length
  ['actuator_velocity', 'f', ['nout'], 'm/s or rad/s'], // actuator velocity
]

/** Bits of `status`; one enum for all three languages. */
export const STATUS = {
  /** qpos, qvel or qacc is not finite or exceeds 1e10: the world stands still until it is reset */
  BADSTATE: 1,
  /** the constraint solver ran out of iterations before its tolerance */
  SOLVER: 2,
  /** more contacts than nconmax: the world stands still in the state before them, until it is reset; `ncon` names the size that would do */
  CONTACTS: 4,
} as const

/** A field row without its `*`, with the flag spelled out. */
export interface Field {
  readonly name: string
  readonly type: 'f' | 'i'
  readonly shape: readonly (string | number)[]
  readonly unit: string
  /** a Model field that may hold one value per world */
  readonly perWorld: boolean
}

const parse = (rows: readonly FieldRow[]): Field[] =>
  rows.map(([name, type, shape, unit]) => ({
    name: name.replace('*', ''),
    type,
    shape,
    unit,
    perWorld: name.startsWith('*'),
  }))

export const modelFields: readonly Field[] = parse(MODEL_FIELDS)
export const worldFields: readonly Field[] = parse(WORLD_FIELDS)
export const derivedFields: readonly Field[] = parse(DERIVED_FIELDS)

/** Number of scalars of a field, given the sizes of a Model. */
export function fieldSize(field: Field, sizes: Readonly<Record<SizeName, number>>): number {
  let size = 1
  for (const s of field.shape) size *= typeof s === 'number' ? s : sizes[s as SizeName]
  return size
}

// ---------------------------------------------------------------------------------------------------------------------
// What the CPU engine adds for itself. A link is a joint seen as a rigid body: its frame sits at the joint's anchor, and
// the inertia of every body that moves with it is lumped into the last link of that body.

/** Sizes the engine derives from a Model. */
export const ENGINE_SIZES = [
  'planar',
  'scalar',
  'ngroup',
  'nMnz',
  'nHnz',
  'njmax',
  'nJmax',
  'nfriction',
  'nlimit',
  'nsimple',
  'springs',
  'ncand',
  'nconmax',
  'nconblock',
  'nrun',
  'nsweep',
  'nindex',
  'nhitword',
  'nctc',
  'nccd',
  'nWmax',
  'nvH',
  'nHsmax',
  'nHbits',
  'npgsB',
  'npgsA',
  'npgsf',
  'xfrc',
  'gravcomp',
  'fluid',
  'tenarmature',
  'tenforce',
  'sensorneeds',
  'tenactlimited',
  'nmoment',
  'nlu',
  'refsites',
] as const
export type EngineSizeName = (typeof ENGINE_SIZES)[number]

/** Integer tables of a Model's topology, shared by all worlds. */
// biome-ignore format: one row a line reads as the table it is
export const TOPOLOGY_FIELDS: readonly FieldRow[] = [
  ['lnk_parent', 'i', ['njnt'], 'id'], // parent link; -1: the world
  ['lnk_axis', 'i', ['njnt'], '0..2'], // column of the link frame that is the joint axis
  ['lnk_flags', 'i', ['njnt'], 'bits'], // LinkFlag: what this link need not compute
  ['lnk_group', 'i', ['njnt'], 'id'], // which kinematic tree (by root body) the link belongs to
  ['body_lnk', 'i', ['nbody'], 'id'], // link a body moves with; -1: static
  ['body_group', 'i', ['nbody'], 'id'], // kinematic tree of a body; -1: none moves
  ['grp_root', 'i', ['ngroup'], 'id'], // root body of a kinematic tree
  ['M_rownnz', 'i', ['nv'], '1'], // off-diagonal nonzeros of a row of M: ancestors of the dof
  ['M_rowadr', 'i', ['nv'], 'adr'], // start of the row in M_colind
  ['M_colind', 'i', ['nMnz'], 'id'], // columns, descending
  ['H_rownnz', 'i', ['nv'], '1'], // off-diagonal nonzeros of a row of the factor of the Hessian
  ['H_rowadr', 'i', ['nv'], 'adr'], // start of the row in H_colind
  ['H_colind', 'i', ['nHnz'], 'id'], // columns, descending
  ['H_bits', 'i', ['nHbits'], 'bits'], // the same as a set of columns, 32 a word
  ['act_simple', 'i', ['nactuator'], 'bool'], // 1: stateless, undelayed gain * ctrl on a slide or hinge; 2: with affine bias
  ['act_rownnz', 'i', ['nactuator'], '1'], // dofs that the joint, tendon or site of an actuator moves with
  ['act_rowadr', 'i', ['nactuator'], 'adr'], // start of its row in act_colind and moment
  ['act_colind', 'i', ['nmoment'], 'id'], // dofs
  ['act_side', 'i', ['nmoment'], '+-1'], // -1: the dof moves the reference site
  ['friction_dof', 'i', ['nfriction'], 'id'], // dofs that have friction loss in some world
  ['limit_jnt', 'i', ['nlimit'], 'id'], // joints that are limited
  ['ten_rownnz', 'i', ['ntendon'], '1'], // dofs of a tendon
  ['ten_rowadr', 'i', ['ntendon'], 'adr'], // start of its row in ten_J
  ['ten_colind', 'i', ['nwrap'], 'id'], // dofs, ascending
  ['cand', 'i', ['ncand', 4], 'id'], // geom pairs that may collide, in the order of their contacts: geom1, geom2, pair or -1, condim
  ['geom_visible', 'i', ['ngeom'], 'bool'], // can a ray meet the geom
  ['cand_run', 'i', ['nrun', 4], 'id'], // rows of cand that are tested alike: geom1, first row, end, kind (sim/collision/broad.ts)
  ['sweep_geom', 'i', ['nsweep'], 'id'], // geoms of the sweep of large scenes
  ['sweep_adr', 'i', ['nsweep', 2], 'adr'], // of each of them: first and end row of sweep_cand of the pairs whose lower id it is
  ['sweep_cand', 'i', ['nindex', 2], 'id'], // place of the other geom in sweep_geom, ascending; row of cand
  ['act_slot', 'i', ['nactuator', 5], 'adr'], // act index of slew, integral, temperature, bristle, current; -1: none
]

/** Constants of the engine, per world where a Model field they come from is. */
// biome-ignore format: one row a line reads as the table it is
export const CONSTANT_FIELDS: readonly FieldRow[] = [
  ['ten_J', 'f', ['nwrap'], '1 or m'], // Jacobian of tendons, sparse rows
  ['lnk_const', 'f', ['njnt', 24], 'm, kg'], // link frame in its parent (rotation 9, position 3), axis sign, lumped inertia (10), pad
  ['body_frame', 'f', ['nbody', 12], 'm'], // body frame in its link (static: in the world, or in the mocap body at its root): rotation 9, position 3
  ['geom_frame', 'f', ['ngeom', 12], 'm'], // geom frame in the link of its body (static: in the world): rotation 9, position 3
  ['geom_reach', 'f', ['ngeom'], 'm'], // bounding radius, margin and gap: geoms can touch where their centres are within the sum of two
  ['site_frame', 'f', ['nsite', 12], 'm'], // site frame in the link of its body: rotation 9, position 3
  ['body_com', 'f', ['nbody', 3], 'm'], // centre of mass of a body in its link
  ['lnk_gravcomp', 'f', ['njnt', 4], 'kg, kg*m'], // first moment and mass of what gravity compensation carries, in the link
  ['grp_static', 'f', ['ngroup', 4], 'kg, kg*m'], // mass and first moment of the static bodies of a tree
  ['dof_inertia', 'f', ['nv'], 'kg or kg*m^2'], // armature of a dof and of its actuators
  ['limit_const', 'f', ['njnt', 10], 'SI'], // solver constants of a joint limit (RowConst)
  ['eq_const', 'f', ['neq', 10], 'SI'], // solver constants of an equality
  ['friction_const', 'f', ['nv', 3], 'SI'], // of friction loss: D, R, B
  ['ten_friction_const', 'f', ['ntendon', 3], 'SI'], // of friction loss of a tendon: D, R, B
  ['ten_limit_const', 'f', ['ntendon', 10], 'SI'], // solver constants of a tendon limit
  ['ten_inertia', 'f', ['ntendon'], 'SI'], // armature of a tendon and of its actuators
  ['ten_drag', 'f', ['ntendon', 3], 'SI'], // damping polynomial of a tendon and of its actuators
  ['fluid_const', 'f', ['nbody', 13], 'm'], // inertial frame of a body in its link, box of the same inertia, whether it has mass (mask)
  ['dof_drag', 'f', ['nv', 3], 'SI'], // damping polynomial of a dof and of its actuators
]

/** A worker's scratch: what one block needs during one step. */
// biome-ignore format: one row a line reads as the table it is
export const SCRATCH_FIELDS: readonly FieldRow[] = [
  ['tmp', 'f', [64], '-'], // results of functions that return more than one value
  ['grp_com', 'f', ['ngroup', 4], 'm, kg'], // centre of mass and mass of a kinematic tree
  ['lnk', 'f', ['njnt', 40], 'SI'], // R 9, p 3, cinert 10, cvel 6, cacc 6, cfrc 6
  ['dofs', 'f', ['nv', 12], 'SI'], // cdof 6, cdof_dot 6
  ['mocap', 'f', ['nmocap', 12], 'm'], // pose of a mocap body: rotation 9, position 3
  ['wrench', 'f', ['njnt', 6], 'N*m, N'], // torque about the anchor of a link, force
  ['qM', 'f', ['nv', 'nv'], 'SI'], // joint-space inertia, lower triangle
  ['qH', 'f', ['nv', 'nv'], 'SI'], // factor of M + K: L below, D on the diagonal
  ['qHDiagInv', 'f', ['nv'], 'SI'], // 1 / D
  ['lnk_coriolis', 'f', ['njnt', 12], 'SI'], // derivative of the force that moves a link by its velocity: matrix 9, linear momentum 3
  ['bias_shift', 'f', ['nv', 6], 'SI'], // acceleration of links that the velocity of a dof adds
  ['qLU', 'f', ['nlu', 'nlu'], 'SI'], // unsymmetric matrix of the implicit integrators
  ['dense', 'f', ['nv'], 'SI'], // one row without its zeros left out
  ['fluid_J', 'f', ['nv', 6], 'SI'], // Jacobian of a body in its inertial frame, one row a component
  ['fluid_col', 'i', ['nv'], 'id'],
  ['ten_length', 'f', ['ntendon'], 'm or rad'],
  ['ten_velocity', 'f', ['ntendon'], 'm/s or rad/s'],
  ['qfrc_bias', 'f', ['nv'], 'N or N*m'],
  ['qfrc_passive', 'f', ['nv'], 'N or N*m'],
  ['qfrc_gravcomp', 'f', ['nv'], 'N or N*m'],
  ['qfrc_smooth', 'f', ['nv'], 'N or N*m'],
  ['qacc_smooth', 'f', ['nv'], 'SI'],
  ['qacc_int', 'f', ['nv'], 'SI'], // acceleration that the integrator applies
  ['qderiv', 'f', ['nv'], 'SI'], // minus the diagonal of d qfrc_smooth / d qvel
  ['actuator_length', 'f', ['nout'], 'm or rad'],
  ['actuator_velocity', 'f', ['nout'], 'SI'],
  ['moment', 'f', ['nmoment'], 'SI'], // actuator moments, sparse rows
  ['act_dvel', 'f', ['nactuator'], 'SI'], // d actuator_force / d actuator_velocity
  ['u', 'f', ['nu'], 'SI'], // controls after delay and clamping
  ['act_next', 'f', ['na'], 'SI'], // activation at the end of the step
  ['xpos', 'f', ['nbody', 3], 'm'],
  ['xquat', 'f', ['nbody', 4], '1'],
  ['xmat', 'f', ['nbody', 9], '1'],
  ['xipos', 'f', ['nbody', 3], 'm'],
  ['xanchor', 'f', ['njnt', 3], 'm'],
  ['xaxis', 'f', ['njnt', 3], '1'],
  ['geoms', 'f', ['ngeom', 12], 'm'], // geom pose in the world: rotation 9, position 3
  ['con', 'f', ['nconblock', 16], 'SI'], // detected contacts, one record each (sim/types.ts)
  ['cursor', 'i', [8], '-'], // constraint rows, entries of efc_J, contacts, end of ctc, whether rows couple branches
  ['ctc', 'f', ['nctc'], 'SI'], // contacts as the solver sees them, one record each (sim/contact.ts)
  ['cone', 'f', [64], 'SI'], // Hessian of a contact, and what multiplies it
  ['ctc_W', 'f', ['nWmax'], 'SI'], // cone Hessian times Jacobian of one contact
  ['Hs_sign', 'i', ['nv', 2], '+-1'], // side of each column of a contact under construction
  ['Hs_rownnz', 'i', ['nvH'], '1'], // pattern of the Hessian of this step, where rows couple branches
  ['Hs_rowadr', 'i', ['nvH'], 'adr'],
  ['Hs_colind', 'i', ['nHsmax'], 'id'],
  ['Hs_bits', 'i', ['nHbits'], 'bits'], // rows of the pattern under construction
  ['sweep_ball', 'i', ['nsweep', 8], 'm'], // bounding spheres of one world, along an axis: x, y, z, radius, place in sweep_geom; then in that order: bin
  ['sweep_bin', 'i', ['nsweep', 2], 'adr'], // bins of the axis: start in the sorted spheres
  ['hits', 'i', ['nhitword', 9], 'bits'], // rows of cand whose spheres meet, a bit each; then the worlds of each, a byte each
  ['con_tmp', 'f', [64], '-'], // scratch of the functions of geom pairs
  ['ccd', 'f', ['nccd'], '-'], // memory of the convex routine (sim/collision/ccd/layout.ts)
  ['efc_J', 'f', ['nJmax'], 'SI'], // constraint Jacobian, sparse rows
  ['efc', 'f', ['njmax', 9], 'SI'], // constraint rows, one record each (sim/types.ts): D, R, aref, frictionloss, jar, zone, J p, force, bookkeeping
  ['efc_colind', 'i', ['nJmax'], 'id'],
  ['sol_x', 'f', ['nv'], 'SI'], // Newton step
  ['sol_Mx', 'f', ['nv'], 'SI'],
  ['pgs_B', 'f', ['npgsB'], 'SI'], // M^-1 J' of the base rows
  ['pgs_A', 'f', ['npgsA'], 'SI'], // J M^-1 J': a number a scalar row, dim x dim a contact
  ['pgs_f', 'f', [3, 'npgsf'], 'N'], // forces of the edges of pyramids, base forces of elliptic cones: now, before momentum, after it
  ['pgs_w', 'f', [119], 'SI'], // one elliptic cone under way
  ['cg_grad', 'f', ['nv'], 'SI'], // gradient of the cost
  ['cg_Mgrad', 'f', ['nv'], 'SI'], // preconditioned gradient
  ['cg_search', 'f', ['nv'], 'SI'], // search direction
  ['cg_dgrad', 'f', ['nv'], 'SI'], // changes of both gradients
  ['cg_dMgrad', 'f', ['nv'], 'SI'],
  ['sens_tmp', 'f', [128], '-'], // scratch of the sensors
  ['sens_acc', 'f', ['njnt', 6], 'rad/s^2, m/s^2'], // what joint accelerations add to the acceleration of a link
  ['sens_now', 'f', ['nsensordata'], 'SI'], // readings without delay of sensors that have a history
  ['sens_shown', 'f', ['nsensordata'], 'SI'], // what sensors with an interval show
  ['sens_match', 'f', ['nconblock', 3], '-'], // contacts that a contact sensor counts: mask, criterion, direction
  ['cfrc_ext', 'f', ['nbody', 6], 'N*m, N'], // com-based force of contacts on each body: torque, force
  ['rk_qpos', 'f', ['nq'], 'SI'], // state at the beginning of a Runge-Kutta step
  ['rk_qvel', 'f', ['nv'], 'SI'],
  ['rk_act', 'f', ['na'], 'SI'],
  ['rk_warm', 'f', ['nv'], 'SI'],
  ['rk_dx', 'f', ['nv'], 'SI'], // weighted sum of velocities
  ['rk_dv', 'f', ['nv'], 'SI'], // weighted sum of accelerations
  ['rk_da', 'f', ['na'], 'SI'], // weighted sum of act_dot
]

/** State before the last step, from which derived quantities are recomputed. */
// biome-ignore format: one row a line reads as the table it is
export const SNAPSHOT_FIELDS: readonly FieldRow[] = [
  ['qpos_prev', 'f', ['nq'], 'm or rad'], // qpos of the last forward
  ['qvel_prev', 'f', ['nv'], 'm/s or rad/s'], // qvel of the last forward
  ['constrained', 'f', [1], 'mask'], // had constraint rows in the last step: its qacc is the solver's
  ['time_carry', 'f', [1], 's'], // compensation of the summation of time
  ['episode', 'f', [1], '1'], // resets before the last one: the noise of sensors differs from one to the next
]

/** Memory of the convex routine in bytes: what comes before the polytope, one vertex, one face and its place in the map. */
export const CCD = {
  HEAD: 6256,
  VERTEX: 80,
  FACE: 64,
  MAP: 16,
  /** vertices and faces of the first polytope and of every iteration */
  FIRST_VERTICES: 5,
  FACES: 6,
  /** more are not made, whatever opt_ccd_iterations says (MuJoCo's limit too) */
  MAXITERATIONS: 1000,
} as const

/** Bits of `lnk_flags`. */
export const LINK = {
  /** frame rotation relative to the parent link is the identity */
  SAMEROT: 1,
  /** frame origin coincides with the parent link's */
  SAMEPOS: 2,
  /** no body's inertia is lumped into this link */
  MASSLESS: 4,
  /** the joint's axis is a coordinate axis of the parent's link frame, which the link then shares at qpos0 */
  ALIGNED: 8,
  /** a free joint that is its tree's only one; bodies welded to its own make no difference in MuJoCo 3.14 */
  STANDALONE: 16,
} as const

/** Bits of `sensorneeds`: what the sensors of a model need beyond the state. */
export const NEED = {
  /** frames of the links */
  FRAMES: 1,
  /** spatial velocities of the links */
  VELOCITY: 2,
  /** qacc and the accelerations of the links */
  ACCELERATION: 4,
  /** lengths and velocities of the actuators */
  TRANSMISSION: 8,
  /** frames of the geoms */
  GEOMS: 16,
  /** forces of the contacts */
  CONTACTS: 32,
} as const

/** Model fields no kernel reads yet; they stay on the host. */
const HOST_ONLY =
  /^(geom_(contype|conaffinity|condim|matid|rgba)|mat_rgba|pair_(dim|geom|signature)|exclude_|key_|opt_jacobian|actuator_group)/

export const topologyFields: readonly Field[] = parse(TOPOLOGY_FIELDS)
export const constantFields: readonly Field[] = parse(CONSTANT_FIELDS)
export const scratchFields: readonly Field[] = parse(SCRATCH_FIELDS)
export const snapshotFields: readonly Field[] = parse(SNAPSHOT_FIELDS)
export const kernelModelFields: readonly Field[] = modelFields.filter(f => !HOST_ONLY.test(f.name))

export type HeaderSlot =
  | { readonly kind: 'size'; readonly name: string }
  | { readonly kind: 'm' | 'p' | 'd' | 's'; readonly name: string; readonly symbol: string; readonly field: Field }

/**
 * What stands in the header of a model, one u32 each: sizes, then the offset of every field relative to its base —
 * m: integer tables and shared scalars; p: constants of a block; d: state of a block; s: scratch of a worker.
 * Scratch names that a world field has too get an `s_` prefix.
 */
export function headerSlots(): HeaderSlot[] {
  const slots: HeaderSlot[] = []
  for (const name of [
    ...SIZES,
    ...ENGINE_SIZES,
    'pstride',
    'dstride',
    'pbase',
    'dbase',
    'nblock',
    'lanes',
    'sensornoise',
    'seedlo',
    'seedhi',
  ])
    slots.push({ kind: 'size', name })
  for (const field of kernelModelFields)
    slots.push({ kind: field.perWorld ? 'p' : 'm', name: field.name, symbol: field.name, field })
  for (const field of topologyFields) slots.push({ kind: 'm', name: field.name, symbol: field.name, field })
  for (const field of constantFields) slots.push({ kind: 'p', name: field.name, symbol: field.name, field })
  for (const field of [...worldFields, ...snapshotFields])
    slots.push({ kind: 'd', name: field.name, symbol: field.name, field })
  for (const field of scratchFields) slots.push({ kind: 's', name: field.name, symbol: field.name, field })
  return slots
}
