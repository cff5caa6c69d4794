/** Convex shapes without a closed form, and rays: both engines. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { random, Scene } from './harness.js'
import { stages } from './stages.js'

const SIZE = {
  sphere: [0.1],
  capsule: [0.06, 0.12],
  ellipsoid: [0.08, 0.1, 0.12],
  cylinder: [0.08, 0.1],
  box: [0.1, 0.12, 0.08],
}
type Shape = keyof typeof SIZE
/** half height of a shape along its z axis */
const HEIGHT: Record<Shape, number> = { sphere: 0.1, capsule: 0.18, ellipsoid: 0.12, cylinder: 0.1, box: 0.08 }
const PAIRS: readonly (readonly [Shape, Shape])[] = [
  ['sphere', 'ellipsoid'],
  ['capsule', 'ellipsoid'],
  ['capsule', 'cylinder'],
  ['ellipsoid', 'ellipsoid'],
  ['ellipsoid', 'cylinder'],
  ['ellipsoid', 'box'],
  ['cylinder', 'cylinder'],
  ['cylinder', 'box'],
]
const MARGINS = [0, 0.01]
/** about the size of each geom (m) */
const EXTENT = 0.1
const DEPTH = 1e-4 * EXTENT
const NORMAL = 1e-2

/** worlds with every pair in a place of its own: geom 1 fixed, geom 2 free */
function pairModel(): Promise<Awaited<ReturnType<typeof loadModel>>> {
  const place = (i: number) => `pos="${3 * i} 0 0"`
  const text = MARGINS.flatMap((margin, j) =>
    PAIRS.map(([a, b], k) => {
      const i = j * PAIRS.length + k
      return `<geom type="${a}" size="${SIZE[a].join(' ')}" margin="${margin}" ${place(i)} contype="${1 << i}" conaffinity="0"/>
        <body ${place(i)}><joint type="free"/><geom type="${b}" size="${SIZE[b].join(' ')}" mass="1" contype="0" conaffinity="${1 << i}"/></body>`
    }),
  )
  return loadModel(`<mujoco><option gravity="0 0 0"/><worldbody>${text.join('')}</worldbody></mujoco>`)
}

const distance = (a: readonly number[], b: readonly number[], at: number): number =>
  Math.hypot(a[at] - b[at], a[at + 1] - b[at + 1], a[at + 2] - b[at + 2])
const quantile = (x: readonly number[], share: number): number =>
  x.length === 0 ? 0 : [...x].sort((a, b) => a - b)[Math.min(x.length - 1, Math.floor(share * x.length))]

test('contacts of all pairs, in any pose and lying flat', async () => {
  const nworld = 160
  const next = random(7)
  const pose = (w: number, i: number): number[] => {
    const [a, b] = PAIRS[i % PAIRS.length]
    if (w % 2 === 0) {
      const q = [next(), next(), next(), next()]
      const n = Math.hypot(...q)
      return [3 * i + 0.16 * next(), 0.16 * next(), 0.16 * next(), ...q.map(x => x / n)]
    }
    // one on the other, 1e-3 to 1e-5 m deep, upright or tilted a little
    const tilt = w % 4 === 1 ? 0 : 0.01 * 10 ** (-3 * Math.abs(next()))
    const depth = 1e-3 * 10 ** (-2 * Math.abs(next()))
    const q = [Math.cos(1.5 * next()), tilt * next(), tilt * next(), Math.sin(1.5 * next())]
    const n = Math.hypot(...q)
    return [3 * i + 0.05 * next(), 0.05 * next(), HEIGHT[a] + HEIGHT[b] - depth, ...q.map(x => x / n)]
  }
  const scene = await Scene.open(await pairModel(), stages, 3, {
    nworld,
    nstep: 0,
    kick: 0,
    prepare: batch => {
      const rows = Array.from({ length: nworld }, (_, w) => {
        const row = Array.from({ length: PAIRS.length * MARGINS.length }, (_, i) => pose(w, i)).flat()
        return [row, row, row, row].flat()
      })
      batch.set('qpos', Float32Array.from(rows.flat()))
    },
  })
  // geom frames and collisions only
  scene.cpu((x, { m, p, d, s }) => x.profileBlock(m, p, d, s, d, 5, 1))
  await scene.seed()
  await scene.gpu('st(f_ncon, -1.0); collision(true);', { st: 'math/v4', collision: 'sim/collision/driver' })
  const count = scene.values('ncon')
  const cpu = scene.records('con', w => count.cpu[w][0]).cpu
  const gpu = scene.records('con', w => count.gpu[w][0]).gpu

  const found = PAIRS.flatMap(() =>
    MARGINS.map(() => ({
      touching: 0,
      counts: 0,
      depth: [] as number[],
      normal: [] as number[],
      flat: [] as number[],
    })),
  )
  let [startC, startG] = [0, 0]
  for (let w = 0; w < nworld; w++) {
    const [ours, theirs] = [gpu.slice(startG, startG + count.gpu[w][0]), cpu.slice(startC, startC + count.cpu[w][0])]
    startG += count.gpu[w][0]
    startC += count.cpu[w][0]
    found.forEach((pair, i) => {
      const a = theirs.filter(r => r[14] === i)
      const b = ours.filter(r => r[14] === i)
      if (a.length === 0 && b.length === 0) return
      pair.touching++
      if (a.length !== b.length) pair.counts++
      const deepest = Math.min(...a.map(r => r[1]), ...b.map(r => r[1]))
      // touching by less than rounding: either is right
      if (a.length === 0 || b.length === 0) {
        assert.ok(
          Math.abs(deepest - MARGINS[Math.floor(i / PAIRS.length)]) < 1e-5,
          `${i}, world ${w}: only one side has a contact, ${deepest} m`,
        )
        return
      }
      if (a.length !== b.length) return
      // contacts come in the order of the polytope's corners: nearest to nearest
      for (const r of a) {
        const s = b.reduce((best, x) => (distance(x, r, 2) < distance(best, r, 2) ? x : best))
        pair.depth.push(Math.abs(r[1] - s[1]))
        pair.normal.push(distance(r, s, 5))
        if (w % 4 === 1 && a.length === 4) pair.flat.push(Math.abs(r[1] - s[1]) + distance(r, s, 2))
      }
    })
  }
  let flat = 0
  found.forEach((pair, i) => {
    const [a, b] = PAIRS[i % PAIRS.length]
    const name = `${a}-${b} ${MARGINS[Math.floor(i / PAIRS.length)]}`
    assert.ok(pair.touching >= 40, `${name}: only ${pair.touching} touch`)
    assert.ok(quantile(pair.depth, 0.97) < DEPTH, `${name}: depth ${quantile(pair.depth, 0.97)}`)
    // round shapes show the square root of the tolerance
    assert.ok(quantile(pair.normal, 0.9) < NORMAL, `${name}: normal ${quantile(pair.normal, 0.9)}`)
    assert.ok(quantile(pair.normal, 0.97) < 5 * NORMAL, `${name}: normal ${quantile(pair.normal, 0.97)}`)
    // contacts of turned shapes count when they are 1e-3 of the size apart, and points of round shapes are not known better
    const turned = b === 'cylinder' || b === 'box' ? 0.25 : 0
    assert.ok(pair.counts <= turned * pair.touching, `${name}: ${pair.counts} of ${pair.touching} have another number`)
    assert.ok(quantile(pair.flat, 0.97) < 1e-6, `${name}: flat ${quantile(pair.flat, 0.97)}`)
    flat += pair.flat.length
  })
  assert.ok(flat > 100, `only ${flat} contacts of flat faces`)
  scene.release()
})

const GEOMS = [
  ['plane', [0.3, 0.2, 0.1]],
  ['sphere', [0.1]],
  ['capsule', [0.06, 0.12]],
  ['ellipsoid', [0.08, 0.1, 0.12]],
  ['cylinder', [0.08, 0.1]],
  ['box', [0.1, 0.12, 0.08]],
] as const

test('rays and points against every shape', async () => {
  const nworld = 400
  const text = GEOMS.map(([type, size]) => `<geom type="${type}" size="${size.join(' ')}"/>`)
  const scene = await Scene.open(
    await loadModel(`<mujoco><worldbody>${text.join('')}<body><joint type="hinge"/><geom size=".1" mass="1"/></body>
      <site name="a"/></worldbody><sensor><clock/></sensor></mujoco>`),
    stages,
    5,
    { nworld, nstep: 0, kick: 0 },
  )
  const next = random(11)
  const f32 = new Float32Array(scene.engine.memory.buffer)
  const { layout } = scene
  const types = scene.model.field.geom_type as Int32Array
  const out = 8
  for (let w = 0; w < nworld; w++) {
    const { p, s } = scene.block(w)
    const geoms = s + (layout.s.get('geoms') as number)
    const scratch = s + (layout.s.get('sens_tmp') as number)
    const far = w % 3 === 0 ? 5 : 0.4
    const put = (g: number, e: number, x: number) => {
      for (let lane = 0; lane < 4; lane++) f32[(geoms + 192 * g + 16 * e) / 4 + lane] = x
      return f32[(geoms + 192 * g + 16 * e) / 4]
    }
    // a ray from a shell around the origin to somewhere near it, kept where the frame of geom 6 would be
    const from = [next(), next(), next()]
    const length = Math.hypot(...from)
    const start = from.map((x, e) => put(6, 9 + e, (far * x) / length))
    const aim = start.map(x => 0.1 * next() - x)
    const norm = Math.hypot(...aim)
    const reach = put(6, 3, w % 2 === 0 ? 0.07 : 0.13)
    const way = aim.map((x, e) => put(6, e, x / norm))
    for (let g = 0; g < GEOMS.length; g++) {
      const q = [next(), next(), next(), next()]
      const [a, b, c, d] = q.map(x => x / Math.hypot(...q))
      const rotation = [
        a * a + b * b - c * c - d * d,
        2 * (b * c - a * d),
        2 * (b * d + a * c),
        2 * (b * c + a * d),
        a * a - b * b + c * c - d * d,
        2 * (c * d - a * b),
        2 * (b * d - a * c),
        2 * (c * d + a * b),
        a * a - b * b - c * c + d * d,
      ]
      for (const [e, x] of rotation.entries()) put(g, e, x)
      for (let e = 0; e < 3; e++) put(g, 9 + e, 0.05 * next())
      const pose = geoms + 192 * g
      const size = p + (layout.p.get('geom_size') as number) + 48 * g
      const dist = scene.stages.rayGeom(
        types[g],
        pose,
        size,
        start[0],
        start[1],
        start[2],
        way[0],
        way[1],
        way[2],
        scratch + 1024,
      )
      const normal = [0, 1, 2].map(e => (dist < 0 ? 0 : scene.stages.rayNormal(pose, scratch + 1024, e)))
      // a point near the surface, on either side
      const point = [0, 1, 2].map(e => f32[(pose + 16 * (9 + e)) / 4] + reach * way[e])
      const inside = scene.stages.insideGeom(types[g], pose, size, point[0], point[1], point[2], scratch + 1024)
      for (const [e, x] of [dist, ...normal, inside].entries()) f32[(scratch + 16 * (out * g + e)) / 4] = x
    }
  }
  await scene.seed()
  await scene.gpu(
    `let point = ld3(f_geoms + 81);
    let way = ld3(f_geoms + 72);
    for (var g = 0; g < 6; g++) {
      let pose = f_geoms + 12 * g;
      let kind = i32at(f_geom_type, g);
      let size = par3(f_geom_size + 3 * g);
      let h = rayGeom(kind, ldmat3(pose), ld3(pose + 9), size, point, way);
      let o = f_sens_tmp + ${out} * g;
      st(o, h.dist);
      st3(o + 1, select(vec3f(), rayNormal(ldmat3(pose), h), h.dist >= 0.0));
      st(o + 4, select(0.0, 1.0, insideGeom(kind, ldmat3(pose), ld3(pose + 9), size, ld3(pose + 9) + ld(f_geoms + 75) * way)));
    }`,
    {
      i32at: 'math/v4',
      ld: 'math/v4',
      ld3: 'math/v4',
      ldmat3: 'math/v4',
      par3: 'math/v4',
      st: 'math/v4',
      st3: 'math/v4',
      rayGeom: 'sim/ray',
      rayNormal: 'sim/ray',
      insideGeom: 'sim/ray',
    },
  )
  const { cpu, gpu } = scene.values('sens_tmp')
  GEOMS.forEach(([name], g) => {
    let [hits, grazing, edge, inside] = [0, 0, 0, 0]
    const dist: number[] = []
    const normal: number[] = []
    for (let w = 0; w < nworld; w++) {
      const a = cpu[w].slice(out * g, out * g + 5)
      const b = gpu[w].slice(out * g, out * g + 5)
      inside += a[4]
      if (a[4] !== b[4]) edge++
      if (a[0] < 0 !== b[0] < 0) grazing++
      if (a[0] < 0 || b[0] < 0) continue
      hits++
      dist.push(Math.abs(a[0] - b[0]) / (a[0] + EXTENT))
      normal.push(distance(a, b, 1))
    }
    assert.ok(
      hits > 40 && grazing <= 2 && edge <= 1 && inside > 0 && inside < nworld,
      `${name}: ${hits} hits, ${grazing} on one side only, ${inside} inside, ${edge} on one side only`,
    )
    // where a ray grazes, the rounding of the geom's frame shows many times over
    assert.ok(
      quantile(dist, 0.98) < 1e-5 && quantile(dist, 1) < 1e-3,
      `${name}: distance ${quantile(dist, 0.98)}, ${quantile(dist, 1)}`,
    )
    assert.ok(quantile(normal, 0.95) < 1e-4, `${name}: normal ${quantile(normal, 0.95)}`)
  })
  scene.release()
})

test.run()
