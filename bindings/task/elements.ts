/** Bodies, joints, geoms, sites, actuators and tendons of a model, as expressions. */
import { bodyGroups, bodyLinks } from '../engine/layout.js'
import { JOINT, TRN } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { label } from '../model/names.js'
import { TASK_NEED } from '../program.js'
import { type Expr, Quat, total, Vec, vec } from './expr.js'
import { faultOf, poison } from './fault.js'
import { dimOf, elementDim, fixed, parameter, pose, worldLoad } from './quantities.js'

const { FRAMES, VELOCITY, GEOMS, RESULTS, CONTACT_FORCES } = TASK_NEED
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]

const int = (model: Model, field: string): Int32Array => model.field[field] as Int32Array
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** matrix (3 x 3, row-major) times vector; transposed: its inverse, for a rotation */
function rotate(m: Vec, v: Vec, transposed = false): Vec {
  if (faultOf(v) !== undefined) return v
  if (v.length !== 3) return poison('SHAPE', `expected a vector of 3, got ${v.length}`)
  return vec(...range(3).map(i => total(range(3).map(j => m[transposed ? 3 * j + i : 3 * i + j].mul(v[j])))))
}

/** A body in the present state of the world; all vectors in world axes. */
export class BodyView {
  readonly #model: Model
  readonly id: number

  /** @internal */
  constructor(model: Model, id: number) {
    this.#model = model
    this.id = id
  }

  #pose(field: string, size: number, unit: string, atWorld: readonly number[]): Expr[] {
    return this.id === 0 ? fixed(atWorld, unit) : pose(field, size * this.id, size, unit, FRAMES)
  }

  /** position of the frame's origin (3), m */
  get xpos(): Vec {
    return new Vec(this.#pose('xpos', 3, 'm', [0, 0, 0]))
  }
  /** orientation, w x y z */
  get xquat(): Quat {
    return new Quat(this.#pose('xquat', 4, '1', [1, 0, 0, 0]))
  }
  /** orientation, row-major (9); columns are the axes of the body */
  get xmat(): Vec {
    return new Vec(this.#pose('xmat', 9, '1', IDENTITY))
  }
  /** position of the centre of mass (3), m */
  get xipos(): Vec {
    return new Vec(this.#pose('xipos', 3, 'm', [0, 0, 0]))
  }
  /** kg */
  get mass(): Expr {
    return parameter('body_mass', this.id, dimOf('kg'))
  }
  /** velocity of the frame's origin (3), m/s; 0 of a body that no joint moves */
  get xvel(): Vec {
    return this.velocityAt(this.xpos)
  }
  /** angular velocity (3), rad/s */
  get angvel(): Vec {
    return this.#cvel(0, 'rad/s')
  }
  /** velocity of the centre of mass (3), m/s */
  get comVel(): Vec {
    return this.velocityAt(this.xipos)
  }
  /** velocity of a point that moves with the body (3), m/s; point (3) in the world, m */
  velocityAt(point: Vec): Vec {
    if (faultOf(point) !== undefined) return point
    if (this.#static) return new Vec(fixed([0, 0, 0], 'm/s'))
    const { group } = bodyGroups(this.#model, bodyLinks(this.#model))
    // spatial velocities are about the centre of mass of the tree
    const com = new Vec(pose('grp_com', 4 * group[this.id], 3, 'm', VELOCITY))
    return this.#cvel(3, 'm/s')
      .add(this.angvel.cross(point.sub(com)))
      .as('m/s')
  }
  /** force and torque of contacts on the body (6), MuJoCo's cfrc_ext: torque about the centre of mass of its tree, force; N*m, N */
  get cfrc_ext(): Vec {
    const part = (first: number, unit: string) =>
      pose('cfrc_ext', 6 * this.id + first, 3, unit, CONTACT_FORCES | RESULTS)
    return new Vec([...part(0, 'N*m'), ...part(3, 'N')])
  }
  /** direction of the body's z axis (3) */
  get up(): Vec {
    const { xmat } = this
    return vec(xmat[2], xmat[5], xmat[8])
  }
  /** direction of the world's -z axis in the body's frame (3): what an accelerometer at rest tells of its tilt */
  get projectedGravity(): Vec {
    return this.xmat.slice(6, 9).neg()
  }
  /** a vector (3) in world axes, in the axes of the body */
  toLocal(v: Vec): Vec {
    return rotate(this.xmat, v, true)
  }
  /** a vector (3) in the axes of the body, in world axes */
  toWorld(v: Vec): Vec {
    return rotate(this.xmat, v)
  }

  get #static(): boolean {
    return bodyLinks(this.#model)[this.id] < 0
  }

  #cvel(first: number, unit: string): Vec {
    if (this.#static) return new Vec(fixed([0, 0, 0], unit))
    return new Vec(pose('cvel', 6 * this.id + first, 3, unit, VELOCITY))
  }
}

/** A point fixed to a body. */
export class SiteView {
  readonly #model: Model
  readonly id: number

  /** @internal */
  constructor(model: Model, id: number) {
    this.#model = model
    this.id = id
  }

  get body(): BodyView {
    return new BodyView(this.#model, int(this.#model, 'site_bodyid')[this.id])
  }
  /** position (3), m */
  get xpos(): Vec {
    const own = new Vec(range(3).map(k => parameter('site_pos', 3 * this.id + k, dimOf('m'))))
    return this.body.xpos.add(this.body.toWorld(own))
  }
  /** velocity (3), m/s */
  get xvel(): Vec {
    return this.body.velocityAt(this.xpos)
  }
}

export class GeomView {
  readonly id: number

  /** @internal */
  constructor(id: number) {
    this.id = id
  }

  /** position of the centre (3), m */
  get xpos(): Vec {
    return new Vec(pose('geom_xpos', 3 * this.id, 3, 'm', GEOMS))
  }
  /** orientation, row-major (9) */
  get xmat(): Vec {
    return new Vec(pose('geom_xmat', 9 * this.id, 9, '1', GEOMS))
  }
  /** size parameters (3), m */
  get size(): Vec {
    return new Vec(range(3).map(k => parameter('geom_size', 3 * this.id + k, dimOf('m'))))
  }
}

const QPOS = [7, 4, 1, 1]
const QVEL = [6, 3, 1, 1]

export class JointView {
  readonly #model: Model
  readonly id: number

  /** @internal */
  constructor(model: Model, id: number) {
    this.#model = model
    this.id = id
  }

  get #type(): number {
    return int(this.#model, 'jnt_type')[this.id]
  }
  /** does it have one coordinate? */
  get scalar(): boolean {
    return this.#type === JOINT.HINGE || this.#type === JOINT.SLIDE
  }
  /** first index in qpos and in qvel */
  get qposadr(): number {
    return int(this.#model, 'jnt_qposadr')[this.id]
  }
  get dofadr(): number {
    return int(this.#model, 'jnt_dofadr')[this.id]
  }
  /** coordinates: hinge 1 rad, slide 1 m, ball 4, free 3 m and 4 */
  get qpos(): Vec {
    const items = range(QPOS[this.#type]).map(k => worldLoad(this.#model, 'qpos', this.qposadr + k))
    return this.#type === JOINT.BALL ? new Quat(items) : new Vec(items)
  }
  /** velocities: hinge 1 rad/s, slide 1 m/s, ball 3 rad/s in its own frame, free 3 m/s in the world's and 3 rad/s in its own */
  get qvel(): Vec {
    return new Vec(range(QVEL[this.#type]).map(k => worldLoad(this.#model, 'qvel', this.dofadr + k)))
  }
  /** acceleration at the last timestep, like qvel per second */
  get qacc(): Vec {
    return new Vec(range(QVEL[this.#type]).map(k => worldLoad(this.#model, 'qacc', this.dofadr + k)))
  }
  /** limits (2), m or rad */
  get range(): Vec {
    const dim = dimOf(this.#type === JOINT.SLIDE ? 'm' : 'rad')
    return new Vec([0, 1].map(k => parameter('jnt_range', 2 * this.id + k, dim)))
  }
  /** its only coordinate */
  get position(): Expr {
    return this.#only(this.qpos, 'qpos')
  }
  /** its only velocity */
  get velocity(): Expr {
    return this.#only(this.qvel, 'qvel')
  }

  #only(values: Vec, what: string): Expr {
    if (values.length === 1) return values[0]
    const name = label('joint', this.#model.names.joint, this.id)
    return poison('SHAPE', `${name} has ${values.length} coordinates: use s.joint(…).${what}`)
  }
}

export class TendonView {
  readonly #model: Model
  readonly id: number

  /** @internal */
  constructor(model: Model, id: number) {
    this.#model = model
    this.id = id
  }

  #sum(of: (joint: JointView) => Expr): Expr {
    const model = this.#model
    const begin = int(model, 'tendon_adr')[this.id]
    const wraps = range(int(model, 'tendon_num')[this.id]).map(k => begin + k)
    return total(
      wraps.map(w =>
        of(new JointView(model, int(model, 'wrap_objid')[w]))
          .unitless()
          .mul(parameter('wrap_prm', w, undefined)),
      ),
    )
  }
  /** length of a fixed tendon: sum of joint positions times their coefficients */
  get length(): Expr {
    return this.#sum(joint => joint.position)
  }
  get velocity(): Expr {
    return this.#sum(joint => joint.velocity)
  }
}

export class ActuatorView {
  readonly #model: Model
  readonly id: number

  /** @internal */
  constructor(model: Model, id: number) {
    this.#model = model
    this.id = id
  }

  /** force at the last timestep, N or N*m */
  get force(): Expr {
    return worldLoad(this.#model, 'actuator_force', int(this.#model, 'actuator_outadr')[this.id])
  }
  /** its (first) control */
  get ctrl(): Expr {
    return worldLoad(this.#model, 'ctrl', int(this.#model, 'actuator_ctrladr')[this.id])
  }
  /** range of the control (2) */
  get ctrlrange(): Vec {
    const first = 2 * int(this.#model, 'actuator_ctrladr')[this.id]
    return new Vec([0, 1].map(k => parameter('actuator_ctrlrange', first + k, elementDim(this.#model, 'ctrl', 0))))
  }
  /** length of what it pulls on, times its gear, m or rad: of actuators on scalar joints and fixed tendons */
  get length(): Expr {
    return this.#transmitted(
      joint => joint.position,
      tendon => tendon.length,
    )
  }
  get velocity(): Expr {
    return this.#transmitted(
      joint => joint.velocity,
      tendon => tendon.velocity,
    )
  }

  #transmitted(ofJoint: (joint: JointView) => Expr, ofTendon: (tendon: TendonView) => Expr): Expr {
    const model = this.#model
    const type = int(model, 'actuator_trntype')[this.id]
    const target = int(model, 'actuator_trnid')[2 * this.id]
    const joint = new JointView(model, target)
    const name = label('actuator', model.names.actuator, this.id)
    const onJoint = type === TRN.JOINT || type === TRN.JOINTINPARENT
    if (type !== TRN.TENDON && !(onJoint && joint.scalar))
      return poison('UNSUPPORTED', `${name}: length is known of actuators on hinges, slides and fixed tendons only`)
    const gear = parameter('actuator_gear', 6 * int(model, 'actuator_outadr')[this.id], undefined)
    const moved = onJoint ? ofJoint(joint) : ofTendon(new TendonView(model, target))
    return gear.mul(moved.unitless()).as(moved.unit)
  }
}
