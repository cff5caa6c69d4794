/**
 * A hobby servo of 1 N m (10 kg cm) swings 0.25 kg on an arm of 0.15 m. Its own control loop is a spring and damper towards the
 * set-point, kp 4 N m/rad and kd 0.25 N m s/rad, which its torque cuts off from 14 degrees of error on; gears add a rotor of
 * 0.002 kg m^2 and 0.03 N m of dry friction. So it lags by 60 ms and sags by 5 degrees when the arm is level: what a policy
 * that knows the load can make good.
 *
 * Joint `servo` (rad, 0 hanging, 1.7 to either side), actuator `servo` (ctrl: set-point in rad), site `tip`. The timestep
 * is 5 ms: four of them are the 20 ms at which such servos are told their set-points.
 */
export const PENDULUM_SERVO = `<mujoco model="pendulum servo">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="0.005" integrator="implicitfast"/>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <light pos="0 -1 1"/>
    <geom name="case" type="box" size="0.02 0.02 0.01" pos="0 0.04 0"/>
    <body name="arm">
      <joint name="servo" type="hinge" axis="0 1 0" range="-1.7 1.7" armature="0.002" damping="0.02" frictionloss="0.03"/>
      <geom name="rod" type="capsule" size="0.006" fromto="0 0 0 0 0 -0.15" mass="0.03"/>
      <geom name="load" type="sphere" size="0.02" pos="0 0 -0.15" mass="0.25"/>
      <site name="tip" pos="0 0 -0.15"/>
    </body>
  </worldbody>
  <actuator><position name="servo" joint="servo" kp="4" kv="0.25" inheritrange="1" forcerange="-1 1"/></actuator>
</mujoco>`
