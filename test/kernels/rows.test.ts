/** Constraint rows, contacts of the solver, their cones and forces, and derived constants, of kicked and moving states. */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constantFields, fieldSize, kernelModelFields } from '../../bindings/fields.js'
import { assertClose, modelOf, Scene, type SceneOptions } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

const LIMIT = 1e-5
/** two roundings of positions around 1 m, times the stiffness of the default solref, 2770 / s^2 */
const ANCHORS = 4 * 6e-8 * 2770

type Options = SceneOptions & { readonly seed?: number }

async function open(model: string, options: Options = {}): Promise<Scene> {
  const known = MERGED[model] ?? { text: '', options: {} }
  const below = model.includes('/') ? '../../../shared/' : '../models/'
  const file = fileURLToPath(new URL(`${below}${model}.xml`, import.meta.url))
  const source = known.text || (model.startsWith('<') ? model : file)
  return Scene.open(await modelOf(source), stages, options.seed ?? 5, {
    kick: 2,
    nstep: 40,
    ...known.options,
    ...options,
  })
}

const merge = (names: string, option?: string): string => together(names.split(' ').map(modelText), option)
const SLIDERS = [
  ['.02 1', '.5 .95 .1 .3 1'],
  ['.02 1', '.5 .95 .1 .3 3'],
  ['-500 -20', '.3 .9 .02 .7 1.5'],
  ['.001 .7', '.9 .9 0 .5 2'],
  ['.05 1.5', '.0 1 1 .0 6'],
].map(
  ([solref, solimp], k) =>
    `<body pos="${k} 0 0"><joint type="slide" axis="1 2 -3" range="-.001 .001" limited="true" solreflimit="${solref}" solimplimit="${solimp}"/><geom size=".1"/></body>`,
)

/** models made of many, by name */
const MERGED: Readonly<Record<string, { readonly text: string; readonly options: Options }>> = {
  pyramids: {
    text: merge(
      'condim_1_pyramidal condim_3_pyramidal condim_4_pyramidal condim_6_pyramidal gap margin pair_explicit priority solimp solmix solref_damping solref_direct',
    ),
    options: { perWorld: true },
  },
  cones: {
    text: merge(
      'condim_1_elliptic condim_3_elliptic condim_4_elliptic condim_6_elliptic pair_elliptic',
      '<option timestep="0.002" cone="elliptic" impratio="4"/>',
    ),
    options: {},
  },
  'pairs and a weld': { text: merge('pair_explicit eq_weld'), options: {} },
  anchors: {
    text: merge('eq_connect eq_connect_bodies eq_connect_site eq_weld eq_weld_site eq_weld_world'),
    options: {},
  },
  // curves of impedance with other powers, mixed signs of a reference
  'limits, friction, joint equalities': {
    text: together([
      ...'eq_inactive eq_joint eq_joint_alone frictionloss limit_ball limit_hinge limit_slide tendon_frictionloss tendon_limit tendon_limit_soft'
        .split(' ')
        .map(modelText),
      '<mujoco><worldbody><body><joint axis="0 1 0" range="-28 28" margin="11"/><geom type="capsule" fromto="0 0 0 .3 .05 0" size=".04" mass=".5"/></body></worldbody></mujoco>',
      `<mujoco><worldbody>${SLIDERS.join('')}</worldbody></mujoco>`,
    ]),
    options: { kick: 8, nworld: 16, perWorld: true },
  },
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

for (const [model, options] of Object.entries({
  pyramids: {},
  cones: {},
  anchors: {},
  'limits, friction, joint equalities': {},
  'models/humanoid_mjwarp': { nstep: 150 },
} as Record<string, Options>)) {
  test(`rows: ${model}`, async () => {
    const scene = await open(model, options)
    assert.ok((await sameRows(scene, model === 'anchors' ? ANCHORS : 0)) > 0, 'no world has rows')
    scene.release()
  })
}

for (const model of ['pyramids', 'cones']) {
  test(`cones: ${model}`, async () => {
    const scene = await open(model, { nworld: 16 })
    scene.cpu((x, { m, p, d, s }) => {
      x.before(m, p, d, s)
      x.rows(m, p, d, s)
      x.count(m, s)
    })
    let round = 0
    // the third says which contact's Hessian is made: every world's another
    for (const [x, alpha, first] of [
      [0, 0.5, 0],
      [1, -0.01, 1],
      [1, 1, 2],
    ]) {
      await scene.seed()
      scene.cpu((y, { m, d, s }, w) => y.cones(m, d, s, 3 * w + first, x, alpha))
      await scene.gpu(
        `${COUNTED} let x = select(f_qacc_warmstart, f_qvel, call.a0 == 1u); let p = select(f_qvel, f_qacc_warmstart, call.a0 == 1u);
        var line = vec3f(0.0); var n = 0.0; var i = 0;
        for (var e = f_ctc; e < last; e += sizeOf(e)) {
          let dim = ldi(e);
          residual(e, f_efc_J, f_efc_colind, x, jarOf(e, dim));
          product(e, f_efc_J, f_efc_colind, p, jpOf(e, dim));
          stu(e + C_ZONE, zoneAt(e, jarOf(e, dim)));
          force(e, forceOf(e, dim));
          line = coneLine(e, jpOf(e, dim), bitcast<f32>(call.a1), line);
          if (f_opt_cone == 1 && dim > 1 && curved(e)) { n += 1.0; }
          if (i == 3 * lane + i32(call.a2)) { coneHessian(e, f_cone); }
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
        { a0: x, a1: new Uint32Array(Float32Array.of(alpha).buffer)[0], a2: first },
      )
      assert.ok(compareContacts(scene, LIMIT) > 0, 'no world has a contact')
      const cone = scene.values('cone', 42)
      cone.cpu.forEach((row, w) => {
        assertClose(`Hessian of world ${w}`, [row], [cone.gpu[w]], LIMIT)
      })
      compareColumns('line', scene.values('pgs_w', 4), LIMIT)
      for (const row of scene.values('pgs_w', 4).gpu) round += row[3]
    }
    if (model === 'cones') assert.ok(round > 0, 'no residual on the round side of a cone')
    scene.release()
  })
}

const FORCES = `contactRows();
  for (var k = 0; k < min(8, ncon()); k++) {
    let x = contactForce(k * max(1, ncon() / 8)); st3(f_sens_tmp + 6 * k, x.force); st3(f_sens_tmp + 6 * k + 3, x.torque);
  }
  for (var j = 0; j < min(32, f_njnt); j++) { st(f_sens_tmp + 48 + j, jointLimitForce(j)); }
  for (var t = 0; t < min(12, f_ntendon); t++) { st(f_sens_tmp + 80 + t, tendonLimitForce(t)); }
  for (var e = 0; e < min(6, f_neq); e++) {
    if (i32at(f_eq_type, e) < 2) {
      let x = equalityForce(e); st3(f_sens_tmp + 92 + 6 * e, x.force); st3(f_sens_tmp + 95 + 6 * e, x.torque);
    }
  }`
for (const model of ['pyramids', 'cones', 'anchors', 'limits, friction, joint equalities']) {
  test(`forces: ${model}`, async () => {
    const scene = await open(model)
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

for (const model of ['pairs and a weld', 'models/humanoid_mjwarp']) {
  test(`rows of the last step, again: ${model}`, async () => {
    const scene = await open(model)
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

const CONSTANTS: Readonly<Record<string, string>> = {
  'all sorts': merge(
    'actuator_damper actuator_site composite_body condim_6_elliptic eq_connect_site eq_joint eq_weld frictionloss gravcomp joint_ball joint_slide limit_ball mocap planar solimp tendon_armature tendon_limit_soft',
    '<option timestep="0.002" density="1000"/>',
  ),
  'models/humanoid_mjwarp': 'models/humanoid_mjwarp',
}
for (const [model, source] of Object.entries(CONSTANTS)) {
  test(`derived constants: ${model}`, async () => {
    const scene = await open(source, { perWorld: true, nstep: 0 })
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

test.run()
