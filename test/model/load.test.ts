import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelFields, SIZES } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { mujoco, type Oracle, openOracle } from '../support/oracle.js'
import { refusal } from '../support/refuse.js'
import { skippable } from '../support/skip.js'

const models = resolve('../shared/models')
const KINDS = {
  body: 'BODY',
  joint: 'JOINT',
  geom: 'GEOM',
  site: 'SITE',
  equality: 'EQUALITY',
  actuator: 'ACTUATOR',
  sensor: 'SENSOR',
  key: 'KEY',
} as const

/** every size, number and name is MuJoCo's own, bit for bit */
async function compareWithMujoco(model: Model, oracle: Oracle): Promise<void> {
  for (const size of SIZES) assert.is(model[size], oracle.get(size)[0], size)
  for (const { name, type } of modelFields) {
    const values = model.field[name]
    assert.instance(values, type === 'f' ? Float64Array : Int32Array, name)
    assert.equal(Float64Array.from(values), oracle.get(name), name)
  }
  const mj = await mujoco()
  for (const [kind, object] of Object.entries(KINDS) as [keyof typeof KINDS, string][]) {
    const type = (mj.mjtObj as unknown as Record<string, { value: number }>)[`mjOBJ_${object}`].value
    model.names[kind].forEach((name, id) => {
      // for an unnamed element MuJoCo's binding gives what stands at address 0: no element has that name
      const mujocoName = mj.mj_id2name(oracle.model, type, id)
      if (name === '') assert.is.not(mj.mj_name2id(oracle.model, type, mujocoName), id, `${kind} ${id}`)
      else assert.is(name, mujocoName, `${kind} ${id}`)
    })
  }
}

const files = existsSync(models) ? readdirSync(models).filter(file => file.endsWith('.xml')) : []
for (const file of files.length > 0 ? files : ['*.xml']) {
  skippable(
    test,
    files.length > 0,
    '../shared/models is absent',
  )(`numbers and names are MuJoCo's: ${file}`, async () => {
    const xml = readFileSync(join(models, file), 'utf8')
    const oracle = await openOracle(xml)
    const model = await loadModel(join(models, file), { allowUnsupported: true })
    await compareWithMujoco(model, oracle)
    assert.is(model.xml, xml)
    oracle.dispose()
  })
}

const EVERYTHING = `<mujoco model="bench é">
  <option timestep="0.004" gravity="0 1 -3" integrator="implicitfast"><flag contact="disable"/></option>
  <worldbody>
    <body name="a"><freejoint name="free"/><geom name="g" size="0.1"/>
      <body name="b" pos="0 0 1"><joint name="ball" type="ball" range="0 1"/><geom size="0.1"/><site name="tip" pos="1 0 0"/>
        <body pos="1 0 0"><joint name="hinge" range="-90 90" actuatorfrcrange="-5 5" damping="1 2" stiffness="3 4 5"/>
          <geom size="0.1"/>
          <body name="c" pos="1 0 0"><joint type="slide" frictionloss="2" armature="0.1"/><geom size="0.1"/></body>
        </body>
      </body>
    </body>
    <body name="d"><joint name="other"/><geom size="0.1"/></body>
  </worldbody>
  <equality>
    <joint name="on" joint1="hinge" joint2="other"/><joint name="off" joint1="hinge" active="false"/>
  </equality>
  <actuator>
    <position name="servo" joint="hinge" kp="20" kv="1" ctrlrange="-1 1" delay="0.01" nsample="4"/>
    <motor joint="other" forcerange="-2 2"/>
    <general name="lag" joint="other" dyntype="filter" dynprm="0.1" actrange="-1 1" actlimited="true" actearly="true"/>
    <motor name="torque" joint="ball" gear="0 1 2"/>
  </actuator>
  <sensor>
    <jointpos name="angle" joint="hinge" delay="0.02" nsample="8" noise="0.001"/>
    <framequat objtype="site" objname="tip" reftype="body" refname="d"/>
  </sensor>
  <keyframe><key name="home" qpos="0 0 0 1 0 0 0 1 0 0 0 0.1 0.2 0.3"/></keyframe>
</mujoco>`

test("numbers and names are MuJoCo's: a model with all that is supported", async () => {
  const oracle = await openOracle(EVERYTHING)
  const model = await loadModel(EVERYTHING)
  await compareWithMujoco(model, oracle)
  assert.is(model.name, 'bench é')
  oracle.dispose()
})

test('bools, which MuJoCo shows only one by one, are right', async () => {
  const { field } = await loadModel(EVERYTHING)
  assert.equal([...field.jnt_limited], [0, 1, 1, 0, 0])
  assert.equal([...field.jnt_actfrclimited], [0, 0, 1, 0, 0])
  assert.equal([...field.eq_active0], [1, 0])
  assert.equal([...field.actuator_ctrllimited], [1, 0, 0, 0])
  assert.equal([...field.actuator_forcelimited], [0, 1, 0, 0])
  assert.equal([...field.actuator_actlimited], [0, 0, 1, 0])
  assert.equal([...field.actuator_actearly], [0, 0, 1, 0])
})

test('a Model is frozen, and no two loads share memory', async () => {
  const [one, two] = [await loadModel(EVERYTHING), await loadModel(EVERYTHING)]
  assert.ok(Object.isFrozen(one) && Object.isFrozen(one.field) && Object.isFrozen(one.names))
  one.field.body_mass[1] = 7
  assert.is.not(two.field.body_mass[1], 7)
})

const URDF = `<robot name="arm">
  <link name="base"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="forearm"><inertial><origin xyz="0 0 0.2"/><mass value="2.5"/>
    <inertia ixx="0.1" iyy="0.2" izz="0.25" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <joint name="elbow" type="revolute"><origin xyz="0 0 1"/><parent link="base"/><child link="forearm"/>
    <axis xyz="0 1 0"/><limit lower="-1" upper="2" effort="10" velocity="1"/><dynamics damping="0.3"/></joint>
</robot>`

test('URDF', async () => {
  const model = await loadModel(URDF)
  const forearm = model.names.body.indexOf('forearm')
  assert.equal(model.names.joint, ['elbow'])
  assert.is(model.field.body_mass[forearm], 2.5)
  assert.equal([...model.field.jnt_range], [-1, 2])
  assert.equal([...model.field.dof_damping], [0.3])
})

test('bytes of XML, a leading byte order mark and white space', async () => {
  const text = '\uFEFF\n  <mujoco model="m"/>'
  assert.is((await loadModel(text)).name, 'm')
  assert.is((await loadModel(new TextEncoder().encode(text))).name, 'm')
})

const PART =
  '<mujoco><worldbody><body name="part"><joint/><geom type="mesh" mesh="cube" mass="1"/></body></worldbody></mujoco>'
const MAIN = `<mujoco model="main"><option><flag contact="disable"/></option><compiler meshdir="meshes"/>
  <asset><mesh name="cube" file="cube.obj"/></asset><include file="parts/part.xml"/></mujoco>`
/** a cube of edge 2s, so that its inertia tells which mesh was read */
const cube = (s: number): string => {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map(i => `v ${i & 1 ? s : -s} ${i & 2 ? s : -s} ${i & 4 ? s : -s}`)
  const faces = ['1 3 4 2', '5 6 8 7', '1 2 6 5', '3 7 8 4', '1 5 7 3', '2 4 8 6'].map(f => `f ${f}`)
  return [...corners, ...faces, ''].join('\n')
}
/** m/12 (a^2 + a^2), m = 1, a = 2s */
const cubeInertia = (s: number): number => (2 * (2 * s) * (2 * s)) / 12

async function onDisk(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'simcrank ü '))
  try {
    await mkdir(join(folder, 'robot', 'parts'), { recursive: true })
    await mkdir(join(folder, 'robot', 'meshes'))
    await writeFile(join(folder, 'robot', 'main.xml'), MAIN)
    await writeFile(join(folder, 'robot', 'parts', 'part.xml'), PART)
    await writeFile(join(folder, 'robot', 'meshes', 'cube.obj'), cube(1))
    await run(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('includes and meshes are found beside the file', () =>
  onDisk(async folder => {
    const path = join(folder, 'robot', 'main.xml')
    for (const source of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const model = await loadModel(source)
      assert.equal(model.names.body, ['world', 'part'])
      assert.ok(Math.abs(model.field.body_inertia[3] - cubeInertia(1)) < 1e-12)
    }
  }))

test('assets come before files, and are all that XML text has', () =>
  onDisk(async folder => {
    const path = join(folder, 'robot', 'main.xml')
    const own = await loadModel(path, { assets: { './meshes/cube.obj': cube(3) } })
    assert.ok(Math.abs(own.field.body_inertia[3] - cubeInertia(3)) < 1e-10)
    const assets = { 'parts/part.xml': PART, 'meshes/cube.obj': new TextEncoder().encode(cube(2)) }
    const text = await loadModel(MAIN, { assets })
    assert.ok(Math.abs(text.field.body_inertia[3] - cubeInertia(2)) < 1e-11)
    const error = await refusal(loadModel(MAIN, { assets: { 'parts/part.xml': PART } }), 'MODEL_FILE')
    assert.match(error.message, /meshes\/cube\.obj.*assets/)
  }))

test('a missing include or mesh is named with its path', () =>
  onDisk(async folder => {
    const path = join(folder, 'robot', 'main.xml')
    await rm(join(folder, 'robot', 'meshes', 'cube.obj'))
    assert.match((await refusal(loadModel(path), 'MODEL_FILE')).message, join(folder, 'robot', 'meshes', 'cube.obj'))
    await rm(join(folder, 'robot', 'parts', 'part.xml'))
    const error = await refusal(loadModel(path), 'MODEL_FILE')
    assert.match(error.message, join(folder, 'robot', 'parts', 'part.xml'))
    assert.is(error.place, path)
  }))

test('over HTTP, with includes and meshes', () =>
  onDisk(async folder => {
    const server = createServer((request, response) => {
      const file = join(folder, decodeURIComponent(request.url ?? ''))
      if (existsSync(file)) response.end(readFileSync(file))
      else response.writeHead(404).end()
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const model = await loadModel(`${base}/robot/main.xml`)
      assert.equal(model.names.body, ['world', 'part'])
      await rm(join(folder, 'robot', 'meshes', 'cube.obj'))
      const error = await refusal(loadModel(new URL(`${base}/robot/main.xml`)), 'MODEL_FILE')
      assert.match(error.message, '/robot/meshes/cube.obj')
      assert.is((await refusal(loadModel(`${base}/none.xml`), 'MODEL_FILE')).place, `${base}/none.xml`)
    } finally {
      server.close()
    }
  }))

test('what is no model at all', () =>
  onDisk(async folder => {
    const path = join(folder, 'none.xml')
    assert.match((await refusal(loadModel(path), 'MODEL_FILE')).message, path)
    await refusal(loadModel(folder), 'MODEL_FILE')
    await refusal(loadModel(join(folder, 'robot', 'meshes', 'cube.obj')), 'MODEL_FORMAT')
    await refusal(loadModel(new Uint8Array(0)), 'MODEL_FORMAT')
    await refusal(loadModel(new URL('ftp://example.org/robot.xml')), 'MODEL_FILE')
  }))

test.run()
