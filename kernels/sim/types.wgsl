/** Enumerations of MuJoCo (mjtype.h) and the layout of the structures in a world's scratch. */

const JNT_FREE: i32 = 0;
const JNT_BALL: i32 = 1;
const JNT_SLIDE: i32 = 2;
const JNT_HINGE: i32 = 3;

const DSBL_CONSTRAINT: i32 = 1;
const DSBL_EQUALITY: i32 = 2;
const DSBL_FRICTIONLOSS: i32 = 4;
const DSBL_LIMIT: i32 = 8;
const DSBL_CONTACT: i32 = 16;
const DSBL_SPRING: i32 = 32;
const DSBL_DAMPER: i32 = 64;
const DSBL_GRAVITY: i32 = 128;
const DSBL_CLAMPCTRL: i32 = 256;
const DSBL_WARMSTART: i32 = 512;
const DSBL_ACTUATION: i32 = 2048;
const DSBL_REFSAFE: i32 = 4096;
const DSBL_SENSOR: i32 = 8192;
const DSBL_EULERDAMP: i32 = 32768;
const DSBL_MULTICCD: i32 = 524288;

const INT_RK4: i32 = 1;
const INT_IMPLICIT: i32 = 2;
const INT_IMPLICITFAST: i32 = 3;

const DYN_INTEGRATOR: i32 = 1;
const DYN_FILTER: i32 = 2;
const DYN_FILTEREXACT: i32 = 3;
const DYN_DCMOTOR: i32 = 5;
const DYN_PID: i32 = 6;

const GAIN_FIXED: i32 = 0;
const GAIN_AFFINE: i32 = 1;
const GAIN_DCMOTOR: i32 = 3;
const GAIN_PID: i32 = 5;

const BIAS_AFFINE: i32 = 1;
const BIAS_DCMOTOR: i32 = 3;

const INPUT_POS: i32 = 1;
const INPUT_VEL: i32 = 2;
const INPUT_FF: i32 = 4;
const INPUT_VOLTAGE: i32 = 8;

const TRN_JOINT: i32 = 0;
const TRN_JOINTINPARENT: i32 = 1;
const TRN_TENDON: i32 = 3;
const TRN_SITE: i32 = 4;

const GEOM_PLANE: i32 = 0;
const GEOM_SPHERE: i32 = 2;
const GEOM_CAPSULE: i32 = 3;
const GEOM_ELLIPSOID: i32 = 4;
const GEOM_CYLINDER: i32 = 5;
const GEOM_BOX: i32 = 6;

const OBJ_UNKNOWN: i32 = 0;
const OBJ_BODY: i32 = 1;
const OBJ_XBODY: i32 = 2;
const OBJ_GEOM: i32 = 5;
const OBJ_SITE: i32 = 6;

const CONE_ELLIPTIC: i32 = 1;

const SOL_PGS: i32 = 0;
const SOL_CG: i32 = 1;
const SOL_NEWTON: i32 = 2;

const EQ_CONNECT: i32 = 0;
const EQ_WELD: i32 = 1;
const EQ_JOINT: i32 = 2;

const CNSTR_EQUALITY: i32 = 0;
const CNSTR_FRICTION_DOF: i32 = 1;
const CNSTR_FRICTION_TENDON: i32 = 2;
const CNSTR_LIMIT_JOINT: i32 = 3;
const CNSTR_LIMIT_TENDON: i32 = 4;

/** friction loss: quadratic around 0, linear beyond */
fn isFriction(kind: i32) -> bool { return f_nfriction + f_ntendon > 0 && (kind == CNSTR_FRICTION_DOF || kind == CNSTR_FRICTION_TENDON); }

/** smallest divisor and regularizer; MuJoCo's 1e-15 would be lost in single precision products */
const MINVAL: f32 = 1e-15;
/** smallest friction coefficient (mjMINMU) */
const MINMU: f32 = 1e-5;
const MINIMP: f32 = 0.0001;
const MAXIMP: f32 = 0.9999;

// lnk (SCRATCH_FIELDS): one record a link; sim/planar.ts has its own behind the pose
const LNK_STRIDE: i32 = 40;
const LNK_R: i32 = 0;
const LNK_P: i32 = 9;
const LNK_CINERT: i32 = 12;
const LNK_CVEL: i32 = 22;
const LNK_CACC: i32 = 28;
const LNK_CFRC: i32 = 34;

// dofs (SCRATCH_FIELDS): one record a dof
const DOF_STRIDE: i32 = 12;
const DOF_CDOF: i32 = 0;
const DOF_CDOFDOT: i32 = 6;

// lnk_const (CONSTANT_FIELDS): one record a link
const LC_STRIDE: i32 = 24;
const LC_E: i32 = 0;
const LC_POS: i32 = 9;
const LC_SIGN: i32 = 12;
const LC_INERT: i32 = 13;

// efc (SCRATCH_FIELDS): one record a constraint row, with three integers: type (mjtConstraint), nonzeros, start in efc_J
const EFC_STRIDE: i32 = 11;
const EFC_D: i32 = 0;
const EFC_R: i32 = 1;
const EFC_AREF: i32 = 2;
const EFC_LOSS: i32 = 3;
const EFC_JAR: i32 = 4;
const EFC_QUAD: i32 = 5;
const EFC_JP: i32 = 6;
const EFC_FORCE: i32 = 7;
const EFC_TYPE: i32 = 8;
const EFC_ROWNNZ: i32 = 9;
const EFC_ROWADR: i32 = 10;

// con (SCRATCH_FIELDS): one record a contact
const CON_STRIDE: i32 = 18;
/** mask: the world has it */
const CON_HAS: i32 = 0;
const CON_DIST: i32 = 1;
const CON_POS: i32 = 2;
/** rows: normal (from geom 1 to geom 2), two tangents */
const CON_FRAME: i32 = 5;
/** integers: row of cand, geom 1, geom 2, dim */
const CON_CAND: i32 = 14;
const CON_GEOM1: i32 = 15;
const CON_GEOM2: i32 = 16;
const CON_DIM: i32 = 17;

// geoms (SCRATCH_FIELDS): rotation 9, position 3
const GEOM_STRIDE: i32 = 12;
const GEOM_POS: i32 = 9;

/** element (i, j) of the square matrix of order n at p */
fn at2(p: i32, n: i32, i: i32, j: i32) -> i32 { return p + i * n + j; }
