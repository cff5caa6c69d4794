/** MuJoCo's answers for the API suite, and its models, compiled in Node. */
import { STATE } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { changed, writtenFields } from '../support/changes.js'
import { type Oracle, openOracle, randomStates, rng, type State } from '../support/oracle.js'
import { type Answers, type Fall, SWING } from './host.js'
import { MODELS, type ModelName } from './models.js'

const compiled = new Map<ModelName, Promise<Model>>()

/** A model of the suite, compiled once. */
export function compiledModel(name: ModelName): Promise<Model> {
  const known = compiled.get(name) ?? loadModel(MODELS[name])
  compiled.set(name, known)
  return known
}

type Fields = Record<string, number[]>

const read = (oracle: Oracle, names: readonly string[]): Fields =>
  Object.fromEntries(names.map(name => [name, [...oracle.get(name)]]))

/** fields that a reset puts back */
const RESET = 'time qpos qvel act ctrl mocap_pos mocap_quat eq_active qacc_warmstart'.split(' ')

async function robotAnswers(): Promise<Pick<Answers, 'resets' | 'moved' | 'states'>> {
  const oracle = await openOracle(MODELS.robot)
  const { mj, model, data } = oracle
  const resets = [undefined, 0, 1].map(key => read(oracle.reset(key), RESET))

  const by = Array.from({ length: oracle.nv }, (_, i) => 0.3 * Math.sin(1 + i))
  const qpos = resets[1].qpos
  const buffer = new mj.DoubleBuffer(qpos.length)
  ;(buffer.GetView() as Float64Array).set(qpos)
  mj.mj_integratePos(model, buffer, by, 1)
  const moved = [...(buffer.GetView() as Float64Array)]
  buffer.delete()

  const random = rng(1)
  const some = (n: number): number[] => Array.from({ length: n }, () => random.uniform(-1, 1))
  oracle.reset()
  oracle.write('qvel', some(oracle.nv)).write('ctrl', [0.1, 0.2, 0.3])
  oracle.write('xfrc_applied', some(oracle.get('xfrc_applied').length)).write('mocap_pos', [1, 2, 3])
  oracle.step(10)
  const bits = (mj as unknown as { mjtState: Record<string, { value: number }> }).mjtState
  const specs = Object.keys(STATE)
    .filter(name => name !== 'ALL' && !name.startsWith('ACTUATOR_'))
    .map(name => {
      const bit = bits[`mjSTATE_${name}`].value
      return { name, bit, size: mj.mj_stateSize(model, bit) }
    })
  const state = new mj.DoubleBuffer(mj.mj_stateSize(model, STATE.INTEGRATION))
  mj.mj_getState(model, data, state, STATE.INTEGRATION)
  const states = {
    specs,
    state: [...(state.GetView() as Float64Array)],
    fields: read(oracle, [...RESET.filter(name => name !== 'qacc_warmstart'), 'xfrc_applied']),
  }
  state.delete()
  oracle.dispose()
  return { resets, moved: { by, qpos: moved }, states }
}

/** steps into the fall at which worlds are looked at */
const MOMENTS = [40, 150, 300]

async function fallAnswers(cone: 'pyramidal' | 'elliptic'): Promise<Fall[]> {
  const oracle = await openOracle(MODELS[`fall, ${cone}`])
  const { mj, model, data } = oracle
  const falls = MOMENTS.map(n => {
    oracle.reset()
    oracle.write('ctrl', [1]).step(n)
    const state = read(oracle, ['qpos', 'qvel', 'ctrl', 'qacc_warmstart'])
    // in the engine's precision
    oracle.reset()
    for (const [name, values] of Object.entries(state)) oracle.write(name, values.map(Math.fround))
    oracle.forward()
    const contacts = oracle.contacts().map(({ geom1, geom2, dim, dist, pos, frame }, i) => {
      const buffer = new mj.DoubleBuffer(6)
      mj.mj_contactForce(model, data, i, buffer)
      const force = [...(buffer.GetView() as Float64Array)]
      buffer.delete()
      return { geom: [geom1, geom2], dim, dist, pos: [...pos], frame: [...frame], force }
    })
    return { state, rows: read(oracle, ['efc_type', 'efc_J', 'efc_D', 'efc_aref', 'efc_force']), contacts }
  })
  oracle.dispose()
  return falls
}

/** what follows from a model field, and what moves by it */
const FOLLOWS = [
  ...'qacc sensordata dof_invweight0 dof_M0 body_invweight0 body_subtreemass tendon_length0'.split(' '),
  ...'tendon_invweight0 actuator_acc0 actuator_length0'.split(' '),
]
/** in qpos of the model */
const QUATERNIONS = [6, 10]
const INPUTS = ['qpos', 'qvel', 'ctrl', 'act'] as const

async function writtenAnswers(): Promise<Answers['written']> {
  const model = await compiledModel('written')
  const plain = await openOracle(MODELS.written)
  const states = randomStates(plain, writtenFields.length, 3, { control: 2 })
  plain.dispose()
  const random = rng(5)
  const out: Answers['written'][number][] = []
  for (const [w, field] of writtenFields.entries()) {
    const values = changed(field, model.field[field] as Float64Array, QUATERNIONS, random.next)
    const oracle = await openOracle(MODELS.written)
    oracle.write(field, values).setConst().reset()
    const state: State = states[w]
    for (const name of INPUTS) oracle.write(name, state[name])
    oracle.forward()
    const results = read(oracle, FOLLOWS)
    const scale = Math.max(...oracle.get('qacc_smooth').map(Math.abs))
    results.qpos = [...oracle.step().get('qpos')]
    out.push({
      field,
      values: [...values],
      state: Object.fromEntries(INPUTS.map(name => [name, [...state[name]]])),
      results,
      scale,
    })
    oracle.dispose()
  }
  return out
}

async function swingAnswers(): Promise<Answers['swing']> {
  const oracle = await openOracle(MODELS.swing)
  oracle.reset()
  const out = Array.from({ length: SWING.steps }, (_, k) => {
    // never smooth
    const ctrl = [0.5, 0.3, 0.2, 0.1].map((x, i) => x * ((((k + 5 * i) * 7919) % 13) - 6))
    oracle.write('ctrl', ctrl).step()
    const results = read(oracle, ['qpos', 'qvel', 'sensordata', 'actuator_force'])
    if (k === SWING.reset) oracle.reset()
    return { ctrl, results }
  })
  oracle.dispose()
  return out
}

let answers: Promise<Answers> | undefined

export function mujocoAnswers(): Promise<Answers> {
  answers ??= (async () => ({
    ...(await robotAnswers()),
    falls: { pyramidal: await fallAnswers('pyramidal'), elliptic: await fallAnswers('elliptic') },
    written: await writtenAnswers(),
    swing: await swingAnswers(),
  }))()
  return answers
}
