import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Change, modelPatch } from '../../bindings/cli/patch.js'
import { modelFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'

/** every attribute that a patch may name is spelled out, so that the test can replace it */
const xml = `<mujoco>
  <compiler angle="radian" autolimits="false"/>
  <option timestep="0.002" gravity="0 0 -9.81"><flag contact="disable"/></option>
  <worldbody>
    <body name="base" pos="0 0 1">
      <inertial pos="0 0 0" mass="2" diaginertia="0.02 0.03 0.04"/>
      <joint name="rail" type="slide" axis="1 0 0" damping="0.1" frictionloss="0.2" armature="0.01" stiffness="3" springref="0.1" ref="0"/>
      <body name="arm">
        <inertial pos="0.1 0 0" mass="0.5" diaginertia="0.001 0.004 0.004"/>
        <joint name="elbow" axis="0 1 0" damping="0.01" ref="0" limited="true" range="-1 1" solreflimit="0.02 1"/>
        <geom name="pad" size="0.02" pos="0.2 0 0" mass="0" friction="1 0.005 0.0001"/>
        <site name="tip" pos="0.3 0 0"/>
        <body name="hand" pos="0.3 0 0">
          <inertial pos="0 0 0" mass="0.1" diaginertia="0.0001 0.0001 0.0001"/>
          <joint name="wrist" type="ball" damping="0.02"/>
        </body>
      </body>
    </body>
    <body name="follower"><inertial pos="0 0 0" mass="1" diaginertia="0.01 0.01 0.01"/><joint name="second" axis="0 1 0" frictionloss="0.1"/></body>
  </worldbody>
  <equality><joint name="coupling" joint1="second" joint2="elbow" polycoef="0 1 0 0 0"/></equality>
  <actuator>
    <general name="servo" joint="elbow" gear="1 0 0 0 0 0" gainprm="10 0 0 0 0 0 0 0 0 0" biastype="affine" biasprm="0 -10 -1 0 0 0 0 0 0 0" forcelimited="true" forcerange="-5 5"/>
  </actuator>
</mujoco>`

const SPACE = [
  'option/timestep',
  'option/gravity/z',
  'body/base/mass',
  'body/arm/com/x',
  'joint/rail/damping',
  'joint/rail/stiffness',
  'joint/rail/springref',
  'joint/elbow/offset',
  'joint/elbow/range/upper',
  'joint/wrist/damping',
  'joint/second/frictionloss',
  'geom/pad/friction/sliding',
  'site/tip/pos/x',
  'equality/coupling/data/1',
  'actuator/servo/kp',
  'actuator/servo/kv',
  'actuator/servo/gear/0',
  'actuator/servo/forcerange/upper',
]

/** the XML with one attribute replaced, as a reader of the patch would do by hand */
function edit(text: string, change: Change): string {
  const { element, name, attribute } = change
  const value = typeof change.new === 'number' ? String(change.new) : change.new.join(' ')
  const tag = { option: 'option', equality: 'joint', actuator: 'general' }[element] ?? element
  const begin =
    element === 'option'
      ? text.indexOf('<option')
      : text.indexOf(`<${element === 'inertial' ? 'body' : tag} name="${name}"`)
  assert.ok(begin >= 0, `${element} ${name}`)
  const at = element === 'inertial' ? text.indexOf('<inertial', begin) : begin
  const end = text.indexOf('>', at)
  const found = text.slice(at, end)
  const pattern = new RegExp(` ${attribute}="[^"]*"`)
  assert.match(found, pattern, `${element} ${name} has no ${attribute}`)
  return text.slice(0, at) + found.replace(pattern, ` ${attribute}="${value}"`) + text.slice(end)
}

test('following the patch by hand makes the same model, by MuJoCo', async () => {
  const model = await loadModel(xml)
  const space = ParameterSpace.from(
    model,
    SPACE.map(path => ({ path, min: /gravity|com|offset|springref|pos/.test(path) ? -100 : 1e-6, max: 100 })),
  )
  // each value moved by its own amount
  const theta = space.start.map((value, i) => value * (1.1 + 0.01 * i) + (value === 0 ? 0.01 * (i + 1) : 0))
  const applied = space.apply(theta)
  const patch = modelPatch(model, applied)
  const patched = await loadModel(patch.reduce(edit, xml))
  let compared = 0
  for (const { name, perWorld, type } of modelFields) {
    // what mj_setConst derives is not in the applied model yet
    if (!perWorld || type !== 'f' || /invweight0|M0|subtreemass|length0|acc0/.test(name)) continue
    const [a, b] = [applied.field[name], patched.field[name]]
    for (let i = 0; i < a.length; i++)
      assert.ok(Math.abs(a[i] - b[i]) <= 1e-12 * Math.max(1, Math.abs(b[i])), `${name}[${i}]: ${a[i]} ${b[i]}`)
    compared += a.length
  }
  assert.ok(compared > 100)
  // mass moves the inertia too, kp moves gain and bias
  assert.ok(patch.some(it => it.attribute === 'diaginertia' && it.name === 'base'))
  assert.ok(patch.some(it => it.attribute === 'biasprm'))
  // one attribute of a ball joint, not three
  assert.is(typeof patch.find(it => it.name === 'wrist')?.new, 'number')
  assert.is(patch.find(it => it.name === 'rail' && it.attribute === 'damping')?.unit, 'N*s/m')
  assert.is(patch.find(it => it.name === 'second')?.unit, 'N*m')
})

test('no change, no patch', async () => {
  const model = await loadModel(xml)
  assert.equal(modelPatch(model, { ...model, field: { ...model.field } }), [])
})

test.run()
