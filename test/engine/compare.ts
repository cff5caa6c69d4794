/** One forward pass of many random moving states here and in MuJoCo, field by field. */
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Oracle, openOracle, type RandomStateOptions, randomStates, rng } from '../support/oracle.js'

export const flat = (states: readonly Record<string, Float64Array>[], field: string): Float64Array =>
  Float64Array.from(states.flatMap(s => [...s[field]]))
export const peak = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, x) => Math.max(a as number, Math.abs(x as number)), 0) as number
export const percentile = (values: number[], p: number): number =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(p * values.length))]

/** largest difference relative to the largest value of the field over all states: entries near 0 have no digits of their own */
export const STAGES: Readonly<Record<string, number>> = {
  xpos: 2e-6,
  xquat: 2e-6,
  xipos: 2e-6,
  xanchor: 2e-6,
  xaxis: 2e-6,
  cdof: 3e-6,
  cvel: 1e-5,
  cdof_dot: 3e-5,
  qM: 1e-5,
  qfrc_bias: 3e-5,
  qfrc_passive: 1e-5,
  qfrc_gravcomp: 1e-5,
  qfrc_actuator: 1e-5,
  actuator_force: 1e-5,
  actuator_length: 1e-5,
  actuator_velocity: 1e-5,
  act_dot: 1e-5,
  ten_length: 2e-6,
  ten_velocity: 1e-5,
  sensordata: 1e-5,
}
/** the relative error of qacc that 99 of 100 random moving states must keep */
export const QACC = 1e-4
const STATES = 1000

export interface CompareOptions extends RandomStateOptions {
  /** number of random states */
  readonly states?: number
  /** random forces on all bodies */
  readonly xfrc?: boolean
}

type Inputs = Record<string, Float64Array>

/** random moving states with random inputs, and the fields they consist of */
function movingStates(
  oracle: Oracle,
  count: number,
  seed: number,
  options: CompareOptions,
): { moving: Inputs[]; fields: string[] } {
  const random = rng(seed + 1)
  const { nmocap, nbody } = oracle.model
  const moving = randomStates(oracle, count, seed, options).map(state => {
    const inputs: Inputs = { qpos: state.qpos, qvel: state.qvel, ctrl: state.ctrl, act: state.act }
    if (nmocap > 0) {
      inputs.mocap_pos = oracle.get('mocap_pos').map(x => x + 0.3 * random.normal())
      inputs.mocap_quat = oracle.get('mocap_quat').map(() => random.normal())
    }
    if (options.xfrc) inputs.xfrc_applied = Float64Array.from({ length: 6 * nbody }, () => 3 * random.normal())
    return inputs
  })
  return { moving, fields: Object.keys(moving[0]).filter(field => moving[0][field].length > 0) }
}

/** Largest errors of one mj_forward from random moving states: of qacc in 99 of 100, of the stages in all. */
export async function compare(
  xml: string,
  options: CompareOptions = {},
): Promise<{ qacc: number; stages: Record<string, number> }> {
  const { states = STATES } = options
  const model = await loadModel(xml)
  const oracle = await openOracle(xml)
  const { moving, fields } = movingStates(oracle, states, 7, options)
  const batch = await createBatch(model, { nworld: states })
  for (const field of fields) batch.set(field, flat(moving, field))
  await batch.forward()
  const names = Object.keys(STAGES).filter(f => batch.size(f) > 0)
  const ours: Record<string, Float32Array> = {}
  for (const field of [...names, 'qacc']) ours[field] = await batch.get(field)
  const error: Record<string, number> = {}
  const size: Record<string, number> = {}
  const qacc: number[] = []
  moving.forEach((state, w) => {
    oracle.reset()
    for (const field of fields) oracle.write(field, state[field])
    oracle.forward()
    const difference = (field: string): number => {
      const theirs = oracle.get(field)
      const n = ours[field].length / states
      assert.is(theirs.length, n, `${field}: length`)
      return peak(theirs.map((x, i) => x - ours[field][w * n + i]))
    }
    for (const field of names) {
      error[field] = Math.max(error[field] ?? 0, difference(field))
      size[field] = Math.max(size[field] ?? 0, peak(oracle.get(field)))
    }
    const scale = Math.max(peak(oracle.get('qacc')), peak(oracle.get('qacc_smooth')), 1e-9)
    qacc.push(difference('qacc') / scale)
  })
  batch.dispose()
  oracle.dispose()
  return {
    qacc: percentile(qacc, 0.99),
    stages: Object.fromEntries(names.map(f => [f, error[f] / Math.max(size[f], 1e-6)])),
  }
}

/** Fails unless qacc and all stages keep their limits. */
export async function sameForward(xml: string, options: CompareOptions = {}): Promise<void> {
  const { qacc, stages } = await compare(xml, options)
  for (const [field, limit] of Object.entries(STAGES)) {
    if (field in stages) assert.ok(stages[field] <= limit, `${field}: ${stages[field]} > ${limit}`)
  }
  assert.ok(qacc <= QACC, `qacc: ${qacc} > ${QACC}`)
}

/** Error of qpos, qvel, act after some steps from random states, relative to how large they get; 95 of 100 keep it. */
export async function trajectory(xml: string, nstep: number, options: CompareOptions = {}): Promise<number> {
  const { states = 40 } = options
  const model = await loadModel(xml)
  const oracle = await openOracle(xml)
  const { moving, fields } = movingStates(oracle, states, 11, { velocity: 1, ...options })
  const batch = await createBatch(model, { nworld: states })
  for (const field of fields) batch.set(field, flat(moving, field))
  await batch.step(nstep)
  const errors: number[] = []
  const ours = { qpos: await batch.get('qpos'), qvel: await batch.get('qvel'), act: await batch.get('act') }
  moving.forEach((state, w) => {
    oracle.reset()
    for (const field of fields) oracle.write(field, state[field])
    oracle.step(nstep)
    let worst = 0
    for (const field of ['qpos', 'qvel', 'act'] as const) {
      const n = batch.size(field)
      if (n === 0) continue
      const theirs = oracle.get(field)
      worst = Math.max(worst, peak(theirs.map((x, i) => x - ours[field][w * n + i])) / Math.max(1, peak(theirs)))
    }
    errors.push(worst)
  })
  batch.dispose()
  oracle.dispose()
  return percentile(errors, 0.95)
}
