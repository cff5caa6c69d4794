/**
 * Moves every robot of this folder: 1,000 worlds for a second, from its first keyframe a little disturbed, each world with
 * random controls of its own. Prints how fast that went and how often things touched; exits with 1 when a world diverged.
 *
 *   node examples/robots/run.mjs [WORLDS [WORKERS]]
 */
import { readdirSync } from 'node:fs'
import { createBatch, loadModel } from '../../dist/bindings/index.js'

const nworld = Number(process.argv[2] ?? 1000)
const workers = Number(process.argv[3] ?? 1)
const SECONDS = 1
const HOLD = 0.1 // seconds that a control is held
const DISTURBANCE = 0.02 // most rad, m, rad/s or m/s

const FREE = 0
const BALL = 1

/** Seeded numbers in [-1, 1): the same run every time (xorshift, Marsaglia 2003). */
function generator(seed) {
  let x = seed
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 31 - 1
  }
}

/** Every world at the first keyframe, hinges and slides and all velocities moved by a little. */
function start(model, random) {
  const { nq, nv, njnt } = model
  const { key_qpos, jnt_type, jnt_qposadr } = model.field
  const qpos = new Float64Array(nworld * nq)
  for (let w = 0; w < nworld; w++) {
    qpos.set(key_qpos.subarray(0, nq), w * nq)
    for (let j = 0; j < njnt; j++) {
      if (jnt_type[j] !== FREE && jnt_type[j] !== BALL) qpos[w * nq + jnt_qposadr[j]] += DISTURBANCE * random()
    }
  }
  return { qpos, qvel: Float64Array.from({ length: nworld * nv }, () => DISTURBANCE * random()) }
}

/** Controls anywhere in their range, one set a world. */
function controls(model, random) {
  const { nu } = model
  const range = model.field.actuator_ctrlrange
  return Float64Array.from({ length: nworld * nu }, (_, i) => {
    const [low, high] = range.subarray(2 * (i % nu), 2 * (i % nu) + 2)
    return (low + high) / 2 + (random() * (high - low)) / 2
  })
}

const columns = [14, 8, 8, 14, 22, 10]
const line = cells =>
  console.log(cells.map((cell, k) => (k === 0 ? cell.padEnd(columns[k]) : cell.padStart(columns[k]))).join(''))

line(['robot', 'nq', 'nu', 'steps/s', 'contacts (mean, most)', 'diverged'])
let bad = 0
for (const file of readdirSync(new URL('.', import.meta.url))) {
  if (!file.endsWith('.xml')) continue
  const model = await loadModel(new URL(file, import.meta.url))
  const random = generator(1)
  const batch = await createBatch(model, { nworld, workers })
  for (const [field, values] of Object.entries(start(model, random))) batch.set(field, values)

  const hold = Math.round(HOLD / model.field.opt_timestep[0])
  const holds = Math.round(SECONDS / HOLD)
  let [elapsed, contacts, most] = [0, 0, 0]
  for (let k = 0; k < holds; k++) {
    batch.set('ctrl', controls(model, random))
    const begin = performance.now()
    await batch.step(hold)
    elapsed += performance.now() - begin
    for (const ncon of await batch.get('ncon')) {
      contacts += ncon
      most = Math.max(most, ncon)
    }
  }
  const diverged = (await batch.get('status')).filter(status => (status & 1) !== 0).length
  bad += diverged
  batch.dispose()

  const speed = Math.round((nworld * holds * hold) / (elapsed / 1000))
  const mean = (contacts / (nworld * holds)).toFixed(2)
  line([model.name, `${model.nq}`, `${model.nu}`, speed.toLocaleString('en'), `${mean}, ${most}`, `${diverged}`])
}
process.exitCode = bad === 0 ? 0 : 1
