/**
 * How far whole steps of the two engines may part: differences relative to the largest number of the field over all
 * worlds, for entries near 0 have no digits of their own.
 */

export interface Tolerance {
  /** 100 steps without a contact */
  readonly free: number
  /** one step with contacts, from the same state */
  readonly contact: number
  readonly reason: string
}

export const TOLERANCES: Readonly<Record<string, Tolerance>> = {
  time: { free: 0, contact: 0, reason: 'the same sums of the same timestep' },
  status: { free: 0, contact: 0, reason: 'bits' },
  nefc: { free: 0, contact: 0, reason: 'a count; no state here is within rounding of a limit or of touching' },
  ncon: { free: 0, contact: 0, reason: 'a count' },
  qpos: { free: 1e-4, contact: 1e-5, reason: 'a timestep of qvel; over 100 steps what rounding grows to' },
  qvel: { free: 1e-4, contact: 1e-3, reason: 'a timestep of qacc' },
  act: { free: 1e-5, contact: 1e-5, reason: 'filters forget' },
  act_dot: { free: 1e-4, contact: 1e-4, reason: 'differences of act and ctrl' },
  qacc_warmstart: { free: 1e-3, contact: 1e-3, reason: 'a solve: rounding of forces times the condition of M' },
  actuator_force: { free: 1e-4, contact: 1e-5, reason: 'gains times qpos and qvel' },
  qfrc_actuator: { free: 1e-4, contact: 1e-5, reason: 'the same through a moment' },
  qfrc_constraint: { free: 1e-3, contact: 1e-3, reason: 'stiffness times distances that are differences of positions' },
  sensordata: {
    free: 1e-4,
    contact: 1e-5,
    reason: 'positions here; accelerations are in test/kernels/sensors.test.ts',
  },
}
