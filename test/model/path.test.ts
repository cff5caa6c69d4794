import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ParameterError } from '../../bindings/errors.js'
import { fieldSize, modelFields } from '../../bindings/fields.js'
import { editDistance, globMatch, nearest } from '../../bindings/model/glob.js'
import { expandPath, resolvePath } from '../../bindings/model/path.js'
import { PROPERTIES } from '../../bindings/model/properties.js'
import { COMPUTED } from '../../bindings/model/property.js'
import { refused } from './parameter-error.js'
import { type Attribute, arm, DEFAULTS } from './parameter-model.js'

/** number k of an attribute, as the XML has it */
const given = (attribute: Attribute, k: number): number => Number(DEFAULTS[attribute].split(' ')[k])

/** path -> the attribute of the XML it stands for */
const PLACES: readonly [path: string, attribute: Attribute, k: number, unit: string][] = [
  ['option/timestep', 'option.timestep', 0, 's'],
  ['option/gravity/x', 'option.gravity', 0, 'm/s^2'],
  ['option/gravity/2', 'option.gravity', 2, 'm/s^2'],
  ['option/wind/y', 'option.wind', 1, 'm/s'],
  ['option/density', 'option.density', 0, 'kg/m^3'],
  ['body/upper/pos/z', 'upper.pos', 2, 'm'],
  ['body/upper/mass', 'upper.mass', 0, 'kg'],
  ['body/upper/mass_only', 'upper.mass', 0, 'kg'],
  ['body/upper/ipos/x', 'upper.ipos', 0, 'm'],
  ['body/upper/com/z', 'upper.ipos', 2, 'm'],
  ['body/upper/inertia/1', 'upper.diaginertia', 1, 'kg*m^2'],
  ['body/upper/gravcomp', 'upper.gravcomp', 0, '1'],
  ['joint/elbow/damping', 'elbow.damping', 0, 'N*m*s/rad'],
  ['joint/rail/damping', 'rail.damping', 0, 'N*s/m'],
  ['joint/elbow/armature', 'elbow.armature', 0, 'kg*m^2'],
  ['joint/rail/frictionloss', 'rail.frictionloss', 0, 'N'],
  ['joint/wrist/damping', 'wrist.damping', 0, 'N*m*s/rad'],
  ['joint/wrist/damping/2', 'wrist.damping', 0, 'N*m*s/rad'],
  ['joint/elbow/stiffness', 'elbow.stiffness', 0, 'N*m/rad'],
  ['joint/elbow/springref', 'elbow.springref', 0, 'rad'],
  ['joint/elbow/ref', 'elbow.ref', 0, 'rad'],
  ['joint/elbow/range/lower', 'elbow.range', 0, 'rad'],
  ['joint/elbow/range/upper', 'elbow.range', 1, 'rad'],
  ['joint/elbow/margin', 'elbow.margin', 0, 'rad'],
  ['joint/elbow/pos/y', 'elbow.pos', 1, 'm'],
  ['joint/elbow/solref_limit/0', 'elbow.solreflimit', 0, 's'],
  ['joint/elbow/solimp_limit/width', 'elbow.solimplimit', 2, '1'],
  ['joint/elbow/solref_friction/dampratio', 'elbow.solreffriction', 1, '1'],
  ['joint/elbow/solimp_friction/4', 'elbow.solimpfriction', 4, '1'],
  ['joint/elbow/actfrcrange/upper', 'elbow.actuatorfrcrange', 1, 'N*m'],
  ['geom/pad/friction/sliding', 'pad.friction', 0, '1'],
  ['geom/pad/friction/torsional', 'pad.friction', 1, 'm'],
  ['geom/pad/friction/rolling', 'pad.friction', 2, 'm'],
  ['geom/pad/size/1', 'pad.size', 1, 'm'],
  ['geom/pad/pos/x', 'pad.pos', 0, 'm'],
  ['geom/pad/solref/timeconst', 'pad.solref', 0, 's'],
  ['geom/pad/solimp/dmax', 'pad.solimp', 1, '1'],
  ['pair/bump/friction/sliding1', 'bump.friction', 0, '1'],
  ['pair/bump/friction/torsional', 'bump.friction', 2, 'm'],
  ['pair/bump/friction/rolling2', 'bump.friction', 4, 'm'],
  ['pair/bump/solref/dampratio', 'bump.solref', 1, '1'],
  ['pair/bump/solref_friction/timeconst', 'bump.solreffriction', 0, 's'],
  ['pair/bump/margin', 'bump.margin', 0, 'm'],
  ['pair/bump/gap', 'bump.gap', 0, 'm'],
  ['tendon/belt/coef/elbow', 'belt.coef', 0, '1'],
  ['tendon/belt/stiffness', 'belt.stiffness', 0, 'N*m/rad'],
  ['tendon/belt/damping', 'belt.damping', 0, 'N*m*s/rad'],
  ['tendon/belt/frictionloss', 'belt.frictionloss', 0, 'N*m'],
  ['tendon/belt/range/upper', 'belt.range', 1, 'rad'],
  ['tendon/belt/lengthspring/lower', 'belt.springlength', 0, 'rad'],
  ['tendon/belt/solref_limit/dampratio', 'belt.solreflimit', 1, '1'],
  ['equality/glue/torquescale', 'glue.torquescale', 0, '1'],
  ['equality/couple/polycoef/2', 'couple.polycoef', 2, 'SI'],
  ['site/tip/pos/z', 'tip.pos', 2, 'm'],
  ['equality/couple/data/1', 'couple.polycoef', 1, 'SI'],
  ['equality/couple/solref/dampratio', 'couple.solref', 1, '1'],
  ['equality/couple/solimp/dmin', 'couple.solimp', 0, '1'],
  ['actuator/motor/gear/0', 'motor.gear', 0, '1 or m'],
  ['actuator/motor/ctrlrange/upper', 'motor.ctrlrange', 1, 'SI'],
  ['actuator/motor/forcerange/lower', 'motor.forcerange', 0, 'N'],
  ['actuator/motor/damping', 'motor.damping', 0, 'N*s/m'],
  ['actuator/motor/armature', 'motor.armature', 0, 'kg'],
  ['actuator/motor/delay', 'motor.delay', 0, 's'],
  ['actuator/pos/kp', 'pos.kp', 0, 'N*m/rad'],
  ['actuator/pos/gain', 'pos.kp', 0, 'SI'],
  ['actuator/pos/kv', 'pos.kv', 0, 'N*m*s/rad'],
  ['actuator/pos/timeconst', 'pos.timeconst', 0, 's'],
  ['actuator/vel/kv', 'vel.kv', 0, 'N*s/m'],
  ['actuator/damp/kv', 'damp.kv', 0, 'N*m*s/rad'],
  ['actuator/gen/kp', 'gen.gainprm', 0, 'N*m/rad'],
  ['actuator/gen/actrange/lower', 'gen.actrange', 0, 'SI'],
  ['actuator/gen/biasprm/2', 'gen.biasprm', 2, 'SI'],
  ['actuator/pid/kp', 'pid.kp', 0, 'N*m/rad'],
  ['actuator/pid/kv', 'pid.kv', 0, 'N*m*s/rad'],
  ['actuator/pid/ki', 'pid.ki', 0, 'SI'],
  ['actuator/pid/imax', 'pid.imax', 0, 'SI'],
  ['actuator/slew/slewmax', 'slew.slewmax', 0, 'SI'],
  ['actuator/dc/R', 'dc.resistance', 0, 'ohm'],
  ['actuator/dc/K', 'dc.motorconst', 0, 'N*m/A'],
  ['actuator/dc/kp', 'dc.controller', 0, 'N*m/rad'],
  ['actuator/dc/ki', 'dc.controller', 1, 'SI'],
  ['actuator/dc/kd', 'dc.controller', 2, 'N*m*s/rad'],
  ['actuator/dc/kv', 'dc.controller', 2, 'N*m*s/rad'],
  ['actuator/dc/slewmax', 'dc.controller', 3, 'SI'],
  ['actuator/dc/imax', 'dc.controller', 4, 'SI'],
  ['actuator/dc/Vmax', 'dc.controller', 5, 'V'],
  ['actuator/dc/timeconst', 'dc.timeconst', 0, 's'],
  ['actuator/volt/R', 'volt.resistance', 0, 'ohm'],
  ['sensor/enc/delay', 'enc.delay', 0, 's'],
  ['sensor/enc/interval/period', 'enc.interval', 0, 's'],
  ['sensor/enc/cutoff', 'enc.cutoff', 0, 'SI'],
]

test('every documented path reads the number of its XML attribute, with its unit', async () => {
  const model = await arm()
  for (const [path, attribute, k, unit] of PLACES) {
    const found = resolvePath(model, path)
    assert.ok(
      Math.abs(found.value - given(attribute, k)) < 1e-15,
      `${path}: ${found.value}, XML ${given(attribute, k)}`,
    )
    assert.is(found.unit, unit, path)
    // what it would write at the model's value is what the model has
    for (const w of found.writes) {
      assert.ok(
        Math.abs(model.field[w.field][w.index] - (w.factor * found.value + w.shift)) < 1e-15,
        `${path} ${w.field}`,
      )
    }
  }
})

test('every per-world float field that is not computed has a path, and every scalar of it', async () => {
  const model = await arm()
  const reached = new Map<string, Set<number>>()
  for (const [kind, table] of Object.entries(PROPERTIES)) {
    for (const property of table.keys()) {
      const base = kind === 'option' ? `option/${property}` : `${kind}/*/${property}`
      for (const path of [base, `${base}/*`]) {
        try {
          for (const w of expandPath(model, path).flatMap(p => p.writes)) {
            reached.set(w.field, (reached.get(w.field) ?? new Set()).add(w.index))
          }
        } catch (error) {
          // scalars have no component, vectors need one
          assert.instance(error, ParameterError)
        }
      }
    }
  }
  for (const field of modelFields.filter(f => f.perWorld && f.type === 'f')) {
    if (COMPUTED.has(field.name)) assert.not.ok(reached.has(field.name), `${field.name} is computed`)
    else assert.ok(reached.has(field.name), `no path writes ${field.name}`)
  }
  for (const name of ['dof_damping', 'dof_dampingpoly', 'jnt_stiffness', 'actuator_gear', 'eq_data', 'opt_gravity']) {
    const field = modelFields.find(f => f.name === name)
    if (field !== undefined) assert.is(reached.get(name)?.size, fieldSize(field, model), name)
  }
})

test('globs expand in id order, skip the world and elements without the property, and name the unnamed', async () => {
  const model = await arm()
  const paths = (path: string): string[] => expandPath(model, path).map(p => p.path)
  assert.equal(paths('joint/*/damping'), [
    'joint/rail/damping',
    'joint/elbow/damping',
    'joint/wrist/damping',
    'joint/#3/damping',
    'joint/float/damping',
  ])
  // 'frame' has no mass, the world no parameters
  assert.equal(
    paths('body/*/mass'),
    ['base', 'upper', 'hand', 'ns/finger', 'puck'].map(n => `body/${n}/mass`),
  )
  assert.equal(
    paths('actuator/*/kp'),
    ['pos', 'gen', 'pid', 'slew', 'dc'].map(n => `actuator/${n}/kp`),
  )
  assert.equal(paths('joint/*/range/upper'), ['joint/elbow/range/upper'])
  assert.equal(paths('joint/{rail,elbow}/armature'), ['joint/rail/armature', 'joint/elbow/armature'])
  assert.equal(
    paths('body/[uh]*/ipos/{x,z}'),
    ['upper/ipos/x', 'upper/ipos/z', 'hand/ipos/x', 'hand/ipos/z'].map(n => `body/${n}`),
  )
  assert.equal(paths('actuator/#9/gain'), ['actuator/#9/gain'])
  assert.is(resolvePath(model, 'body/ns/finger/mass').index, 4)
  assert.is(resolvePath(model, 'body/ns/finger/ipos/z').value, 0.02)
})

test('a joint of several dofs takes one value for all of them, or one by one', async () => {
  const model = await arm()
  const indices = (path: string): number[] => resolvePath(model, path).writes.map(w => w.index)
  assert.equal(indices('joint/wrist/damping'), [2, 3, 4])
  assert.equal(indices('joint/wrist/damping/1'), [3])
  assert.equal(indices('joint/float/armature'), [6, 7, 8, 9, 10, 11])
  assert.equal(indices('joint/wrist/dampingpoly/1'), [5, 7, 9])
})

test('a path that matches nothing names the nearest', async () => {
  const model = await arm()
  const message = (path: string): string => refused(() => expandPath(model, path)).message
  assert.match(message('bodi/upper/mass'), /'bodi'.*nearest: 'body'/)
  assert.match(message('body/uper/mass'), /no body is called 'uper'.*nearest: 'body\/upper\/mass'/)
  assert.match(message('joint/elbo/range/lower'), /nearest: 'joint\/elbow\/range\/lower'/)
  assert.match(message('joint/elbow/dampng'), /no 'dampng'.*nearest: 'damping'/)
  assert.match(message('geom/pad/frction/sliding'), /no 'frction'.*nearest: 'friction'/)
  assert.match(message('geom/pad/friction/slidng'), /no component 'slidng': it has 'sliding', 'torsional', 'rolling'/)
  assert.match(message('joint/elbow/damping/x'), /is one number and has no component 'x'/)
  assert.match(message('body/upper/ipos'), /3 components: add one of 'x', 'y', 'z'/)
  assert.match(message('joint/x*/damping'), /no joint matches 'x\*'/)
  assert.match(message('option/gravty/z'), /nearest: 'gravity'/)
  assert.match(message('joint'), /joint\/<name>\/<property>/)
  assert.match(message('body/world/mass'), /the world body has no parameters/)
  assert.match(message('tendon/belt/coef/elbo'), /no component 'elbo': it has 'elbow'/)
  assert.match(message('pair/bump/friction/sliding'), /no component 'sliding'/)
  assert.match(message('key/x/time'), /nothing in a model is called 'key'/)
})

test('a property an element does not have is refused with the reason', async () => {
  const model = await arm()
  const reasons: [path: string, reason: RegExp][] = [
    ['actuator/motor/kp', /no position feedback.*use gain/],
    ['actuator/vel/kp', /velocity servo/],
    ['actuator/motor/kv', /no velocity feedback/],
    ['actuator/volt/kp', /no controller/],
    ['actuator/dc/gain', /gainprm\/0 is not a gain/],
    ['actuator/pos/R', /not a dcmotor/],
    ['actuator/vel/timeconst', /no filter/],
    ['actuator/volt/timeconst', /0 in the model/],
    ['actuator/slew/ki', /0 in the model/],
    ['actuator/slew/imax', /no integral to clamp/],
    ['actuator/volt/gainprm/5', /0 in the model/],
    ['actuator/pos/forcerange/lower', /not limited/],
    ['actuator/pos/ctrlrange/lower', /not limited/],
    ['joint/rail/range/lower', /not limited/],
    ['tendon/mixed/range/lower', /not limited/],
    ['equality/glue/polycoef/0', /weld has no polycoef/],
    ['equality/couple/torquescale', /only a weld does/],
    ['joint/wrist/ref', /only hinge and slide/],
    ['joint/float/offset', /only hinge and slide/],
    ['joint/wrist/axis/x', /no axis to choose/],
    ['body/frame/mass', /no mass to scale/],
    ['body/frame/pseudo_inertia/alpha', /not that of a solid body/],
  ]
  for (const [path, reason] of reasons) {
    const error = refused(() => expandPath(model, path))
    assert.is(error.code, 'PATH_REFUSED', path)
    assert.match(error.message, reason)
  }
  // a sum of metres and radians has no unit of its own
  assert.is(resolvePath(model, 'tendon/mixed/stiffness').unit, 'N/m or N*m/rad')
  assert.equal(
    expandPath(model, 'tendon/mixed/coef/*').map(p => [p.path, p.value]),
    [
      ['tendon/mixed/coef/elbow', 2],
      ['tendon/mixed/coef/rail', 3],
    ],
  )
  // unequal gain and bias are no kp
  const general = await arm({ 'gen.biasprm': '0 -12 -0.8' })
  assert.match(
    refused(() => expandPath(general, 'actuator/gen/kp')).message,
    /gainprm\/0 = 13 and biasprm\/1 = -12 are not one gain/,
  )
})

test('glob: known answers', () => {
  const yes: [string, string][] = [
    ['*', ''],
    ['a*c', 'abbbc'],
    ['a?c', 'abc'],
    ['[a-c]x', 'bx'],
    ['[!a-c]x', 'dx'],
    ['{left,right}_*', 'left_arm'],
    ['{a,b{c,d}}', 'bd'],
    ['*/hand', 'robot/left/hand'],
    ['x[1]', 'x[1]'],
    ['a{b', 'a{b'],
  ]
  const no: [string, string][] = [
    ['a?c', 'ac'],
    ['[a-c]x', 'dx'],
    ['{left,right}', 'leftright'],
    ['a*b', 'abc'],
  ]
  for (const [pattern, name] of yes) assert.ok(globMatch(pattern, name), `${pattern} ~ ${name}`)
  for (const [pattern, name] of no) assert.not.ok(globMatch(pattern, name), `${pattern} !~ ${name}`)
  // exponential for a naive matcher
  assert.not.ok(globMatch(`${'a*'.repeat(40)}b`, 'a'.repeat(200)))
})

test('glob agrees with the regular expression it stands for', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
  const words = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
  fc.assert(
    fc.property(letters, words, (pattern, name) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name)
      return globMatch(pattern, name) === expected
    }),
    { seed: 1, numRuns: 2000 },
  )
})

test('edit distance: known answers and metric properties', () => {
  assert.is(editDistance('kitten', 'sitting'), 3)
  assert.is(editDistance('', 'abc'), 3)
  assert.is(editDistance('flaw', 'lawn'), 2)
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 })
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      const d = editDistance
      return d(a, b) === d(b, a) && (d(a, b) === 0) === (a === b) && d(a, c) <= d(a, b) + d(b, c)
    }),
    { seed: 2, numRuns: 500 },
  )
  assert.equal(nearest('Dampin', ['armature', 'dampingpoly', 'damping'], 2), ['damping', 'dampingpoly'])
})

test.run()
