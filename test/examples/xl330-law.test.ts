/** The firmware law of the XL330 written as a dcmotor, against its own equations, in MuJoCo's double precision. */
import { readFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mujoco, Oracle } from '../support/oracle.js'

const xml = await readFile(new URL('../../examples/robots/xl330/model.xml', import.meta.url), 'utf8')

const K = 0.32
const R = 4.7
const VIN = 7.4
const ARMATURE = 0.0016
const OFFSET = 0.018
const TIMESTEP = 0.001
/** duty a register unit and radian: 4096 counts a turn, divisor 256, 885 counts of full scale */
const GAIN = 4096 / (2 * Math.PI) / (256 * 885)

/**
 * Euler steps of J a = K/R duty vin - K²/R v - m g l sin(q + offset), duty = clip(register gain (goal - q), ±1).
 * @returns positions
 */
function scalar(register: number, goals: readonly number[]): number[] {
  // the weight's own inertia is the 1e-8 of the model
  const inertia = 0.49 * 0.1 * 0.1 + 1e-8 + ARMATURE
  let [q, v] = [0, 0]
  return goals.map(goal => {
    const duty = Math.min(1, Math.max(-1, register * GAIN * (goal - q)))
    const torque = (K / R) * duty * VIN - ((K * K) / R) * v
    v += (TIMESTEP * (torque - 0.49 * 9.80665 * 0.1 * Math.sin(q + OFFSET))) / inertia
    q += TIMESTEP * v
    return q
  })
}

for (const register of [100, 200, 800]) {
  test(`dcmotor in position mode is the P law of register ${register}, saturated and not`, async () => {
    const mj = await mujoco()
    const oracle = new Oracle(mj, mj.MjModel.from_xml_string(xml))
    const gainprm = oracle.get('actuator_gainprm')
    gainprm.set([R, K])
    gainprm.set([(register * GAIN * VIN * K) / R, 0, (K * K) / R, VIN], 4)
    oracle
      .write('actuator_gainprm', gainprm)
      .write('dof_armature', ARMATURE)
      .write('dof_damping', 0)
      .write('dof_frictionloss', 0)
    oracle.write('qpos0', -OFFSET).write('opt_timestep', TIMESTEP).setConst().reset().write('qpos', 0)

    const goals = Array.from({ length: 3000 }, (_, k) =>
      k < 1500 ? 2.5 * Math.sin(0.004 * k) : k % 500 < 250 ? 1.5 : -1,
    )
    const expected = scalar(register, goals)
    let largest = 0
    goals.forEach((goal, k) => {
      oracle.write('ctrl', goal).step()
      largest = Math.max(largest, Math.abs(oracle.get('qpos')[0] - expected[k]))
    })
    const duties = goals.map((goal, k) => Math.abs(register * GAIN * (goal - expected[k])))
    assert.ok(duties.some(duty => duty < 0.5))
    assert.is(
      duties.some(duty => duty > 1),
      register > 100,
    )
    assert.ok(largest < 1e-8, `largest difference ${largest} rad`)
  })
}

test.run()
