/**
 * Models of the API suite. A GPU without hardware takes seconds to compile the kernels of one, so there are few of them,
 * small, and each serves many tests.
 */

/** what moves touches the floor and nothing else: that leaves few kernels for collisions */
const FLOOR = '<geom name="floor" type="plane" size="5 5 1" contype="0" conaffinity="1" friction="0.7 0.01 0.001"/>'
const ON_FLOOR = '<default><geom contype="1" conaffinity="0"/></default>'

// a state of every kind: free and ball joints, activation, delays, equality, tendon, mocap, contacts, keyframes
const ROBOT = `<mujoco model="robot"><option timestep="0.004"/>${ON_FLOOR}
  <worldbody>${FLOOR}
    <body name="hand" mocap="true" pos="1 0 2" quat="0.6 0 0.8 0"><geom size="0.05" contype="0"/></body>
    <body name="trunk" pos="0 0 0.15"><freejoint/><geom type="box" size="0.1 0.2 0.1" mass="1" contype="0"/><geom size="0.1" mass="0.1"/>
      <body name="fist" pos="0.2 0 0"><joint name="ball" type="ball" damping="0.05"/><geom name="fist" size="0.05" pos="0.1 0 0" mass="0.1"/></body></body>
    <body name="cart" pos="0 1 0.5"><joint name="rail" type="slide" axis="1 0 0" range="-2 2" limited="true"/>
      <joint name="spin" axis="0 0 1" damping="0.2" frictionloss="0.01"/><geom name="cart" size="0.1" pos="0.1 0 0" mass="0.5"/></body>
  </worldbody>
  <tendon><fixed name="cord" stiffness="1"><joint joint="rail" coef="1"/><joint joint="spin" coef="-0.5"/></fixed></tendon>
  <equality><joint name="off" joint1="rail" joint2="spin" active="false"/></equality>
  <actuator><motor joint="spin" ctrlrange="-1 1"/><position joint="rail" kp="5" delay="0.012" nsample="5"/>
    <general joint="spin" dyntype="filter" dynprm="0.1" gainprm="2"/></actuator>
  <sensor><jointpos joint="rail" delay="0.01" nsample="3"/><framepos objtype="body" objname="fist"/></sensor>
  <keyframe>
    <key name="home" time="1.5" qpos="1 2 3 0.5 0.5 0.5 0.5 0 1 0 0 0.3 -0.4" qvel="1 2 3 4 5 6 7 8 9 10 11" act="0.7"
         ctrl="0.1 0.2 0.3" mpos="4 5 6" mquat="0 1 0 0"/>
    <key name="away" qpos="0 0 1 1 0 0 0 1 0 0 0 -1 1"/>
  </keyframe>
</mujoco>`

// one joint; delays of actuators and sensors with every interpolation, sampling intervals with and without phase
const SWING = `<mujoco model="swing"><option timestep="0.002"><flag contact="disable"/></option>
  <worldbody><body name="rod"><joint name="a" axis="0 1 0" damping="0.2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></worldbody>
  <actuator><motor name="m" joint="a" gear="0.5"/>
    <position joint="a" kp="2" delay="0.0053" nsample="12" interp="zoh"/>
    <position joint="a" kp="1" delay="0.0219" nsample="12" interp="linear"/>
    <position joint="a" kp="1" delay="0.001" nsample="12" interp="cubic"/></actuator>
  <sensor>
    <jointpos joint="a" delay="0.0075" nsample="9" interp="linear"/><jointvel joint="a" delay="0.0075" nsample="9" interp="cubic"/>
    <jointvel joint="a" delay="0.0075" nsample="9"/><jointpos joint="a" interval="0.0071" nsample="3" interp="cubic"/>
    <jointvel joint="a" interval="0.0113 -0.0031" nsample="4" interp="linear"/>
    <actuatorfrc actuator="m" interval="0.0071" delay="0.0093" nsample="5"/>
    <jointvel joint="a" interval="0.0031 -0.0017" delay="0.0201" nsample="9" interp="linear"/>
    <clock interval="0.0171" nsample="2"/><jointpos joint="a" interval="0.0007" nsample="2"/></sensor>
</mujoco>`

// contacts of every dimension, friction loss, a limit and an equality
const fall = (option: string): string => `<mujoco model="fall"><option timestep="0.002" ${option}/>
  <default><geom solref="0.02 1" condim="3" contype="1" conaffinity="0"/></default>
  <worldbody>${FLOOR}
    <body pos="0 0 0.3" euler="10 20 30"><freejoint/><geom name="brick" type="box" size="0.1 0.2 0.1" mass="1"/>
      <body pos="0.25 0 0"><joint name="arm" axis="0 1 0" range="-20 20" limited="true" frictionloss="0.1"/>
        <geom name="rod" size="0.05" pos="0.3 0 0" mass="0.2" condim="4"/></body></body>
    <body pos="1 0 0.09"><freejoint/><geom name="ball" size="0.1" mass="0.5" condim="6"/></body>
    <body pos="-1 0 0.09"><joint type="slide" axis="0 0 1"/><joint type="slide" axis="1 0 0"/><geom name="ice" size="0.1" mass="0.5" condim="1"/></body>
    <body pos="0 1 0.5"><joint name="rail" type="slide" axis="1 0 0"/><joint name="spin" axis="0 0 1" damping="0.1"/><geom size="0.1" mass="0.3"/></body>
  </worldbody>
  <equality><joint joint1="rail" joint2="spin" polycoef="0 0.1 0 0 0"/></equality>
  <actuator><motor joint="arm" gear="3"/></actuator>
</mujoco>`

// balls above each other's height, so that the floor catches one after the other; a solver that may take one iteration
const RAIN = `<mujoco model="rain"><option timestep="0.004" iterations="1" tolerance="0" cone="elliptic"/>${ON_FLOOR}
  <worldbody>${FLOOR}
    ${[0, 1, 2]
      .map(
        i => `<body pos="${0.3 * i} 0 ${0.1 + 0.05 * (i + 1)}"><joint type="slide" axis="0 0 1"/><joint type="slide" axis="1 0 0"/>
      <geom size="0.1" mass="1"/></body>`,
      )
      .join('\n    ')}
  </worldbody>
</mujoco>`

// sensors with noise, one that senses nothing, one with a cutoff
const NOISY = `<mujoco model="noisy"><option timestep="0.002"><flag contact="disable"/></option><worldbody>
  <body pos="0 0 1"><joint name="a" type="slide" axis="1 0 0"/><geom type="sphere" size=".1" mass="1"/><site name="s" euler="10 20 30"/></body></worldbody>
  <sensor><jointpos joint="a" noise=".5"/><gyro site="s" noise="2"/><framezaxis objtype="site" objname="s" noise=".01"/>
  <framequat objtype="site" objname="s" noise=".02"/><touch site="s" noise="1"/><clock/><jointvel joint="a" noise=".3" cutoff=".4"/></sensor></mujoco>`

// every model field that worlds may have for themselves, contacts apart, and a geom of every type
const WRITTEN = `<mujoco model="written"><option timestep="0.002" density="30" viscosity=".1" wind="1 .5 -.3"><flag contact="disable"/></option>
  <worldbody><site name="ground" pos=".1 .2 .3" euler="10 20 30"/><geom type="plane" size="1 1 1"/>
  <body name="base" pos="0 0 1" quat="1 .2 .1 -.3" gravcomp=".3"><joint name="a" axis="0 1 .2" damping=".1" stiffness="2 .1 .2" springref="20" frictionloss="1.2" limited="true" range="-20 20" armature=".01"/>
    <geom type="box" size=".1 .05 .2" pos=".1 0 .05" euler="0 40 0" mass="1"/><geom type="cylinder" size=".1 .2" mass=".1"/>
    <body name="fore" pos=".3 .1 0" euler="10 0 30"><joint name="b" pos=".01 .02 0" axis="1 0 0" damping=".2 .1 .05" margin=".1" limited="true" range="-20 5" actuatorfrcrange="-2 2" actuatorfrclimited="true"/>
      <joint name="c" type="slide" axis="0 0 1" stiffness="30"/>
      <geom type="capsule" fromto="0 0 0 .3 0 .1" size=".03" mass=".5"/><site name="tip" pos=".3 0 .1" euler="0 0 70"/></body></body>
  <body name="free" pos="1 0 0"><freejoint/><geom name="g" type="box" size=".1 .2 .3" pos=".05 0 .02" mass="2"/>
    <body name="on" pos=".2 0 0" gravcomp="1"><joint name="ball" type="ball" damping=".05" stiffness="1"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/>
      <geom type="ellipsoid" size=".1 .2 .3" mass=".1"/><geom size=".1" mass=".1"/></body></body></worldbody>
  <equality><joint joint1="b" joint2="c" polycoef="0 .1 0 0 0"/></equality>
  <tendon><fixed name="t" stiffness="3 1 .5" damping=".2 .1 .05" springlength="-.2 .1" limited="true" range="-.3 .3" margin=".02" frictionloss="3" armature=".01"
    actuatorfrclimited="true" actuatorfrcrange="-.4 .5"><joint joint="a" coef="1"/><joint joint="b" coef="-.6"/></fixed></tendon>
  <actuator><motor name="m" joint="a" gear="3" ctrllimited="true" ctrlrange="-.5 .5" damping=".01" armature=".002"/>
    <position name="p" joint="b" kp="5" kv=".2" forcelimited="true" forcerange="-4 4"/>
    <general name="i" joint="c" dyntype="filter" dynprm=".05" gainprm="4" actlimited="true" actrange="-1 1"/>
    <motor name="w" joint="ball" gear="1 .2 .1"/><motor name="s" site="tip" gear="1 .5 .2 .1 .3 .2"/>
    <general name="q" site="tip" refsite="ground" gear="1 .5 .2 0 0 0" biastype="affine" biasprm="0 -1 -.2"/>
    <position name="u" tendon="t" kp="3" gear="1.5" armature=".01" damping=".1"/></actuator>
  <sensor><framepos objtype="site" objname="tip"/><framequat objtype="geom" objname="g"/><framepos objtype="geom" objname="g"/><framepos objtype="body" objname="on"/><jointpos joint="a" cutoff=".3"/><magnetometer site="tip"/></sensor></mujoco>`

/** a plain model, or one that has from the start what a test gives the plain one */
const sledge = (
  option: string,
  tendon: string,
): string => `<mujoco model="sledge"><option timestep="0.004" ${option}/><worldbody>
  <body name="b" pos="0 0 1"><joint name="x" type="slide" axis="1 0 .3"/><joint name="y" axis="0 1 0"/><geom type="box" size=".1 .2 .05" mass="1"/></body></worldbody>
  <tendon><fixed name="t" springlength="0.2" ${tendon}><joint joint="x" coef="1"/><joint joint="y" coef="-.6"/></fixed></tendon></mujoco>`

export const MODELS = {
  robot: ROBOT,
  'robot, heavier': ROBOT.replace('mass="1"', 'mass="2"'),
  swing: SWING,
  'fall, pyramidal': fall('cone="pyramidal"'),
  'fall, elliptic': fall('cone="elliptic" impratio="2"'),
  rain: RAIN,
  noisy: NOISY,
  written: WRITTEN,
  sledge: sledge('', ''),
  'sledge, all its own': sledge('density="500"', 'stiffness="20"'),
} as const
export type ModelName = keyof typeof MODELS
