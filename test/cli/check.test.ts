import '../kernels/swiftshader.js'
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { saveModel } from '../../bindings/model/save.js'
import { pendulumXml, simcrank, Workshop } from './workshop.js'

/** every joint type of ours, limits, friction, actuators with activation and delay, sensors */
const zoo = `<mujoco model="zoo">
  <option timestep="0.002"><flag contact="disable"/></option>
  <worldbody>
    <body name="floater" pos="0 0 1"><freejoint/><geom size=".1" mass="1"/>
      <body pos=".2 0 0"><joint name="ball" type="ball" damping=".01"/><geom size=".05" mass=".3" pos=".1 0 0"/></body>
    </body>
    <body pos="1 0 1"><joint name="slide" type="slide" axis="1 0 0" range="-.2 .2" limited="true" damping=".1"/><geom size=".1" mass="2"/>
      <body><joint name="hinge" axis="0 1 0" frictionloss=".05" stiffness="1"/><geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03" mass=".5"/><site name="tip" pos="0 0 -.4"/></body>
    </body>
  </worldbody>
  <actuator><position joint="hinge" kp="10" kv="1"/><general joint="slide" dyntype="filter" dynprm="0.05" gainprm="5"/></actuator>
  <sensor><jointpos joint="hinge"/><framepos objtype="site" objname="tip"/></sensor>
</mujoco>`

test('a supported model agrees with MuJoCo, and both are timed', async () => {
  using shop = new Workshop()
  const { code, out } = await simcrank('check', shop.file('zoo.xml', zoo), '--worlds', '64', '--steps', '20', '--json')
  const result = JSON.parse(out)
  assert.is(code, 0, out)
  assert.is(result.supported, true)
  assert.ok(result.qacc.p99 < 1e-4, String(result.qacc.p99))
  assert.ok(result.qacc.max >= result.qacc.p99 && result.qacc.p99 > 0)
  assert.ok(result.trajectory.max < 1e-2 && result.trajectory.median > 0)
  assert.ok(result.stepsPerSecond.simcrank > 100 && result.stepsPerSecond.mujoco > 100)
})

test('says the same in words', async () => {
  using shop = new Workshop()
  const { code, out } = await simcrank(
    'check',
    shop.file('pendulum.xml', pendulumXml()),
    '--worlds',
    '8',
    '--steps',
    '5',
  )
  assert.is(code, 0)
  assert.match(out, /pendulum\.xml: supported; agrees with MuJoCo\n {2}1 body, 1 joint, nq 1, nv 1, nu 1, 0 sensors/)
  assert.match(out, /steps per second\n {4}simcrank [\d,]+ \(8 worlds, 1 worker\), MuJoCo [\d,]+ \(one core\)/)
})

/** every number `check --json` prints of errors */
const ERRORS = ['p99', 'max', 'explained', 'unexplained']

test('counts what disagrees and what MuJoCo itself is unsure of', async () => {
  using shop = new Workshop()
  const { code, out } = await simcrank('check', shop.file('zoo.xml', zoo), '--worlds', '32', '--steps', '20', '--json')
  const result = JSON.parse(out)
  assert.is(code, 0, out)
  for (const name of ['qacc', 'sensordata', 'cost', 'trajectory'])
    for (const key of ERRORS) assert.type(result[name][key], 'number', `${name}.${key}`)
  assert.ok(result.rows.mujoco > 0 && result.rows.simcrank === result.rows.mujoco, JSON.stringify(result.rows))
  assert.equal(result.disagreements, [])
})

test('the comparison can fail: a Model that is not what its XML says', async () => {
  using shop = new Workshop()
  const model = await loadModel(pendulumXml())
  // dof_armature is ours to change and reaches both; jnt_limited, a structure, reaches only our engine
  const jnt_limited = Int32Array.of(1)
  const jnt_range = Float64Array.of(-0.01, 0.01)
  const wrong = { ...model, field: { ...model.field, jnt_limited, jnt_range } }
  const { code, out } = await simcrank('check', shop.file('m.simcrank', saveModel(wrong)), '--worlds', '32', '--json')
  assert.is(code, 1)
  assert.is(JSON.parse(out).agrees, false)
})

test('a saved Model with other numbers is compared with MuJoCo given those numbers', async () => {
  using shop = new Workshop()
  const model = await loadModel(pendulumXml())
  const changed = {
    ...model,
    field: { ...model.field, dof_damping: Float64Array.of(0.5), dof_armature: Float64Array.of(0.02) },
  }
  const { code, out } = await simcrank('check', shop.file('m.simcrank', saveModel(changed)), '--worlds', '32', '--json')
  assert.is(code, 0, out)
  const bare = await simcrank('check', shop.file('m.simcrank', saveModel(changed, { xml: false })))
  assert.is(bare.code, 1)
  assert.match(bare.err, /does not hold its XML.*\[MODEL_NO_XML\]/)
})

test('every unsupported element is named, exit code 1', async () => {
  using shop = new Workshop()
  const xml = zoo
    .replace('<flag contact="disable"/>', '')
    .replace('<worldbody>', '<asset><mesh name="wedge" vertex="0 0 0 .1 0 0 0 .1 0 0 0 .1"/></asset><worldbody>')
    .replace('<site name="tip"', '<geom name="claw" type="mesh" mesh="wedge"/><site name="tip"')
    .replace('<sensor>', '<sensor><user name="imu" dim="3"/>')
    .replace('</actuator>', '<general name="biceps" joint="hinge" gaintype="user"/></actuator>')
  const file = shop.file('zoo.xml', xml)
  const { code, out, err } = await simcrank('check', file)
  assert.is(code, 1)
  assert.is(err, '')
  for (const name of ['imu', 'biceps', 'claw', 'can collide']) assert.match(out, name)
  const json = await simcrank('check', file, '--json')
  assert.is(json.code, 1)
  const { supported, unsupported } = JSON.parse(json.out)
  assert.is(supported, false)
  assert.ok(unsupported.length >= 3)
})

/** a folder with one model of each kind */
async function corpus(shop: Workshop): Promise<string> {
  shop.file('arm.xml', pendulumXml())
  shop.file(
    'biceps.xml',
    zoo.replace('</actuator>', '<general name="biceps" joint="hinge" gaintype="user"/></actuator>'),
  )
  shop.file('broken.xml', '<mujoco><nonsense/></mujoco>')
  shop.file('notes.txt', 'no model')
  const model = await loadModel(pendulumXml())
  shop.file('saved.simcrank', saveModel(model))
  const jnt_range = Float64Array.of(-0.01, 0.01)
  const wrong = { ...model, field: { ...model.field, jnt_limited: Int32Array.of(1), jnt_range } }
  shop.file('wrong.simcrank', saveModel(wrong))
  return shop.folder
}

test('a corpus: one line a model, a summary, exit code 1 because one differs', async () => {
  using shop = new Workshop()
  const folder = await corpus(shop)
  const { code, out } = await simcrank('check', '--corpus', folder, '--worlds', '16', '--steps', '5')
  assert.is(code, 1)
  const lines = out.trimEnd().split('\n')
  assert.is(lines.length, 6, out)
  assert.match(lines[0], /^same +arm\.xml +qacc within /)
  assert.match(lines[1], /^refused +biceps\.xml +actuator 'biceps'/)
  assert.match(lines[2], /^invalid +broken\.xml .*nonsense/)
  assert.match(lines[3], /^same +saved\.simcrank/)
  assert.match(lines[4], /^DIFFERS +wrong\.simcrank +qacc of \d+ of 16 states/)
  assert.is(lines[5], '5 models: 2 same, 1 differs, 1 refused, 1 invalid')
  const json = await simcrank('check', '--corpus', folder, '--worlds', '16', '--steps', '5', '--json')
  assert.is(json.code, 1)
  const { agree, models } = JSON.parse(json.out)
  assert.is(agree, false)
  assert.equal(
    models.map((it: { verdict: string }) => it.verdict),
    ['same', 'refused', 'invalid', 'same', 'differs'],
  )
})

test('a corpus of which all supported models agree: exit code 0, whatever is refused', async () => {
  using shop = new Workshop()
  shop.file('arm.xml', pendulumXml())
  shop.file('broken.xml', '<mujoco><nonsense/></mujoco>')
  const { code, out } = await simcrank('check', '--corpus', shop.folder, '--worlds', '8', '--steps', '5')
  assert.is(code, 0, out)
})

test('a model that takes too long ends its own examination, not the run', async () => {
  using shop = new Workshop()
  for (const name of ['a.xml', 'b.xml']) shop.file(name, pendulumXml())
  const { code, out } = await simcrank('check', '--corpus', shop.folder, '--timeout', '0.001')
  assert.is(code, 1)
  assert.match(out, /^TIMEOUT +a\.xml +not done after 0\.001 s\nTIMEOUT +b\.xml .*\n2 models: 2 timeout\n$/)
})

test('a corpus that is not there, or empty, or beside a model', async () => {
  using shop = new Workshop()
  assert.is((await simcrank('check', '--corpus', shop.path('nowhere'))).code, 2)
  assert.match((await simcrank('check', '--corpus', shop.folder)).err, /CORPUS_EMPTY/)
  assert.is((await simcrank('check')).code, 2)
  assert.is((await simcrank('check', 'a.xml', '--corpus', shop.folder)).code, 2)
})

test('Ctrl-C: the models so far, a summary, exit code 130', async () => {
  using shop = new Workshop()
  for (let i = 0; i < 40; i++) shop.file(`m${String(i).padStart(2, '0')}.xml`, pendulumXml())
  const main = fileURLToPath(new URL('../../bindings/cli/main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'check', '--corpus', shop.folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    if (out === '') child.kill('SIGINT')
    out += text
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  assert.is(code, 130, out)
  assert.match(out, /\d+ models?: \d+ same; interrupted, \d+ not looked at\n$/)
})

test('a profile names every stage of the step, and their times add up', async () => {
  using shop = new Workshop()
  const { code, out } = await simcrank('check', '--profile', shop.file('zoo.xml', zoo), '--worlds', '16', '--json')
  assert.is(code, 0, out)
  const { stages, microseconds, solver, rows } = JSON.parse(out)
  assert.is(stages.length, 9)
  const total = stages.reduce((sum: number, it: { microseconds: number }) => sum + it.microseconds, 0)
  assert.ok(Math.abs(total - microseconds) < 1e-6 * microseconds && microseconds > 0)
  assert.ok(stages.every((it: { microseconds: number }) => it.microseconds >= 0))
  assert.is(solver, 'newton')
  assert.ok(rows > 0)
})

test('doctor finds this machine healthy', async () => {
  const { code, out } = await simcrank('doctor')
  assert.is(code, 0, out)
  for (const name of ['Node', 'CPU', 'SharedArrayBuffer', 'WASM SIMD', 'WASM engine', 'MuJoCo'])
    assert.match(out, new RegExp(`✓ +${name} `))
  const json = await simcrank('doctor', '--json')
  assert.is(JSON.parse(json.out).healthy, true)
})

test('doctor tells what a model needs of the GPU', async () => {
  using workshop = new Workshop()
  const model = workshop.file('pendulum.xml', pendulumXml())
  const { code, out } = await simcrank('doctor', '--model', model, '--nworld', '1000', '--nconmax', '4')
  assert.is(code, 0, out)
  for (const name of ['WebGPU', 'GPU', 'GPU buffers', 'a world of it', '1000 worlds'])
    assert.match(out, new RegExp(`[✓–] +${name} `))
  const json = await simcrank('doctor', '--json', '--model', model, '--nworld', '1000')
  const { gpu } = JSON.parse(json.out)
  assert.is(gpu.storageBuffers, 6)
  assert.is(gpu.model.nworld, 1000)
  assert.is(gpu.model.largestBuffer, 1000 * gpu.model.worldBytes)
  assert.ok(gpu.adapter.limits.maxBufferSize > 0 && gpu.model.largestNworld > 1000)
  // too many worlds are said to be, and nothing fails
  const many = await simcrank('doctor', '--model', model, '--nworld', '1000000000')
  assert.is(many.code, 0)
  assert.match(many.out, /– +1000000000 worlds .*use fewer worlds, at most \d+/)
  assert.is((await simcrank('doctor', '--model', 'nowhere.xml')).code, 1)
})

test('doctor without an adapter says what to do, with code 0', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url)),
      fileURLToPath(new URL('../../bindings/cli/main.ts', import.meta.url)),
      'doctor',
    ],
    { encoding: 'utf8', env: { ...process.env, VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' } },
  )
  assert.is(status, 0)
  assert.match(stdout, /– +GPU +no adapter .*install a GPU driver/)
})

test.run()
