/** One leg: the right one's names end in '', the left one's in '_left'. */
const leg = (side: '' | '_left', colour: string): string => `
      <body name="thigh${side}" pos="0 0 -0.2">
        <joint name="thigh${side}_joint" range="-150 0"/>
        <geom name="thigh${side}_geom" pos="0 0 -0.225" size="0.05 0.225" rgba="${colour}"/>
        <body name="leg${side}" pos="0 0 -0.7">
          <joint name="leg${side}_joint" pos="0 0 0.25" range="-150 0"/>
          <geom name="leg${side}_geom" size="0.04 0.25" rgba="${colour}"/>
          <body name="foot${side}" pos="0.2 0 -0.35">
            <joint name="foot${side}_joint" pos="-0.2 0 0.1" range="-45 45"/>
            <geom name="foot${side}_geom" pos="-0.1 0 0.1" axisangle="0 1 0 -90" size="0.06 0.1" friction="1.9" rgba="${colour}"/>
          </body>
        </body>
      </body>`

const motors = (side: '' | '_left'): string =>
  ['thigh', 'leg', 'foot']
    .map(part => `${part}${side}_joint`)
    .map(
      joint => `
    <motor name="${joint}" joint="${joint}"/>`,
    )
    .join('')

/**
 * A planar biped: the hopper with a second leg, six motors (Erez, Tassa and Todorov 2012).
 *
 * The physical numbers are those of Gymnasium's `walker2d_v5.xml` (Farama-Foundation/Gymnasium,
 * gymnasium/envs/mujoco/assets, MIT licence), so that scores compare; the text is ours. A motor is named after its joint.
 */
export const WALKER2D = `<mujoco model="walker2d">
  <option integrator="RK4" timestep="0.002"/>
  <default>
    <joint axis="0 -1 0" armature="0.01" damping="0.1"/>
    <geom type="capsule" conaffinity="0" condim="3" friction="0.9 0.1 0.1"/>
    <motor ctrlrange="-1 1" gear="100"/>
    <default class="root">
      <joint armature="0" damping="0"/>
    </default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1" friction="0.7" rgba="0.8 0.9 0.8 1"/>
    <body name="torso" pos="0 0 1.25">
      <joint name="rootx" class="root" type="slide" axis="1 0 0" pos="0 0 -1.25"/>
      <joint name="rootz" class="root" type="slide" axis="0 0 1" pos="0 0 -1.25" ref="1.25"/>
      <joint name="rooty" class="root" axis="0 1 0"/>
      <geom name="torso_geom" size="0.05 0.2" rgba="0.8 0.6 0.4 1"/>${leg('', '0.8 0.6 0.4 1')}${leg('_left', '0.7 0.3 0.6 1')}
    </body>
  </worldbody>
  <actuator>${motors('')}${motors('_left')}
  </actuator>
</mujoco>
`
