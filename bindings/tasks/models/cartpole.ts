/**
 * A cart on a rail of 3.6 m with a pole of 0.8 m hinged on it, of our own dimensions: cart 1 kg, pole 0.2 kg (a rod, its
 * mass spread evenly), a motor that pushes the cart with at most 10 N. Little friction: 0.1 N s/m on the rail, 0.001 N m
 * s/rad in the hinge.
 *
 * Joints `slider` (m, 0 in the middle, ends at 1.8 on either side) and `hinge` (rad, 0 upright, unlimited); actuator
 * `push` (ctrl 1 is 10 N). Nothing collides. The timestep is 10 ms.
 */
export const CARTPOLE = `<mujoco model="cartpole">
  <compiler autolimits="true"/>
  <option timestep="0.01" integrator="implicitfast"/>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <light pos="0 0 4"/>
    <geom name="rail" type="capsule" size="0.02" fromto="-2 0.1 0 2 0.1 0"/>
    <body name="cart">
      <joint name="slider" type="slide" axis="1 0 0" range="-1.8 1.8" damping="0.1" solreflimit="0.04 1"/>
      <geom name="cart" type="box" size="0.12 0.08 0.06" mass="1"/>
      <body name="pole">
        <joint name="hinge" type="hinge" axis="0 1 0" damping="0.001"/>
        <geom name="pole" type="capsule" size="0.02" fromto="0 0 0 0 0 0.8" mass="0.2"/>
        <site name="tip" pos="0 0 0.8"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor name="push" joint="slider" gear="10" ctrlrange="-1 1"/></actuator>
</mujoco>`
