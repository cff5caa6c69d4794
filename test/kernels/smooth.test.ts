/** Kinematics, inertia, bias, Jacobians and wrenches: both engines leave the same, function by function. */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Batch } from '../../bindings/engine/batch.js'
import { constantFields, fieldSize, kernelModelFields } from '../../bindings/fields.js'
import { SCENES } from '../engine/scenes.js'
import { assertClose, modelOf, random, Scene, type SceneOptions } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

const X_PLANE = `<mujoco><worldbody><body pos="0 0 1"><joint type="slide" axis="0 1 0"/><joint axis="-1 0 0" ref="10"/>
  <geom type="capsule" fromto="0 0 0 0 .3 0" size=".04"/><body pos=".1 .3 .05"><joint axis="1 0 0"/><geom type="box" size=".1 .05 .2"/>
  <body pos="0 .1 0"><joint type="slide" axis="0 0 -1"/><site name="x"/><geom type="sphere" size=".05"/></body></body></body>
  </worldbody><sensor><gyro site="x"/></sensor></mujoco>`
const TWO_PENDULUMS = `<mujoco><worldbody><body><joint axis="0 1 0"/><geom size=".1" pos=".3 0 0"/></body>
  <body pos="1 0 0"><joint axis="1 1 0"/><geom size=".1" pos="0 .2 .3"/></body></worldbody></mujoco>`
const MOVED = `<mujoco><worldbody><body mocap="true" pos="0 0 1" euler="10 20 30"><geom size=".1"/><site name="s"/><body pos=".2 0 0"><joint axis="0 1 0"/>
  <geom type="box" size=".1 .02 .03" pos=".1 0 0" euler="30 0 10"/><body pos=".2 0 .1"><joint type="ball"/><geom type="capsule" size=".02 .1"/></body></body></body>
  <body pos="1 0 0"><joint type="slide" axis="1 0 1"/><geom size=".1"/></body></worldbody></mujoco>`

/** trees with joints of every kind */
const JOINTS = together(
  [
    'hinge and slide chain',
    'free base with arms',
    'ball chain',
    'several joints a body',
    'trees beside each other',
    'free joint with springs',
  ].map(name => SCENES[name]),
)

/** a model of ../shared/models, of test/models or of test/engine/scenes.ts, or its XML */
async function open(name: string, options: SceneOptions = {}): Promise<Scene> {
  const shared = new URL(`../../../shared/models/${name}.xml`, import.meta.url)
  const here = new URL(`../models/${name}.xml`, import.meta.url)
  const source = name.startsWith('<') ? name : name === 'joints' ? JOINTS : SCENES[name]
  const model = await modelOf(source ?? fileURLToPath(SHARED.has(name) ? shared : here))
  return await Scene.open(model, stages, 7, { nworld: 6, ...options })
}
const SHARED = new Set(['half_cheetah', 'humanoid', 'humanoid_mjwarp', 'puck'])

/** numbers [from, to) of every record of a field agree */
function part(scene: Scene, name: string, stride: number, from: number, to: number, tolerance: number): void {
  const pick = (rows: number[][]) => rows.map(row => row.filter((_, i) => i % stride >= from && i % stride < to))
  const { cpu, gpu } = scene.values(name)
  assertClose(`${name} ${from}..${to}`, pick(cpu), pick(gpu), tolerance)
}

/** write a scratch field of the CPU, all lanes alike */
function fill(scene: Scene, name: string, n: number, value: (i: number) => number): void {
  const f32 = new Float32Array(scene.engine.memory.buffer)
  for (let w = 0; w < scene.nworld; w++) {
    const from = (scene.block(w).s + (scene.layout.s.get(name) as number)) / 4
    for (let i = 0; i < n; i++) f32.fill(value(i), from + 4 * i, from + 4 * i + 4)
  }
}

const address = (scene: Scene, s: number, name: string) => s + (scene.layout.s.get(name) as number)

// positions and rotations are sums of a few products per link; the longest chain here has seven links
const CLOSE = 1e-5

const POSED: readonly [string, SceneOptions?][] = [
  ['joints', { perWorld: true }],
  [together([modelText('mocap'), MOVED]), { prepare: turnMocap }],
  ['humanoid_mjwarp'],
]

/** mocap bodies somewhere else in every world */
function turnMocap(batch: Batch): void {
  const next = random(11)
  const n = batch.nworld
  const blocks = (k: number, make: () => number) =>
    Float32Array.from(
      Array.from({ length: n / 4 }, () => Array.from({ length: k }, make)).flatMap(x => [...x, ...x, ...x, ...x]),
    )
  batch.set('mocap_pos', blocks(3 * batch.model.nmocap, next))
  batch.set('mocap_quat', blocks(4 * batch.model.nmocap, next))
}

for (const [name, options] of POSED) {
  const title = name.startsWith('<') ? 'trees on and beside mocap bodies' : name

  test(`${title}: kinematics, comPos, rne, crb`, async () => {
    const scene = await open(name, options)
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => {
      x.kinematics(m, p, d, s)
      x.comPos(m, p, s)
      x.rne(m, p, d, s)
    })
    await scene.gpu('kinematics(); comPos(); rne();', {
      kinematics: 'sim/kinematics',
      comPos: 'sim/kinematics',
      rne: 'sim/bias',
    })
    part(scene, 'lnk', 40, 0, 12, CLOSE)
    part(scene, 'lnk', 40, 12, 22, CLOSE)
    part(scene, 'lnk', 40, 22, 28, CLOSE)
    // differences of products of velocities
    part(scene, 'lnk', 40, 28, 40, 3 * CLOSE)
    part(scene, 'dofs', 12, 0, 12, CLOSE)
    scene.compare({ mocap: CLOSE, grp_com: CLOSE, qfrc_bias: 3 * CLOSE })

    // from what the CPU left
    await scene.seed()
    scene.cpu((x, { m, p, s }) => x.crb(m, p, s))
    await scene.gpu('crb();', { crb: 'sim/inertia' })
    part(scene, 'lnk', 40, 12, 22, CLOSE)
    scene.compare({ qM: CLOSE })
    scene.release()
  })

  test(`${title}: frames, geomFrames`, async () => {
    const scene = await open(name, options)
    scene.cpu((x, { m, p, d, s }) => x.kinematics(m, p, d, s))
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => {
      x.frames(m, p, d, s)
      x.geomFrames(m, p, s, 0)
    })
    await scene.gpu('frames(); geomFrames(false);', { frames: 'sim/frames', geomFrames: 'sim/geoms' })
    // quaternions of a chain of bodies multiply, each made unit: an ulp a body
    const turned = 5 * CLOSE
    scene.compare({
      xquat: turned,
      xmat: turned,
      xpos: turned,
      xipos: turned,
      xanchor: turned,
      xaxis: turned,
      geoms: CLOSE,
    })
    scene.cpu((x, { m, p, s }) => x.geomFrames(m, p, s, 1))
    await scene.gpu('geomFrames(true);', { geomFrames: 'sim/geoms' })
    scene.compare({ geoms: CLOSE })
    scene.release()
  })
}

for (const name of ['half_cheetah', 'planar hopper', X_PLANE]) {
  test(`${name.startsWith('<') ? 'plane across x' : name}: planarForces`, async () => {
    const scene = await open(name)
    assert.ok((scene.header.get('planar') as number) > 0, 'the model is planar')
    fill(scene, 'qM', scene.model.nv ** 2, () => 0)
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.planarForces(m, p, d, s))
    await scene.gpu('planarForces();', { planarForces: 'sim/planar' })
    scene.compare({ qM: CLOSE, qfrc_bias: 3 * CLOSE })
    for (const [from, to] of [
      [0, 9],
      [9, 12],
      [12, 14],
      [14, 15],
      [15, 17],
      [17, 22],
      [22, 23],
      [23, 26],
      [26, 28],
      [28, 29],
    ])
      part(scene, 'lnk', 40, from, to, 3 * CLOSE)
    scene.release()
  })
}

// a tree's factor by one, two and three pivots; SMALL systems, coupled and not; a pattern of the world's own (nvH > 0)
for (const name of ['limit_both_sides', 'joint_slide', TWO_PENDULUMS, 'joints', 'humanoid_mjwarp']) {
  test(`${name.startsWith('<') ? 'two pendulums' : name}: factorSolve, factorI, solveLD, mulM`, async () => {
    const scene = await open(name)
    const nv = scene.model.nv
    const next = random(5)
    const some = Array.from({ length: nv }, next)
    const copies = { copyM: 'sim/inertia' }
    scene.cpu((x, { m, p, d, s }) => {
      x.kinematics(m, p, d, s)
      x.comPos(m, p, s)
      x.crb(m, p, s)
    })
    fill(scene, 'qacc_smooth', nv, i => some[i])
    fill(scene, 'sol_x', nv, i => some[nv - 1 - i])
    fill(scene, 'qH', nv * nv, () => 0)
    const owns = scene.gpuLayout.sizes.nvH > 0
    if (owns) scene.cpu((x, { m, s }) => x.ownPattern(m, s))
    await scene.seed()
    scene.cpu((x, { m, s }) => {
      x.solve(m, s)
      x.multiply(m, s)
    })
    const factor = 'copyM(f_qM, f_qH); factorSolve(f_nv, f_qH, f_qacc_smooth, '
    await scene.gpu(`${factor} f_M_rownnz, f_M_rowadr, f_M_colind); mulM(f_qM, f_sol_Mx, f_sol_x);`, {
      ...copies,
      factorSolve: 'sim/inertia',
      mulM: 'sim/inertia',
    })
    // a solution is as good as M's condition lets it be
    scene.compare({ qH: 5 * CLOSE, qacc_smooth: 1e-3, sol_Mx: CLOSE })
    const first = scene.values('qacc_smooth').gpu

    if (owns) {
      fill(scene, 'qacc_smooth', nv, i => some[i])
      await scene.seed()
      await scene.gpu(`${factor} f_Hs_rownnz + IN_W, f_Hs_rowadr + IN_W, f_Hs_colind + IN_W);`, {
        ...copies,
        factorSolve: 'sim/inertia',
        IN_W: 'sim/inertia',
      })
      assert.equal(scene.values('qacc_smooth').gpu, first)
    }

    fill(scene, 'qacc_smooth', nv, i => (i % 3 === 0 ? some[i] : 0))
    await scene.seed()
    scene.cpu((x, { m, s }) => x.factorAndSolve(m, s))
    const M = 'f_M_rownnz, f_M_rowadr, f_M_colind'
    await scene.gpu(
      `copyM(f_qM, f_qH); factorI(f_nv, f_qH, f_qHDiagInv, ${M}); solveLD(f_nv, f_qH, f_qHDiagInv, f_qacc_smooth, ${M});`,
      { ...copies, factorI: 'sim/inertia', solveLD: 'sim/inertia' },
    )
    scene.compare({ qH: 5 * CLOSE, qHDiagInv: 5 * CLOSE, qacc_smooth: 1e-3 })
    scene.release()
  })
}

for (const name of ['joints', 'puck', 'humanoid_mjwarp']) {
  test(`${name}: lastDof, chain, pointJacobian, addOuter`, async () => {
    const scene = await open(name)
    const { nv, nbody } = scene.model
    const next = random(9)
    const where = Array.from({ length: 12 }, next)
    scene.cpu((x, { m, p, d, s }) => {
      x.kinematics(m, p, d, s)
      x.comPos(m, p, s)
      x.crb(m, p, s)
    })
    fill(scene, 'tmp', 12, i => where[i])
    const last = nbody - 1
    const pairs = [
      [0, last, 3],
      [last, 0, 6],
      [1, last, 4],
      [last >> 1, last, 1],
      [last, 1, 6],
      [last, last, 3],
      [0, 1, 6],
      ...Array.from({ length: 6 }, (_, k) => [(5 * k + 2) % nbody, (7 * k + 3) % nbody, 6]),
    ]
    for (const [b1, b2, dim] of pairs) {
      for (const has of b1 === 1 ? [-1, 0] : [-1]) {
        // no index: columns that nobody writes
        for (const field of ['fluid_J', 'dense']) fill(scene, field, field === 'dense' ? nv : 6 * nv, () => 5)
        await scene.seed()
        scene.cpu((x, { m, p, s }) => x.relative(m, p, s, b1, b2, dim, has))
        const point = 'ld3(f_tmp), ldmat3(f_tmp + 3)'
        await scene.gpu(
          `let b1 = i32(call.a0);
          let n = chain(b1, i32(call.a1), f_fluid_col, f_Hs_sign); sti(f_cursor, n); sti(f_cursor + 1, lastDof(b1));
          pointJacobian(${point}, i32(call.a2), abs(n), f_fluid_col, f_Hs_sign, call.a3 != 0u, f_fluid_J);`,
          {
            chain: 'sim/jacobian',
            lastDof: 'sim/jacobian',
            pointJacobian: 'sim/jacobian',
            sti: 'math/v4',
            ld3: 'math/v4',
            ldmat3: 'math/v4',
          },
          { a0: b1, a1: b2, a2: dim, a3: has === 0 ? 0 : 1 },
        )
        const { cpu, gpu } = scene.values('cursor', 2)
        assert.equal(gpu, cpu, `dofs of bodies ${b1} and ${b2}`)
        const nnz = Math.abs(cpu[0][0])
        for (const list of [scene.values('fluid_col', nnz), scene.values('Hs_sign', nnz)])
          assert.equal(list.gpu, list.cpu)
        scene.compare({ fluid_J: CLOSE })
      }
      // the last row, outer product with itself; columns in W need a model that has such patterns
      const nnz = Math.abs(scene.values('cursor', 1).cpu[0][0])
      if (scene.gpuLayout.sizes.nvH === 0 || nnz === 0) continue
      scene.cpu((x, { m, p, s }) => x.relative(m, p, s, b1, b2, dim, -1))
      await scene.seed()
      scene.cpu((x, { m, s }) => x.outerOfRow(m, s, nnz, 0.7))
      await scene.gpu(
        'copyM(f_qM, f_qH); addOuter(f_qH, i32(call.a0), f_fluid_col + IN_W, f_fluid_J, 0.7);',
        { copyM: 'sim/inertia', IN_W: 'sim/inertia', addOuter: 'sim/outer' },
        { a0: nnz },
      )
      scene.compare({ qH: CLOSE })
    }
    scene.release()
  })
}

test('addOuter: rows among the parameters', async () => {
  for (const name of ['tendon_fixed', 'humanoid']) {
    const scene = await open(name)
    scene.cpu((x, { m, p, d, s }) => {
      x.kinematics(m, p, d, s)
      x.comPos(m, p, s)
      x.crb(m, p, s)
    })
    await scene.seed()
    scene.cpu((x, { m, p, s }) => x.outerOfTendons(m, p, s, 3))
    await scene.gpu(
      `copyM(f_qM, f_qH);
      for (var t = 0; t < f_ntendon; t++) {
        let adr = i32at(f_ten_rowadr, t);
        addOuter(f_qH, i32at(f_ten_rownnz, t), f_ten_colind + adr, f_ten_J + adr + IN_P, 3.0);
      }`,
      { copyM: 'sim/inertia', i32at: 'math/v4', addOuter: 'sim/outer', IN_P: 'sim/outer' },
    )
    scene.compare({ qH: CLOSE })
    scene.release()
  }
})

/** forces on some bodies */
function push(batch: Batch): void {
  const next = random(13)
  const { nbody } = batch.model
  const one = () => Array.from({ length: 6 * nbody }, (_, i) => (Math.floor(i / 6) % 2 === 0 ? next() : 0))
  const rows = Array.from({ length: batch.nworld / 4 }, one).flatMap(x => [...x, ...x, ...x, ...x])
  batch.set('xfrc_applied', Float32Array.from(rows))
}

for (const name of ['joints', 'humanoid_mjwarp']) {
  test(`${name}: applyXfrc, addWrench, projectWrenches`, async () => {
    const scene = await open(name, { prepare: push })
    const nv = scene.model.nv
    const next = random(3)
    const before = Array.from({ length: nv }, next)
    scene.cpu((x, { m, p, d, s }) => x.kinematics(m, p, d, s))
    fill(scene, 'qfrc_smooth', nv, i => before[i])
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => {
      x.applyXfrc(m, p, d, s, address(scene, s, 'qfrc_smooth'))
      x.applied(m, p, d, s, address(scene, s, 'qfrc_passive'))
    })
    await scene.gpu(
      `applyXfrc(f_qfrc_smooth);
      clearWrenches();
      for (var b = 1; b < f_nbody; b++) {
        let x = f_xfrc_applied + 6 * b;
        if (i32at(f_body_lnk, b) >= 0) { addWrench(b, ld3(x), ld3(x + 3)); }
      }
      for (var i = 0; i < f_nv; i++) { st(f_qfrc_passive + i, 0.0); }
      projectWrenches(f_qfrc_passive);`,
      {
        applyXfrc: 'sim/wrench',
        clearWrenches: 'sim/wrench',
        addWrench: 'sim/wrench',
        projectWrenches: 'sim/wrench',
        i32at: 'math/v4',
        ld3: 'math/v4',
        st: 'math/v4',
      },
    )
    scene.compare({ wrench: CLOSE, qfrc_smooth: CLOSE, qfrc_passive: CLOSE })
    assert.ok(
      scene.values('qfrc_passive').cpu.some(row => row.some(x => x !== 0)),
      'something pushes',
    )
    scene.release()
  })
}

test('gravcomp', async () => {
  const scene = await open('gravcomp')
  scene.cpu((x, { m, p, d, s }) => x.kinematics(m, p, d, s))
  await scene.seed()
  scene.cpu((x, { m, p, s }) => x.gravcomp(m, p, s))
  await scene.gpu('gravcomp();', { gravcomp: 'sim/wrench' })
  scene.compare({ wrench: CLOSE, qfrc_gravcomp: CLOSE })
  assert.ok(
    scene.values('qfrc_gravcomp').cpu[0].some(x => x !== 0),
    'something is carried',
  )
  scene.release()
})

test('geomConstants', async () => {
  for (const name of ['joints', MOVED, 'humanoid_mjwarp']) {
    const scene = await open(name, { perWorld: name === 'humanoid_mjwarp' })
    const { gpuLayout: g, layout, nworld } = scene
    const fields = [...kernelModelFields, ...constantFields]
    const f32 = new Float32Array(scene.engine.memory.buffer)
    const sizes = ['geom_frame', 'geom_reach'].map(
      field => [field, fieldSize(fields.find(x => x.name === field)!, g.sizes)] as const,
    )
    const place = (w: number, field: string) => (scene.block(w).p + (layout.p.get(field) as number)) / 4
    for (const [field, n] of sizes)
      for (let w = 0; w < nworld; w++) f32.fill(0, place(w, field), place(w, field) + 4 * n)
    await scene.seed()
    scene.cpu((x, { m, p, s }) => x.geomConstants(m, p, s))
    await scene.gpu('geomConstants();', { geomConstants: 'sim/geoms' })
    const P = new Float32Array((await scene.read('P')).buffer)
    const npar = scene.perWorld ? nworld : 1
    for (const [field, n] of sizes) {
      const worlds = Array.from({ length: npar }, (_, w) => w)
      const range = Array.from({ length: n }, (_, e) => e)
      const cpu = worlds.map(w => range.map(e => f32[place(w, field) + 4 * e]))
      const gpu = worlds.map(w => range.map(e => P[((g.p.get(field) as number) + e) * npar + w]))
      assertClose(`${name} ${field}`, cpu, gpu, CLOSE)
      assert.ok(cpu[0].some(x => x !== 0))
    }
    scene.release()
  }
})

test.run()
