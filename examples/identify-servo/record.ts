/**
 * Records the shipped logs from a stand-in for a real servo: the official MuJoCo in double precision, with hidden physics,
 * a command delay that is no multiple of the timestep, and an encoder with noise and counts, which no model here knows of.
 *
 *   npx tsx examples/identify-servo/record.ts
 *
 * Writes train.csv, heldout.csv and truth.json beside itself; the same numbers every time.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { MjData, MjModel } from '@mujoco/mujoco'
import { cos, Philox, PI, STREAM, sin } from '../../bindings/math/index.js'
import { openMujoco } from '../../bindings/model/mujoco.js'

/** What identify has to find, in the names and units of space.json. */
const HIDDEN = { kp: 14.2, armature: 0.0243, viscous: 0.47, coulomb: 0.061, offset: 0.0262, delay: 0.01337 }

const SEED = 20 // of the encoder noise
const COUNTS = 4096 // a turn
const NOISE = 0.002 // rad, standard deviation before rounding to counts (1.5e-3 rad each)
const PERIOD = 0.005 // s, 200 Hz bus cycle
const TIMESTEP = 0.001 // s, of servo.xml
const SUBSTEPS = Math.round(PERIOD / TIMESTEP)

const toCounts = (angle: number): number => Math.round((angle / (2 * PI)) * COUNTS) + COUNTS / 2
const toAngle = (counts: number): number => ((counts - COUNTS / 2) / COUNTS) * 2 * PI

/** Command over 11 s: chirp 0.2 to 5 Hz, steps, then slow ramps that show stiction. rad */
function excitation(t: number): number {
  // phase of a chirp whose frequency rises linearly
  if (t < 5) return 0.7 * sin(2 * PI * (0.2 * t + 0.48 * t * t)) * (t < 0.3 ? t / 0.3 : 1)
  if (t < 8) return [0.9, -0.4, 1.3, -1.1, 0.2, -0.8][Math.floor((t - 5) / 0.5)]
  const ramp = t - 8
  return ramp < 1.5 ? -0.8 + 0.6 * ramp : 0.1 + 0.2 * (ramp - 1.5)
}

/** Command of the held-out log, 6 s: two sines together, then smaller steps. rad */
function validation(t: number): number {
  if (t < 4) return 0.9 * (1 - cos(2 * PI * 0.5 * t)) * 0.5 + 0.3 * sin(2 * PI * 2.3 * t)
  return [-0.5, 0.6, -0.2, 1.0][Math.floor((t - 4) / 0.5)]
}

/** The bus cycle's command in counts; before the first one the servo holds still. */
function commands(shape: (t: number) => number, seconds: number): Int32Array {
  const n = Math.round(seconds / PERIOD) + 1
  return Int32Array.from({ length: n }, (_, k) => toCounts(shape(Math.min(k * PERIOD, seconds - PERIOD))))
}

/** Mean of the delayed, held command over a timestep from t; the servo's own loop is fast against it. rad */
function delayedGoal(goals: Int32Array, t: number): number {
  const from = (t - HIDDEN.delay) / PERIOD
  const to = from + TIMESTEP / PERIOD
  const at = (row: number): number => toAngle(goals[Math.min(goals.length - 1, Math.max(0, row))])
  const edge = Math.floor(to)
  if (edge <= from) return at(Math.floor(from))
  return (at(edge - 1) * (edge - from) + at(edge) * (to - edge)) / (to - from)
}

/** One log as CSV text; `stream` keeps the noise of two logs apart. */
async function record(stream: number, shape: (t: number) => number, seconds: number): Promise<string> {
  const mujoco = await openMujoco()
  const model: MjModel = mujoco.MjModel.from_xml_string(await hiddenXml())
  const data: MjData = new mujoco.MjData(model)
  const noise = new Philox(SEED, STREAM.sensor)
  const goals = commands(shape, seconds)
  const lines = ['time [s],goal_position [counts],present_position [counts]']

  // at rest on the first command before the log begins
  data.qpos[0] = toAngle(goals[0])
  for (let i = 0; i < 2 / TIMESTEP; i++) {
    data.ctrl[0] = toAngle(goals[0])
    mujoco.mj_step(model, data)
  }
  for (let k = 0; k < goals.length; k++) {
    const read = data.qpos[0] + NOISE * noise.normal(k, stream, 0)
    lines.push(`${(k * PERIOD).toFixed(3)},${goals[k]},${toCounts(read)}`)
    for (let s = 0; s < SUBSTEPS; s++) {
      data.ctrl[0] = delayedGoal(goals, k * PERIOD + s * TIMESTEP)
      mujoco.mj_step(model, data)
    }
  }
  data.delete()
  model.delete()
  return `${lines.join('\n')}\n`
}

/** servo.xml with the hidden values. */
async function hiddenXml(): Promise<string> {
  const xml = await readFile(new URL('servo.xml', import.meta.url), 'utf8')
  const { kp, armature, viscous, coulomb, offset } = HIDDEN
  return xml
    .replace(
      /armature="[^"]*" damping="[^"]*" frictionloss="[^"]*"/,
      `armature="${armature}" damping="${viscous}" frictionloss="${coulomb}" ref="${-offset}"`,
    )
    .replace(/kp="[^"]*"/, `kp="${kp}"`)
}

/** The files this makes, by name. */
export async function recordAll(): Promise<Map<string, string>> {
  return new Map([
    ['train.csv', await record(0, excitation, 11)],
    ['heldout.csv', await record(1, validation, 6)],
    ['truth.json', `${JSON.stringify(HIDDEN, null, 2)}\n`],
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of await recordAll()) await writeFile(new URL(name, import.meta.url), text)
}
