/** Hessian, line search and the three solvers, each from rows that the CPU made of a kicked, moving state. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { assertClose, buildStages, Scene, type SceneOptions } from './harness.js'

// functions that take or return vectors cannot be called from here: these stand before them
const STAGES = `
import { collision } from '../../assembly/sim/collision/driver'
import { solCG } from '../../assembly/sim/cg'
import { makeConstraint } from '../../assembly/sim/constraint'
import { smoothForces } from '../../assembly/sim/forward'
import { geomFrames } from '../../assembly/sim/geoms'
import { hessianPattern, makeHessian } from '../../assembly/sim/hessian'
import { copyM, factorSolve } from '../../assembly/sim/inertia'
import { evaluate, lineSearch } from '../../assembly/sim/linesearch'
import { solPGS } from '../../assembly/sim/pgs'
import { addForces, gaussPart, moveResiduals, rowForces, rowSteps, solNewton, startPoint, updateZones } from '../../assembly/sim/solve'
import * as f from '../../assembly/shared/fields'

const ALL: v128 = i32x4.splat(-1)
function elliptic(m: usize): bool { return load<i32>(f.opt_cone(m)) == 1 }

/** rows and contacts with their residuals, qacc_smooth with its factor in qH */
export function rows(m: usize, p: usize, d: usize, s: usize): i32 {
  smoothForces(m, p, d, s, 0)
  const nv = f.nv(m), x = f.qacc_smooth(m, s)
  if (f.ncand(m) > 0) {
    geomFrames(m, p, s, false)
    collision(m, p, d, s, ALL)
  }
  const has = v128.any_true(makeConstraint(m, p, d, s))
  copyM(m, f.qM(m, s), f.qH(m, s))
  memory.copy(x, f.qfrc_smooth(m, s), 16 * nv)
  factorSolve(nv, f.qH(m, s), x, f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
  return has ? 1 : 0
}
/** a step p = qacc_smooth - qacc */
export function direction(m: usize, d: usize, s: usize): void {
  for (let i: usize = 0, n: usize = 16 * f.nv(m); i < n; i += 16) {
    v128.store(f.sol_x(m, s) + i, f32x4.sub(v128.load(f.qacc_smooth(m, s) + i), v128.load(f.qacc(m, d) + i)))
  }
}
export function start(m: usize, d: usize, s: usize): void { startPoint(m, d, s) }
export function zones(m: usize, s: usize): void { updateZones(m, s, elliptic(m)) }
export function steps(m: usize, s: usize): void { rowSteps(m, s, f.sol_x(m, s)) }
export function forces(m: usize, d: usize, s: usize): void { rowForces(m, d, s, elliptic(m)) }
export function add(m: usize, d: usize, s: usize): void { addForces(m, d, s) }
export function moved(m: usize, s: usize, alpha: f32): void { moveResiduals(m, s, f32x4.splat(alpha), ALL) }
export function gauss(m: usize, d: usize, s: usize): void { gaussPart(m, s, f.qacc(m, d)) }
export function hessian(m: usize, s: usize): void {
  hessianPattern(m, s)
  makeHessian(m, s, f.qH(m, s), f.sol_x(m, s), elliptic(m))
}
export function point(m: usize, d: usize, s: usize, alpha: f32): void {
  const tmp = f.tmp(m, s)
  gaussPart(m, s, f.qacc(m, d))
  evaluate(m, s, f32x4.splat(alpha), v128.load(tmp + 16 * 42), v128.load(tmp + 16 * 43), elliptic(m), tmp + 16 * 8)
}
export function search(m: usize, d: usize, s: usize, gtol: f32, rough: i32): void {
  const tmp = f.tmp(m, s)
  gaussPart(m, s, f.qacc(m, d))
  const g = v128.load(tmp + 16 * 42), h = v128.load(tmp + 16 * 43)
  v128.store(tmp + 16 * 50, lineSearch(m, s, g, h, f32x4.splat(gtol), ALL, elliptic(m), rough != 0))
}
export function newton(m: usize, d: usize, s: usize): i32 { return v128.any_true(solNewton(m, d, s, ALL)) ? 1 : 0 }
export function cg(m: usize, d: usize, s: usize): i32 { return v128.any_true(solCG(m, d, s, ALL)) ? 1 : 0 }
export function pgs(m: usize, d: usize, s: usize): i32 { return v128.any_true(solPGS(m, d, s, ALL)) ? 1 : 0 }
`
const name = `solve-${createHash('sha256').update(STAGES).digest('hex').slice(0, 12)}`
const folder = fileURLToPath(new URL('../../build/stages/', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}${name}.ts`, STAGES)
const names = [...STAGES.matchAll(/export function (\w+)/g)].map(x => x[1])
const stages = buildStages(Object.fromEntries(names.map(x => [x, `../build/stages/${name}`])))

/** A model's worlds with their rows, seeded; `has` tells which of them have any. */
async function open(model: string, options: SceneOptions & { readonly edit?: (xml: string) => string } = {}) {
  const folder = model.includes('/') ? '../../../shared/' : '../models/'
  const file = fileURLToPath(new URL(`${folder}${model}.xml`, import.meta.url))
  const scene = await Scene.open(await loadModel(file), stages, 7, { kick: 2, nstep: 40, ...options })
  const has: boolean[] = []
  scene.cpu((x, { m, p, d, s }) => has.push(x.rows(m, p, d, s) !== 0))
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

const PIECES = [
  'condim_1_pyramidal',
  'condim_3_pyramidal',
  'condim_3_elliptic',
  'condim_4_pyramidal',
  'condim_4_elliptic',
  'condim_6_pyramidal',
  'condim_6_elliptic',
  'frictionloss',
  'tendon_frictionloss',
  'limit_ball',
  'eq_connect_bodies',
  'stack',
  'models/half_cheetah',
  'models/humanoid_mjwarp',
]
for (const model of PIECES) {
  test(`rows: ${model}`, async () => {
    const { scene, has } = await open(model)
    const step = async (wgsl: string, uses: Record<string, string>, run: (b: never, w: number) => void) => {
      await scene.seed()
      scene.cpu((_, block, w) => {
        if (has[w]) run(block as never, w)
      })
      await gpu(scene, wgsl, uses)
    }
    type Block = { m: number; p: number; d: number; s: number }
    const x = scene.stages

    // where the solver begins
    await step('startPoint();', { startPoint: 'sim/solve' }, ({ m, d, s }: Block) => x.start(m, d, s))
    compareRows(scene, has, 1e-5)
    scene.compare({ qacc: 1e-5 })
    await step('updateZones();', { updateZones: 'sim/solve' }, ({ m, s }: Block) => x.zones(m, s))
    compareRows(scene, has, 1e-5)
    await step('rowForces();', { rowForces: 'sim/solve' }, ({ m, d, s }: Block) => x.forces(m, d, s))
    compareRows(scene, has, 1e-5)
    // sums of large forces that cancel
    scene.compare({ qfrc_constraint: 1e-4 })
    await step('addForces();', { addForces: 'sim/solve' }, ({ m, d, s }: Block) => x.add(m, d, s))
    scene.compare({ qfrc_constraint: 1e-4 })

    // Hessian
    const pattern = { hessianPattern: 'sim/hessian', makeHessian: 'sim/hessian' }
    await step('if (f_nvH > 0) { hessianPattern(); } makeHessian(f_qH, f_sol_x);', pattern, ({ m, s }: Block) =>
      x.hessian(m, s),
    )
    scene.compare({ qH: 1e-5, sol_x: 1e-5, Hs_rownnz: 0, Hs_rowadr: 0 })

    // a step along p, its cost, and the search
    scene.cpu((_, { m, d, s }) => x.direction(m, d, s))
    await step('rowSteps(f_sol_x);', { rowSteps: 'sim/solve' }, ({ m, s }: Block) => x.steps(m, s))
    compareRows(scene, has, 1e-5)
    for (const alpha of [0, 0.1, 1, 2.5]) {
      await step(
        `let q = gaussPart(f_qacc); let e = evaluate(${alpha.toFixed(2)}, q.g, q.h);
        st(f_tmp + 42, q.g); st(f_tmp + 43, q.h); for (var i = 0; i < 4; i++) { st(f_tmp + 8 + i, e[i]); }`,
        { gaussPart: 'sim/solve', evaluate: 'sim/linesearch' },
        ({ m, d, s }: Block) => x.point(m, d, s, alpha),
      )
      const { cpu, gpu } = scene.values('tmp')
      // each of the values is a sum of terms that may cancel
      for (const k of [42, 43, 8, 9, 10, 11])
        assertClose(
          `tmp ${k} at ${alpha}`,
          cpu.filter((_, w) => has[w]).map(v => [v[k]]),
          gpu.filter((_, w) => has[w]).map(v => [v[k]]),
          1e-4,
        )
    }
    for (const rough of [0, 1]) {
      await step(
        `let q = gaussPart(f_qacc); let e = lineSearch(q.g, q.h, 1e-6, ${rough === 1});
        st(f_tmp + 50, e.alpha); st(f_tmp + 40, e.improvement); st(f_tmp + 41, e.slope);`,
        { gaussPart: 'sim/solve', lineSearch: 'sim/linesearch' },
        ({ m, d, s }: Block) => x.search(m, d, s, 1e-6, rough),
      )
      const { cpu, gpu } = scene.values('tmp')
      // the search ends at a slope of 1e-6 of the first
      for (const k of [50, 40, 41])
        assertClose(
          `search ${k}`,
          cpu.filter((_, w) => has[w]).map(v => [v[k]]),
          gpu.filter((_, w) => has[w]).map(v => [v[k]]),
          1e-4,
        )
    }
    await step('moveResiduals(0.7);', { moveResiduals: 'sim/solve' }, ({ m, s }: Block) => x.moved(m, s, 0.7))
    compareRows(scene, has, 1e-5)
    scene.release()
  })
}

/** the solver's answer: both sides end anywhere within the tolerance of the cost, so on a stiff problem digits may differ */
const SOLVED: readonly (readonly [model: string, solver: 'newton' | 'cg' | 'pgs', tolerance: number])[] = [
  ['solver_newton_pyramidal', 'newton', 1e-4],
  ['solver_newton_elliptic', 'newton', 1e-4],
  ['condim_1_elliptic', 'newton', 1e-4],
  ['condim_3_pyramidal', 'newton', 1e-4],
  ['condim_4_elliptic', 'newton', 1e-4],
  ['condim_6_pyramidal', 'newton', 1e-4],
  ['condim_6_elliptic', 'newton', 1e-4],
  ['frictionloss', 'newton', 1e-4],
  ['tendon_frictionloss', 'newton', 1e-4],
  ['limit_both_sides', 'newton', 1e-4],
  ['limit_ball', 'newton', 1e-4],
  ['eq_weld', 'newton', 1e-4],
  ['eq_connect_bodies', 'newton', 1e-4],
  ['no_warmstart', 'newton', 1e-4],
  ['iterations', 'newton', 1e-4],
  ['stack', 'newton', 1e-4],
  ['models/half_cheetah', 'newton', 1e-4],
  ['models/ant', 'newton', 1e-4],
  ['models/go2', 'newton', 1e-4],
  ['models/humanoid_mjwarp', 'newton', 1e-4],
  ['models/panda', 'newton', 1e-4],
  ['solver_cg_pyramidal', 'cg', 1e-3],
  ['solver_cg_elliptic', 'cg', 1e-3],
  ['solver_pgs_pyramidal', 'pgs', 1e-3],
  ['solver_pgs_elliptic', 'pgs', 1e-3],
  ['solver_pgs_stiff', 'pgs', 1e-3],
]
for (const [model, solver, tolerance] of SOLVED) {
  test(`${solver}: ${model}`, async () => {
    const { scene, has } = await open(model)
    await scene.seed()
    const over: number[] = []
    scene.cpu((x, { m, d, s }, w) => {
      if (has[w]) x.start(m, d, s)
      if (has[w]) over.push(x[solver](m, d, s))
    })
    const run = { newton: 'solNewton', cg: 'solCG', pgs: 'solPGS' }[solver]
    const file = { newton: 'sim/solve', cg: 'sim/cg', pgs: 'sim/pgs' }[solver]
    await gpu(scene, `startPoint(); sti(f_tmp + 63, select(0, 1, ${run}()));`, { startPoint: 'sim/solve', [run]: file })
    scene.compare({ qacc: tolerance, qfrc_constraint: tolerance })
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
