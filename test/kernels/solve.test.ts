/** Hessian, line search and the three solvers, each from rows that the CPU made of a kicked, moving state. */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertClose, modelOf, Scene, type SceneOptions } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

const merge = (names: string, option?: string): string => together(names.split(' ').map(modelText), option)
/** models made of many, by name */
const MERGED: Readonly<Record<string, string>> = {
  pyramids: merge('condim_1_pyramidal condim_3_pyramidal condim_4_pyramidal condim_6_pyramidal stack'),
  cones: merge(
    'condim_1_elliptic condim_3_elliptic condim_4_elliptic condim_6_elliptic',
    '<option timestep="0.002" cone="elliptic"/>',
  ),
  'no contacts': merge('frictionloss tendon_frictionloss limit_ball limit_hinge eq_connect_bodies eq_weld'),
  // few iterations, so that some worlds run out of them, from qacc_smooth
  'few iterations': modelText('iterations').replace(
    '</mujoco>',
    '<option><flag warmstart="disable"/></option></mujoco>',
  ),
}

/** A model's worlds with their rows, seeded; `has` tells which of them have any. */
async function open(model: string, options: SceneOptions = {}) {
  const folder = model.includes('/') ? '../../../shared/' : '../models/'
  const file = fileURLToPath(new URL(`${folder}${model}.xml`, import.meta.url))
  const scene = await Scene.open(await modelOf(MERGED[model] ?? file), stages, 7, { kick: 2, nstep: 40, ...options })
  const has: boolean[] = []
  scene.cpu((x, { m, p, d, s }) => has.push(x.begun(m, p, d, s) !== 0))
  assert.ok(has.includes(true), `${model}: no world has rows`)
  return { scene, has }
}

const USES = { ld: 'math/v4', st: 'math/v4', sti: 'math/v4', nefc: 'sim/row', ctcEnd: 'sim/row' }

/** Run statements on the GPU for the worlds that have rows: only they get to the solver. */
async function gpu(scene: Scene, statements: string, uses: Readonly<Record<string, string>>): Promise<void> {
  // the end of the contacts is an address, and has another value on each side
  const i32 = new Int32Array(scene.engine.memory.buffer)
  const ends = Array.from({ length: scene.nworld }, (_, w) => {
    const { s } = scene.block(w)
    let at = scene.gpuLayout.w.get('ctc') as number
    const end = i32[(s + (scene.layout.s.get('cursor') as number)) / 4 + 3]
    for (let e = s + (scene.layout.s.get('ctc') as number); e < end; e += i32[e / 4 + 4]) at += 11 + 5 * i32[e / 4]
    return at
  })
  const head = `sti(f_cursor + 3, array<i32, ${ends.length}>(${ends.join(', ')})[lane]);
  if (nefc() == 0 && ctcEnd() == f_ctc) { return; }`
  await scene.gpu(`${head} ${statements}`, { ...USES, ...uses })
}

/** Records of the solver's contacts from D on, sizes as on the GPU, one row a contact. */
function contacts(scene: Scene, has: readonly boolean[]) {
  const { gpuLayout: g, layout, nworld } = scene
  const f32 = new Float32Array(scene.engine.memory.buffer)
  const i32 = new Int32Array(scene.engine.memory.buffer)
  const ours = new Float32Array(scene.words.buffer)
  const bits = new Int32Array(scene.words.buffer)
  const out = { cpu: [] as number[][], gpu: [] as number[][], cpuZones: [] as number[][], gpuZones: [] as number[][] }
  for (let w = 0; w < nworld; w++) {
    if (!has[w]) continue
    const { s } = scene.block(w)
    const end = i32[(s + (layout.s.get('cursor') as number)) / 4 + 3]
    let at = g.w.get('ctc') as number
    for (let e = s + (layout.s.get('ctc') as number); e < end; e += i32[e / 4 + 4]) {
      const size = 11 + 5 * i32[e / 4]
      // all but zones; what stands beside the floats are masks and bits
      const floats = Array.from({ length: size - 11 - 1 }, (_, k) => 11 + k)
      out.cpu.push(floats.map(k => f32[e / 4 + 4 * (k - 5)]))
      out.gpu.push(floats.map(k => ours[(at + k) * nworld + w]))
      out.cpuZones.push([i32[e / 4 + 4 * 5]])
      out.gpuZones.push([bits[(at + 10) * nworld + w]])
      at += size
    }
  }
  return out
}

/** Rows and contacts agree, zones exactly. */
function compareRows(scene: Scene, has: readonly boolean[], tolerance: number): void {
  const counts = scene.values('cursor').cpu.map((x, w) => (has[w] ? x[0] : 0))
  const { cpu, gpu } = scene.records('efc', w => counts[w])
  const zone = 5
  // type, nonzeros and start are integers; R, loss, J p and force are not of every kind of row, and are seeded then
  assertClose(
    'efc',
    cpu.map(x => x.slice(0, 8).filter((_, k) => k !== zone)),
    gpu.map(x => x.slice(0, 8).filter((_, k) => k !== zone)),
    tolerance,
  )
  const on = (x: number) => (Object.is(x, 0) ? 0 : 1)
  assertClose(
    'zones of rows',
    cpu.map(x => [on(x[zone])]),
    gpu.map(x => [on(x[zone])]),
    0,
  )
  const ctc = contacts(scene, has)
  assertClose('ctc', ctc.cpu, ctc.gpu, tolerance)
  assertClose('zones of contacts', ctc.cpuZones, ctc.gpuZones, 0)
}

const PIECES: readonly (readonly [model: string, options?: SceneOptions])[] = [
  ['pyramids'],
  ['cones'],
  ['no contacts', { nstep: 100, kick: 10 }],
]
for (const [model, options] of PIECES) {
  test(`stages: ${model}`, async () => {
    const { scene, has } = await open(model, options)
    const mine = (name: string, from: number, end: number) => {
      const { cpu, gpu } = scene.values(name)
      const cut = (rows: number[][]) => rows.filter((_, w) => has[w]).map(row => row.slice(from, end))
      return [cut(cpu), cut(gpu)] as const
    }
    await scene.seed()
    scene.cpu((x, { m, d, s }, w) => {
      if (has[w]) x.begin(m, d, s)
    })
    await gpu(
      scene,
      `startPoint();
      updateZones();
      rowForces();
      if (f_nvH > 0) { hessianPattern(); }
      makeHessian(f_qH, f_qHDiagInv);`,
      {
        startPoint: 'sim/solve',
        updateZones: 'sim/solve',
        rowForces: 'sim/solve',
        hessianPattern: 'sim/hessian',
        makeHessian: 'sim/hessian',
      },
    )
    compareRows(scene, has, 1e-5)
    scene.compare({
      qacc: 1e-5,
      qfrc_constraint: 1e-5,
      qH: 1e-5,
      qHDiagInv: 1e-5,
      Hs_rownnz: 0,
      Hs_rowadr: 0,
      Hs_colind: 0,
    })

    await scene.seed()
    scene.cpu((x, { m, d, s }, w) => {
      if (has[w]) x.line(m, d, s)
    })
    await gpu(
      scene,
      `let x = f_qacc;
      let p = f_sol_x;
      for (var i = 0; i < f_nv; i++) { st(p + i, ld(f_qacc_smooth + i) - ld(x + i)); }
      rowSteps(p);
      let q = gaussPart(x);
      st(f_tmp + 42, q.g);
      st(f_tmp + 43, q.h);
      for (var rough = 0; rough < 2; rough++) {
        let e = lineSearch(q.g, q.h, 1e-6, rough != 0);
        st(f_tmp + 44 + 3 * rough, e.alpha);
        st(f_tmp + 45 + 3 * rough, e.improvement);
        st(f_tmp + 46 + 3 * rough, e.slope);
      }
      for (var k = 0; k < 3; k++) { st4(f_tmp + 50 + 4 * k, evaluate(0.1 + 0.9 * f32(k), q.g, q.h)); }
      moveResiduals(0.7);`,
      {
        st4: 'math/v4',
        rowSteps: 'sim/solve',
        gaussPart: 'sim/solve',
        lineSearch: 'sim/linesearch',
        evaluate: 'sim/linesearch',
        moveResiduals: 'sim/solve',
      },
    )
    compareRows(scene, has, 1e-5)
    // each by itself: their sizes differ
    for (let k = 42; k < 62; k++) assertClose(`tmp[${k}]`, ...mine('tmp', k, k + 1), 1e-5)
    scene.release()
  })
}

/** whole solvers: what they leave, and whether they ran out of iterations */
const SOLVED: readonly (readonly [model: string, solver: 'newton' | 'cg' | 'pgs', options?: SceneOptions])[] = [
  ['pyramids', 'newton'],
  ['cones', 'newton'],
  ['no contacts', 'newton', { nstep: 100, kick: 10 }],
  ['few iterations', 'newton'],
  ['models/humanoid_mjwarp', 'newton'],
  ['solver_cg_pyramidal', 'cg'],
  ['solver_cg_elliptic', 'cg'],
  ['solver_pgs_elliptic', 'pgs'],
  ['solver_pgs_stiff', 'pgs'],
]
for (const [model, solver, options] of SOLVED) {
  test(`${solver}: ${model}`, async () => {
    const { scene, has } = await open(model, options)
    await scene.seed()
    const over: number[] = []
    scene.cpu((x, { m, d, s }, w) => {
      if (has[w]) x.start(m, d, s)
      if (has[w]) over.push(x[solver](m, d, s))
    })
    const run = { newton: 'solNewton', cg: 'solCG', pgs: 'solPGS' }[solver]
    const file = { newton: 'sim/solve', cg: 'sim/cg', pgs: 'sim/pgs' }[solver]
    await gpu(scene, `startPoint(); sti(f_tmp + 63, select(0, 1, ${run}()));`, { startPoint: 'sim/solve', [run]: file })
    scene.compare({ qacc: 1e-5, qfrc_constraint: 1e-5, solver_niter: 0 })
    const bits = new Int32Array(scene.words.buffer)
    const at = (scene.gpuLayout.w.get('tmp') as number) + 63
    assert.equal(
      has.flatMap((x, w) => (x ? [bits[at * scene.nworld + w]] : [])),
      over,
    )
    scene.release()
  })
}

test.run()
