/**
 * A three-link swimmer in a viscous plane, two motors (Coulom 2002).
 *
 * The physical numbers are those of Gymnasium's `swimmer.xml` (Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/assets,
 * MIT licence), so that scores compare; the text is ours. A motor is named after its joint.
 */
export const SWIMMER = `<mujoco model="swimmer">
  <option integrator="RK4" timestep="0.01" density="4000" viscosity="0.1"/>
  <default>
    <joint axis="0 0 1" armature="0.1"/>
    <geom type="capsule" size="0.1" contype="0" conaffinity="0" condim="1" rgba="0.8 0.6 0.4 1"/>
    <motor ctrlrange="-1 1" gear="150"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" pos="0 0 -0.1" size="40 40 0.1" condim="3" rgba="0.8 0.9 0.8 1"/>
    <body name="torso">
      <joint name="slider1" type="slide" axis="1 0 0"/>
      <joint name="slider2" type="slide" axis="0 1 0"/>
      <joint name="free_body_rot"/>
      <geom fromto="1.5 0 0 0.5 0 0"/>
      <body name="mid" pos="0.5 0 0">
        <joint name="motor1_rot" range="-100 100"/>
        <geom fromto="0 0 0 -1 0 0"/>
        <body name="back" pos="-1 0 0">
          <joint name="motor2_rot" range="-100 100"/>
          <geom fromto="0 0 0 -1 0 0"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="motor1_rot" joint="motor1_rot"/>
    <motor name="motor2_rot" joint="motor2_rot"/>
  </actuator>
</mujoco>
`
