/** Collisions of both engines: every pair of shapes that has a closed form, whole models, the sweep, worlds without room. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Model } from '../../bindings/model/model.js'
import { assertClose, modelOf, random, Scene, type SceneOptions } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

/** the step up to the collisions (assembly/rollout/profile.ts) */
const COLLISION = 5

const SIZE = {
  plane: '0 0 .1',
  sphere: '.1',
  capsule: '.06 .12',
  ellipsoid: '.08 .1 .12',
  cylinder: '.08 .1',
  box: '.1 .12 .08',
} as const
type Shape = keyof typeof SIZE
const PAIRS: readonly (readonly [Shape, Shape])[] = [
  ['plane', 'sphere'],
  ['plane', 'capsule'],
  ['plane', 'ellipsoid'],
  ['plane', 'cylinder'],
  ['plane', 'box'],
  ['sphere', 'sphere'],
  ['sphere', 'capsule'],
  ['sphere', 'cylinder'],
  ['sphere', 'box'],
  ['capsule', 'capsule'],
  ['capsule', 'box'],
  ['box', 'box'],
]

/** numbers of a record: distance, position, frame, the four integers */
const DIST = 1
const POS = 2
const FRAME = 5
const IDS = 14
/** metres: single precision of scenes about a metre large */
const TOLERANCE = 1e-6
/**
 * The CPU computes capsule against box and crossing edges in double precision from poses in single precision; the
 * direction between points that are closer than their own rounding is anybody's.
 */
const SLACK_FRAME = 1e-5

const statusOf = (scene: Scene): number => scene.layout.d.get('status') as number

/** State and poses of the CPU on both sides, then collisions on both; the GPU's records start empty. */
async function collide(model: Model, seed: number, options: SceneOptions): Promise<Scene> {
  const scene = await Scene.open(model, stages, seed, options)
  scene.cpu((x, { m, p, d, s }) => {
    // a world that had no room stands still: it is to go on
    new Float32Array(scene.engine.memory.buffer).fill(0, (d + statusOf(scene)) / 4, (d + statusOf(scene)) / 4 + 4)
    x.profileBlock(m, p, d, s, d, COLLISION, 1)
  })
  await scene.seed()
  await scene.gpu(
    `for (var i = 0; i < 18 * f_nconblock; i++) { stu(f_con + i, 0u); }
    st(f_ncon, -1.0);
    collision(true);
    st(f_tmp, f32(ncon()));
    st(f_tmp + 1, select(0.0, 1.0, overflow()));`,
    {
      st: 'math/v4',
      stu: 'math/v4',
      collision: 'sim/collision/driver',
      ncon: 'sim/collision/driver',
      overflow: 'sim/collision/driver',
    },
  )
  return scene
}

/** how far place and frame of a record may be off */
type Slack = (record: readonly number[]) => readonly [place: number, frame: number]

/** As many contacts on both sides, with the same distance, place, frame and ids; returns the CPU's records. */
function agree(scene: Scene, name: string, slack: Slack = () => [TOLERANCE, SLACK_FRAME]): number[][] {
  const { cpu, gpu } = scene.values('ncon')
  cpu.forEach(([n], w) => {
    assert.is(gpu[w][0], n, `${name}, world ${w}: number of contacts`)
  })
  const room = scene.gpuLayout.sizes.nconmax
  const records = scene.records('con', w => Math.min(cpu[w][0], room))
  records.cpu.forEach((theirs, k) => {
    const ours = records.gpu[k]
    const [place, frame] = slack(theirs)
    theirs.forEach((x, e) => {
      const allowed = e < DIST || e >= IDS ? 0 : e < FRAME ? place : frame
      // masks are NaN as numbers
      if (Object.is(x, ours[e]) || Math.abs(x - ours[e]) <= allowed) return
      const [a, b] = [theirs, ours].map(r => r.slice(DIST, FRAME + 3).map(y => y.toPrecision(6)))
      throw new Error(
        `${name}, record ${k}, number ${e}: CPU ${x}, GPU ${ours[e]}\n  CPU ${a.join(' ')}\n  GPU ${b.join(' ')}`,
      )
    })
    assert.ok(theirs[DIST] < 1 && Math.hypot(...theirs.slice(POS, FRAME)) < 100, `${name}: record ${k} is none`)
  })
  return records.cpu
}

/** rows of the batch: four copies of each world's */
const fourfold = (rows: readonly (readonly number[])[]): Float32Array =>
  Float32Array.from(rows.flatMap(row => [row, row, row, row].flat()))

/** pairs in the same place that touch only each other: one shape fixed, the other free */
const pairModel = (...pairs: readonly (readonly [Shape, Shape])[]): Promise<Model> => {
  const texts = pairs.map(
    ([a, b], i) => `<geom type="${a}" size="${SIZE[a]}" margin=".01" gap=".002" contype="${1 << i}" conaffinity="0"/>
    <body><freejoint/><geom type="${b}" size="${SIZE[b]}" mass="1" contype="0" conaffinity="${1 << i}"/></body>`,
  )
  return modelOf(`<mujoco><worldbody>${texts.join('')}</worldbody></mujoco>`)
}

/** upright and a little tilted, for ties of all kinds */
const H = Math.SQRT1_2
const QUARTERS = [
  [1, 0, 0, 0],
  [H, H, 0, 0],
  [H, 0, H, 0],
  [H, 0, 0, H],
  [0.5, 0.5, 0.5, 0.5],
  [0, 1, 0, 0],
]
const TILTS = [
  [0.96, 0.28, 0, 0],
  [0.96, 0, 0.28, 0],
  [0.8, 0.6, 0, 0],
  [0.8, 0, 0.6, 0],
]

test('every pair of shapes', async () => {
  const nworld = 600
  const capsuleBox = PAIRS.findIndex(pair => pair.join(' and ') === 'capsule and box')
  const poses = PAIRS.map((_, i) => {
    const next = random(5 + i)
    // capsule and box: tilted, for along an edge the determinant of the CPU is rounding alone; and off the places where the
    // capsule's axis touches the box, from which any direction leads
    const turns = i === capsuleBox ? TILTS : [...QUARTERS, ...TILTS]
    const shift = i === capsuleBox ? 0.013 : 0
    return Array.from({ length: nworld }, (_, w) => {
      const at = [next(), next(), next()]
      const quat = [next(), next(), next(), next()]
      const norm = Math.hypot(...quat)
      if (w % 2 === 0) return [...at.map(x => 0.18 * x), ...quat.map(x => x / norm)]
      const turn = turns[Math.floor((turns.length / 2) * (next() + 1))]
      return [...at.map((x, k) => Math.round(3.6 * x) / 20 + shift * (k + 1)), ...turn]
    })
  })
  const rows = Array.from({ length: nworld }, (_, w) => poses.flatMap(pose => pose[w]))
  const prepare: SceneOptions['prepare'] = batch => batch.set('qpos', fourfold(rows))
  const scene = await collide(await pairModel(...PAIRS), 3, { nworld, nstep: 0, kick: 0, prepare })
  // a normal is a difference over its length, which is a thousandth of the sizes where an axis grazes the box
  // and the point lies a radius along it
  const records = agree(scene, 'pairs', r => (r[IDS] === capsuleBox ? [5e-6, 2e-3] : [TOLERANCE, SLACK_FRAME]))
  PAIRS.forEach((pair, i) => {
    const contacts = records.filter(r => r[IDS] === i).length
    assert.ok(contacts > nworld / 2, `${pair.join(' and ')}: ${contacts} contacts in ${nworld} worlds`)
  })
  scene.release()
})

test('a capsule along an edge of a box touches it at both ends', async () => {
  const prepare: SceneOptions['prepare'] = batch => batch.set('qpos', fourfold([[-0.1, -0.15, 0, H, 0, H, 0]]))
  const scene = await collide(await pairModel(['capsule', 'box']), 3, {
    nworld: 1,
    nstep: 0,
    kick: 0,
    prepare,
  })
  const { gpu } = scene.records('con', () => 2)
  assert.is(scene.values('ncon').gpu[0][0], 2)
  // MuJoCo 3.14: distance, position, normal
  const at = (z: number) => [-0.0239444872, -0.0266410059, -0.0399615088, z, -0.5547001962, -0.8320502943, 0]
  assertClose(
    'con',
    [at(0.1), at(-0.1)],
    gpu.map(row => row.slice(DIST, FRAME + 3)),
    1e-4,
  )
  scene.release()
})

const shared = new URL('../../../shared/models/', import.meta.url)
const merge = (names: string): string => together(names.split(' ').map(modelText))
for (const [name, source, options] of [
  ['humanoid', new URL('humanoid.xml', shared).pathname, {}],
  ['pairs', merge('pair_explicit gap contype mocap'), {}],
  ['worlds with parameters of their own', new URL('half_cheetah.xml', shared).pathname, { perWorld: true }],
] as const) {
  test(`in motion: ${name}`, async () => {
    const scene = await collide(await modelOf(source), 7, { nworld: 8, nstep: 60, kick: 0.5, ...options })
    assert.ok(agree(scene, name).length > 0, 'no contact')
    scene.release()
  })
}

/** a heap of small shapes, so many that they are swept; a floor and explicit pairs beside them */
function heap(ngeom: number): string {
  const next = random(9)
  const body = (i: number): string => {
    const at = [next(), next(), next()].map(x => x.toFixed(4)).join(' ')
    const shape = i % 2 === 0 ? 'capsule" size=".08 .1' : 'sphere" size=".12'
    return `<body pos="${at}"><joint type="slide" axis="1 2 3"/><geom name="g${i}" type="${shape}" mass="1"/></body>`
  }
  return `<mujoco><worldbody><geom name="floor" type="plane" size="1 1 1" pos="0 0 -.8"/>${Array.from({ length: ngeom }, (_, i) => body(i)).join('')}</worldbody>
    <contact><pair geom1="g3" geom2="g70" margin="3"/><pair geom1="floor" geom2="g5" margin="1"/></contact></mujoco>`
}

test('the sweep of a large scene', async () => {
  const model = await modelOf(heap(130))
  const scene = await collide(model, 11, { nworld: 3, nstep: 1, kick: 3 })
  assert.ok((scene.constants.get('f_nsweep') as number) > 0, 'not swept')
  assert.ok(agree(scene, 'heap').length > 100, 'few contacts')
  // every mark is taken
  const { gpu } = scene.values('hits', scene.gpuLayout.sizes.nhitword)
  assert.ok(gpu.every(row => row.every(x => x === 0)))
  scene.release()
})

const BOX = `<mujoco><worldbody><geom type="plane" size="1 1 1"/>
  <body pos="0 0 .05"><freejoint/><geom type="box" size=".1 .1 .1"/></body></worldbody></mujoco>`

test('contacts beyond the room are counted and not kept', async () => {
  const scene = await collide(await modelOf(BOX), 2, {
    nworld: 4,
    nstep: 0,
    kick: 0,
    nconmax: 2,
  })
  agree(scene, 'box')
  assert.ok(
    scene.values('ncon').cpu.every(([n]) => n > 2),
    'there is room',
  )
  const { gpu } = scene.values('tmp', 2)
  gpu.forEach(row => {
    assert.equal(row, [2, 1], 'ncon(), overflow()')
  })
  scene.release()
})

test('a world that is not looked at has no records and keeps its count', async () => {
  const scene = await Scene.open(await modelOf(BOX), stages, 2, {
    nworld: 2,
    nstep: 0,
    kick: 0,
  })
  scene.cpu((x, { m, p, d, s }) => x.profileBlock(m, p, d, s, d, COLLISION, 1))
  await scene.seed()
  await scene.gpu('collision(lane == 1); st(f_tmp, f32(ncon()));', {
    st: 'math/v4',
    lane: 'math/v4',
    collision: 'sim/collision/driver',
    ncon: 'sim/collision/driver',
  })
  scene.compare({ ncon: 0 })
  const { gpu } = scene.values('ncon')
  assert.equal(scene.values('tmp', 1).gpu, [[0], gpu[1]])
  assert.ok(gpu[1][0] > 0)
  scene.release()
})

test.run()
