/**
 * A pole on a cart that a motor pushes along a rail (Barto, Sutton and Anderson 1983).
 *
 * The physical numbers are those of Gymnasium's `inverted_pendulum.xml` (Farama-Foundation/Gymnasium,
 * gymnasium/envs/mujoco/assets, MIT licence), so that scores compare; the text is ours.
 */
export const INVERTED_PENDULUM = `<mujoco model="inverted-pendulum">
  <option integrator="RK4" timestep="0.02"/>
  <default>
    <joint damping="1"/>
    <geom type="capsule" contype="0" friction="1 0.1 0.1" rgba="0.7 0.7 0 1"/>
  </default>
  <worldbody>
    <geom name="rail" axisangle="0 1 0 90" size="0.02 1" rgba="0.3 0.3 0.7 1"/>
    <body name="cart">
      <joint name="slider" type="slide" axis="1 0 0" range="-1 1"/>
      <geom name="cart" axisangle="0 1 0 90" size="0.1 0.1"/>
      <body name="pole">
        <joint name="hinge" axis="0 1 0" range="-90 90"/>
        <geom name="cpole" fromto="0 0 0 0.001 0 0.6" size="0.049 0.3" rgba="0 0.7 0.7 1"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="slide" joint="slider" gear="100" ctrlrange="-3 3"/>
  </actuator>
</mujoco>
`
