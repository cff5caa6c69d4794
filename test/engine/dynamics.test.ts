/** Applied forces, mocap bodies, tendons, transmissions, gravity compensation, fluids, the implicit integrator: as MuJoCo has them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sameForward, trajectory } from './compare.js'

const wrap = (body: string, extra = '', option = ''): string =>
  `<mujoco><option timestep="0.002" ${option}><flag contact="disable"/></option><worldbody>${body}</worldbody>${extra}</mujoco>`

const INTEGRATORS = ['Euler', 'implicitfast', 'implicit', 'RK4']

/** one forward pass, then 20 steps with every integrator */
function same(name: string, xml: string, options: { xfrc?: boolean } = {}, integrators = INTEGRATORS): void {
  test(`qacc and its stages: ${name}`, () => sameForward(xml, options))
  for (const integrator of integrators) {
    test(`20 steps, ${integrator}: ${name}`, async () => {
      const error = await trajectory(xml.replace('<option ', `<option integrator="${integrator}" `), 20, options)
      assert.ok(error <= 1e-4, `${error} > 1e-4`)
    })
  }
  // derivatives tell at long steps and high speeds
  for (const integrator of ['implicitfast', 'implicit']) {
    test(`one long step, ${integrator}: ${name}`, async () => {
      const long = xml.replace('<option timestep="0.002"', `<option integrator="${integrator}" timestep="0.02"`)
      const error = await trajectory(long, 1, { ...options, velocity: 4, steps: 1 })
      assert.ok(error <= 2e-5, `${error} > 2e-5`)
    })
  }
}

const TREE = `<body pos="0 0 1"><freejoint/><geom type="box" size=".2 .1 .05" mass="3"/>
  <body pos=".2 0 0"><joint axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
    <body pos=".3 0 0" euler="20 0 30"><joint type="slide" axis="1 1 0" stiffness="20"/><geom type="box" size=".03 .05 .02" pos=".02 0 .03" mass=".4"/></body></body>
  <body pos="-.2 0 0"><joint type="ball" damping=".05"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/></body></body>`
const PLANAR = `<body pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint axis="0 1 0" damping=".1"/><geom type="capsule" fromto="0 0 0 .3 0 .1" size=".04" mass="1"/>
  <body pos=".3 0 .1"><joint axis="0 -1 0" damping=".1"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></body>`
const MOCAP = `<body name="hand" mocap="true" pos=".1 .2 .8" euler="10 20 30"><geom type="box" size=".05 .04 .03" pos=".1 0 0" mass="2"/><site name="grip" pos="0 0 .1"/>
  <body pos=".1 .05 0" euler="0 30 0"><geom type="sphere" size=".05" mass=".3"/>
    <body pos=".1 0 0"><joint axis="0 1 0" damping=".1"/><geom type="capsule" fromto="0 0 0 .2 0 .1" size=".03" mass=".5"/>
      <body pos=".2 0 0"><joint type="ball" damping=".05"/><geom type="box" size=".05 .1 .04" pos="0 .1 0" mass=".4"/></body></body></body></body>
  <body mocap="true" pos="1 0 0"><geom type="sphere" size=".1"/></body>
  <body pos="0 1 0"><joint axis="1 0 0" damping=".1"/><geom type="capsule" fromto="0 0 0 .2 0 .1" size=".03" mass=".5"/></body>`
const HELD = `<body pos="0 0 1" gravcomp="1"><joint axis="0 1 0" damping=".1" actuatorgravcomp="true"/><geom type="capsule" fromto="0 0 0 .3 0 .1" size=".04" mass="1"/>
  <body pos=".3 0 .1" gravcomp=".5"><joint axis="0 0 1" actuatorfrcrange="-1 1"/><geom type="capsule" fromto="0 0 0 .3 .1 0" size=".03" mass=".5"/>
    <body pos=".3 .1 0" gravcomp="1.2"><joint name="c" type="slide" axis="1 0 .5" actuatorgravcomp="true" actuatorfrcrange="-2 2"/><geom size=".05" mass=".3"/></body></body></body>
  <body pos="0 1 1" gravcomp=".8"><freejoint/><geom type="box" size=".1 .2 .05" pos=".1 0 0" mass="1"/></body>`

const TWO_ARMS = `<body><joint name="a" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 .1" size=".04" mass="1"/>
  <body pos=".3 0 .1"><joint name="b" axis="0 0 1" damping=".05"/><geom type="capsule" fromto="0 0 0 .3 .1 0" size=".03" mass=".5"/>
    <body pos=".3 .1 0"><joint name="c" type="slide" axis="1 0 .5" damping=".2"/><geom size=".05" mass=".3"/></body></body>
  <body pos="-.3 0 0"><joint name="d" axis="0 1 1"/><geom type="capsule" fromto="0 0 0 -.3 0 0" size=".03" mass=".5"/></body></body>
  <body pos="0 1 0"><joint name="e" axis="1 0 0"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/></body>`
const coefs = (...list: [string, number][]): string =>
  list.map(([joint, coef]) => `<joint joint="${joint}" coef="${coef}"/>`).join('')
const TENDONS = `<tendon>
  <fixed name="chain" stiffness="8 1 2" damping=".3 .1 .05" springlength="-.2 .3">${coefs(['a', 1], ['b', -0.7], ['c', 3])}</fixed>
  <fixed name="across" stiffness="5" damping=".2">${coefs(['b', 1], ['d', 0.5], ['e', -1])}</fixed>
  <fixed name="heavy" armature=".05" damping=".1">${coefs(['c', 2], ['a', 1.5], ['c', 1])}</fixed>
  <fixed name="heavy across" armature=".02">${coefs(['b', 1], ['d', 1], ['a', 0.5])}</fixed></tendon>`

same('forces on bodies', wrap(TREE), { xfrc: true })
same('forces on bodies that move in a plane', wrap(PLANAR), { xfrc: true })
same('mocap bodies', wrap(MOCAP), { xfrc: true })
same('gravity compensation', wrap(HELD, '<actuator><motor joint="c"/></actuator>'))
same('no gravity to compensate', wrap(HELD, '', 'gravity="0 0 0"'))
same('fixed tendons', wrap(TWO_ARMS, TENDONS))
const pulled = (xml: string): string =>
  wrap(
    TWO_ARMS.replace(
      '</body></body>\n  <body pos="-.3',
      '<site name="s" pos=".05 0 .02" euler="20 10 30"/></body><site name="r" pos="0 .05 0" euler="0 40 10"/></body>\n  <body pos="-.3',
    ),
    `${TENDONS.replace('name="chain"', 'name="chain" actuatorfrclimited="true" actuatorfrcrange="-.5 .7"')}<actuator>${xml}</actuator>`,
  )

same(
  'actuators on tendons',
  pulled(`<motor tendon="chain" gear="2"/><position tendon="chain" kp="3" kv=".2" damping=".1" armature=".02"/><velocity tendon="across" kv=".5"/>
    <general tendon="heavy" dyntype="filter" dynprm=".05" gaintype="affine" gainprm="1 .2 .1" biastype="affine" biasprm=".1 -.5 -.2" forcerange="-1 1" armature=".01" damping=".2 .1 .05" gear="-1.5"/><motor joint="a"/>`),
)
same(
  'actuators on sites',
  pulled(`<motor site="s" gear="1 .5 -.3 .2 .1 .4"/><general site="r" gear="0 0 1 0 0 0" biastype="affine" biasprm="0 0 -.5" gainprm="2"/>
    <position site="s" refsite="r" gear=".5 1 .2 0 0 0" kp="8" kv=".4"/><motor joint="b"/>`),
)
same(
  'actuators on sites of free bodies',
  wrap(
    `<body pos="0 0 1"><freejoint/><geom type="box" size=".1 .2 .3" mass="2"/><site name="s" pos=".1 .05 0" euler="10 20 30"/></body>
     <body pos="1 0 1"><joint name="ball" type="ball"/><geom type="box" size=".1 .2 .3" pos=".2 0 0" mass="1"/><site name="r" pos=".2 .1 0" euler="40 0 30"/></body><site name="w" pos=".1 .2 .3" euler="0 30 20"/>`,
    `<actuator><motor site="s" gear="0 0 1 .1 0 .2"/><general site="s" refsite="r" gear=".5 .2 1 0 0 0" biastype="affine" biasprm="0 -1 -.5"/>
      <general site="s" refsite="w" gear="0 0 0 .3 .2 1" biastype="affine" biasprm="0 0 -.2"/>
      <general jointinparent="ball" gear=".3 .5 .2" biastype="affine" biasprm="0 -.3 -.3"/></actuator>`,
  ),
)
same(
  'servos that turn a site against another',
  pulled(
    '<position site="s" refsite="r" gear="0 0 0 .3 .2 1" kp="4" kv=".3"/><position site="s" refsite="r" gear="0 0 0 1 0 0" kp="2" timeconst=".05"/>',
  ),
)
for (const [name, option] of [
  ['viscous medium', 'viscosity="2"'],
  ['dense medium', 'density="800"'],
  ['wind', 'density="500" viscosity=".5" wind="2 -1 .5"'],
]) {
  same(name, wrap(TREE, '', option))
}
same('swimmer', wrap(PLANAR, '', 'density="4000" viscosity=".1"'))
same(
  'wind without springs and dampers',
  wrap(TWO_ARMS, '', 'density="500" wind="2 -1 .5"').replace('<flag ', '<flag spring="disable" damper="disable" '),
)

test.run()
