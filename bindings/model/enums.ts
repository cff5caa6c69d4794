/**
 * MuJoCo's enums (mjtype.h, 3.14) under its own names without the `mjt`/`mjXXX_` prefixes; a test compares every value.
 * Only the constants that simcrank reads are listed in full; sensors and objects carry what messages and checks name.
 */

/** mjtJoint: type of joint */
export const JOINT = { FREE: 0, BALL: 1, SLIDE: 2, HINGE: 3 } as const

/** mjtGeom: type of geom */
export const GEOM = {
  PLANE: 0,
  HFIELD: 1,
  SPHERE: 2,
  CAPSULE: 3,
  ELLIPSOID: 4,
  CYLINDER: 5,
  BOX: 6,
  MESH: 7,
  SDF: 8,
} as const

/** mjtEq: type of equality constraint */
export const EQ = {
  CONNECT: 0,
  WELD: 1,
  JOINT: 2,
  TENDON: 3,
  FLEX: 4,
  FLEXVERT: 5,
  FLEXSTRAIN: 6,
  DISTANCE: 7,
} as const

/** mjtWrap: what a tendon's path goes through */
export const WRAP = { NONE: 0, JOINT: 1, PULLEY: 2, SITE: 3, SPHERE: 4, CYLINDER: 5 } as const

/** mjtTrn: type of actuator transmission */
export const TRN = { JOINT: 0, JOINTINPARENT: 1, SLIDERCRANK: 2, TENDON: 3, SITE: 4, BODY: 5, SO3: 6 } as const

/** mjtDyn: type of actuator dynamics */
export const DYN = {
  NONE: 0,
  INTEGRATOR: 1,
  FILTER: 2,
  FILTEREXACT: 3,
  MUSCLE: 4,
  DCMOTOR: 5,
  PID: 6,
  USER: 7,
} as const

/** mjtGain: type of actuator gain */
export const GAIN = { FIXED: 0, AFFINE: 1, MUSCLE: 2, DCMOTOR: 3, SO3: 4, PID: 5, USER: 6 } as const

/** mjtBias: type of actuator bias */
export const BIAS = { NONE: 0, AFFINE: 1, MUSCLE: 2, DCMOTOR: 3, SO3: 4, USER: 5 } as const

/** mjtCtrlInput: bits of actuator_ctrlspec */
export const INPUT = { POS: 1, VEL: 2, FF: 4, VOLTAGE: 8, NONE: 16 } as const

/** mjtIntegrator: integration mode */
export const INT = { EULER: 0, RK4: 1, IMPLICIT: 2, IMPLICITFAST: 3 } as const

/** mjtSolver: constraint solver */
export const SOL = { PGS: 0, CG: 1, NEWTON: 2 } as const

/** mjtObj: kinds of objects that sensors and equality constraints refer to; enough for messages and checks */
export const OBJ = {
  UNKNOWN: 0,
  BODY: 1,
  XBODY: 2,
  JOINT: 3,
  DOF: 4,
  GEOM: 5,
  SITE: 6,
  CAMERA: 7,
  TENDON: 18,
  ACTUATOR: 19,
} as const

/** mjtCone: type of friction cone */
export const CONE = { PYRAMIDAL: 0, ELLIPTIC: 1 } as const

/** mjtConstraint: type of a constraint row */
export const CNSTR = {
  EQUALITY: 0,
  FRICTION_DOF: 1,
  FRICTION_TENDON: 2,
  LIMIT_JOINT: 3,
  LIMIT_TENDON: 4,
  CONTACT_FRICTIONLESS: 5,
  CONTACT_PYRAMIDAL: 6,
  CONTACT_ELLIPTIC: 7,
} as const

/** mjtDisableBit: bits of opt_disableflags */
export const DSBL = {
  CONSTRAINT: 1 << 0,
  EQUALITY: 1 << 1,
  FRICTIONLOSS: 1 << 2,
  LIMIT: 1 << 3,
  CONTACT: 1 << 4,
  SPRING: 1 << 5,
  DAMPER: 1 << 6,
  GRAVITY: 1 << 7,
  CLAMPCTRL: 1 << 8,
  WARMSTART: 1 << 9,
  FILTERPARENT: 1 << 10,
  ACTUATION: 1 << 11,
  REFSAFE: 1 << 12,
  SENSOR: 1 << 13,
  MIDPHASE: 1 << 14,
  EULERDAMP: 1 << 15,
  AUTORESET: 1 << 16,
  NATIVECCD: 1 << 17,
  ISLAND: 1 << 18,
  MULTICCD: 1 << 19,
} as const

/** mjtEnableBit: bits of opt_enableflags */
export const ENBL = {
  OVERRIDE: 1 << 0,
  ENERGY: 1 << 1,
  FWDINV: 1 << 2,
  INVDISCRETE: 1 << 3,
  SLEEP: 1 << 4,
  DIAGEXACT: 1 << 5,
} as const

/** mjtSensor: type of sensor, in MuJoCo's order */
export const SENS = {
  TOUCH: 0,
  ACCELEROMETER: 1,
  VELOCIMETER: 2,
  GYRO: 3,
  FORCE: 4,
  TORQUE: 5,
  MAGNETOMETER: 6,
  RANGEFINDER: 7,
  CAMPROJECTION: 8,
  JOINTPOS: 9,
  JOINTVEL: 10,
  TENDONPOS: 11,
  TENDONVEL: 12,
  ACTUATORPOS: 13,
  ACTUATORVEL: 14,
  ACTUATORFRC: 15,
  JOINTACTFRC: 16,
  TENDONACTFRC: 17,
  BALLQUAT: 18,
  BALLANGVEL: 19,
  JOINTLIMITPOS: 20,
  JOINTLIMITVEL: 21,
  JOINTLIMITFRC: 22,
  TENDONLIMITPOS: 23,
  TENDONLIMITVEL: 24,
  TENDONLIMITFRC: 25,
  FRAMEPOS: 26,
  FRAMEQUAT: 27,
  FRAMEXAXIS: 28,
  FRAMEYAXIS: 29,
  FRAMEZAXIS: 30,
  FRAMELINVEL: 31,
  FRAMEANGVEL: 32,
  FRAMELINACC: 33,
  FRAMEANGACC: 34,
  SUBTREECOM: 35,
  SUBTREELINVEL: 36,
  SUBTREEANGMOM: 37,
  INSIDESITE: 38,
  GEOMDIST: 39,
  GEOMNORMAL: 40,
  GEOMFROMTO: 41,
  CONTACT: 42,
  E_POTENTIAL: 43,
  E_KINETIC: 44,
  CLOCK: 45,
  TACTILE: 46,
  PLUGIN: 47,
  USER: 48,
} as const

/** The lower-case name of an enum value as MJCF spells it, e.g. `enumName(DYN, 4)` is 'muscle'; the number when unknown. */
export function enumName(values: Readonly<Record<string, number>>, value: number): string {
  const found = Object.keys(values).find(key => values[key] === value)
  return found === undefined ? `type ${value}` : found.toLowerCase()
}
