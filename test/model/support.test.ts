import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collidingGeoms, PAIR_ROW } from '../../bindings/model/collisions.js'
import * as enums from '../../bindings/model/enums.js'
import { extractModel } from '../../bindings/model/extract.js'
import { loadModel } from '../../bindings/model/load.js'
import { byConvexRoutine, findUnsupported, unsupported } from '../../bindings/model/support.js'
import { mujoco, type Oracle, openOracle, rng } from '../support/oracle.js'
import { refusal } from '../support/refuse.js'

test("enums have MuJoCo's values", async () => {
  const mj = (await mujoco()) as unknown as Record<string, Record<string, { value: number }>>
  const pairs = {
    JOINT: ['mjtJoint', 'JNT'],
    GEOM: ['mjtGeom', 'GEOM'],
    EQ: ['mjtEq', 'EQ'],
    TRN: ['mjtTrn', 'TRN'],
    WRAP: ['mjtWrap', 'WRAP'],
    DYN: ['mjtDyn', 'DYN'],
    GAIN: ['mjtGain', 'GAIN'],
    BIAS: ['mjtBias', 'BIAS'],
    INPUT: ['mjtCtrlInput', 'INPUT'],
    INT: ['mjtIntegrator', 'INT'],
    SOL: ['mjtSolver', 'SOL'],
    OBJ: ['mjtObj', 'OBJ'],
    CONE: ['mjtCone', 'CONE'],
    CNSTR: ['mjtConstraint', 'CNSTR'],
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
  <option density="1.2" noslip_iterations="3" actuatorgroupdisable="2">
    <flag override="enable" energy="enable" fwdinv="enable" sleep="enable" nativeccd="disable"/>
  </option>
  <asset><mesh name="tetra" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset>
  <worldbody>
    <geom name="floor" type="plane" size="1 1 1"/>
    <camera name="eye"/>
    <body name="ghost" mocap="true"><geom name="shade" size="0.1" contype="0" conaffinity="0"/></body>
    <body name="balloon" gravcomp="1" pos="0 0 3"><joint name="free" type="free"/>
      <geom name="skin" size="0.1" fluidshape="ellipsoid"/>
      <geom name="sticky" type="cylinder" size="0.1 0.1" adhesion="1"/>
      <geom name="seen" type="mesh" mesh="tetra" contype="0" conaffinity="0"/>
      <geom name="felt" type="mesh" mesh="tetra"/><site name="tip"/><site name="end" pos="0 0 1"/></body>
    <body name="arm"><joint name="elbow"/><site name="post"/><geom name="rod" type="ellipsoid" size="0.1 0.2 0.3" surfacevel="1 0 0 0 0 0"/>
      <body name="hand" pos="0 0 1"><joint name="wrist"/><geom size="0.1" contype="0" conaffinity="0"/>
        <site name="spot"/></body></body>
  </worldbody>
  <contact><pair name="touching" geom1="skin" geom2="rod" adhesion="2"/><pair geom1="floor" geom2="seen"/></contact>
  <tendon><spatial name="rope"><site site="tip"/><site site="end"/></spatial>
    <spatial><site site="tip"/><site site="end"/><pulley divisor="2"/><site site="tip"/><site site="end"/></spatial>
    <fixed name="fine"><joint joint="elbow" coef="1"/></fixed>
    <fixed name="heavy" armature="1"><joint joint="elbow" coef="1"/></fixed></tendon>
  <equality><connect name="hook" body1="arm" anchor="0 0 0"/><weld body1="balloon"/><joint name="fine" joint1="elbow"/>
    <tendon name="tied" tendon1="fine"/></equality>
  <actuator>
    <motor name="good" joint="elbow"/>
    <motor name="pull" tendon="fine"/>
    <motor name="winch" tendon="fine" armature="1"/>
    <muscle name="biceps" joint="elbow"/>
    <motor name="wing" site="tip"/>
    <motor joint="wrist" group="2"/>
    <motor name="parent" jointinparent="elbow"/>
    <general name="crank" cranksite="tip" slidersite="end" cranklength="0.1"/>
    <adhesion name="gecko" body="hand" ctrlrange="0 1"/>
  </actuator>
  <sensor>
    <gyro name="imu" site="tip"/><clock/><jointpos name="fine" joint="elbow"/>
    <framepos name="look" objtype="camera" objname="eye"/>
    <framequat name="seen" objtype="site" objname="tip" reftype="camera" refname="eye"/>
    <framequat name="ok" objtype="geom" objname="rod" reftype="xbody" refname="arm"/>
    <rangefinder name="laser" site="post"/><rangefinder name="within" site="tip"/>
    <camprojection name="shot" site="tip" camera="eye"/>
    <user name="mine" dim="2"/>
  </sensor>
</mujoco>`

const EXPECTED = [
  "option flag 'override'",
  "option flag 'sleep'",
  'option noslip_iterations 3',
  "option flag 'nativeccd': must stay enabled: geom 'skin' and geom 'rod'",
  "tendon 'rope': spatial",
  'tendon 1: spatial',
  "geom 'skin': fluidshape 'ellipsoid'",
  "geom 'sticky': adhesion",
  "geom 'rod': surfacevel",
  "pair 'touching': adhesion",
  // MuJoCo sorts pairs by body
  "pair 0 of geom 'seen' of type 'mesh', which can collide with geom 'floor'",
  "geom 'felt': type 'mesh' can collide with geom 'floor' and 1 more",
  "equality 'tied': type 'tendon'",
  "actuator 'biceps': not supported: dyntype 'muscle', gaintype 'muscle', biastype 'muscle'",
  'actuator 5: not supported: group 2 disabled',
  "actuator 'crank': not supported: transmission 'slidercrank'",
  "actuator 'gecko': not supported: transmission 'body'",
  "sensor 'look': frames of kind 'camera'",
  "sensor 'seen': frames of kind 'camera'",
  "sensor 'laser': its ray may meet geom 'seen' of type 'mesh'",
  "sensor 'shot': type 'camprojection'",
  "sensor 'mine': type 'user'",
]

test('one error names every unsupported element at once', async () => {
  const error = await refusal(loadModel(ALL_WRONG), 'MODEL_UNSUPPORTED')
  const lines = error.message.split('\n').filter(line => line.startsWith('  - '))
  for (const [i, start] of EXPECTED.entries())
    assert.ok(lines[i]?.startsWith(`  - ${start}`), `${lines[i]}, expected ${start}`)
  assert.is(lines.length, EXPECTED.length, error.message)
  assert.match(error.message, `${EXPECTED.length} elements`)
  assert.match(error.message, 'contype="0" conaffinity="0"')
})

test('allowUnsupported returns the model with the same list', async () => {
  const model = await loadModel(ALL_WRONG, { allowUnsupported: true })
  assert.is(unsupported(model).length, EXPECTED.length)
  assert.is(model.ntendon, 4)
  assert.equal(model.names.tendon, ['rope', '', 'fine', 'heavy'])
  assert.equal(model.names.pair, ['', 'touching'])
})

test('flexes are named', async () => {
  const xml = `<mujoco><worldbody><body name="table"><flexcomp name="cloth" type="grid" count="3 3 1" spacing="0.1 0.1 0.1" dim="2" radius="0.01">
    <contact contype="0" conaffinity="0" selfcollide="none"/></flexcomp></body></worldbody></mujoco>`
  assert.match((await refusal(loadModel(xml), 'MODEL_UNSUPPORTED')).message, "flex 'cloth'")
})

test('what is supported passes', async () => {
  for (const solver of ['PGS', 'CG', 'Newton']) {
    for (const integrator of ['Euler', 'RK4', 'implicit', 'implicitfast']) {
      const oracle = await openOracle(
        `<mujoco><option solver="${solver}" integrator="${integrator}" actuatorgroupdisable="7" density="1" viscosity="0.1"
          cone="elliptic"><flag energy="enable"/></option>
        <asset><mesh name="tetra" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset>
        <worldbody><geom type="plane" size="1 1 1"/><body mocap="true"><geom type="ellipsoid" size="0.1 0.2 0.3"/></body>
          <geom type="mesh" mesh="tetra" contype="0" conaffinity="0"/>
          <body name="a" gravcomp="1"><joint name="h"/><joint name="s" type="slide" axis="1 0 0"/><geom name="g" size="0.1"/>
            <body name="b" pos="1 0 0"><joint name="ball" type="ball"/><geom type="cylinder" size="0.1 0.1" condim="6"/>
            <geom name="k" type="box" size="0.1 0.1 0.1" condim="1"/><site name="p"/></body></body>
            <body name="c"><freejoint/><geom name="cap" type="capsule" size="0.1 0.1" condim="4"/></body></worldbody>
        <contact><pair geom1="g" geom2="k"/><exclude body1="a" body2="c"/></contact>
        <tendon><fixed name="t"><joint joint="h" coef="1"/><joint joint="s" coef="2"/></fixed></tendon>
        <equality><joint joint1="h" joint2="s" polycoef="0 1 0.5 0 0"/><connect body1="a" body2="c" anchor="0 0 0"/>
          <weld body1="b" body2="c"/></equality>
        <actuator>
          <motor joint="h"/><position joint="h" kp="1" timeconst="0.1"/><velocity joint="s"/><damper joint="s" ctrlrange="0 1"/>
          <intvelocity joint="h" actrange="-1 1"/><general joint="ball" gear="1 0 0" dyntype="filterexact" dynprm="0.1"/>
          <dcmotor joint="h" motorconst="0.1" resistance="2"/><pid joint="h" kp="3" ki="1"/>
          <motor tendon="t"/><motor site="p" refsite="p"/><motor jointinparent="ball"/>
        </actuator>
        <sensor><jointpos joint="h"/><jointvel joint="s"/><actuatorfrc actuator="general1" delay="0.01" nsample="3"/>
          <framepos objtype="body" objname="b"/><framepos objtype="xbody" objname="b" reftype="geom" refname="g"/>
          <framequat objtype="site" objname="p" reftype="site" refname="p"/>
          <touch site="p"/><accelerometer site="p"/><velocimeter site="p"/><gyro site="p"/><force site="p"/><torque site="p"/>
          <magnetometer site="p"/><ballquat joint="ball"/><ballangvel joint="ball"/><jointactuatorfrc joint="h"/>
          <tendonpos tendon="t"/><tendonvel tendon="t"/><tendonactuatorfrc tendon="t"/><actuatorpos actuator="general1"/>
          <actuatorvel actuator="general1"/><framexaxis objtype="geom" objname="g"/><frameyaxis objtype="body" objname="a"/>
          <framezaxis objtype="site" objname="p"/><framelinvel objtype="site" objname="p"/>
          <frameangvel objtype="site" objname="p"/><framelinacc objtype="site" objname="p"/>
          <frameangacc objtype="site" objname="p"/><subtreecom body="a"/><subtreelinvel body="a"/>
          <subtreeangmom body="a"/><clock/><contact geom1="g" num="2" data="found force"/></sensor>
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
    const rows = collidingGeoms(model.field)
    for (let i = 0; i < rows.length; i += PAIR_ROW) for (const g of [rows[i], rows[i + 1]]) found[g]++
    const expected = contactCounts(oracle, ngeom)
    assert.equal(found, expected, `seed ${seed}`)
    colliding += expected.filter(n => n > 0).length
    oracle.dispose()
  }
  assert.ok(colliding > 100, 'too few collisions to tell')
})

test('a ray that meets no mesh is supported', async () => {
  const xml = `<mujoco><worldbody><geom size="1"/><body><joint/><geom size="1"/><site name="p"/></body></worldbody>
    <sensor><rangefinder site="p"/></sensor></mujoco>`
  assert.equal(unsupported(await loadModel(xml)), [])
})

test('pairs that go through the convex routine are those without a function of their own', () => {
  const { PLANE, SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX, MESH } = enums.GEOM
  const convex = (a: number, b: number): boolean => byConvexRoutine(Math.min(a, b), Math.max(a, b))
  for (const type of [PLANE, SPHERE, CAPSULE, BOX, CYLINDER]) assert.not(convex(type, SPHERE))
  for (const type of [SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX]) {
    assert.ok(convex(type, ELLIPSOID))
    assert.is(convex(type, CYLINDER), type !== SPHERE)
  }
  for (const type of [CAPSULE, BOX]) assert.not(convex(type, BOX))
  for (const type of [PLANE, MESH]) assert.not(convex(type, ELLIPSOID))
})

test('the contact flags of the model switch the check off, as they switch contacts off', async () => {
  for (const flag of ['contact', 'constraint']) {
    const xml = `<mujoco><option><flag ${flag}="disable"/></option>
      <asset><mesh name="tetra" vertex="0 0 0 1 0 0 0 1 0 0 0 1"/></asset><worldbody><geom size="1"/>
      <body><joint/><geom type="mesh" mesh="tetra"/></body></worldbody></mujoco>`
    assert.equal(unsupported(await loadModel(xml)), [])
    await refusal(loadModel(xml.replace('disable', 'enable')), 'MODEL_UNSUPPORTED')
  }
})

test.run()
