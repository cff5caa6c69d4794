import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError } from '../../bindings/errors.js'
import { modelFields } from '../../bindings/fields.js'
import type { Model } from '../../bindings/model/model.js'
import {
  ParameterSpace,
  type ParameterSpec,
  parseSpace,
  type RecordingInfo,
  type SpaceSpec,
} from '../../bindings/model/parameters.js'
import { COMPUTED } from '../../bindings/model/property.js'
import { refused } from './parameter-error.js'
import { type Attribute, arm, armFields, DEFAULTS } from './parameter-model.js'

const near = (a: number, b: number, tolerance: number): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))

type Fields = Pick<Model, 'field'>

/** names of the model fields in which two models differ, constants that mj_setConst computes left out */
function differences(a: Fields, b: Fields, tolerance: number): string[] {
  return modelFields
    .filter(f => !COMPUTED.has(f.name) && f.name !== 'stat_meaninertia')
    .filter(f => Array.from(a.field[f.name]).some((v, i) => !near(v, b.field[f.name][i], tolerance)))
    .map(f => f.name)
}

type Change = Partial<Record<Attribute, string>>

/** an attribute with its k-th number replaced */
const replaced = (attribute: Attribute, k: number, value: number): Change => ({
  [attribute]: DEFAULTS[attribute]
    .split(' ')
    .map((v, i) => (i === k ? String(value) : v))
    .join(' '),
})

/** path, new value, and the change of the XML that means the same */
const EDITS: readonly [path: string, value: number, change: Change][] = [
  ['option/timestep', 0.002, { 'option.timestep': '0.002' }],
  ['option/gravity/z', -1.62, replaced('option.gravity', 2, -1.62)],
  ['option/wind/x', 0.9, replaced('option.wind', 0, 0.9)],
  ['option/density', 2, { 'option.density': '2' }],
  ['option/viscosity', 0.1, { 'option.viscosity': '0.1' }],
  ['option/impratio', 3, { 'option.impratio': '3' }],
  ['body/upper/mass_only', 2.5, { 'upper.mass': '2.5' }],
  ['body/upper/mass', 3.4, { 'upper.mass': '3.4', 'upper.diaginertia': '0.062 0.056 0.022' }],
  ['body/upper/inertia/2', 0.013, replaced('upper.diaginertia', 2, 0.013)],
  ['body/upper/ipos/y', 0.05, replaced('upper.ipos', 1, 0.05)],
  ['body/upper/com/z', 0.2, replaced('upper.ipos', 2, 0.2)],
  ['body/upper/pos/x', 0.4, replaced('upper.pos', 0, 0.4)],
  ['body/upper/gravcomp', 1, { 'upper.gravcomp': '1' }],
  ['joint/elbow/damping', 0.9, { 'elbow.damping': '0.9' }],
  ['joint/elbow/armature', 0.1, { 'elbow.armature': '0.1' }],
  ['joint/elbow/frictionloss', 0.7, { 'elbow.frictionloss': '0.7' }],
  ['joint/rail/damping', 0.9, { 'rail.damping': '0.9' }],
  ['joint/wrist/damping', 0.9, { 'wrist.damping': '0.9' }],
  ['joint/wrist/armature', 0.09, { 'wrist.armature': '0.09' }],
  ['joint/wrist/frictionloss', 0.08, { 'wrist.frictionloss': '0.08' }],
  ['joint/elbow/stiffness', 5, { 'elbow.stiffness': '5' }],
  ['joint/elbow/springref', -0.3, { 'elbow.springref': '-0.3' }],
  ['joint/elbow/ref', 0.2, { 'elbow.ref': '0.2' }],
  // model angle = qpos + offset: the angle at qpos = ref is 0, so ref falls by the offset
  ['joint/elbow/offset', 0.05, { 'elbow.ref': '0.01' }],
  ['joint/elbow/range/lower', -0.5, replaced('elbow.range', 0, -0.5)],
  ['joint/elbow/range/upper', 2, replaced('elbow.range', 1, 2)],
  ['joint/elbow/margin', 0.03, { 'elbow.margin': '0.03' }],
  ['joint/elbow/pos/z', 0.09, replaced('elbow.pos', 2, 0.09)],
  ['joint/elbow/solref_limit/timeconst', 0.05, replaced('elbow.solreflimit', 0, 0.05)],
  ['joint/elbow/solimp_limit/dmax', 0.97, replaced('elbow.solimplimit', 1, 0.97)],
  ['joint/elbow/solref_friction/0', 0.06, replaced('elbow.solreffriction', 0, 0.06)],
  ['joint/elbow/solimp_friction/midpoint', 0.3, replaced('elbow.solimpfriction', 3, 0.3)],
  ['joint/elbow/actfrcrange/lower', -12, replaced('elbow.actuatorfrcrange', 0, -12)],
  ['geom/pad/friction/sliding', 0.2, replaced('pad.friction', 0, 0.2)],
  ['geom/pad/friction/rolling', 0.01, replaced('pad.friction', 2, 0.01)],
  ['geom/pad/pos/y', 0.3, replaced('pad.pos', 1, 0.3)],
  ['geom/pad/solref/dampratio', 0.7, replaced('pad.solref', 1, 0.7)],
  ['geom/pad/solimp/power', 3, replaced('pad.solimp', 4, 3)],
  ['geom/pad/margin', 0.02, { 'pad.margin': '0.02' }],
  ['site/tip/pos/x', 0.5, replaced('tip.pos', 0, 0.5)],
  ['equality/couple/data/1', 1.7, replaced('couple.polycoef', 1, 1.7)],
  ['equality/couple/solref/timeconst', 0.04, replaced('couple.solref', 0, 0.04)],
  ['equality/couple/solimp/width', 0.01, replaced('couple.solimp', 2, 0.01)],
  ['equality/couple/polycoef/2', 0.5, replaced('couple.polycoef', 2, 0.5)],
  ['equality/glue/torquescale', 0.5, { 'glue.torquescale': '0.5' }],
  ['pair/bump/friction/rolling1', 0.002, replaced('bump.friction', 3, 0.002)],
  ['pair/bump/solref_friction/dampratio', 0.5, replaced('bump.solreffriction', 1, 0.5)],
  ['pair/bump/margin', 0.05, { 'bump.margin': '0.05' }],
  ['tendon/belt/coef/elbow', 2.5, { 'belt.coef': '2.5' }],
  ['tendon/belt/stiffness', 5, { 'belt.stiffness': '5' }],
  ['tendon/belt/damping', 2, { 'belt.damping': '2' }],
  ['tendon/belt/frictionloss', 1, { 'belt.frictionloss': '1' }],
  ['tendon/belt/range/upper', 2, replaced('belt.range', 1, 2)],
  ['tendon/belt/lengthspring/lower', 0.1, replaced('belt.springlength', 0, 0.1)],
  ['tendon/belt/solref_limit/timeconst', 0.05, replaced('belt.solreflimit', 0, 0.05)],
  ['actuator/motor/gear/0', 7, replaced('motor.gear', 0, 7)],
  ['actuator/motor/ctrlrange/lower', -1, replaced('motor.ctrlrange', 0, -1)],
  ['actuator/motor/forcerange/upper', 2, replaced('motor.forcerange', 1, 2)],
  ['actuator/motor/damping', 0.8, { 'motor.damping': '0.8' }],
  ['actuator/motor/armature', 0.07, { 'motor.armature': '0.07' }],
  ['actuator/motor/delay', 0.0075, { 'motor.delay': '0.0075' }],
  ['actuator/pos/kp', 55, { 'pos.kp': '55' }],
  ['actuator/pos/kv', 0.7, { 'pos.kv': '0.7' }],
  ['actuator/pos/timeconst', 0.05, { 'pos.timeconst': '0.05' }],
  ['actuator/vel/kv', 9, { 'vel.kv': '9' }],
  ['actuator/damp/kv', 2, { 'damp.kv': '2' }],
  ['actuator/gen/kp', 31, { 'gen.gainprm': '31 0 0', 'gen.biasprm': '0 -31 -0.8' }],
  ['actuator/gen/kv', 0.3, { 'gen.biasprm': '0 -13 -0.3' }],
  ['actuator/gen/gainprm/0', 12, { 'gen.gainprm': '12 0 0' }],
  ['actuator/gen/biasprm/0', 0.4, { 'gen.biasprm': '0.4 -13 -0.8' }],
  ['actuator/gen/actrange/upper', 1.5, replaced('gen.actrange', 1, 1.5)],
  ['actuator/pid/kp', 4, { 'pid.kp': '4' }],
  ['actuator/pid/kv', 0.2, { 'pid.kv': '0.2' }],
  ['actuator/pid/ki', 1.1, { 'pid.ki': '1.1' }],
  ['actuator/pid/imax', 0.4, { 'pid.imax': '0.4' }],
  ['actuator/slew/slewmax', 3, { 'slew.slewmax': '3' }],
  ['actuator/dc/R', 4, { 'dc.resistance': '4' }],
  ['actuator/dc/K', 0.5, { 'dc.motorconst': '0.5' }],
  ['actuator/dc/kp', 8, replaced('dc.controller', 0, 8)],
  ['actuator/dc/ki', 2, replaced('dc.controller', 1, 2)],
  ['actuator/dc/kd', 0.5, replaced('dc.controller', 2, 0.5)],
  ['actuator/dc/kv', 0.5, replaced('dc.controller', 2, 0.5)],
  ['actuator/dc/slewmax', 4, replaced('dc.controller', 3, 4)],
  ['actuator/dc/imax', 0.1, replaced('dc.controller', 4, 0.1)],
  ['actuator/dc/Vmax', 6, replaced('dc.controller', 5, 6)],
  ['actuator/dc/timeconst', 0.01, { 'dc.timeconst': '0.01' }],
  ['actuator/volt/R', 1.5, { 'volt.resistance': '1.5' }],
  ['sensor/enc/delay', 0.004, { 'enc.delay': '0.004' }],
  ['sensor/enc/interval/period', 0.015, replaced('enc.interval', 0, 0.015)],
  ['sensor/enc/cutoff', 0.5, { 'enc.cutoff': '0.5' }],
]

/** bounds that hold a value of either sign */
const around = (path: string, value: number): ParameterSpec => {
  const size = Math.abs(value) + 10
  // physical quantities start at 0
  return value > 0 ? { path, min: value / 10, max: value * 10 } : { path, min: -size, max: 0 }
}

for (const [path, value, change] of EDITS) {
  test(`${path} equals editing the XML and compiling again`, async () => {
    const [model, edited] = [await arm(), await armFields(change)]
    const space = ParameterSpace.from(model, [around(path, value)])
    const applied = space.apply(Float64Array.of(value))
    assert.equal(differences(applied, edited, 1e-14), [])
    // the edit is one: the comparison above can fail
    assert.not.equal(differences(model, edited, 1e-14), [])
    // and it writes no more than it says
    assert.ok(differences(applied, model, 0).every(f => space.touched.includes(f)))
  })
}

test('all the edits at once, in one space', async () => {
  const chosen = new Map(
    EDITS.filter(([path]) => !/\/(mass_only|com|offset|kv|gainprm|biasprm|inertia)\b/.test(path)).map(e => [e[0], e]),
  )
  const list = [...chosen.values()]
  // later attributes of one string keep earlier changes
  const change: Record<string, string> = {}
  for (const [, , c] of list) {
    for (const [key, text] of Object.entries(c)) {
      const before = (change[key] ?? DEFAULTS[key as Attribute]).split(' ')
      const after = text.split(' ')
      const own = DEFAULTS[key as Attribute].split(' ')
      change[key] = before.map((v, i) => (after[i] === own[i] ? v : after[i])).join(' ')
    }
  }
  const model = await arm()
  const space = ParameterSpace.from(
    model,
    list.map(([path, value]) => around(path, value)),
  )
  const applied = space.apply(Float64Array.from(list, e => e[1]))
  assert.ok(space.nparam > 60)
  assert.equal(differences(applied, await armFields(change), 1e-14), [])
})

test('quaternions and axes are normalised as the compiler does', async () => {
  const model = await arm()
  const cases: [path: string, attribute: Attribute, field: string, start: number, width: number][] = [
    ['body/upper/quat', 'upper.quat', 'body_quat', 8, 4],
    ['body/upper/iquat', 'upper.iquat', 'body_iquat', 8, 4],
    ['geom/pad/quat', 'pad.quat', 'geom_quat', 0, 4],
    ['site/tip/quat', 'tip.quat', 'site_quat', 0, 4],
    ['joint/elbow/axis', 'elbow.axis', 'jnt_axis', 3, 3],
  ]
  for (const [path, attribute, field, start, width] of cases) {
    const numbers = Array.from(model.field[field].slice(start, start + width))
    numbers[width - 1] = 0.77
    const edited = await armFields({ [attribute]: numbers.join(' ') })
    const space = ParameterSpace.from(model, [{ path: `${path}/z`, min: 0, max: 1 }])
    assert.equal(differences(space.apply(Float64Array.of(0.77)), edited, 1e-14), [], path)
    assert.not.equal(differences(model, edited, 1e-14), [], path)
  }
})

test('scale multiplies the default, tie shares one value, a glob makes one each', async () => {
  const model = await arm()
  const f = (name: string, applied: Model, i: number): number => applied.field[name][i]
  const scaled = ParameterSpace.from(model, [
    { path: 'body/upper/mass', min: 0.5, max: 2, scale: true, transform: 'log' },
  ])
  assert.equal([scaled.start[0], scaled.units[0]], [1, '1'])
  const heavy = scaled.apply(Float64Array.of(2))
  assert.is(f('body_mass', heavy, 2), 3.4)
  assert.ok(near(f('body_inertia', heavy, 6), 0.062, 1e-15))
  const tied = ParameterSpace.from(model, [{ path: 'joint/{rail,elbow}/damping', min: 0, max: 2, tie: true }])
  assert.equal(tied.names, ['joint/{rail,elbow}/damping'])
  assert.ok(near(tied.start[0], (0.42 + 0.41) / 2, 1e-15))
  assert.equal(Array.from(tied.apply(Float64Array.of(0.7)).field.dof_damping.slice(0, 3)), [0.7, 0.7, 0.43])
  const tiedScale = ParameterSpace.from(model, [
    { path: 'joint/{rail,elbow}/damping', min: 0, max: 9, tie: true, scale: true },
  ])
  assert.equal(Array.from(tiedScale.apply(Float64Array.of(2)).field.dof_damping.slice(0, 2)), [0.84, 0.82])
  // joints without friction have nothing to scale
  const each = ParameterSpace.from(model, [{ path: 'joint/*/frictionloss', min: 0.5, max: 2, scale: true }])
  assert.equal(
    each.names,
    ['rail', 'elbow', 'wrist'].map(j => `joint/${j}/frictionloss`),
  )
  const whole = ParameterSpace.from(model, [{ path: 'body/upper/inertia', min: 0.5, max: 2, scale: true }])
  assert.equal(Array.from(whole.apply(Float64Array.of(2)).field.body_inertia.slice(6, 9)), [0.062, 0.056, 0.022])
  const named = ParameterSpace.from(model, [{ path: 'joint/{rail,elbow}/damping', name: 'b_*', min: 0, max: 2 }])
  assert.equal(named.names, ['b_rail', 'b_elbow'])
})

test('start: the model value clipped, the given one, or the middle of the transformed range', async () => {
  const model = await arm()
  const start = (spec: ParameterSpec, derived?: Record<string, string>): number =>
    ParameterSpace.from(model, { parameters: [spec], derived }).start[0]
  assert.is(start({ path: 'joint/elbow/damping', min: 0, max: 1 }), 0.41)
  assert.is(start({ path: 'joint/elbow/damping', min: 0.5, max: 1 }), 0.5)
  assert.is(start({ path: 'joint/elbow/damping', min: 0, max: 1, start: 0.2 }), 0.2)
  assert.is(start({ path: 'joint/elbow/damping', min: 2, max: 3, scale: true }), 2)
  const free = { 'joint/elbow/damping': 'x' }
  assert.is(start({ name: 'x', min: 1, max: 3 }, free), 2)
  assert.ok(near(start({ name: 'x', min: 0.01, max: 1, transform: 'log' }, free), 0.1, 1e-14))
})

const SPECS: readonly ParameterSpec[] = [
  { path: 'joint/elbow/damping', min: 0.1, max: 3, transform: 'linear' },
  { path: 'joint/elbow/armature', min: 1e-4, max: 2, transform: 'log' },
  { path: 'joint/elbow/frictionloss', min: 0.2, max: 1.3, transform: 'logit' },
  { path: 'option/gravity/z', min: -1010, max: -1000, transform: 'linear' },
]

test('normalize and denormalize are inverse, monotone, and exact at the bounds', async () => {
  const space = ParameterSpace.from(await arm(), SPECS)
  assert.equal(space.denormalize(new Float64Array(4).fill(-1)), space.lower)
  assert.equal(space.denormalize(new Float64Array(4).fill(1)), space.upper)
  assert.equal(space.normalize(space.lower), new Float64Array(4).fill(-1))
  assert.equal(space.normalize(space.upper), new Float64Array(4).fill(1))
  const z = fc.double({ min: -1, max: 1, noNaN: true })
  fc.assert(
    fc.property(z, z, (a, b) => {
      const theta = space.denormalize(Float64Array.of(a, a, a, a, b, b, b, b))
      const back = space.normalize(theta)
      for (let i = 0; i < 8; i++) {
        assert.ok(
          near(back[i], i < 4 ? a : b, 1e-12),
          `${space.names[i % 4]}: ${i < 4 ? a : b} came back as ${back[i]}`,
        )
        assert.ok(theta[i] >= space.lower[i % 4] && theta[i] <= space.upper[i % 4], 'inside')
        if (i < 4 && Math.abs(a - b) > 1e-9) assert.is(Math.sign(theta[i] - theta[i + 4]), Math.sign(a - b), 'monotone')
      }
    }),
    { seed: 21, numRuns: 500 },
  )
  // log: the middle is the geometric mean; logit: the arithmetic one
  const middle = space.denormalize(new Float64Array(4))
  assert.ok(near(middle[1], Math.sqrt(1e-4 * 2), 1e-13))
  assert.ok(near(middle[2], 0.75, 1e-14))
})

test('derivative is that of denormalize', async () => {
  const space = ParameterSpace.from(await arm(), SPECS)
  const h = 1e-5
  for (let z = -0.95; z < 1; z += 0.05) {
    const at = (v: number): Float64Array => space.denormalize(new Float64Array(4).fill(v))
    const slope = space.derivative(at(z))
    for (let i = 0; i < 4; i++) {
      const difference = (at(z + h)[i] - at(z - h)[i]) / (2 * h)
      assert.ok(
        Math.abs(slope[i] / difference - 1) < 1e-6,
        `${space.names[i]} at z = ${z}: ${slope[i]} and ${difference}`,
      )
    }
  }
})

test('values outside the bounds have no coordinate, nor the other way round', async () => {
  const space = ParameterSpace.from(await arm(), SPECS)
  for (let i = 0; i < 4; i++) {
    for (const outside of [space.upper[i] * (space.upper[i] > 0 ? 2 : 0.5), Number.NaN, Number.POSITIVE_INFINITY]) {
      const theta = space.start.slice()
      theta[i] = outside
      assert.match(refused(() => space.normalize(theta)).message, new RegExp(space.names[i]))
    }
  }
  assert.match(
    refused(() => space.denormalize(Float64Array.of(0, 0, 1.001, 0))).message,
    /frictionloss is 1.001, outside/,
  )
  // rounding is no reason to refuse
  assert.is(space.denormalize(Float64Array.of(1 + 1e-12, 0, 0, 0))[0], 3)
  assert.throws(
    () => space.normalize(new Float64Array(5)),
    (e: unknown) => e instanceof SizeError,
  )
})

test('fields: rows are independent, untouched fields are absent, defaults elsewhere', async () => {
  const model = await arm()
  const space = ParameterSpace.from(model, [
    { path: 'body/upper/mass', min: 0.1, max: 9 },
    { path: 'actuator/pos/kp', min: 1, max: 99 },
    { path: 'body/hand/pseudo_inertia/alpha' },
  ])
  assert.equal(space.touched, [
    'body_ipos',
    'body_iquat',
    'body_mass',
    'body_inertia',
    'actuator_gainprm',
    'actuator_biasprm',
  ])
  const rows = [
    [1, 10, -0.4],
    [2, 20, -0.5],
    [3, 30, -0.6],
  ]
  const all = space.fields(Float64Array.from(rows.flat()))
  assert.equal([...all.keys()], [...space.touched])
  rows.forEach((row, r) => {
    const one = space.apply(Float64Array.from(row))
    for (const [field, values] of all) {
      const size = model.field[field].length
      assert.is(values.length, 3 * size)
      assert.equal(
        Float64Array.from(values.slice(r * size, (r + 1) * size)),
        Float64Array.from(one.field[field]),
        field,
      )
    }
  })
  // the model itself is as it was
  assert.is(model.field.body_mass[2], 1.7)
  assert.is(space.apply(space.start).field.jnt_type, model.field.jnt_type)
})

test('fields: ten thousand rows of twenty parameters in a fraction of a second', async () => {
  const parameters: ParameterSpec[] = [
    ...['damping', 'armature', 'frictionloss'].map(p => ({ path: `joint/*/${p}`, min: 0, max: 9 })),
    { path: 'body/*/mass', min: 0.5, max: 2, scale: true },
    { name: 'kt', min: 0.1, max: 1 },
  ]
  const space = ParameterSpace.from(await arm(), {
    parameters,
    derived: { 'actuator/pos/kp': 'kt * vin^2 / 2' },
    constants: { vin: 12 },
  })
  assert.is(space.nparam, 21)
  const theta = new Float64Array(10000 * 21)
  for (let r = 0; r < 10000; r++) theta.set(space.start, 21 * r)
  space.fields(theta)
  const begin = process.cpuUsage().user
  space.fields(theta)
  const seconds = (process.cpuUsage().user - begin) / 1e6
  // 0.03 s on one slow core; the bound leaves room for a loaded machine
  assert.ok(seconds < 1, `${seconds} s`)
})

test('fields and apply refuse what does not fit', async () => {
  const space = ParameterSpace.from(await arm(), SPECS)
  const size = (run: () => unknown): void => assert.throws(run, (e: unknown) => e instanceof SizeError)
  size(() => space.fields(new Float64Array(6)))
  size(() => space.fields(new Float64Array(8), [{ name: 'a', constants: {} }]))
  size(() => space.apply(new Float64Array(8)))
  const theta = Float64Array.of(...space.start, ...space.start)
  theta[6] = Number.NaN
  assert.match(refused(() => space.fields(theta)).message, /theta\[1\]: joint\/elbow\/frictionloss.*NaN/)
  theta[6] = -0.1
  assert.match(refused(() => space.fields(theta)).message, /theta\[1\]: joint\/elbow\/frictionloss.*must be at least 0/)
})

// ---------------------------------------------------------------- derived values and recordings

test('derived values follow from parameters and constants', async () => {
  const model = await arm()
  const space = ParameterSpace.from(model, {
    parameters: [
      { name: 'kt', min: 0.1, max: 1 },
      { path: 'actuator/dc/R', name: 'R', min: 0.1, max: 9 },
    ],
    constants: { duty: 0.5, vin: 12 },
    derived: { 'actuator/pos/kp': 'duty*kt*vin/R', 'joint/{rail,elbow}/damping': 'kt^2/R' },
  })
  const applied = space.apply(Float64Array.of(0.4, 2))
  assert.is(applied.field.actuator_gainprm[10], (0.5 * 0.4 * 12) / 2)
  assert.is(applied.field.actuator_biasprm[11], -(0.5 * 0.4 * 12) / 2)
  assert.equal(Array.from(applied.field.dof_damping.slice(0, 3)), [(0.4 * 0.4) / 2, (0.4 * 0.4) / 2, 0.43])
  assert.equal(space.units, ['1', 'ohm'])
})

test('a derived value without a value, or outside what a field takes, is an error that says where', async () => {
  const model = await arm()
  const space = (text: string): ParameterSpace =>
    ParameterSpace.from(model, {
      parameters: [{ name: 'x', min: 0, max: 2 }],
      derived: { 'joint/elbow/armature': text },
    })
  const error = (text: string, x: number): string => refused(() => space(text).apply(Float64Array.of(x))).message
  assert.match(error('1/x', 0), /'1\/x': joint\/elbow\/armature cannot be Infinity/)
  assert.match(error('log(x - 1)', 0), /cannot be NaN/)
  assert.match(error('x - 1', 0), /must be at least 0, got -1/)
  assert.match(error('x*mas', 1), /'mas' in 'x\*mas' is neither a parameter nor a constant/)
  assert.equal(space('x*mas').needs, ['mas'])
  const log = { name: 'log 1', constants: { mass: 2 } }
  assert.match(
    refused(() => space('x*mas').apply(Float64Array.of(1), log)).message,
    /recording 'log 1'.*nearest: .*'mass'/,
  )
  const nan = { name: 'log 2', constants: { mas: Number.NaN } }
  assert.match(
    refused(() => space('x*mas').apply(Float64Array.of(1), nan)).message,
    /'mas' is NaN in recording 'log 2'/,
  )
})

test('each recording brings its constants; the space may override them', async () => {
  const model = await arm()
  const space = ParameterSpace.from(model, {
    parameters: [
      { name: 'gain', min: 0.01, max: 1 },
      { path: 'joint/elbow/damping', name: 'b', min: 0, max: 2 },
    ],
    constants: { vin: 7 },
    derived: { 'actuator/pos/kp': 'gain*kp*vin' },
    recordings: {
      'high_*': { vin: 9 },
      high_2: { kp: 1000, 'body/hand/mass': 0.8, b: 1.5, 'joint/elbow/offset': 0.02 },
    },
  })
  const rows: RecordingInfo[] = [
    { name: 'low', constants: { kp: 100 } },
    { name: 'high_1', constants: { kp: 100, vin: 8 } },
    { name: 'high_2', constants: { kp: 200 } },
    { name: 'low', constants: { kp: 100, vin: 8 } },
  ]
  const theta = Float64Array.from(rows.flatMap(() => [0.1, 0.6]))
  const fields = space.fields(theta, rows)
  const at = (field: string, row: number, index: number): number => {
    const values = fields.get(field) as Float64Array
    return values[row * model.field[field].length + index]
  }
  const kp = rows.map((_, r) => at('actuator_gainprm', r, 10))
  for (const [i, expected] of [0.1 * 100 * 7, 0.1 * 100 * 9, 0.1 * 1000 * 9, 0.1 * 100 * 8].entries()) {
    assert.ok(near(kp[i], expected, 1e-15), `row ${i}: ${kp[i]}, expected ${expected}`)
  }
  assert.equal(
    rows.map((_, r) => at('dof_damping', r, 1)),
    [0.6, 0.6, 1.5, 0.6],
  )
  assert.equal(
    rows.map((_, r) => at('body_mass', r, 3)),
    [0.4, 0.4, 0.8, 0.4],
  )
  // the payload's inertia grows with it
  assert.ok(near(at('body_inertia', 2, 9), 0.002, 1e-15))
  assert.ok(near(at('qpos0', 2, 1), 0.04, 1e-15))
  assert.ok(near(at('qpos0', 1, 1), 0.06, 1e-15))
  assert.equal(space.needs, ['kp'])
})

test('a space without parameters still has derived values and overrides', async () => {
  const model = await arm()
  const recordings = { a: { 'body/upper/mass': 3.4 } }
  const fixed = ParameterSpace.from(model, { parameters: [], recordings })
  const a = { name: 'a', constants: {} }
  assert.is(fixed.apply(new Float64Array(0), a).field.body_mass[2], 3.4)
  assert.is(fixed.apply(new Float64Array(0)).field.body_mass[2], 1.7)
  const fields = fixed.fields(new Float64Array(0), [a, { name: 'b', constants: {} }])
  assert.equal(
    [2, 9].map(i => (fields.get('body_mass') as Float64Array)[i]),
    [3.4, 1.7],
  )
})

test('a parameter may be of some recordings only', async () => {
  const model = await arm()
  const path = 'joint/elbow/offset'
  const space = ParameterSpace.from(model, {
    parameters: [
      { path, min: -0.1, max: 0.1, recording: 'day1/*' },
      { path, min: -0.1, max: 0.1, recording: 'day2/*' },
      { name: 'payload', min: 0, max: 1, recording: 'day2/*' },
    ],
    derived: { 'body/hand/mass': '0.4 + payload' },
  })
  assert.equal(space.names, [`${path}@day1/*`, `${path}@day2/*`, 'payload'])
  const names = ['day1/a', 'day2/a', 'day3/a']
  const rows = names.map(name => ({ name, constants: {} }))
  const fields = space.fields(Float64Array.from(names.flatMap(() => [0.01, 0.02, 0.5])), rows)
  const column = (field: string, index: number): number[] =>
    names.map((_, r) => (fields.get(field) as Float64Array)[r * model.field[field].length + index])
  const offset = column('qpos0', 1).map(v => Math.round((0.06 - v) * 1e12) / 1e12)
  assert.equal(offset, [0.01, 0.02, 0])
  assert.equal(column('body_mass', 3), [0.4, 0.9, 0.4])
  assert.equal(
    [0, 1, 2].map(i => space.appliesTo(i, 'day2/x')),
    [false, true, true],
  )
  // globs that meet in one recording are found when that recording comes
  const overlapping = ParameterSpace.from(model, [
    { path, min: -0.1, max: 0.1, recording: 'a*' },
    { path, min: -0.1, max: 0.1, recording: '*b' },
  ])
  overlapping.apply(Float64Array.of(0, 0), { name: 'ac', constants: {} })
  const both = refused(() => overlapping.apply(Float64Array.of(0, 0), { name: 'ab', constants: {} }))
  assert.match(both.message, /recording 'ab'.*both write qpos0\[1\]/)
})

// ---------------------------------------------------------------- what is wrong

test('a space that makes no sense is refused with what and where', async () => {
  const model = await arm()
  const message = (spec: unknown): string => refused(() => ParameterSpace.from(model, spec as SpaceSpec)).message
  const d = 'joint/elbow/damping'
  const derived = (path: string, text: string): unknown => ({
    parameters: [{ name: 'x', min: 0, max: 1 }],
    derived: { [path]: text },
  })
  const cases: [spec: unknown, what: RegExp][] = [
    [[{ path: d, min: 2, max: 1 }], /\[0\]\.min: the bounds are the wrong way round: min 2 is greater than max 1/],
    [[{ path: d, min: 1, max: 1 }], /needs room/],
    [[{ path: d, min: 0, max: 1, start: 2 }], /start 2 is outside the bounds \[0, 1\]/],
    [[{ path: d, min: 0, max: Number.NaN }], /NaN is not a finite number/],
    [[{ path: d, min: 0, max: Number.POSITIVE_INFINITY }], /not a finite number/],
    [[{ path: d, min: 0 }], /"max" is missing/],
    [[{ path: d }], /has no bounds/],
    [[{ path: d, min: 0, max: 1, transform: 'log' }], /log transform needs bounds above 0/],
    [[{ path: d, min: 0, max: 1, transform: 'exp' }], /no transform 'exp'; choose one of linear, log, logit/],
    [[{ path: d, mim: 0, max: 1 }], /unknown key 'mim'; nearest: 'min'/],
    [[{ path: d, min: '0', max: 1 }], /expected a number, got '0'/],
    [[{ path: d, min: 0, max: 1, scale: 1 }], /expected true or false/],
    [[{ min: 0, max: 1 }], /needs a "path", or a "name"/],
    [[{ name: 'x', min: 0, max: 1 }], /'x' has no path and no expression/],
    [[{ name: 'x', min: 0, max: 1, scale: true }], /needs a "path"/],
    [[{ path: 'joint/elbw/damping', min: 0, max: 1 }], /nearest: 'joint\/elbow\/damping'/],
    [{ parameters: [], parmeters: [] }, /unknown key 'parmeters'/],
    [{}, /expected a list of parameters/],
    [null, /expected an object/],
    [
      [
        { path: d, min: 0, max: 1 },
        { path: d, name: 'again', min: 0, max: 1 },
      ],
      /'again' and parameter 'joint\/elbow\/damping' both write dof_damping\[1\]/,
    ],
    [
      [
        { path: d, min: 0, max: 1 },
        { path: d, min: 0, max: 1 },
      ],
      /the name 'joint\/elbow\/damping' of a parameter is taken by a parameter/,
    ],
    [
      [
        { path: 'actuator/pos/kp', min: 0, max: 1 },
        { path: 'actuator/pos/gain', min: 0, max: 1 },
      ],
      /both write actuator_gainprm\[10\]/,
    ],
    [
      [
        { path: 'actuator/dc/kv', min: 0, max: 1 },
        { path: 'actuator/dc/kd', min: 0, max: 1 },
      ],
      /both write/,
    ],
    [
      [
        { path: 'body/upper/mass', min: 1, max: 2 },
        { path: 'body/upper/inertia/0', min: 0.01, max: 1 },
      ],
      /both write body_inertia\[6\]/,
    ],
    [
      [
        { path: 'joint/elbow/ref', min: 0, max: 1 },
        { path: 'joint/elbow/offset', min: 0, max: 1 },
      ],
      /both write qpos0\[1\]/,
    ],
    [
      [
        { path: 'joint/*/damping', min: 0, max: 1 },
        { path: d, name: 'b', min: 0, max: 1 },
      ],
      /both write/,
    ],
    [
      [
        { path: 'joint/wrist/damping', min: 0, max: 1 },
        { path: 'joint/wrist/damping/1', min: 0, max: 1 },
      ],
      /both write/,
    ],
    [
      [
        { path: d, min: 0, max: 1 },
        { path: d, min: 0, max: 1, recording: 'a' },
      ],
      /both write/,
    ],
    [{ parameters: [{ path: d, name: 'x', min: 0, max: 1 }], derived: { [d]: 'x' } }, /both write/],
    [[{ path: 'joint/*/damping', name: 'b', min: 0, max: 1 }], /5 parameters, which cannot all be called 'b'/],
    [[{ path: 'joint/elbow/armature', min: -1, max: 1 }], /min -1 of .* must be at least 0/],
    [[{ path: 'body/upper/mass', min: 0, max: 1 }], /must be above 0/],
    [[{ path: 'actuator/pos/kv', min: -1, max: 1 }], /must be at least 0/],
    [[{ path: 'actuator/pos/biasprm/2', min: -1, max: 1 }], /must be at most 0/],
    [[{ path: 'actuator/dc/ki', min: 0, max: 1 }], /must be above 0/],
    [[{ path: 'joint/rail/stiffness', min: 0, max: 1, scale: true }], /the model's value is 0/],
    [[{ path: 'body/upper/mass', min: -1, max: 1, scale: true }], /must be above 0/],
    [{ parameters: [{ path: d, name: 'sqrt', min: 0, max: 1 }] }, /taken by a word of expressions/],
    [
      { parameters: [{ path: d, name: 'x', min: 0, max: 1 }], constants: { x: 1 } },
      /the name 'x' of a constant is taken/,
    ],
    [derived('joint/elbow/dampng', 'x'), /nearest: 'damping'/],
    [derived(d, 'x +'), /column 4/],
    [
      { parameters: [{ path: d, name: 'x', min: 0, max: 1 }], recordings: { a: { y: 1 } } },
      /'y' is no parameter and no expression uses it; nearest: 'x'/,
    ],
    [
      { parameters: [{ path: d, name: 'x', min: 0, max: 1 }], recordings: { a: { 'body/upper/mass': -1 } } },
      /must be above 0, got -1/,
    ],
    [
      { parameters: [{ path: d, name: 'x', min: 0, max: 1 }], recordings: { a: 3 } },
      /recordings\.a: expected an object/,
    ],
  ]
  for (const [spec, what] of cases) assert.match(message(spec), what)
})

test('parseSpace reads JSON and points at line, column and key', () => {
  const text = `{
  "parameters": [
    { "path": "joint/elbow/damping", "min": 0, "max": 1 },
    { "path": "joint/elbow/armature", "min": 3, "max": 1 }
  ]
}`
  const error = refused(() => parseSpace(text, 'space.json'))
  assert.match(error.message, /^space\.json:4:46 parameters\[1\]\.min: the bounds are the wrong way round/)
  const at = (json: string): string => refused(() => parseSpace(json, 's')).message
  assert.match(at('{"parameters": [}'), /^s:1:17: expected a JSON value, got '}'/)
  assert.match(at('{"parameters": [1 2]}'), /^s:1:19: expected ',' or ']', got '2'/)
  assert.match(at('{"parameters": []'), /^s:1:18: expected ',' or '}', got the end of the text/)
  assert.match(at("{'parameters': []}"), /^s:1:2: expected a key in double quotes/)
  assert.match(at('{"parameters": [], "parameters": []}'), /the key 'parameters' is given twice/)
  assert.match(at('{"parameters": []} x'), /nothing may follow/)
  assert.match(at('[{"path": "a/b/c", "min": 01, "max": 2}]'), /^s:1:28: expected ',' or '}', got '1'/)
  assert.match(at('{"parameters": [], "constants": {"a": "b"}}'), /^s:1:39 constants\.a: expected a number, got 'b'/)
  assert.match(at('"x'), /no closing/)
  assert.match(at(`${'['.repeat(1000)}`), /nested too deeply/)
  assert.match(at(''), /^s:1:1: expected a JSON value, got the end of the text/)
  const good = parseSpace('\ufeff[{"path": "joint/e\\u006cbow/damping", "min": -1.5e-3, "max": 2, "tie": true}]')
  assert.equal(good.parameters, [{ path: 'joint/elbow/damping', min: -0.0015, max: 2, tie: true }])
})

test('the JSON reader agrees with JSON.parse on any value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify({ parameters: [], constants: {} }, null, indent)
      assert.ok(parseSpace(text))
      // an unknown key of any value is refused by its name, so the value was read to its end
      const wrapped = JSON.stringify({ parameters: [], odd: value }, null, indent)
      assert.match(refused(() => parseSpace(wrapped)).message, /unknown key 'odd'/)
    }),
    { seed: 22, numRuns: 300 },
  )
})

test.run()
