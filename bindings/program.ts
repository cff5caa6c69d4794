/**
 * What the rollout kernels interpret: opcodes of task programs, words of the rollout record, kinds of policy layers. One table
 * for all three languages: `npm run fields` writes assembly/shared/program.ts from it.
 *
 * A task program works on registers, one quantity of four worlds each. An instruction is five words: op, dst, a, b, c.
 * Truth is 1, falsehood 0.
 */

/** words of an instruction */
export const INSTRUCTION = 5

/** Opcodes. r[x] is register x, a load's `a` a byte offset from the base it names. */
export const OP = {
  /** r[dst] = quantity at d + a: state, inputs, results of the last step */
  LOAD_D: 0,
  /** r[dst] = quantity at p + a: physical parameters of the world */
  LOAD_P: 1,
  /** r[dst] = quantity at s + a: poses and velocities of the present state, in a worker's scratch */
  LOAD_S: 2,
  /** r[dst] = slot a: what a task remembers from step to step */
  LOAD_T: 3,
  /** quantity at d + dst = r[a], in the worlds the segment is for */
  STORE_D: 4,
  /** slot dst = r[a], in the worlds the segment is for */
  STORE_T: 5,
  /** r[dst .. dst+3] = uniform numbers in (0, 1), block a of stream b */
  UNIFORM4: 6,
  /** r[dst .. dst+3] = standard normal numbers, block a of stream b */
  NORMAL4: 7,
  MOV: 8,
  NEG: 9,
  ABS: 10,
  SQRT: 11,
  EXP: 12,
  LOG: 13,
  TANH: 14,
  SIN: 15,
  COS: 16,
  FLOOR: 17,
  NOT: 18,
  ADD: 19,
  SUB: 20,
  MUL: 21,
  DIV: 22,
  MIN: 23,
  MAX: 24,
  /** r[a] ^ r[b], r[a] >= 0 */
  POW: 25,
  ATAN2: 26,
  LT: 27,
  LE: 28,
  EQ: 29,
  AND: 30,
  OR: 31,
  /** r[a] != 0 ? r[b] : r[c] */
  WHERE: 32,
  /** r[a] * r[b] + r[c], two roundings */
  MAD: 33,
  /** r[a] within [r[b], r[c]] */
  CLIP: 34,
} as const
export type OpName = keyof typeof OP

/** Stretches of a task program, in the order in which a control step runs them. */
export const SEGMENTS = [
  /** a new episode begins: stores initial state and variables, in the worlds that begin one */
  'reset',
  /** after the poses of the new state are known: stores what history has before the first step, in the worlds that begin one */
  'init',
  /** observation of s_t; then history takes its place */
  'observe',
  /** action a_t to commands */
  'act',
  /** before every timestep, where commands are not controls already */
  'substep',
  /** after the timesteps: variables with dynamics of their own */
  'dynamics',
  /** reward terms, metrics and termination of (s_t, a_t, s_t+1) */
  'reward',
  /** after the reward: commands drawn anew, phases */
  'update',
] as const
export type Segment = (typeof SEGMENTS)[number]

/** What a program reads beyond the state: stages that run before it. */
export const TASK_NEED = {
  /** xpos xquat xmat xipos xanchor xaxis */
  FRAMES: 1,
  /** links, grp_com, cvel, cdof */
  VELOCITY: 2,
  /** geom poses */
  GEOMS: 4,
  /** results of the last step (sensordata, forces, qacc): a new episode's come from a forward */
  RESULTS: 8,
  /** cfrc_ext */
  CONTACT_FORCES: 16,
  /** qacc of worlds without constraints, which a step otherwise leaves out */
  ACCELERATION: 32,
} as const

/** A task compiled for one model. Registers [0, consts.length) hold constants. */
export interface Program {
  /** INSTRUCTION words each */
  readonly code: Int32Array
  /** first and end instruction of each segment */
  readonly segments: Readonly<Record<Segment, readonly [begin: number, end: number]>>
  readonly consts: Float32Array
  readonly nreg: number
  /** slots: 0 counts the control steps of the episode, then come the ninput numbers given to an episode from outside */
  readonly nslot: number
  readonly ninput: number
  /** registers of the observation (nobs) */
  readonly observation: Int32Array
  /** first of the nact consecutive registers in which the kernel puts the policy's action */
  readonly action: number
  readonly nact: number
  /** after act: registers of what is delayed and then applied (ncommand) */
  readonly command: Int32Array
  /** first of ncommand consecutive registers in which the kernel puts the delayed commands, before substep */
  readonly delayed: number
  /** after substep (or act): register of each control (nu); -1: this control is 0 */
  readonly control: Int32Array
  /** registers of the reward terms (nterm): their sum is the reward */
  readonly terms: Int32Array
  /** registers of what is reported as means over an episode (nmetric) */
  readonly metrics: Int32Array
  /** register that is 1 where the episode is over for a reason of its own; -1: never */
  readonly terminated: number
  /** TASK_NEED bits */
  readonly needs: number
}

/**
 * Bits of a random number's counter that name its place in a program; the control step stands above them. So a segment has
 * 2^PLACE_BITS blocks of four numbers at most.
 */
export const PLACE_BITS = 12

/** Kinds of policy layers. */
export const LAYER = { DENSE: 0, GRU: 1, LSTM: 2 } as const
/** Activations of a dense layer. */
export const ACTIVATION = { none: 0, tanh: 1, relu: 2, elu: 3, softsign: 4 } as const
export type Activation = keyof typeof ACTIVATION

/**
 * One layer of a policy. Its parameters stand in theta from `offset`, matrices row-major (out, in):
 * DENSE  W (nout, nin), b (nout) if bias
 * GRU    W_z W_r W_n (3 nout, nin), U_z U_r U_n (3 nout, nout), b_z b_r b_n (3 nout), c_n (nout)
 * LSTM   W_i W_f W_g W_o (4 nout, nin), U (4 nout, nout), b (4 nout)
 */
export interface Layer {
  readonly kind: number
  readonly nin: number
  readonly nout: number
  readonly activation: number
  readonly bias: boolean
  readonly offset: number
}

/** Words of a layer in the engine's memory, in this order; `bias` is 0 or 1. */
export const LAYER_WORDS = [
  'kind',
  'nin',
  'nout',
  'activation',
  'bias',
  'offset',
] as const satisfies readonly (keyof Layer)[]

/** Numbers a layer keeps from control step to control step: GRU h (nout), LSTM h then c (2 nout). */
export function layerMemory({ kind, nout }: Layer): number {
  return kind === LAYER.GRU ? nout : kind === LAYER.LSTM ? 2 * nout : 0
}

/** Numbers a network keeps from control step to control step, layer after layer; all 0 when an episode starts. */
export function memorySize(network: Network): number {
  return network.layers.reduce((sum, layer) => sum + layerMemory(layer), 0)
}

/** A policy as the kernels see it. */
export interface Network {
  readonly layers: readonly Layer[]
  readonly nobs: number
  readonly nact: number
  readonly nparam: number
}

/** Longest episode, control steps: they are counted in single precision, and share a word with a random number's place. */
export const MAX_EPISODE = 1 << (32 - PLACE_BITS)

/** Why an episode ended: bits of an episode's `end`. */
export const END = {
  /** the task says so */
  TERMINATED: 1,
  /** it reached its length */
  TRUNCATED: 2,
  /** a reward term was not finite */
  REWARD: 4,
  /** the world diverged */
  STATE: 8,
  /** the world had no room for its contacts: nconmax is too small */
  CONTACTS: 16,
} as const

/** What went wrong in an episode beyond its end: its return counts for nothing. */
export const END_FAILED = END.REWARD | END.STATE | END.CONTACTS

/** Words of the rollout record, i32, f32 or an address each; the kernels read the same names. */
export const ROLLOUT = [
  'nepisode',
  /** next episode nobody has taken; atomic */
  'next',
  'T',
  'frameskip',
  'nobs',
  'nact',
  'nterm',
  'nmetric',
  'ncommand',
  'nslot',
  'ninput',
  'nreg',
  'nconst',
  'needs',
  /** control periods a command is kept for delays; 0: commands are applied at once */
  'nring',
  'seedlo',
  'seedhi',
  'actionreg',
  'delayedreg',
  'donereg',
  // addresses
  'code',
  'segments',
  'consts',
  'obsreg',
  'commandreg',
  'controlreg',
  'termreg',
  'metricreg',
  /** f32: delay of every command, s; 0: as delayof says */
  'delay',
  /** actuator whose delay applies to each command, -1: none (ncommand) */
  'delayof',
  /** template block of state a new episode starts from, and its ranges of words that all worlds share */
  'template',
  'nshared',
  'shared',
  /** (nepisode, 4): member, env (both random-number words), generation, row of parameters or -1 */
  'episodes',
  'inputs',
  /** byte offsets into p (nvalue), values (row, nvalue) */
  'nvalue',
  'valueof',
  'values',
  // policy
  'network',
  'nlayer',
  'nparam',
  'nmemory',
  'theta',
  /** f32 sigma, or 0 with an address of sigmas */
  'sigma',
  'sigmas',
  /** how members differ: PERTURB */
  'perturb',
  'members',
  'normals',
  /** key of the perturbations */
  'thetalo',
  'thetahi',
  'generation',
  'rank',
  /** numbers of a member that differ by world: nparam, or factors and vectors of LOWRANK */
  'nwide',
  /** f32: standard deviation of noise added to every action */
  'actionnoise',
  // normaliser: mean and reciprocal of the deviation (nobs), f32 clip; 0: none
  'mean',
  'scale',
  'clip',
  // results
  'nout',
  'out',
  /** sums and sums of squares about the mean (nepisode, 2, nobs); 0: not wanted */
  'obsums',
  'ntrack',
  /** (ntrack, 2): kind, register or byte offset in d */
  'track',
  'trackout',
  /** work memory of each block, and its size */
  'work',
  'workbytes',
  /** bytes of a block of state */
  'dbytes',
  /** 1: initial positions follow from parameters that differ by world (qpos0, poses of mocap bodies) */
  'fromparams',
] as const

/** How the parameters of a member come about. */
export const PERTURB = {
  /** every member is theta */
  NONE: 0,
  /** row `member` of members (nmember, nparam) */
  ROWS: 1,
  /** theta + sigma * sign * z: member 2i and 2i+1 share pair i with signs + and - */
  ANTITHETIC: 2,
  /** theta + sigma * z of its own pair */
  INDEPENDENT: 3,
  /** antithetic, each matrix perturbed by a product of rank `rank`, its biases by full noise (EGGROLL) */
  LOWRANK: 4,
} as const

/** Numbers of an episode before its terms and metrics, in `out`. */
export const OUT = { RETURN: 0, LENGTH: 1, END: 2, FIRST: 3 } as const

/** What a track records. */
export const TRACK = { OBSERVE: 0, REWARD: 1, STATE: 2 } as const

/** What the command ES does (assembly/es). */
export const ES = {
  /** g += sum w z, and h += sum v z^2 where it is wanted: blocks are groups of 32 parameters */
  GRADIENT: 0,
  /** factors and vectors of perturbations of low rank: blocks are pairs */
  FACTORS: 1,
  /** the same sums from these factors: blocks are units */
  PRODUCT: 2,
} as const

/** Words of the gradient record, i32 or an address each; the kernels read the same names. */
export const GRADIENT = [
  /** ES */
  'kind',
  'npair',
  /** number of the first pair */
  'pair',
  'generation',
  'thetalo',
  'thetahi',
  /** the table of normal numbers */
  'normals',
  /** f32 (npair) */
  'weights',
  /** f32 (npair): weights of the squares; 0: none wanted */
  'squares',
  'g',
  'h',
  // low rank
  'rank',
  /** f32: 1 / sqrt(rank) */
  'scale',
  /** PIECE words each, in the order of theta */
  'pieces',
  'npiece',
  /** numbers of the pairs (npair) */
  'pairs',
  /** f32 (npair, width) */
  'factors',
  'width',
  /** (nblock, 2): piece, its first row here */
  'units',
] as const

/** Words of a piece of theta, a matrix or a vector (columns 0): where it begins in theta, its size, where it begins in factors. */
export const PIECE = { OFFSET: 0, ROWS: 1, COLUMNS: 2, PLACE: 3, WORDS: 4 } as const
/** Rows of a matrix and entries of a vector that a unit takes. */
export const UNIT = { ROWS: 4, ENTRIES: 256 } as const
