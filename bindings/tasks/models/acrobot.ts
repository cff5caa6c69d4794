/**
 * The acrobot: two rods of 1 m and 1 kg, the shoulder free, a motor of 2 N m in the elbow only. Written anew with the
 * numbers of dm_control's (dm_control/suite/acrobot.xml, Apache-2.0, after Coulom's thesis of 2002): rods of radius 0.05
 * and 0.049 m, damping 0.05 N m s/rad in both joints, timestep 10 ms, RK4.
 *
 * Joints `shoulder` and `elbow` (rad, 0: both rods point up); bodies `upper_arm`, `lower_arm`; site `tip`; the tip of an
 * upright acrobot is at `target`, 4 m high.
 */
export const ACROBOT = `<mujoco model="acrobot">
  <option timestep="0.01" integrator="RK4"/>
  <default>
    <geom type="capsule" contype="0" conaffinity="0" mass="1"/>
    <joint type="hinge" axis="0 1 0" damping="0.05"/>
  </default>
  <worldbody>
    <light pos="0 0 6"/>
    <site name="target" pos="0 0 4" size="0.2"/>
    <body name="upper_arm" pos="0 0 2">
      <joint name="shoulder"/>
      <geom name="upper_arm" size="0.05" fromto="0 0 0 0 0 1"/>
      <body name="lower_arm" pos="0 0 1">
        <joint name="elbow"/>
        <geom name="lower_arm" size="0.049" fromto="0 0 0 0 0 1"/>
        <site name="tip" pos="0 0 1" size="0.01"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor name="elbow" joint="elbow" gear="2" ctrllimited="true" ctrlrange="-1 1"/></actuator>
</mujoco>`
