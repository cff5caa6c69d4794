/** The engine against MuJoCo on random models of every supported kind, and on degenerate ones. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { extractModel } from '../../bindings/model/extract.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { assembleModel, findUnsupported } from '../../bindings/model/support.js'
import { type Oracle, OracleError, openOracle, randomStates, rng } from '../support/oracle.js'
import { FLAGS, type RandomModelOptions, randomModel } from './random-models.js'

type States = readonly Record<string, Float64Array>[]

const INPUTS = ['qpos', 'qvel', 'ctrl', 'act'] as const
const STATES = 50
const STEPS = 10
/** the relative error of qacc that 99 of 100 states of all models must keep, and every model in 9 of 10 of its own */
const QACC = 1e-4
/** error after STEPS steps, relative to the size of the state: 19 of 20 states */
const TRAJECTORY = 1e-4
/** models that MuJoCo itself refuses, or in which most kicks diverge: no more than this part may be left out */
const SKIPPED = 0.2

const peak = (values: ArrayLike<number>): number => {
  let most = 0
  // not Math.max: NaN must win
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i])
  return most
}
/** p-quantile with NaN last */
const quantile = (values: readonly number[], p: number): number => {
  const sorted = values.map(x => (Number.isNaN(x) ? Number.POSITIVE_INFINITY : x)).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
}
const flat = (states: States, field: string): Float64Array => Float64Array.from(states.flatMap(s => [...s[field]]))

/** the Model of an mjModel that is open already: what loadModel gives, without a thread for each of many */
function modelOf(oracle: Oracle, xml: string): Model {
  const numbers = extractModel(oracle.model, 1e9)
  const missing = findUnsupported(numbers, numbers.facts)
  assert.equal(missing, [], 'a random model must be supported')
  return assembleModel(numbers, numbers.name, xml, missing)
}

const fieldsOf = (batch: Batch): string[] => INPUTS.filter(f => batch.size(f) > 0)
const put = (batch: Batch, states: States): void => {
  for (const field of fieldsOf(batch)) batch.set(field, flat(states, field))
}
function worst(theirs: Float64Array, ours: Float32Array, w: number): number {
  return peak(theirs.map((x, i) => x - ours[w * theirs.length + i]))
}

/** relative error of qacc in every state; `prepare` puts a world's parameters into the oracle */
async function accelerations(
  batch: Batch,
  oracle: Oracle,
  states: States,
  prepare?: (w: number) => void,
): Promise<number[]> {
  batch.reset()
  put(batch, states)
  await batch.forward()
  const ours = await batch.get('qacc')
  return states.map((state, w) => {
    prepare?.(w)
    oracle.reset()
    for (const field of fieldsOf(batch)) oracle.write(field, state[field])
    oracle.forward()
    const scale = Math.max(peak(oracle.get('qacc')), peak(oracle.get('qacc_smooth')), 1e-9)
    return worst(oracle.get('qacc'), ours, w) / scale
  })
}

/** relative error of the state after STEPS steps; states in which MuJoCo warns are left out */
async function trajectories(batch: Batch, oracle: Oracle, states: States): Promise<number[]> {
  batch.reset()
  put(batch, states)
  await batch.step(STEPS)
  const ours = new Map<string, Float32Array>()
  for (const field of [...fieldsOf(batch), 'sensordata']) ours.set(field, await batch.get(field))
  const errors: number[] = []
  states.forEach((state, w) => {
    oracle.reset()
    for (const field of fieldsOf(batch)) oracle.write(field, state[field])
    oracle.step(STEPS)
    if (oracle.warned()) return
    let error = 0
    for (const [field, values] of ours) {
      const theirs = oracle.get(field)
      if (theirs.length > 0) error = Math.max(error, worst(theirs, values, w) / Math.max(1, peak(theirs)))
    }
    errors.push(error)
  })
  return errors
}

interface Outcome {
  readonly label: string
  readonly qacc: number[]
  readonly path: number[]
  readonly xml: string
}

/** one random model; undefined: MuJoCo refuses it, or diverges from most kicks */
async function fuzz(seed: number, flag: string, options?: RandomModelOptions): Promise<Outcome | undefined> {
  const xml = randomModel(seed, flag, options)
  let oracle: Oracle
  try {
    oracle = await openOracle(xml)
  } catch {
    return undefined
  }
  try {
    const states = randomStates(oracle, STATES, seed) as unknown as States
    const batch = await createBatch(modelOf(oracle, xml), { nworld: STATES })
    try {
      const qacc = await accelerations(batch, oracle, states)
      const path = await trajectories(batch, oracle, states)
      return { label: `seed ${seed}${flag && `, ${flag} disabled`}`, qacc, path, xml }
    } finally {
      batch.dispose()
    }
  } catch (error) {
    if (error instanceof OracleError && error.message.includes('diverges')) return undefined
    throw error
  } finally {
    oracle.dispose()
  }
}

async function campaign(first: number, n: number, options?: RandomModelOptions): Promise<void> {
  const outcomes: Outcome[] = []
  for (let i = 0; i < n; i++) {
    // every third model has a flag of its own disabled
    const outcome = await fuzz(first + i, i % 3 === 0 ? FLAGS[(i / 3) % FLAGS.length] : '', options)
    if (outcome) outcomes.push(outcome)
  }
  const skipped = n - outcomes.length
  if (skipped > 0) console.log(`${skipped} of ${n} random models left out: MuJoCo refuses them or diverges`)
  if (process.env.FUZZ_REPORT)
    for (const o of outcomes)
      console.log(o.label, quantile(o.qacc, 0.5), quantile(o.qacc, 0.9), quantile(o.qacc, 0.99), quantile(o.path, 0.95))
  assert.ok(skipped <= SKIPPED * n, `${skipped} of ${n} models left out`)
  const bad = outcomes.filter(o => quantile(o.qacc, 0.9) > QACC || quantile(o.path, 0.95) > TRAJECTORY)
  assert.equal(
    bad.map(o => `${o.label}: qacc ${quantile(o.qacc, 0.9)}, trajectory ${quantile(o.path, 0.95)}`),
    [],
  )
  const all = quantile(
    outcomes.flatMap(o => o.qacc),
    0.99,
  )
  assert.ok(all <= QACC, `qacc of 99 % of all states: ${all}`)
}

test('random models', () => campaign(1000, 60))
test('random planar models', () => campaign(5000, 24, { planar: true }))

const wrap = (body: string, extra = ''): string =>
  `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody>${body}</worldbody>${extra}</mujoco>`
const GEOM = '<geom type="box" size=".1 .05 .2" pos=".1 0 .05" mass="1"/>'
const DEGENERATE: Readonly<Record<string, string>> = {
  'no bodies': wrap(''),
  'only static bodies': wrap(
    `<body name="x" pos="1 2 3">${GEOM}<body name="y" pos=".1 0 0" quat="1 1 0 0">${GEOM}</body></body>`,
    '<sensor><framepos objtype="xbody" objname="y"/><framequat objtype="xbody" objname="y"/><framepos objtype="body" objname="x"/></sensor>',
  ),
  'one hinge, nothing else': wrap(`<body><joint axis="0 1 0"/>${GEOM}</body>`),
  'one slide': wrap(`<body><joint type="slide" axis="0 0 1" damping="1"/>${GEOM}</body>`),
  'one ball': wrap(`<body><joint type="ball"/>${GEOM}</body>`),
  'one free body': wrap(`<body><freejoint/>${GEOM}</body>`),
  'a free body with another welded to it, implicitfast': wrap(
    `<body><freejoint/>${GEOM}<body pos=".2 0 0" quat="1 .3 0 0">${GEOM}</body></body>`,
  ).replace('<option ', '<option integrator="implicitfast" '),
  'a massless body between two hinges': wrap(
    `<body pos="0 0 1"><joint axis="0 1 0" armature=".1"/>${GEOM}<body pos=".1 0 0"><body pos=".1 0 0"><joint axis="1 1 0"/>${GEOM}</body></body></body>`,
  ),
  'all mass in a welded child': wrap(
    `<body pos="0 0 1"><joint axis="0 1 0"/><joint axis="1 0 0"/><body pos=".1 0 0" quat="1 .5 0 0">${GEOM}</body></body>`,
  ),
  'two hinges in trees of their own': wrap(
    `<body><joint name="a" axis="0 1 0"/>${GEOM}</body><body><joint name="b" axis="0 1 0"/>${GEOM}</body>`,
    '<equality><joint joint1="b" joint2="a" polycoef=".1 .5 0 0 0"/></equality>',
  ),
  'a static tree beside a moving one': wrap(
    `<body name="s" pos="1 0 0">${GEOM}</body><body><joint axis="0 0 1"/>${GEOM}</body>`,
  ),
}

for (const [name, xml] of Object.entries(DEGENERATE)) {
  test(`degenerate: ${name}`, async () => {
    const oracle = await openOracle(xml)
    // not a multiple of four: the last block has worlds that nobody asked for
    for (const nworld of [1, 7]) {
      const states = randomStates(oracle, nworld, 3) as unknown as States
      const batch = await createBatch(await loadModel(xml), { nworld })
      assert.ok(peak(await accelerations(batch, oracle, states)) <= QACC)
      assert.ok(peak(await trajectories(batch, oracle, states)) <= TRAJECTORY)
      for (const field of ['xpos', 'xquat', 'qM', 'qfrc_bias', 'status']) {
        const values = await batch.get(field)
        assert.is(values.length, nworld * batch.size(field), field)
        assert.ok(values.every(Number.isFinite), field)
      }
      assert.equal(await batch.report(), [])
      batch.dispose()
    }
    oracle.dispose()
  })
}

/** fields scaled per world: those that keep a model physical at any factor near 1 */
const SCALED = (
  'opt_gravity body_mass body_inertia body_pos body_ipos jnt_pos dof_damping dof_armature dof_frictionloss jnt_stiffness ' +
  'jnt_range jnt_margin actuator_gear actuator_gainprm actuator_biasprm eq_data qpos_spring'
).split(' ')

test('random fields that differ by world', async () => {
  const all: number[] = []
  for (let seed = 9000; seed < 9016; seed++) {
    const xml = randomModel(seed)
    let oracle: Oracle
    try {
      oracle = await openOracle(xml)
    } catch {
      continue
    }
    const random = rng(seed)
    const nworld = 11
    const states = randomStates(oracle, nworld, seed) as unknown as States
    const batch = await createBatch(modelOf(oracle, xml), { nworld })
    const fields = SCALED.filter(f => batch.size(f) > 0 && random.next() < 0.4)
    const original = new Map(fields.map(f => [f, oracle.get(f)]))
    const changed = new Map<string, Float64Array[]>()
    for (const [field, values] of original) {
      // one factor a world: ranges stay ordered, quaternions and integrator gains stay what they are
      const rows = Array.from({ length: nworld }, () => {
        const factor = random.uniform(0.8, 1.25)
        return values.map(x => (field === 'qpos_spring' ? x : factor * x))
      })
      changed.set(field, rows)
      batch.set(
        field,
        rows.flatMap(row => [...row]),
      )
    }
    const errors = await accelerations(batch, oracle, states, w => {
      for (const [field, rows] of changed) oracle.write(field, rows[w])
      oracle.setConst()
    })
    assert.ok(quantile(errors, 0.8) <= QACC, `seed ${seed}, ${fields.join(' ')}: ${errors.join(' ')}`)
    all.push(...errors)
    batch.dispose()
    oracle.dispose()
  }
  assert.ok(all.length > 100, 'too few models')
  assert.ok(quantile(all, 0.98) <= QACC, String(quantile(all, 0.98)))
})

test.run()
