/** Enumerations of MuJoCo (mjtype.h) and the layout of the structures in a worker's scratch. */
import { V } from '../math/v4'

export const JNT_FREE: i32 = 0
export const JNT_BALL: i32 = 1
export const JNT_SLIDE: i32 = 2
export const JNT_HINGE: i32 = 3

export const DSBL_CONSTRAINT: i32 = 1
export const DSBL_EQUALITY: i32 = 2
export const DSBL_FRICTIONLOSS: i32 = 4
export const DSBL_LIMIT: i32 = 8
export const DSBL_CONTACT: i32 = 16
export const DSBL_SPRING: i32 = 32
export const DSBL_DAMPER: i32 = 64
export const DSBL_GRAVITY: i32 = 128
export const DSBL_CLAMPCTRL: i32 = 256
export const DSBL_WARMSTART: i32 = 512
export const DSBL_ACTUATION: i32 = 2048
export const DSBL_REFSAFE: i32 = 4096
export const DSBL_SENSOR: i32 = 8192
export const DSBL_EULERDAMP: i32 = 32768
export const DSBL_MULTICCD: i32 = 524288

export const INT_RK4: i32 = 1
export const INT_IMPLICIT: i32 = 2
export const INT_IMPLICITFAST: i32 = 3

export const DYN_INTEGRATOR: i32 = 1
export const DYN_FILTER: i32 = 2
export const DYN_FILTEREXACT: i32 = 3
export const DYN_DCMOTOR: i32 = 5
export const DYN_PID: i32 = 6

export const GAIN_FIXED: i32 = 0
export const GAIN_AFFINE: i32 = 1
export const GAIN_DCMOTOR: i32 = 3
export const GAIN_PID: i32 = 5

export const BIAS_AFFINE: i32 = 1
export const BIAS_DCMOTOR: i32 = 3

export const INPUT_POS: i32 = 1
export const INPUT_VEL: i32 = 2
export const INPUT_FF: i32 = 4
export const INPUT_VOLTAGE: i32 = 8

export const TRN_JOINT: i32 = 0
export const TRN_JOINTINPARENT: i32 = 1
export const TRN_TENDON: i32 = 3
export const TRN_SITE: i32 = 4

export const GEOM_PLANE: i32 = 0
export const GEOM_SPHERE: i32 = 2
export const GEOM_CAPSULE: i32 = 3
export const GEOM_ELLIPSOID: i32 = 4
export const GEOM_CYLINDER: i32 = 5
export const GEOM_BOX: i32 = 6

export const OBJ_UNKNOWN: i32 = 0
export const OBJ_BODY: i32 = 1
export const OBJ_XBODY: i32 = 2
export const OBJ_GEOM: i32 = 5
export const OBJ_SITE: i32 = 6

export const CONE_ELLIPTIC: i32 = 1

export const SOL_PGS: i32 = 0
export const SOL_CG: i32 = 1
export const SOL_NEWTON: i32 = 2

export const EQ_CONNECT: i32 = 0
export const EQ_WELD: i32 = 1
export const EQ_JOINT: i32 = 2

export const CNSTR_EQUALITY: i32 = 0
export const CNSTR_FRICTION_DOF: i32 = 1
export const CNSTR_FRICTION_TENDON: i32 = 2
export const CNSTR_LIMIT_JOINT: i32 = 3
export const CNSTR_LIMIT_TENDON: i32 = 4

/** friction loss: quadratic around 0, linear beyond */
// @ts-ignore: decorator
@inline export function isFriction(type: i32): bool { return type == CNSTR_FRICTION_DOF || type == CNSTR_FRICTION_TENDON }

/** smallest divisor and regularizer; MuJoCo's 1e-15 would be lost in single precision products */
export const MINVAL: f32 = 1e-15
/** smallest friction coefficient (mjMINMU) */
export const MINMU: f32 = 1e-5
export const MINIMP: f32 = 0.0001
export const MAXIMP: f32 = 0.9999

// lnk (SCRATCH_FIELDS): one record a link; sim/planar.ts has its own behind the pose
export const LNK_STRIDE: usize = 40 * V
export const LNK_R: usize = 0
export const LNK_P: usize = 9 * V
export const LNK_CINERT: usize = 12 * V
export const LNK_CVEL: usize = 22 * V
export const LNK_CACC: usize = 28 * V
export const LNK_CFRC: usize = 34 * V

// dofs (SCRATCH_FIELDS): one record a dof
export const DOF_STRIDE: usize = 12 * V
export const DOF_CDOF: usize = 0
export const DOF_CDOFDOT: usize = 6 * V

// lnk_const (CONSTANT_FIELDS): one record a link
export const LC_STRIDE: usize = 24 * V
export const LC_E: usize = 0
export const LC_POS: usize = 9 * V
export const LC_SIGN: usize = 12 * V
export const LC_INERT: usize = 13 * V

// efc (SCRATCH_FIELDS): one record a constraint row, then three integers: type (mjtConstraint), nonzeros, start in efc_J
export const EFC_STRIDE: usize = 9 * V
export const EFC_D: usize = 0
export const EFC_R: usize = V
export const EFC_AREF: usize = 2 * V
export const EFC_LOSS: usize = 3 * V
export const EFC_JAR: usize = 4 * V
export const EFC_QUAD: usize = 5 * V
export const EFC_JP: usize = 6 * V
export const EFC_FORCE: usize = 7 * V
export const EFC_TYPE: usize = 8 * V
export const EFC_ROWNNZ: usize = 8 * V + 4
export const EFC_ROWADR: usize = 8 * V + 8

// con (SCRATCH_FIELDS): one record a contact that some world of the block has
export const CON_STRIDE: usize = 16 * V
/** mask: worlds that have it */
export const CON_HAS: usize = 0
export const CON_DIST: usize = V
export const CON_POS: usize = 2 * V
/** rows: normal (from geom 1 to geom 2), two tangents */
export const CON_FRAME: usize = 5 * V
/** integers: row of cand, geom 1, geom 2, dim */
export const CON_CAND: usize = 14 * V
export const CON_GEOM1: usize = 14 * V + 4
export const CON_GEOM2: usize = 14 * V + 8
export const CON_DIM: usize = 14 * V + 12

// geoms (SCRATCH_FIELDS): rotation 9, position 3
export const GEOM_STRIDE: usize = 12 * V
export const GEOM_POS: usize = 9 * V

// @ts-ignore: decorator
@inline export function i32at(p: usize, i: i32): i32 { return load<i32>(p + 4 * <usize>i) }
// @ts-ignore: decorator
@inline export function at(p: usize, i: i32): usize { return p + V * <usize>i }
/** element (i, j) of the square matrix of order n at p */
// @ts-ignore: decorator
@inline export function at2(p: usize, n: i32, i: i32, j: i32): usize { return p + V * <usize>(i * n + j) }
