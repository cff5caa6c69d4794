/** Sensors beside MuJoCo's: a robot with every kind of joint, and the comparison. */
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Oracle, openOracle, randomStates, type State } from '../support/oracle.js'

export const INPUTS = ['qpos', 'qvel', 'ctrl', 'act', 'xfrc_applied', 'mocap_pos', 'mocap_quat'] as const
export type Inputs = Partial<Record<(typeof INPUTS)[number], Float64Array>>

/** readings near 0 have no digits of their own: errors count relative to the sensor's largest reading over all states */
interface Compared {
  /** 99th percentile of the relative error of each sensor, over states */
  readonly error: readonly number[]
  /** largest reading of each sensor */
  readonly size: readonly number[]
  readonly type: readonly string[]
}

export const put = (oracle: Oracle, inputs: Inputs): void => {
  oracle.reset()
  for (const name of INPUTS) {
    const values = inputs[name]
    if (values && values.length > 0) oracle.write(name, values)
  }
}

export async function compare(xml: string, states: readonly Inputs[], oracle: Oracle): Promise<Compared> {
  const model = await loadModel(xml)
  const batch = await createBatch(model, { nworld: states.length })
  for (const name of INPUTS) {
    if (batch.size(name) === 0 || !states[0][name]) continue
    batch.set(name, Float64Array.from(states.flatMap(s => [...(s[name] as Float64Array)])))
  }
  await batch.forward()
  const ours = await batch.get('sensordata')
  batch.dispose()
  const { sensor_adr: adr, sensor_dim: dim, sensor_type: type } = model.field
  const size = Array.from(adr, () => 0)
  const errors: number[][] = Array.from(adr, () => [])
  states.forEach((state, w) => {
    put(oracle, state)
    oracle.forward()
    const theirs = oracle.get('sensordata')
    for (let i = 0; i < adr.length; i++) {
      let worst = 0
      for (let k = adr[i]; k < adr[i] + dim[i]; k++) {
        const difference = Math.abs(theirs[k] - ours[w * theirs.length + k])
        if (!(difference <= worst)) worst = difference
        size[i] = Math.max(size[i], Math.abs(theirs[k]))
      }
      errors[i].push(worst)
    }
  })
  const error = errors.map(
    (list, i) => list.sort((a, b) => a - b)[Math.floor(0.99 * (list.length - 1))] / Math.max(size[i], 1e-6),
  )
  return { error, size, type: Array.from(type, (t, i) => `${i} (type ${t}) ${model.names.sensor[i]}`) }
}

export async function agree(
  xml: string,
  limit: number,
  options: { states?: number; prepare?: (s: State, w: number) => Inputs } = {},
): Promise<void> {
  const oracle = await openOracle(xml)
  const states = randomStates(oracle, options.states ?? 220, 5).map(options.prepare ?? (s => s as unknown as Inputs))
  const { error, size, type } = await compare(xml, states, oracle)
  oracle.dispose()
  for (let i = 0; i < error.length; i++) {
    assert.ok(error[i] <= limit, `sensor ${type[i]}: ${error[i]} > ${limit}`)
    assert.ok(size[i] > 0, `sensor ${type[i]}: reads 0 in every state`)
  }
}

export const ROBOT = `<worldbody>
  <geom name="floor" type="plane" size="5 5 .1"/><site name="fixed" pos=".4 .1 .2" euler="10 20 30"/>
  <body name="base" pos="0 0 1" euler="10 20 30"><freejoint name="free"/><geom name="trunk" type="box" size=".2 .1 .05" pos=".02 0 .01" euler="0 10 0" mass="3"/>
    <site name="imu" pos=".05 .02 .1" euler="20 -30 50"/>
    <body name="thigh" pos=".2 0 0" euler="0 0 20"><joint name="hip" axis="0 1 .3" damping=".2" range="-40 50"/><geom name="thigh" type="capsule" fromto="0 0 0 .3 0 -.1" size=".03" mass=".5"/>
      <body name="shin" pos=".3 0 -.1"><joint name="knee" axis="1 .2 0" pos="0 .01 0" armature=".01" range="-60 60"/><joint name="slide" type="slide" axis="0 0 1" stiffness="30" range="-.1 .2"/>
        <geom name="shin" type="cylinder" size=".03 .12" pos="0 0 -.1" mass=".4"/><site name="shin" pos=".01 .02 -.2" euler="0 0 70"/>
        <body name="sensor" pos="0 0 -.2" euler="0 30 0"><geom name="tip" type="sphere" size=".04" mass=".2"/><site name="tip" pos="0 .01 -.03" euler="40 0 0"/></body></body></body>
    <body name="arm" pos="-.2 0 0"><joint name="ball" type="ball" damping=".05" range="0 100"/><geom name="arm" type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/><site name="arm" pos="0 .2 0"/></body>
  </body></worldbody>
  <actuator><motor name="m" joint="knee" gear="3"/><position name="p" joint="hip" kp="5"/><general name="f" joint="free" gear="1 2 3 .1 .2 .3"/></actuator>`

export const scene = (sensors: string, option = '', world = ROBOT): string =>
  `<mujoco><option timestep="0.002" magnetic=".1 .2 -.4" ${option}><flag contact="disable"/></option>${world}<sensor>${sensors}</sensor></mujoco>`

const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  body: ['sensor', 'arm', 'base'],
  xbody: ['sensor', 'base', 'shin'],
  geom: ['thigh', 'arm', 'trunk'],
  site: ['shin', 'imu', 'tip'],
}
const REFERENCES = [
  '',
  'reftype="body" refname="thigh"',
  'reftype="xbody" refname="arm"',
  'reftype="geom" refname="trunk"',
  'reftype="site" refname="shin"',
  'reftype="site" refname="fixed"',
]
export const SITES = ['imu', 'shin', 'tip', 'arm']

export const frames = (kinds: readonly string[], references = REFERENCES): string =>
  kinds
    .flatMap(kind =>
      Object.entries(OBJECTS).flatMap(([type, names]) =>
        references.map((ref, r) => `<${kind} objtype="${type}" objname="${names[r % names.length]}" ${ref}/>`),
      ),
    )
    .join('')
export const sites = (kinds: readonly string[]): string =>
  kinds.flatMap(kind => SITES.map(site => `<${kind} site="${site}"/>`)).join('')
