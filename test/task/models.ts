/** Models of the task tests. */
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'

/** a free body with a site, a hinge and a slide below it, motors on both, sensors, a keyframe */
const WALKER = `<mujoco>
  <option timestep="0.005"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 .1"/>
    <body name="torso" pos="0 0 1">
      <freejoint name="root"/>
      <geom name="trunk" type="box" size=".2 .1 .05" mass="3"/>
      <site name="imu" pos=".1 .02 .03"/>
      <body name="thigh" pos=".1 0 -.1">
        <joint name="hip" axis="0 1 0" range="-1 1" limited="true"/>
        <geom name="thigh" type="capsule" size=".03" fromto="0 0 0 0 0 -.3" mass=".5"/>
        <body name="foot" pos="0 0 -.3">
          <joint name="ankle" type="slide" axis="0 0 1"/>
          <geom name="foot" type="sphere" size=".04" mass=".2"/>
          <site name="toe" pos=".05 0 0"/>
        </body>
      </body>
    </body>
    <body name="post" pos="1 2 .5"><geom name="post" size=".1" contype="0" conaffinity="0"/></body>
    <body name="target" mocap="true" pos="2 0 1"><geom name="target" size=".1" contype="0" conaffinity="0"/></body>
  </worldbody>
  <actuator>
    <motor name="hip" joint="hip" gear="2" ctrllimited="true" ctrlrange="-1 3"/>
    <position name="ankle" joint="ankle" kp="50"/>
  </actuator>
  <sensor>
    <gyro name="gyro" site="imu"/>
    <touch name="toe" site="toe"/>
    <framequat name="attitude" objtype="site" objname="imu"/>
    <jointpos name="hip" joint="hip"/>
  </sensor>
  <keyframe>
    <key name="home" qpos="0 0 1.2 1 0 0 0 .4 -.05" qvel="1 0 0 0 0 0 .5 0" ctrl="1.5 0"/>
  </keyframe>
</mujoco>`

let walker: Promise<Model> | undefined

/** The walker, compiled once. */
export function walkerModel(): Promise<Model> {
  walker ??= loadModel(WALKER)
  return walker
}
