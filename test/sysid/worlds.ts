import { type Channel, Recording } from '../../bindings/recording/recording.js'
import { openOracle } from '../support/oracle.js'

/** A driven pendulum: one hinge, one motor. */
export const PENDULUM = `
<mujoco>
  <option timestep="0.002" integrator="Euler"><flag contact="disable"/></option>
  <worldbody>
    <body name="arm">
      <joint name="hinge" type="hinge" axis="0 1 0" damping="0.05" frictionloss="0.06" armature="0.005"/>
      <geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02" mass="0.5"/>
    </body>
  </worldbody>
  <actuator><motor name="motor" joint="hinge" gear="1"/></actuator>
</mujoco>`

/** A cart pushed along a rail: m x'' = b u, without friction. */
export const CART = `
<mujoco>
  <option timestep="0.002" integrator="Euler" gravity="0 0 0"><flag contact="disable"/></option>
  <worldbody>
    <body name="cart">
      <joint name="rail" type="slide" axis="1 0 0"/>
      <geom type="box" size="0.1 0.1 0.1" mass="3.5"/>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="rail" gear="5.25"/></actuator>
</mujoco>`

/** A hanging chain of n hinges, each with a position servo: an arm that follows commands. */
export function arm(n: number, timestep: number): string {
  let bodies = ''
  let close = ''
  for (let i = 0; i < n; i++) {
    const axis = i % 2 === 0 ? '0 1 0' : '1 0 0'
    bodies += `<body name="link${i}" pos="0 0 ${i === 0 ? 0 : -0.2}"><joint name="j${i}" axis="${axis}" damping="0.1" armature="0.02"/>
      <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02" mass="0.3"/>`
    close += '</body>'
  }
  const motors = Array.from({ length: n }, (_, i) => `<position name="m${i}" joint="j${i}" kp="20" kv="0.5"/>`).join('')
  return `<mujoco><option timestep="${timestep}" integrator="Euler"><flag contact="disable"/></option>
    <worldbody>${bodies}${close}</worldbody><actuator>${motors}</actuator></mujoco>`
}

/** The command of actuator i at time t. */
export type Drive = (t: number, i: number) => number

export interface LogOptions {
  name: string
  /** s */
  duration: number
  /** s between samples, a multiple of the timestep */
  period: number
  drive: Drive
  /** s between command and force */
  delay?: number
  /** fields written before mj_setConst */
  fields?: Record<string, ArrayLike<number>>
  /** change of single scalars, [field, index, value] */
  change?: readonly (readonly [string, number, number])[]
  qpos?: ArrayLike<number>
  qvel?: ArrayLike<number>
  /** standard deviation of the noise on each joint, or 0 */
  noise?: (joint: number) => number
  normal?: () => number
  constants?: Record<string, number>
  interpolation?: 'linear' | 'hold'
  /** world fields recorded as extra channels: [measures path, field, column, unit] */
  extra?: readonly (readonly [string, string, number, string])[]
}

/** Joint positions over time from MuJoCo itself, with commands recorded beside: a log of a machine whose physics we know. */
export async function mujocoLog(xml: string, options: LogOptions): Promise<Recording> {
  const oracle = await openOracle(xml)
  try {
    for (const [field, values] of Object.entries(options.fields ?? {})) oracle.write(field, values)
    for (const [field, index, value] of options.change ?? []) {
      const all = oracle.get(field)
      all[index] = value
      oracle.write(field, all)
    }
    oracle.setConst().reset()
    if (options.qpos) oracle.write('qpos', options.qpos)
    if (options.qvel) oracle.write('qvel', options.qvel)
    const timestep = oracle.get('opt_timestep')[0]
    const nstep = Math.round(options.period / timestep)
    const rows = Math.round(options.duration / options.period) + 1
    const { nu, nq } = oracle
    const hold = options.interpolation === 'hold'
    const time = Float64Array.from({ length: rows }, (_, k) => k * options.period)
    const command = Array.from({ length: nu }, (_, i) => time.map(t => options.drive(t, i)))
    // what the machine does between samples is what the interpolation says
    const at = (i: number, t: number): number => {
      const row = Math.min(rows - 1, Math.max(0, t / options.period))
      const k = Math.floor(row + 1e-9)
      if (hold || k + 1 >= rows) return command[i][k]
      return command[i][k] + (row - k) * (command[i][k + 1] - command[i][k])
    }
    const qpos = Array.from({ length: nq }, () => new Float64Array(rows))
    const extra = (options.extra ?? []).map(() => new Float64Array(rows))
    const sense = (k: number): void => {
      const q = oracle.get('qpos')
      for (let j = 0; j < nq; j++) qpos[j][k] = q[j]
      if (extra.length > 0)
        oracle
          .write(
            'ctrl',
            Float64Array.from({ length: nu }, (_, i) => at(i, time[k] - (options.delay ?? 0))),
          )
          .forward()
      options.extra?.forEach(([, field, column], e) => {
        extra[e][k] = oracle.get(field)[column]
      })
    }
    sense(0)
    for (let k = 1; k < rows; k++) {
      for (let s = 0; s < nstep; s++) {
        const t = time[k - 1] + s * timestep
        oracle
          .write(
            'ctrl',
            Float64Array.from({ length: nu }, (_, i) => at(i, t - (options.delay ?? 0))),
          )
          .step()
      }
      sense(k)
    }
    const joints = /<joint name="([^"]+)"/g
    const names = Array.from(xml.matchAll(joints), match => match[1])
    const actuators = Array.from(xml.matchAll(/<(?:motor|position) name="([^"]+)"/g), match => match[1])
    const channels: Channel[] = [
      ...qpos.map((values, j) => ({
        name: `q ${names[j]}`,
        unit: '',
        time,
        values: options.noise ? values.map(v => v + options.noise!(j) * options.normal!()) : values,
        interpolation: 'linear' as const,
        measures: `joint/${names[j]}/qpos`,
      })),
      ...command.map((values, i) => ({
        name: `u ${actuators[i]}`,
        unit: '',
        time,
        values,
        interpolation: options.interpolation ?? ('linear' as const),
        drives: `actuator/${actuators[i]}/ctrl`,
      })),
      ...(options.extra ?? []).map(([measures, , , unit], e) => ({
        name: measures,
        unit,
        time,
        values: extra[e],
        interpolation: 'linear' as const,
        measures,
      })),
    ]
    return new Recording({ name: options.name, channels, constants: options.constants })
  } finally {
    oracle.dispose()
  }
}

/** Sum of two sines that wakes up a joint: amplitude, and its own phase a joint. */
export function sines(amplitude: number, rate = 1): Drive {
  return (t, i) => amplitude * (Math.sin(rate * (2.1 + 0.7 * i) * t + i) + 0.6 * Math.sin(rate * (5.3 + 1.1 * i) * t))
}
