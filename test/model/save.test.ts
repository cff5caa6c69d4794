import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SIZES } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { saveModel } from '../../bindings/model/save.js'
import { unsupported } from '../../bindings/model/support.js'
import { rng } from '../support/oracle.js'
import { refusal } from '../support/refuse.js'

const ARM = `<mujoco model="arm é">
  <worldbody>
    <body name="upper"><joint name="shoulder" axis="0 1 0" damping="0.1"/><geom name="g" size="0.05" pos="0 0 0.1"/>
      <body name="fore" pos="0 0 0.2"><joint name="elbow" type="ball"/><geom name="tip" size="0.04" pos="0 0 0.1"/><site name="tip"/></body>
    </body>
    <body name="cart"><joint name="rail" type="slide"/><geom name="box" type="box" size="0.1 0.1 0.1"/></body>
  </worldbody>
  <contact><pair name="bump" geom1="g" geom2="box"/><exclude name="apart" body1="fore" body2="cart"/></contact>
  <tendon><fixed name="belt"><joint joint="shoulder" coef="1"/><joint joint="rail" coef="-2"/></fixed></tendon>
  <equality><weld name="glue" body1="cart" body2="fore" active="false"/><joint name="geared" joint1="rail"/></equality>
  <actuator><position name="servo" joint="shoulder" kp="20" dampratio="1" timeconst="0.1"/>
    <motor name="winch" tendon="belt"/><motor name="thruster" site="tip"/></actuator>
  <sensor><jointpos name="angle" joint="shoulder"/></sensor>
  <keyframe><key name="home" qpos="0.5 1 0 0 0 0"/></keyframe>
</mujoco>`

// layout of the file, as the format's description gives it
const VERSION_AT = 8
const CRC_AT = 12
const BODY_AT = 16
const HEADER_AT = 20

/** CRC-32 bit by bit, straight from its definition */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return ~crc >>> 0
}

test('the CRC of this test is CRC-32', () => {
  // check value of the CRC catalogue
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926)
})

/** the bytes changed by `edit`, with a checksum that fits: what only a check of the contents can find */
function forge(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  edit(view)
  view.setUint32(CRC_AT, crc32(copy.subarray(BODY_AT)), true)
  return copy
}

/** the same with another header: what `edit` makes of the one there is */
function forgeHeader(bytes: Uint8Array, edit: (header: HeaderLike) => unknown): Uint8Array {
  const length = new DataView(bytes.buffer).getUint32(BODY_AT, true)
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_AT, HEADER_AT + length)))
  const text = new TextEncoder().encode(JSON.stringify(edit(header)))
  const copy = new Uint8Array(bytes.length - length + text.length)
  copy.set(bytes.subarray(0, HEADER_AT))
  copy.set(text, HEADER_AT)
  copy.set(bytes.subarray(HEADER_AT + length), HEADER_AT + text.length)
  return forge(copy, view => view.setUint32(BODY_AT, text.length, true))
}

interface HeaderLike {
  readonly sizes: object
  readonly names: object
  readonly fields: readonly (readonly [string, string, number])[]
}

function compare(a: Model, b: Model): void {
  for (const size of SIZES) assert.is(a[size], b[size], size)
  assert.is(a.name, b.name)
  assert.equal(a.names, b.names)
  assert.equal(a.field, b.field)
}

test('round trip is exact', async () => {
  const model = await loadModel(ARM)
  // numbers that text would lose
  model.field.body_mass[1] = 0.1 + 0.2
  model.field.body_pos[0] = -0
  model.field.jnt_range[0] = 5e-324
  const loaded = await loadModel(saveModel(model))
  compare(model, loaded)
  assert.ok(Object.is(loaded.field.body_pos[0], -0))
  assert.is(loaded.xml, ARM)
  assert.ok(Object.isFrozen(loaded))
  assert.equal(saveModel(loaded), saveModel(model))
})

test('without xml it is smaller, and the same otherwise', async () => {
  const model = await loadModel(ARM)
  const bytes = saveModel(model, { xml: false })
  const loaded = await loadModel(bytes)
  compare(model, loaded)
  assert.is(loaded.xml, '')
  assert.ok(bytes.length <= saveModel(model).length - ARM.length)
})

test('bytes at an odd offset', async () => {
  const model = await loadModel(ARM)
  const bytes = saveModel(model)
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  compare(model, await loadModel(shifted.subarray(3)))
})

test('what was unsupported stays so', async () => {
  const xml = ARM.replace('<worldbody>', '<option noslip_iterations="3"/><worldbody>')
  const bytes = saveModel(await loadModel(xml, { allowUnsupported: true }))
  assert.match((await refusal(loadModel(bytes), 'MODEL_UNSUPPORTED')).message, 'option noslip_iterations 3')
  const model = await loadModel(bytes, { allowUnsupported: true })
  assert.equal(unsupported(model), ['option noslip_iterations 3: the noslip solver is not supported'])
  assert.is(unsupported({ ...model }).length, 1)
})

test('every cut is an error', async () => {
  const bytes = saveModel(await loadModel(ARM))
  for (let length = 8; length < bytes.length; length += 1 + Math.floor(length / 50)) {
    await refusal(loadModel(bytes.subarray(0, length)), 'MODEL_CORRUPT')
  }
  const longer = new Uint8Array(bytes.length + 8)
  longer.set(bytes)
  await refusal(loadModel(longer), 'MODEL_CORRUPT')
})

test('every changed bit is an error', async () => {
  const bytes = saveModel(await loadModel(ARM))
  const random = rng(1)
  for (let i = 0; i < 300; i++) {
    const at = i < CRC_AT ? BODY_AT + i : BODY_AT + Math.floor(random.next() * (bytes.length - BODY_AT))
    const copy = bytes.slice()
    copy[at] ^= 1 << Math.floor(8 * random.next())
    await refusal(loadModel(copy), 'MODEL_CORRUPT')
  }
  const magic = bytes.slice()
  magic[3] ^= 1
  await refusal(loadModel(magic), 'MODEL_FORMAT')
})

test('another version says so', async () => {
  const bytes = saveModel(await loadModel(ARM))
  const newer = bytes.slice()
  newer[VERSION_AT]++
  await refusal(loadModel(newer), 'MODEL_VERSION')
  const renamed = forgeHeader(bytes, header => {
    const fields = header.fields.map(([name, ...rest], i) => [i === 3 ? 'opt_other' : name, ...rest])
    return { ...header, fields }
  })
  assert.match((await refusal(loadModel(renamed), 'MODEL_VERSION')).message, 'opt_')
})

test('contents that make no sense, under a checksum that fits', async () => {
  const model = await loadModel(ARM)
  const saved = saveModel(model)
  const at = (name: string): number => {
    const length = new DataView(saved.buffer).getUint32(BODY_AT, true)
    const header = JSON.parse(new TextDecoder().decode(saved.subarray(HEADER_AT, HEADER_AT + length)))
    let offset = HEADER_AT + length
    for (const [field, type, count] of header.fields) {
      if (field === name) return offset
      offset += count * (type === 'f' ? 8 : 4)
    }
    throw new Error(name)
  }
  const int = (name: string, value: number): Uint8Array => forge(saved, view => view.setInt32(at(name), value, true))
  for (const [name, value] of [
    ['jnt_qposadr', 1000],
    ['jnt_type', 7],
    ['dof_parentid', -2],
    ['body_parentid', 2],
    ['actuator_trnid', 3],
    ['sensor_objid', 3],
    ['geom_bodyid', -1],
    ['actuator_ctrlnum', 9],
    ['sensor_dim', 1 << 30],
    ['geom_type', 9],
    ['geom_condim', 5],
    ['pair_dim', 2],
    ['pair_geom1', 3],
    ['pair_signature', 5 << 16],
    ['exclude_signature', -1],
    ['tendon_adr', 2],
    ['tendon_num', 3],
    ['wrap_type', 9],
    ['wrap_objid', 3],
    ['eq_type', 8],
    ['eq_obj1id', 4],
    ['eq_obj2id', -1],
    ['site_bodyid', 9],
  ] as const) {
    assert.match((await refusal(loadModel(int(name, value)), 'MODEL_CORRUPT')).message, `${name}[0]`)
  }
  // the second and third actuator pull at a tendon and a site
  for (const [k, value] of [
    [2, 1],
    [4, 1],
    [5, -2],
  ]) {
    const bytes = forge(saved, view => view.setInt32(at('actuator_trnid') + 4 * k, value, true))
    assert.match((await refusal(loadModel(bytes), 'MODEL_CORRUPT')).message, `actuator_trnid[${k}]`)
  }
  const nan = forge(saved, view => view.setFloat64(at('body_mass') + 8, Number.NaN, true))
  assert.match((await refusal(loadModel(nan), 'MODEL_NOT_FINITE')).message, "body_mass[1] of body 'upper'")

  const edits: ((header: HeaderLike) => unknown)[] = [
    () => null,
    () => [],
    header => ({ ...header, sizes: { ...header.sizes, nq: 1e9 } }),
    header => ({ ...header, sizes: { ...header.sizes, nv: -1 } }),
    header => ({ ...header, sizes: undefined }),
    header => ({ ...header, names: { ...header.names, joint: ['one'] } }),
    header => ({ ...header, fields: 3 }),
    header => ({ ...header, xml: 3 }),
    header => ({ ...header, unsupported: [3] }),
  ]
  for (const edit of edits) await refusal(loadModel(forgeHeader(saved, edit)), 'MODEL_CORRUPT')
  const long = forge(saved, view => view.setUint32(BODY_AT, 0xffffffff, true))
  await refusal(loadModel(long), 'MODEL_CORRUPT')
})

/** run JavaScript in a process in which `@mujoco/mujoco` is not installed */
function withoutMujoco(code: string): { status: number | null; stdout: string; stderr: string } {
  const hook = `export const resolve = (name, context, next) => {
    if (!name.startsWith('@mujoco/')) return next(name, context)
    throw Object.assign(new Error("Cannot find package '@mujoco/mujoco'"), { code: 'ERR_MODULE_NOT_FOUND' })
  }`
  const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url(hook))})`
  const flags = ['--import', 'tsx', '--import', url(register), '--input-type=module', '-e', code]
  return spawnSync(process.execPath, flags, { encoding: 'utf8' })
}

test('a saved Model loads without MuJoCo, XML says what to install', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'simcrank-'))
  try {
    const file = join(folder, 'arm.model')
    const model = await loadModel(ARM)
    await writeFile(file, saveModel(model))
    const load = JSON.stringify(new URL('../../bindings/model/load.ts', import.meta.url).href)
    const compiler = JSON.stringify(new URL('../../bindings/model/mujoco.ts', import.meta.url).href)
    const run = withoutMujoco(`
      import { loadModel } from ${load}
      import { openMujoco } from ${compiler}
      const model = await loadModel(${JSON.stringify(file)})
      const error = await openMujoco().catch(error => error)
      console.log(JSON.stringify([model.names.joint, model.field.body_mass[1], error.name, error.code, error.message]))`)
    assert.is(run.status, 0, run.stderr)
    const [joints, mass, name, code, message] = JSON.parse(run.stdout)
    assert.equal([joints, mass], [model.names.joint, model.field.body_mass[1]])
    assert.equal([name, code], ['ModelError', 'MODEL_NO_COMPILER'])
    assert.match(message, 'npm install @mujoco/mujoco')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.run()
