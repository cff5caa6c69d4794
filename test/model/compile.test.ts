import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { refusal } from '../support/refuse.js'

const body = (inside: string): string => `<mujoco><worldbody><body name="b">${inside}</body></worldbody></mujoco>`

test("malformed XML: MuJoCo's message with its line", async () => {
  const mismatch = await refusal(loadModel('<mujoco>\n<worldbody>\n</mujoco>'), 'MODEL_XML')
  assert.match(mismatch.message, /MISMATCHED_ELEMENT.*[Ll]ine number=2/)
  const element = await refusal(loadModel('<mujoco>\n\n<wheel/></mujoco>'), 'MODEL_XML')
  assert.match(element.message, /Element 'wheel', line 3/)
  const light = await refusal(loadModel(body('<joint/>')), 'MODEL_XML')
  assert.match(light.message, /mass and inertia of moving bodies/)
  await refusal(loadModel('<'), 'MODEL_XML')
})

test('errors name the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simcrank-'))
  try {
    const path = join(folder, 'bad.xml')
    await writeFile(path, '<mujoco><wheel/></mujoco>')
    const error = await refusal(loadModel(path), 'MODEL_XML')
    assert.is(error.place, path)
    assert.ok(error.message.startsWith(`${path}: `))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('NaN and infinity, which MuJoCo accepts: field and element', async () => {
  const geom = '<geom size="0.1"/>'
  for (const [xml, expected] of [
    [body(`<joint name="j" damping="nan"/>${geom}`), "dof_damping[0] of joint 'j' is NaN"],
    [
      body(`<joint name="j"/>${geom}`).replace('name="b"', 'name="b" pos="0 inf 0"'),
      "body_pos[4] of body 'b' is Infinity",
    ],
    [
      body(`<freejoint/><joint name="k"/>${geom}`).replace('<freejoint/>', '<joint name="s" type="slide" ref="nan"/>'),
      "qpos0[0] of joint 's' is NaN",
    ],
    [
      body(`<joint name="j"/>${geom}`).replace(
        '</mujoco>',
        '<actuator><motor joint="j"/><motor name="m" joint="j" gear="nan"/></actuator></mujoco>',
      ),
      "actuator_gear[6] of actuator 'm' is NaN",
    ],
    [
      body(`<joint name="j"/>${geom}`).replace('<worldbody>', '<option timestep="nan"/><worldbody>'),
      'opt_timestep[0] is NaN',
    ],
    [
      body(`<joint name="j"/>${geom}`).replace(
        '</mujoco>',
        '<keyframe><key/><key name="k" qpos="nan"/></keyframe></mujoco>',
      ),
      "key_qpos[1] of key 'k' is NaN",
    ],
  ]) {
    const error = await refusal(loadModel(xml), 'MODEL_NOT_FINITE')
    assert.ok(error.message.includes(expected), `${error.message}, expected ${expected}`)
  }
})

test('an entity bomb stays unexpanded', async () => {
  let entities = '<!ENTITY a0 "aaaaaaaaaa">'
  for (let i = 1; i < 40; i++) entities += `<!ENTITY a${i} "${`&a${i - 1};`.repeat(10)}">`
  const model = await loadModel(`<!DOCTYPE bomb [${entities}]><mujoco model="&a39;"/>`)
  assert.is(model.name, '&a39;')
})

const nested = (depth: number): string =>
  `<mujoco><worldbody>${'<body><joint/><geom size="0.1" mass="1"/>'.repeat(depth)}${'</body>'.repeat(depth)}</worldbody>
  <option><flag contact="disable"/></option></mujoco>`

test('400 nested bodies abort MuJoCo, not us', async () => {
  const error = await refusal(loadModel(nested(400)), 'MODEL_ABORT')
  assert.match(error.message, 'nested')
  // the next model is none the worse
  assert.is((await loadModel('<mujoco model="next"/>')).name, 'next')
})

test('a full stack is an error before it overflows in silence', async () => {
  for (let depth = 90; depth <= 150; depth += 6) {
    const model = await loadModel(nested(depth)).catch(error => error)
    if (depth <= 110) assert.is(model.field?.body_subtreemass[1], depth, model.message)
    else if (depth >= 120) assert.is(model.code, 'MODEL_ABORT')
    else assert.ok(model.code === 'MODEL_ABORT' || model.field?.body_subtreemass[1] === depth)
  }
})

test('a model that does not end compiling is ended', async () => {
  const endless = '<mujoco><worldbody><replicate count="30000000"><geom size="1"/></replicate></worldbody></mujoco>'
  const begin = performance.now()
  const error = await refusal(loadModel(endless, { timeoutMs: 1500 }), 'MODEL_TIMEOUT')
  assert.match(error.message, '1500 ms')
  assert.ok(performance.now() - begin < 15000, 'it took much longer than its limit')
})

test('models too large', async () => {
  const heavy = body('<joint/><geom size="0.1"/>').replace('<worldbody>', '<size memory="1500M"/><worldbody>')
  assert.match((await refusal(loadModel(heavy), 'MODEL_SIZE')).message, 'memory')
  const keys = body('<joint/><geom size="0.1"/>').replace(
    '</mujoco>',
    `<keyframe>${'<key/>'.repeat(20000)}</keyframe></mujoco>`,
  )
  assert.match((await refusal(loadModel(keys, { maxBytes: 300000 }), 'MODEL_SIZE')).message, 'limit of 300000')
  await refusal(loadModel('<mujoco/>', { maxBytes: 8 }), 'MODEL_SIZE')
})

test('the size limit is for all files together', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simcrank-'))
  try {
    const path = join(folder, 'main.xml')
    const padding = `<!-- ${' '.repeat(5000)} -->`
    await writeFile(path, '<mujoco><include file="a.xml"/><include file="b.xml"/></mujoco>')
    for (const name of ['a', 'b'])
      await writeFile(join(folder, `${name}.xml`), `<mujoco>${padding}<worldbody/></mujoco>`)
    assert.is((await loadModel(path, { maxBytes: 20000 })).nbody, 1)
    assert.is((await refusal(loadModel(path, { maxBytes: 9000 }), 'MODEL_SIZE')).place, join(folder, 'b.xml'))
    await refusal(loadModel(path, { maxBytes: 20 }), 'MODEL_SIZE')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('options that make no sense', async () => {
  for (const value of [0, -1, Number.NaN]) {
    assert.match((await refusal(loadModel('<mujoco/>', { timeoutMs: value }), 'MODEL_OPTION')).message, 'timeoutMs')
    assert.match((await refusal(loadModel('<mujoco/>', { maxBytes: value }), 'MODEL_OPTION')).message, 'maxBytes')
  }
})

test('many loads at once and in turn leave nothing behind', async () => {
  const xml = body('<joint/><geom size="0.1"/>')
  const models = await Promise.all(Array.from({ length: 4 }, () => loadModel(xml)))
  assert.equal(
    models.map(model => model.nv),
    [1, 1, 1, 1],
  )
  // a worker or port still open would keep the process alive: node lists them
  const open = process.getActiveResourcesInfo().filter(name => name === 'MessagePort' || name === 'Worker')
  assert.equal(open, [])
})

test.run()
