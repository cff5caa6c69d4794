import { modelFields } from '../../bindings/fields.js'
import { type LoadOptions, loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { openOracle } from '../support/oracle.js'

/** Attributes of the model below that tests change; every value differs from every other. */
export const DEFAULTS = {
  'option.timestep': '0.003',
  'option.gravity': '0.1 0.2 -9.7',
  'option.wind': '0.3 0.4 0.5',
  'option.density': '1.1',
  'option.viscosity': '0.002',
  'option.impratio': '1.5',
  'base.pos': '0.11 0.12 0.13',
  'upper.pos': '0.01 0.02 0.31',
  'upper.quat': '0.9 0.1 -0.2 0.3',
  'upper.gravcomp': '0.25',
  'upper.mass': '1.7',
  'upper.ipos': '0.021 0.022 0.123',
  'upper.iquat': '0.8 0.1 0.3 -0.2',
  'upper.diaginertia': '0.031 0.028 0.011',
  'elbow.damping': '0.41',
  'elbow.armature': '0.012',
  'elbow.frictionloss': '0.13',
  'elbow.stiffness': '2.3',
  'elbow.springref': '0.14',
  'elbow.ref': '0.06',
  'elbow.range': '-1.2 1.4',
  'elbow.margin': '0.015',
  'elbow.pos': '0.001 0.002 0.003',
  'elbow.axis': '0.1 0.9 0.2',
  'elbow.solreflimit': '0.021 1.1',
  'elbow.solimplimit': '0.8 0.91 0.002 0.4 3',
  'elbow.solreffriction': '0.022 1.2',
  'elbow.solimpfriction': '0.81 0.92 0.003 0.45 2.5',
  'elbow.actuatorfrcrange': '-33 34',
  'rail.damping': '0.42',
  'rail.armature': '0.015',
  'rail.frictionloss': '0.23',
  'wrist.damping': '0.43',
  'wrist.armature': '0.016',
  'wrist.frictionloss': '0.033',
  'wrist.stiffness': '0.7',
  'pad.friction': '0.7 0.006 0.0002',
  'pad.pos': '0.004 0.005 0.006',
  'pad.quat': '0.7 0.1 0.2 0.6',
  'pad.solref': '0.023 1.3',
  'pad.solimp': '0.82 0.93 0.004 0.5 2',
  'pad.size': '0.051 0.052 0.053',
  'pad.margin': '0.01',
  'tip.pos': '0.07 0.08 0.09',
  'tip.quat': '0.6 0.3 0.2 0.1',
  'couple.polycoef': '0.1 0.9 0.05 0.01 0.02',
  'couple.solref': '0.024 1.4',
  'couple.solimp': '0.83 0.94 0.005 0.6 1.5',
  'bump.friction': '0.71 0.72 0.0061 0.00021 0.00022',
  'bump.solref': '0.025 1.5',
  'bump.solreffriction': '0.026 1.6',
  'bump.margin': '0.011',
  'bump.gap': '0.0012',
  'belt.coef': '1.25',
  'belt.stiffness': '2.4',
  'belt.damping': '0.45',
  'belt.frictionloss': '0.24',
  'belt.range': '-1.3 1.5',
  'belt.springlength': '0.16 0.17',
  'belt.solreflimit': '0.027 1.7',
  'glue.torquescale': '0.85',
  'motor.gear': '3.1',
  'motor.ctrlrange': '-4 5',
  'motor.forcerange': '-6 7',
  'motor.damping': '0.44',
  'motor.armature': '0.017',
  'motor.delay': '0.006',
  'pos.kp': '21',
  'pos.kv': '1.9',
  'pos.timeconst': '0.019',
  'vel.kv': '4.7',
  'damp.kv': '0.9',
  'gen.gainprm': '13 0 0',
  'gen.biasprm': '0 -13 -0.8',
  'gen.actrange': '-2 2.5',
  'pid.kp': '17',
  'pid.kv': '0.6',
  'pid.ki': '3.3',
  'pid.imax': '0.9',
  'slew.slewmax': '8.5',
  'dc.resistance': '2.7',
  'dc.motorconst': '0.36',
  'dc.controller': '5.5 1.2 0.21 9.5 0.8 11.5',
  'dc.timeconst': '0.004',
  'volt.resistance': '2.8',
  'enc.delay': '0.009',
  'enc.interval': '0.012 -0.003',
  'enc.cutoff': '1.5',
} as const
export type Attribute = keyof typeof DEFAULTS

/**
 * An arm with every kind of element a path may name: base (slide 'rail'), upper (hinge 'elbow'), hand (ball 'wrist'), and a
 * free 'puck'; actuators of every type; a sensor with delay; a joint equality; one geom that cannot collide; a site; an
 * unnamed joint and actuator; a contact pair; tendons over one joint and over two.
 */
export function armXml(change: Partial<Record<Attribute, string>> = {}): string {
  const a = (key: Attribute): string => change[key] ?? DEFAULTS[key]
  return `
<mujoco model="arm">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="${a('option.timestep')}" gravity="${a('option.gravity')}" wind="${a('option.wind')}"
          density="${a('option.density')}" viscosity="${a('option.viscosity')}" impratio="${a('option.impratio')}">
    <flag contact="disable"/>
  </option>
  <worldbody>
    <body name="base" pos="${a('base.pos')}">
      <joint name="rail" type="slide" axis="1 0 0" damping="${a('rail.damping')}" armature="${a('rail.armature')}"
             frictionloss="${a('rail.frictionloss')}"/>
      <inertial pos="0 0 0.01" mass="2.1" diaginertia="0.02 0.021 0.022"/>
      <body name="upper" pos="${a('upper.pos')}" quat="${a('upper.quat')}" gravcomp="${a('upper.gravcomp')}">
        <joint name="elbow" type="hinge" pos="${a('elbow.pos')}" axis="${a('elbow.axis')}" damping="${a('elbow.damping')}"
               armature="${a('elbow.armature')}" frictionloss="${a('elbow.frictionloss')}" stiffness="${a('elbow.stiffness')}"
               springref="${a('elbow.springref')}" ref="${a('elbow.ref')}" range="${a('elbow.range')}"
               margin="${a('elbow.margin')}" solreflimit="${a('elbow.solreflimit')}" solimplimit="${a('elbow.solimplimit')}"
               solreffriction="${a('elbow.solreffriction')}" solimpfriction="${a('elbow.solimpfriction')}"
               actuatorfrcrange="${a('elbow.actuatorfrcrange')}"/>
        <inertial pos="${a('upper.ipos')}" quat="${a('upper.iquat')}" mass="${a('upper.mass')}"
                  diaginertia="${a('upper.diaginertia')}"/>
        <geom name="pad" type="box" size="${a('pad.size')}" pos="${a('pad.pos')}" quat="${a('pad.quat')}" contype="0"
              conaffinity="0" friction="${a('pad.friction')}" solref="${a('pad.solref')}" solimp="${a('pad.solimp')}"
              margin="${a('pad.margin')}" mass="0"/>
        <site name="tip" pos="${a('tip.pos')}" quat="${a('tip.quat')}"/>
        <body name="hand" pos="0 0 0.2">
          <joint name="wrist" type="ball" damping="${a('wrist.damping')}" armature="${a('wrist.armature')}"
                 frictionloss="${a('wrist.frictionloss')}" stiffness="${a('wrist.stiffness')}"/>
          <inertial pos="0 0 0.05" mass="0.4" diaginertia="0.001 0.0011 0.0009"/>
          <body name="ns/finger" pos="0 0 0.1">
            <joint type="hinge" axis="0 1 0"/>
            <inertial pos="0 0 0.02" mass="0.1" diaginertia="0.0001 0.0001 0.00005"/>
          </body>
        </body>
      </body>
    </body>
    <body name="puck" pos="1 0 0">
      <freejoint name="float"/>
      <inertial pos="0 0 0" mass="0.3" diaginertia="0.001 0.001 0.001"/>
      <geom name="disc" type="cylinder" size="0.05 0.01" contype="0" conaffinity="0" mass="0"/>
    </body>
    <body name="frame" pos="0 1 0"/>
  </worldbody>
  <contact>
    <pair name="bump" geom1="pad" geom2="disc" friction="${a('bump.friction')}" solref="${a('bump.solref')}"
          solreffriction="${a('bump.solreffriction')}" margin="${a('bump.margin')}" gap="${a('bump.gap')}"/>
  </contact>
  <tendon>
    <fixed name="belt" actuatorfrcrange="-2.5 2.6" stiffness="${a('belt.stiffness')}" damping="${a('belt.damping')}" range="${a('belt.range')}"
           frictionloss="${a('belt.frictionloss')}" springlength="${a('belt.springlength')}"
           solreflimit="${a('belt.solreflimit')}"><joint joint="elbow" coef="${a('belt.coef')}"/></fixed>
    <fixed name="mixed" springlength="0.1"><joint joint="elbow" coef="2"/><joint joint="rail" coef="3"/></fixed>
  </tendon>
  <equality>
    <weld name="glue" body1="puck" active="false" torquescale="${a('glue.torquescale')}"/>
    <joint name="couple" joint1="elbow" joint2="rail" polycoef="${a('couple.polycoef')}" solref="${a('couple.solref')}"
           solimp="${a('couple.solimp')}"/>
  </equality>
  <actuator>
    <motor name="motor" joint="rail" gear="${a('motor.gear')}" ctrlrange="${a('motor.ctrlrange')}"
           forcerange="${a('motor.forcerange')}" damping="${a('motor.damping')}" armature="${a('motor.armature')}"
           delay="${a('motor.delay')}" nsample="5"/>
    <position name="pos" joint="elbow" kp="${a('pos.kp')}" kv="${a('pos.kv')}" timeconst="${a('pos.timeconst')}"/>
    <velocity name="vel" joint="rail" kv="${a('vel.kv')}"/>
    <damper name="damp" joint="elbow" kv="${a('damp.kv')}" ctrlrange="0 1"/>
    <general name="gen" joint="elbow" dyntype="integrator" gaintype="fixed" biastype="affine" gainprm="${a('gen.gainprm')}"
             biasprm="${a('gen.biasprm')}" actrange="${a('gen.actrange')}"/>
    <pid name="pid" joint="elbow" kp="${a('pid.kp')}" kv="${a('pid.kv')}" ki="${a('pid.ki')}" imax="${a('pid.imax')}"/>
    <pid name="slew" joint="elbow" kp="3.5" slewmax="${a('slew.slewmax')}"/>
    <dcmotor name="dc" joint="elbow" resistance="${a('dc.resistance')}" motorconst="${a('dc.motorconst')}" input="pos"
             controller="${a('dc.controller')}" inductance="0 ${a('dc.timeconst')}"/>
    <dcmotor name="volt" joint="elbow" resistance="${a('volt.resistance')}" motorconst="0.37" input="voltage"/>
    <motor joint="elbow"/>
  </actuator>
  <sensor>
    <jointpos name="enc" joint="elbow" delay="${a('enc.delay')}" nsample="6" interval="${a('enc.interval')}"
              cutoff="${a('enc.cutoff')}"/>
  </sensor>
</mujoco>`
}

const OPTIONS: LoadOptions = { allowUnsupported: true }
const cache = new Map<string, Promise<Model>>()

/** The arm compiled by MuJoCo, with some attributes changed. */
export function arm(change: Partial<Record<Attribute, string>> = {}): Promise<Model> {
  const xml = armXml(change)
  const model = cache.get(xml) ?? loadModel(xml, OPTIONS)
  cache.set(xml, model)
  return model
}

/** MuJoCo's own numbers for the arm with some attributes changed: every row of MODEL_FIELDS. */
export async function armFields(change: Partial<Record<Attribute, string>>): Promise<Pick<Model, 'field'>> {
  const oracle = await openOracle(armXml(change))
  try {
    return { field: Object.fromEntries(modelFields.map(f => [f.name, oracle.get(f.name)])) }
  } finally {
    oracle.dispose()
  }
}
