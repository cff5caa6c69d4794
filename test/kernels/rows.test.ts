/** Constraint rows, contacts of the solver, their cones and forces, and derived constants, of kicked and moving states. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constantFields, fieldSize, kernelModelFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { assertClose, buildStages, Scene, type SceneOptions } from './harness.js'

// functions that take or return vectors cannot be called from here: these stand before them
const STAGES = `
import { collision } from '../../assembly/sim/collision/driver'
import { coneHessian, coneLine, curved, force, product, residual, zoneAt } from '../../assembly/sim/cone'
import { countRows, makeConstraint } from '../../assembly/sim/constraint'
import { C_DIM, C_ZONE, forceOf, jarOf, jpOf, sizeOf } from '../../assembly/sim/contact'
import { contactForce, contactRows, equalityForce, jointLimitForce, ncon, tendonLimitForce } from '../../assembly/sim/contact-force'
import { forward, inertiaAndBias } from '../../assembly/sim/forward'
import { geomFrames } from '../../assembly/sim/geoms'
import { ctcEnd } from '../../assembly/sim/row'
import { constraintRows as whole } from '../../assembly/sim/rows'
import { setConst as derived } from '../../assembly/sim/setconst'
import * as f from '../../assembly/shared/fields'

/** what rows are made of */
export function before(m: usize, p: usize, d: usize, s: usize): void {
  inertiaAndBias(m, p, d, s)
  if (f.ncand(m) > 0) {
    geomFrames(m, p, s, false)
    collision(m, p, d, s, i32x4.splat(-1))
  }
}
export function rows(m: usize, p: usize, d: usize, s: usize): void {
  const has = v128.any_true(makeConstraint(m, p, d, s))
  v128.store(f.pgs_w(m, s), f32x4.splat(has ? 1 : 0))
  countRows(m, d, s)
}
/** zones, forces and Hessian of every contact at residuals J x, cost along J p, x and p being qvel and qacc_warmstart */
export function cones(m: usize, d: usize, s: usize, wanted: i32, x: i32, alpha: f32): void {
  const elliptic = load<i32>(f.opt_cone(m)) == 1, J = f.efc_J(m, s), col = f.efc_colind(m, s), out = f.pgs_w(m, s)
  const at = x ? f.qvel(m, d) : f.qacc_warmstart(m, d), along = x ? f.qacc_warmstart(m, d) : f.qvel(m, d)
  for (let k: usize = 0; k < 4; k++) v128.store(out + 16 * k, f32x4.splat(0))
  let k = 0
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM)
    residual(e, J, col, at, jarOf(e, dim))
    product(e, J, col, along, jpOf(e, dim))
    v128.store(e + C_ZONE, zoneAt(e, jarOf(e, dim), elliptic))
    force(e, elliptic, forceOf(e, dim))
    coneLine(e, elliptic, jpOf(e, dim), f32x4.splat(alpha), out)
    if (elliptic && dim > 1 && v128.any_true(curved(e))) v128.store(out + 48, f32x4.add(v128.load(out + 48), f32x4.splat(1)))
    if (k++ == wanted) coneHessian(e, elliptic, f.cone(m, s))
  }
}
export function advance(m: usize, p: usize, d: usize, s: usize): void { forward(m, p, d, s) }
export function forces(m: usize, p: usize, d: usize, s: usize): void {
  contactRows(m, s)
  const out = f.sens_tmp(m, s)
  for (let k = 0; k < min(8, ncon(m, s)); k++) contactForce(m, s, k, out + 96 * k)
  for (let j = 0; j < min(32, f.njnt(m)); j++) v128.store(out + 16 * (48 + j), jointLimitForce(m, s, j))
  for (let t = 0; t < min(12, f.ntendon(m)); t++) v128.store(out + 16 * (80 + t), tendonLimitForce(m, p, s, t))
  for (let e = 0; e < min(6, f.neq(m)); e++) if (load<i32>(f.eq_type(m) + 4 * e) < 2) equalityForce(m, d, s, e, out + 16 * (92 + 6 * e))
}
/** number of the solver's contacts: where they end is an address, which differs from engine to engine */
export function count(m: usize, s: usize): void {
  let n: f32 = 0
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) n++
  v128.store(f.pgs_w(m, s) + 128, f32x4.splat(n))
}
export function again(m: usize, p: usize, d: usize, s: usize): void { whole(m, p, d, s) }
export function setConst(m: usize, p: usize, d: usize, s: usize): void { derived(m, p, d, s) }
`
const name = `rows-${createHash('sha256').update(STAGES).digest('hex').slice(0, 12)}`
const folder = fileURLToPath(new URL('../../build/stages/', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}${name}.ts`, STAGES)
const names = [...STAGES.matchAll(/export function (\w+)/g)].map(x => x[1])
const stages = buildStages(Object.fromEntries(names.map(x => [x, `../build/stages/${name}`])))

const LIMIT = 1e-5
/** two roundings of positions around 1 m, times the stiffness of the default solref, 2770 / s^2 */
const ANCHORS = 4 * 6e-8 * 2770

type Options = SceneOptions & { readonly seed?: number }

async function open(model: string, options: Options = {}): Promise<Scene> {
  const below = model.includes('/') ? '../../../shared/' : '../models/'
  const source = model.startsWith('<') ? model : fileURLToPath(new URL(`${below}${model}.xml`, import.meta.url))
  return Scene.open(await loadModel(source), stages, options.seed ?? 5, { kick: 2, nstep: 40, ...options })
}

interface Both {
  readonly cpu: readonly number[][]
  readonly gpu: readonly number[][]
}

/** each column on its own: rows of a record are of different sizes */
function compareColumns(what: string, { cpu, gpu }: Both, limit: number, columns?: readonly number[]): void {
  const width = Math.max(0, ...cpu.map(row => row.length))
  for (let c = 0; c < width; c++) {
    if (columns && !columns.includes(c)) continue
    const of = (rows: readonly number[][]) => rows.filter((_, i) => c < cpu[i].length).map(row => [row[c]])
    assertClose(`${what} ${c}`, of(cpu), of(gpu), limit)
  }
}

const at = (scene: Scene, field: string, w: number): number =>
  (scene.block(w).s + (scene.layout.s.get(field) as number)) / 4

const cursor = (scene: Scene, w: number, k: number): number =>
  new Int32Array(scene.engine.memory.buffer)[at(scene, 'cursor', w) + k]

/** the solver's contacts of all worlds: integers, quantities from has on, zones as bits */
function contacts(scene: Scene): { ints: Both; values: Both; zones: Both } {
  const { gpuLayout: g, nworld } = scene
  const [f32, i32] = [new Float32Array(scene.engine.memory.buffer), new Int32Array(scene.engine.memory.buffer)]
  const [ours, bits] = [new Float32Array(scene.words.buffer), new Int32Array(scene.words.buffer)]
  const make = () => ({ cpu: [] as number[][], gpu: [] as number[][] })
  const out = { ints: make(), values: make(), zones: make() }
  for (let w = 0; w < nworld; w++) {
    const end = cursor(scene, w, 3)
    const con = scene.block(w).s + (scene.layout.s.get('con') as number)
    let to = g.w.get('ctc') as number
    for (let e = 4 * at(scene, 'ctc', w); e < end; e += i32[e / 4 + 4]) {
      const i = e / 4
      const size = 11 + 5 * i32[i]
      const record = (g.w.get('con') as number) + (18 * (i32[i + 5] - con)) / 256
      out.ints.cpu.push([i32[i], i32[i + 1], i32[i + 2], i32[i + 3], size, record, i32[i + 6]])
      out.ints.gpu.push(Array.from({ length: 7 }, (_, k) => bits[(to + k) * nworld + w]))
      // has, D, mu; friction and what follows; the zone at the trial point is never made here
      const floats = [7, 8, 9, ...Array.from({ length: size - 12 }, (_, k) => 11 + k)]
      out.values.cpu.push(floats.map(k => f32[i + 8 + 4 * (k - 7)]))
      out.values.gpu.push(floats.map(k => ours[(to + k) * nworld + w]))
      out.zones.cpu.push([i32[i + 8 + 4 * 3]])
      out.zones.gpu.push([bits[(to + 10) * nworld + w]])
      to += size
    }
    assert.is(bits[((g.w.get('cursor') as number) + 3) * nworld + w], to, `end of the contacts of world ${w}`)
  }
  return out
}

/** contacts of each dimension on their own, because their records differ */
function compareContacts(scene: Scene, limit: number): number {
  const { ints, values, zones } = contacts(scene)
  assert.equal(ints.gpu, ints.cpu)
  assert.equal(zones.gpu, zones.cpu)
  for (const dim of [1, 3, 4, 6]) {
    const of = (rows: readonly number[][]) => rows.filter((_, i) => ints.cpu[i][0] === dim)
    compareColumns(`contacts of dimension ${dim}`, { cpu: of(values.cpu), gpu: of(values.gpu) }, limit)
  }
  return ints.cpu.length
}

/**
 * Rows of both engines. A reference acceleration is a small violation times a large stiffness: where violations are
 * differences of positions, slack is their rounding times that stiffness.
 */
function compareRows(scene: Scene, limit: number, slack = 0): number {
  const rows = scene.values('cursor')
  for (const k of [0, 1, 4])
    assert.equal(
      rows.gpu.map(x => x[k]),
      rows.cpu.map(x => x[k]),
      `cursor ${k}`,
    )
  const records = scene.records('efc', w => cursor(scene, w, 0))
  const [aref, jar] = [2, 4]
  compareColumns('efc', records, limit, slack > 0 ? [0, 1, 3, 5, 6, 7, 8, 9, 10] : undefined)
  if (slack > 0)
    records.cpu.forEach((row, r) => {
      for (const c of [aref, jar]) {
        const off = Math.abs(row[c] - records.gpu[r][c])
        assert.ok(off <= slack + limit * Math.abs(row[c]), `efc ${c}: off by ${off}`)
      }
    })
  const part = (name: string) => {
    const { cpu, gpu } = scene.values(name)
    const of = (x: number[][]) => x.map((row, w) => row.slice(0, cursor(scene, w, 1)))
    return { cpu: of(cpu), gpu: of(gpu) }
  }
  const J = part('efc_J')
  assertClose('efc_J', J.cpu, J.gpu, limit)
  return records.cpu.length + compareContacts(scene, limit)
}

const COUNTED = `var last = f_ctc;
  for (var k = 0; k < i32(ld(f_pgs_w + 8)); k++) { last += sizeOf(last); }
  sti(f_cursor + 3, last);`
const COUNTED_USES = { ld: 'math/v4', sti: 'math/v4', sizeOf: 'sim/contact' }

const ROWS = 'st(f_pgs_w, select(0.0, 1.0, makeConstraint())); countRows();'
const USES = { makeConstraint: 'sim/constraint', countRows: 'sim/constraint', st: 'math/v4' }

/** rows of both engines from one state; their number */
async function sameRows(scene: Scene, slack = 0): Promise<number> {
  scene.cpu((x, { m, p, d, s }) => x.before(m, p, d, s))
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.rows(m, p, d, s))
  await scene.gpu(ROWS, USES)
  const found = scene.values('pgs_w', 1)
  assert.equal(found.gpu, found.cpu)
  scene.compare({ nefc: 0 })
  return compareRows(scene, LIMIT, slack)
}

const CONTACTS: Readonly<Record<string, Options>> = {
  condim_1_elliptic: {},
  condim_1_pyramidal: {},
  condim_3_elliptic: {},
  condim_3_pyramidal: {},
  condim_4_elliptic: {},
  condim_4_pyramidal: {},
  condim_6_elliptic: {},
  condim_6_pyramidal: {},
  impratio: {},
  gap: {},
  margin: {},
  pair_elliptic: {},
  pair_explicit: {},
  priority: {},
  solimp: {},
  solmix: {},
  solref_damping: {},
  solref_direct: {},
  stack: {},
}
const OTHERS: Readonly<Record<string, Options>> = {
  eq_connect: {},
  eq_connect_bodies: {},
  eq_connect_site: {},
  eq_inactive: {},
  eq_joint: {},
  eq_joint_alone: {},
  eq_weld: {},
  eq_weld_site: {},
  eq_weld_world: {},
  frictionloss: {},
  limit_ball: { kick: 8 },
  limit_both_sides: { kick: 12 },
  limit_hinge: { kick: 8 },
  limit_slide: { kick: 8 },
  tendon_frictionloss: {},
  tendon_limit: { kick: 8 },
  tendon_limit_soft: { kick: 8 },
}
const SCENES: Readonly<Record<string, Options>> = {
  'models/ant': { perWorld: true },
  'models/half_cheetah': {},
  'models/humanoid_mjwarp': { nstep: 150 },
  'models/panda': {},
  'models/boxes16': { nworld: 4, nstep: 100, kick: 0 },
}

for (const [model, options] of Object.entries({ ...CONTACTS, ...OTHERS, ...SCENES })) {
  test(`rows: ${model}`, async () => {
    const scene = await open(model, options)
    const count = await sameRows(scene, /^eq_(connect|weld)/.test(model) ? ANCHORS : 0)
    if (model !== 'eq_inactive') assert.ok(count > 0, 'no world has rows')
    scene.release()
  })
}

for (const [model, options] of Object.entries({
  ...CONTACTS,
  'models/ant': { nstep: 80 },
  'models/boxes16': SCENES['models/boxes16'],
})) {
  test(`cones: ${model}`, async () => {
    const scene = await open(model, options)
    scene.cpu((x, { m, p, d, s }) => {
      x.before(m, p, d, s)
      x.rows(m, p, d, s)
      x.count(m, s)
    })
    let round = 0
    for (const [x, alpha] of [
      [0, 0.5],
      [1, -0.01],
      [1, 1],
    ]) {
      await scene.seed()
      scene.cpu((y, { m, d, s }, w) => y.cones(m, d, s, w % 5, x, alpha))
      await scene.gpu(
        `${COUNTED} let x = ${x ? 'f_qvel' : 'f_qacc_warmstart'}; let p = ${x ? 'f_qacc_warmstart' : 'f_qvel'};
        var line = vec3f(0.0); var n = 0.0; var i = 0;
        for (var e = f_ctc; e < last; e += sizeOf(e)) {
          let dim = ldi(e);
          residual(e, f_efc_J, f_efc_colind, x, jarOf(e, dim));
          product(e, f_efc_J, f_efc_colind, p, jpOf(e, dim));
          stu(e + C_ZONE, zoneAt(e, jarOf(e, dim)));
          force(e, forceOf(e, dim));
          line = coneLine(e, jpOf(e, dim), ${alpha.toFixed(4)}, line);
          if (f_opt_cone == 1 && dim > 1 && curved(e)) { n += 1.0; }
          if (i == lane % 5) { coneHessian(e, f_cone); }
          i++;
        }
        st3(f_pgs_w, line); st(f_pgs_w + 3, n);`,
        {
          ...Object.fromEntries(['ldi', 'st', 'st3', 'stu'].map(n => [n, 'math/v4'])),
          ...Object.fromEntries(['C_ZONE', 'forceOf', 'jarOf', 'jpOf', 'sizeOf'].map(n => [n, 'sim/contact'])),
          ...Object.fromEntries(
            ['coneHessian', 'coneLine', 'curved', 'force', 'product', 'residual', 'zoneAt'].map(n => [n, 'sim/cone']),
          ),
          ...COUNTED_USES,
        },
      )
      assert.ok(compareContacts(scene, LIMIT) > 0, 'no world has a contact')
      const cone = scene.values('cone', 42)
      cone.cpu.forEach((row, w) => {
        assertClose(`Hessian of world ${w}`, [row], [cone.gpu[w]], LIMIT)
      })
      compareColumns('line', scene.values('pgs_w', 4), LIMIT)
      for (const row of scene.values('pgs_w', 4).gpu) round += row[3]
    }
    if (/[346]_elliptic/.test(model)) assert.ok(round > 0, 'no residual on the round side of a cone')
    scene.release()
  })
}

const FORCES = `contactRows();
  for (var k = 0; k < min(8, ncon()); k++) {
    let x = contactForce(k); st3(f_sens_tmp + 6 * k, x.force); st3(f_sens_tmp + 6 * k + 3, x.torque);
  }
  for (var j = 0; j < min(32, f_njnt); j++) { st(f_sens_tmp + 48 + j, jointLimitForce(j)); }
  for (var t = 0; t < min(12, f_ntendon); t++) { st(f_sens_tmp + 80 + t, tendonLimitForce(t)); }
  for (var e = 0; e < min(6, f_neq); e++) {
    if (i32at(f_eq_type, e) < 2) {
      let x = equalityForce(e); st3(f_sens_tmp + 92 + 6 * e, x.force); st3(f_sens_tmp + 95 + 6 * e, x.torque);
    }
  }`
for (const [model, options] of Object.entries({
  condim_1_elliptic: {},
  condim_3_pyramidal: {},
  condim_4_elliptic: {},
  condim_6_pyramidal: {},
  gap: {},
  eq_connect: {},
  eq_weld_site: {},
  sensor_joint_limit: { kick: 8 },
  sensor_tendon_limit: { kick: 8 },
  limit_ball: { kick: 8 },
} as Record<string, Options>)) {
  test(`forces: ${model}`, async () => {
    const scene = await open(model, options)
    scene.cpu((x, { m, p, d, s }) => {
      x.advance(m, p, d, s)
      x.count(m, s)
    })
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.forces(m, p, d, s))
    await scene.gpu(`${COUNTED} ${FORCES}`, {
      ...COUNTED_USES,
      ...Object.fromEntries(['i32at', 'st', 'st3'].map(n => [n, 'math/v4'])),
      ...Object.fromEntries(
        ['contactForce', 'contactRows', 'equalityForce', 'jointLimitForce', 'ncon', 'tendonLimitForce'].map(n => [
          n,
          'sim/contact-force',
        ]),
      ),
    })
    scene.compare({ sens_tmp: LIMIT })
    assert.ok(
      scene.values('sens_tmp').gpu.some(row => row.some(x => x !== 0)),
      'nothing pushes',
    )
    scene.release()
  })
}

for (const [model, options] of Object.entries({
  condim_3_elliptic: {},
  condim_6_pyramidal: {},
  eq_weld: {},
  tendon_limit: { kick: 8 },
  ...SCENES,
} as Record<string, Options>)) {
  test(`rows of the last step, again: ${model}`, async () => {
    const scene = await open(model, options)
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.again(m, p, d, s))
    await scene.gpu('constraintRows();', { constraintRows: 'sim/rows' })
    // frames come about by other roundings, which the stiffness of rows multiplies
    assert.ok(compareRows(scene, 1e-3) > 0, 'no world has rows')
    // the state is as it was, to the bit
    scene.compare({ qpos: 0, qvel: 0, qacc: 0, qacc_warmstart: 0, qfrc_constraint: 0, ncon: 0, qpos_prev: 0 })
    scene.release()
  })
}

const PARAMETERS = [
  ...constantFields,
  ...kernelModelFields.filter(f =>
    ['dof_M0', 'dof_invweight0', 'body_invweight0', 'tendon_length0', 'tendon_invweight0', 'actuator_length0'].includes(
      f.name,
    ),
  ),
  ...kernelModelFields.filter(f => ['actuator_acc0', 'body_subtreemass'].includes(f.name)),
]

/** parameters of all worlds on both sides */
async function parameters(scene: Scene): Promise<Record<string, Both>> {
  const P = new Float32Array((await scene.read('P')).buffer)
  const f32 = new Float32Array(scene.engine.memory.buffer)
  const { gpuLayout: g, layout, nworld } = scene
  const worlds = Array.from({ length: nworld }, (_, w) => w)
  return Object.fromEntries(
    PARAMETERS.map(field => {
      const n = fieldSize(field, g.sizes)
      const row = (get: (e: number) => number) => Array.from({ length: n }, (_, e) => get(e))
      const from = (w: number) => (scene.block(w).p + (layout.p.get(field.name) as number)) / 4
      const to = g.p.get(field.name) as number
      return [
        field.name,
        {
          cpu: worlds.map(w => row(e => f32[from(w) + 4 * e])),
          gpu: worlds.map(w => row(e => P[(to + e) * nworld + w])),
        },
      ]
    }),
  )
}

/** what the CPU has left there must not pass for a result */
const clear = (scene: Scene, fields: readonly { readonly name: string }[]): string =>
  fields
    .filter(f => fieldSize(f as never, scene.gpuLayout.sizes) > 0)
    // models without a fluid do not make fluid_const; none makes the row of the world itself
    .filter(f => f.name !== 'fluid_const' || scene.gpuLayout.sizes.fluid > 0)
    .map(
      f =>
        `for (var k = ${f.name === 'fluid_const' ? 13 : 0}; k < ${fieldSize(f as never, scene.gpuLayout.sizes)}; k++) { setpar(f_${f.name} + k, 77.0); }`,
    )
    .join('\n')

for (const [model, options] of Object.entries({
  actuator_damper: {},
  actuator_site: {},
  composite_body: {},
  condim_6_elliptic: {},
  eq_connect_site: {},
  eq_joint: {},
  eq_weld: {},
  fluid_density: {},
  frictionloss: {},
  gravcomp: {},
  joint_ball: {},
  joint_free: {},
  joint_slide: {},
  limit_ball: {},
  mocap: {},
  planar: {},
  solimp: {},
  tendon_armature: {},
  tendon_limit_soft: {},
  'models/ant': {},
  'models/humanoid_mjwarp': {},
  'models/panda': {},
} as Record<string, Options>)) {
  test(`derived constants: ${model}`, async () => {
    const scene = await open(model, { perWorld: true, nstep: 0, ...options })
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.setConst(m, p, d, s))
    await scene.gpu(`${clear(scene, PARAMETERS)} setConst();`, { setConst: 'sim/setconst', setpar: 'math/v4' })
    for (const [what, { cpu, gpu }] of Object.entries(await parameters(scene))) {
      // of one kind at a time: a body's inertia, a row's constants are of many sizes
      const field = PARAMETERS.find(f => f.name === what)
      const width = field && field.shape.length > 1 ? (field.shape[1] as number) : 1
      // moments and products of inertia go together: the products of round bodies are differences
      const group = (e: number) => (what === 'lnk_const' && e % width >= 13 && e % width < 19 ? 13 : e % width)
      for (let c = 0; c < width; c++) {
        const of = (rows: readonly number[][]) => rows.map(row => row.filter((_, e) => group(e) === c))
        assertClose(`${what} ${c}`, of(cpu), of(gpu), LIMIT)
      }
    }
    scene.release()
  })
}

test('curves of impedance with other powers, mixed signs of a reference', async () => {
  const joint = (k: number, solref: string, solimp: string) =>
    `<body pos="${k} 0 0"><joint type="slide" range="-.001 .001" limited="true" solreflimit="${solref}" solimplimit="${solimp}"/><geom size=".1"/></body>`
  const scene = await open(
    `<mujoco><option gravity="1 2 -3"/><worldbody>${[
      joint(0, '.02 1', '.5 .95 .1 .3 1'),
      joint(1, '.02 1', '.5 .95 .1 .3 3'),
      joint(2, '-500 -20', '.3 .9 .02 .7 1.5'),
      joint(3, '.001 .7', '.9 .9 0 .5 2'),
      joint(4, '.05 1.5', '.0 1 1 .0 6'),
    ].join('')}</worldbody></mujoco>`,
    { nworld: 16, nstep: 30, perWorld: true },
  )
  // pow has the error of its twin
  assert.ok((await sameRows(scene)) > 0)
  scene.release()
})

test.run()
