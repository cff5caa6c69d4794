import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as enums from '../../bindings/model/enums.js'
import { extractModel } from '../../bindings/model/extract.js'
import { loadModel } from '../../bindings/model/load.js'
import { findUnsupported, unsupported } from '../../bindings/model/support.js'
import { mujoco, type Oracle, openOracle, rng } from '../support/oracle.js'
import { refusal } from '../support/refuse.js'

test("enums have MuJoCo's values", async () => {
  const mj = (await mujoco()) as unknown as Record<string, Record<string, { value: number }>>
  const pairs = {
    JOINT: ['mjtJoint', 'JNT'],
    GEOM: ['mjtGeom', 'GEOM'],
    EQ: ['mjtEq', 'EQ'],
    TRN: ['mjtTrn', 'TRN'],
    DYN: ['mjtDyn', 'DYN'],
    GAIN: ['mjtGain', 'GAIN'],
    BIAS: ['mjtBias', 'BIAS'],
    INPUT: ['mjtCtrlInput', 'INPUT'],
    INT: ['mjtIntegrator', 'INT'],
    SOL: ['mjtSolver', 'SOL'],
    OBJ: ['mjtObj', 'OBJ'],
    DSBL: ['mjtDisableBit', 'DSBL'],
    ENBL: ['mjtEnableBit', 'ENBL'],
    SENS: ['mjtSensor', 'SENS'],
  } as const
  for (const [name, [type, prefix]] of Object.entries(pairs)) {
    const ours = (enums as unknown as Record<string, Record<string, number>>)[name]
    for (const [key, value] of Object.entries(ours))
      assert.is(mj[type][`mj${prefix}_${key}`]?.value, value, `${name}.${key}`)
  }
  // a kind of sensor that MuJoCo adds must be added here too
  const sensors = Object.keys(mj.mjtSensor).filter(key => key.startsWith('mjSENS_'))
  assert.is(sensors.length, Object.keys(enums.SENS).length)
  assert.is(enums.enumName(enums.DYN, enums.DYN.MUSCLE), 'muscle')
  assert.is(enums.enumName(enums.DYN, 99), 'type 99')
})

const ALL_WRONG = `<mujoco>
  <option integrator="implicit" density="1.2" viscosity="0.1" noslip_iterations="3" actuatorgroupdisable="2">
    <flag override="enable" energy="enable" fwdinv="enable" sleep="enable"/>
  </option>
  <worldbody>
    <geom name="floor" type="plane" size="1 1 1"/>
    <camera name="eye"/>
    <body name="ghost" mocap="true"><geom name="shade" size="0.1" contype="0" conaffinity="0"/></body>
    <body name="balloon" gravcomp="1" pos="0 0 3"><joint name="free" type="free"/><geom name="skin" size="0.1"/>
      <site name="tip"/><site name="end" pos="0 0 1"/></body>
    <body name="arm"><joint name="elbow"/><geom name="rod" size="0.1"/>
      <body pos="0 0 1"><joint name="wrist"/><geom size="0.1" contype="0" conaffinity="0"/></body></body>
  </worldbody>
  <contact><pair name="touching" geom1="skin" geom2="rod"/><pair geom1="floor" geom2="skin"/></contact>
  <tendon><spatial name="rope"><site site="tip"/><site site="end"/></spatial>
    <fixed><joint joint="elbow" coef="1"/></fixed></tendon>
  <equality><connect name="hook" body1="arm" anchor="0 0 0"/><weld body1="balloon"/><joint name="fine" joint1="elbow"/></equality>
  <actuator>
    <motor name="good" joint="elbow"/>
    <motor name="pull" tendon="rope"/>
    <muscle name="biceps" joint="elbow"/>
    <motor name="wing" site="tip"/>
    <motor joint="wrist" group="2"/>
    <motor name="parent" jointinparent="elbow"/>
  </actuator>
  <sensor>
    <gyro name="imu" site="tip"/><clock/><jointpos name="fine" joint="elbow"/>
    <jointpos name="slow" joint="elbow" interval="0.02" nsample="4"/>
    <framepos name="look" objtype="camera" objname="eye"/>
    <framequat name="seen" objtype="site" objname="tip" reftype="camera" refname="eye"/>
    <framequat name="ok" objtype="geom" objname="rod" reftype="xbody" refname="arm"/>
  </sensor>
</mujoco>`

const EXPECTED = [
  "option integrator 'implicit'",
  "option flag 'override'",
  "option flag 'sleep'",
  'option density 1.2',
  'option viscosity 0.1',
  'option noslip_iterations 3',
  "tendon 'rope'",
  'tendon 1',
  "body 'ghost': mocap",
  "body 'balloon': gravcomp 1",
  // MuJoCo sorts pairs by body
  "pair 0 of geom 'floor', which can collide with geom 'skin'",
  "pair 'touching' of geom 'skin', which can collide with geom 'rod'",
  "geom 'floor': can collide with geom 'skin' and 1 more",
  "geom 'skin': can collide with geom 'floor' and 1 more",
  "geom 'rod': can collide with geom 'floor' and 1 more",
  "equality 'hook': type 'connect'",
  "equality 1: type 'weld'",
  "actuator 'pull': not supported: transmission 'tendon'",
  "actuator 'biceps': not supported: dyntype 'muscle', gaintype 'muscle', biastype 'muscle'",
  "actuator 'wing': not supported: transmission 'site'",
  'actuator 4: not supported: group 2 disabled',
  "actuator 'parent': not supported: transmission 'jointinparent'",
  "sensor 'imu': type 'gyro'",
  "sensor 1: type 'clock'",
  "sensor 'slow': interval is not supported",
  "sensor 'look': frames of kind 'camera'",
  "sensor 'seen': frames of kind 'camera'",
]

test('one error names every unsupported element at once', async () => {
  const error = await refusal(loadModel(ALL_WRONG), 'MODEL_UNSUPPORTED')
  const lines = error.message.split('\n').filter(line => line.startsWith('  - '))
  for (const [i, start] of EXPECTED.entries())
    assert.ok(lines[i]?.startsWith(`  - ${start}`), `${lines[i]}, expected ${start}`)
  assert.is(lines.length, EXPECTED.length, error.message)
  assert.match(error.message, `${EXPECTED.length} elements`)
  assert.match(error.message, '<flag contact="disable"/>')
})

test('allowUnsupported returns the model with the same list', async () => {
  const model = await loadModel(ALL_WRONG, { allowUnsupported: true })
  assert.is(unsupported(model).length, EXPECTED.length)
  assert.is(model.ntendon, 2)
})

test('flexes are named', async () => {
  const xml = `<mujoco><worldbody><body name="table"><flexcomp name="cloth" type="grid" count="3 3 1" spacing="0.1 0.1 0.1" dim="2" radius="0.01">
    <contact contype="0" conaffinity="0" selfcollide="none"/></flexcomp></body></worldbody></mujoco>`
  assert.match((await refusal(loadModel(xml), 'MODEL_UNSUPPORTED')).message, "flex 'cloth'")
})

test('what is supported passes', async () => {
  for (const solver of ['PGS', 'CG', 'Newton']) {
    for (const integrator of ['Euler', 'RK4', 'implicitfast']) {
      const oracle = await openOracle(
        `<mujoco><option solver="${solver}" integrator="${integrator}" actuatorgroupdisable="7">
        <flag energy="enable"/></option>
        <worldbody><geom type="plane" size="1 1 1" contype="0" conaffinity="0"/>
          <body name="a"><joint name="h"/><joint name="s" type="slide" axis="1 0 0"/><geom name="g" size="0.1"/>
            <body name="b" pos="1 0 0"><joint name="ball" type="ball"/><geom size="0.1"/><site name="p"/></body></body></worldbody>
        <equality><joint joint1="h" joint2="s" polycoef="0 1 0.5 0 0"/></equality>
        <actuator>
          <motor joint="h"/><position joint="h" kp="1" timeconst="0.1"/><velocity joint="s"/><damper joint="s" ctrlrange="0 1"/>
          <intvelocity joint="h" actrange="-1 1"/><general joint="ball" gear="1 0 0" dyntype="filterexact" dynprm="0.1"/>
          <dcmotor joint="h" motorconst="0.1" resistance="2"/><pid joint="h" kp="3" ki="1"/>
        </actuator>
        <sensor><jointpos joint="h"/><jointvel joint="s"/><actuatorfrc actuator="general1" delay="0.01" nsample="3"/>
          <framepos objtype="body" objname="b"/><framepos objtype="xbody" objname="b" reftype="geom" refname="g"/>
          <framequat objtype="site" objname="p" reftype="site" refname="p"/></sensor>
      </mujoco>`.replace('<motor joint="h"/>', '<motor name="general1" joint="h"/>'),
      )
      const model = extractModel(oracle.model, 1e9)
      assert.equal(findUnsupported(model, model.facts), [])
      oracle.dispose()
    }
  }
})

// all spheres overlap all others, so that MuJoCo's contacts are exactly the pairs that pass its filters
function randomPile(seed: number): { xml: string; ngeom: number } {
  const random = rng(seed)
  const pick = (n: number): number => Math.floor(n * random.next())
  let ngeom = 0
  let nbody = 0
  const geoms = (): string => {
    let text = ''
    for (let i = pick(3); i > 0; i--) {
      text += `<geom name="g${ngeom++}" size="0.5" mass="1" pos="${(random.next() * 0.1).toFixed(3)} 0 0" contype="${pick(4)}" conaffinity="${pick(4)}"/>`
    }
    return text
  }
  const tree = (depth: number): string => {
    let text = ''
    for (let i = depth === 0 ? 3 : pick(3); i > 0; i--) {
      const joint = pick(3) > 0 ? '<joint type="hinge" damping="1"/>' : ''
      const inertia = '<inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>'
      text += `<body name="b${nbody++}">${inertia}${joint}${geoms()}${depth < 3 ? tree(depth + 1) : ''}</body>`
    }
    return text
  }
  const world = geoms()
  const bodies = tree(0)
  let excludes = ''
  for (let i = pick(3); i > 0; i--) {
    const [a, b] = [pick(nbody), pick(nbody)]
    if (a !== b && !excludes.includes(`"b${a}" body2="b${b}"`) && !excludes.includes(`"b${b}" body2="b${a}"`)) {
      excludes += `<exclude body1="b${a}" body2="b${b}"/>`
    }
  }
  const filter = pick(2) === 0 ? 'enable' : 'disable'
  const xml = `<mujoco><size memory="20M"/><option><flag filterparent="${filter}"/></option><worldbody>${world}${bodies}</worldbody><contact>${excludes}</contact></mujoco>`
  return { xml, ngeom }
}

/** how many geoms MuJoCo makes contacts of each geom with */
function contactCounts(oracle: Oracle, ngeom: number): number[] {
  oracle.forward()
  const partners = Array.from({ length: ngeom }, () => new Set<number>())
  const contacts = oracle.data.contact
  for (let i = 0; i < contacts.size(); i++) {
    const contact = contacts.get(i)
    if (contact === undefined) continue
    const [a, b] = contact.geom as Int32Array
    partners[a].add(b)
    partners[b].add(a)
    contact.delete()
  }
  contacts.delete()
  return partners.map(set => set.size)
}

test('geoms that can collide are those MuJoCo finds contacts of, in 60 random piles', async () => {
  let colliding = 0
  for (let seed = 1; seed <= 60; seed++) {
    const { xml, ngeom } = randomPile(seed)
    const oracle = await openOracle(xml)
    const model = extractModel(oracle.model, 1e9)
    const found = new Array<number>(ngeom).fill(0)
    for (const line of findUnsupported(model, model.facts)) {
      const match = /^geom 'g(\d+)': can collide with geom '\w+'(?: and (\d+) more)?$/.exec(line)
      assert.ok(match, line)
      found[model.names.geom.indexOf(`g${match[1]}`)] = 1 + Number(match[2] ?? 0)
    }
    const expected = contactCounts(oracle, ngeom)
    assert.equal(found, expected, `seed ${seed}`)
    colliding += expected.filter(n => n > 0).length
    oracle.dispose()
  }
  assert.ok(colliding > 100, 'too few collisions to tell')
})

test('the contact flags of the model switch the check off, as they switch contacts off', async () => {
  for (const flag of ['contact', 'constraint']) {
    const xml = `<mujoco><option><flag ${flag}="disable"/></option><worldbody><geom size="1"/><body><joint/><geom size="1"/></body></worldbody></mujoco>`
    assert.equal(unsupported(await loadModel(xml)), [])
  }
})

test.run()
