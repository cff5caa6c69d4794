/**
 * A two-link arm in a plane and a target on two slides that nothing drives.
 *
 * The physical numbers are those of Gymnasium's `reacher.xml` (Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/assets,
 * MIT licence), so that scores compare; the text is ours. A motor is named after its joint.
 */
export const REACHER = `<mujoco model="reacher">
  <compiler angle="radian"/>
  <option integrator="RK4" timestep="0.01"/>
  <default>
    <joint axis="0 0 1" armature="1" damping="1"/>
    <geom contype="0" friction="1 0.1 0.1"/>
    <motor ctrlrange="-1 1" gear="200"/>
    <default class="side">
      <geom type="capsule" size="0.02" conaffinity="0" rgba="0.9 0.4 0.6 1"/>
    </default>
    <default class="link">
      <geom type="capsule" size="0.01" fromto="0 0 0 0.1 0 0" rgba="0 0.4 0.6 1"/>
    </default>
    <default class="target">
      <joint type="slide" range="-0.27 0.27" armature="0" damping="0"/>
    </default>
  </default>
  <worldbody>
    <geom name="ground" type="plane" size="1 1 10" conaffinity="0" rgba="0.9 0.9 0.9 1"/>
    <geom name="sideS" class="side" fromto="-0.3 -0.3 0.01 0.3 -0.3 0.01"/>
    <geom name="sideE" class="side" fromto="0.3 -0.3 0.01 0.3 0.3 0.01"/>
    <geom name="sideN" class="side" fromto="-0.3 0.3 0.01 0.3 0.3 0.01"/>
    <geom name="sideW" class="side" fromto="-0.3 -0.3 0.01 -0.3 0.3 0.01"/>
    <geom name="root" type="cylinder" size="0.011" fromto="0 0 0 0 0 0.02" conaffinity="0" rgba="0.9 0.4 0.6 1"/>
    <body name="body0" pos="0 0 0.01">
      <joint name="joint0"/>
      <geom name="link0" class="link"/>
      <body name="body1" pos="0.1 0 0">
        <joint name="joint1" range="-3 3"/>
        <geom name="link1" class="link"/>
        <body name="fingertip" pos="0.11 0 0">
          <geom name="fingertip" type="sphere" size="0.01" rgba="0 0.8 0.6 1"/>
        </body>
      </body>
    </body>
    <body name="target" pos="0.1 -0.1 0.01">
      <joint name="target_x" class="target" axis="1 0 0" ref="0.1"/>
      <joint name="target_y" class="target" axis="0 1 0" ref="-0.1"/>
      <geom name="target" type="sphere" size="0.009" conaffinity="0" rgba="0.9 0.2 0.2 1"/>
    </body>
  </worldbody>
  <actuator>
    <motor name="joint0" joint="joint0"/>
    <motor name="joint1" joint="joint1"/>
  </actuator>
</mujoco>
`
