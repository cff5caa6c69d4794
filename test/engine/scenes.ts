/** Small models, one feature each, for comparison with MuJoCo. Contacts are disabled: they come with their own issue. */

const wrap = (body: string, extra = '', option = ''): string =>
  `<mujoco><option timestep="0.002" ${option}><flag contact="disable"/></option><worldbody>${body}</worldbody>${extra}</mujoco>`

const arm = (joints: readonly string[]): string =>
  joints.reduceRight(
    (inner, joint, i) =>
      `<body name="b${i}" pos="${i ? 0.3 : 0} ${0.05 * i} 0.02" euler="${10 * i} ${-15 * i} 20">
        ${joint}<geom type="capsule" fromto="0 0 0 0.25 0.05 0.03" size="0.03" mass="${1 + i}"/>
        <geom type="box" size=".05 .03 .08" pos=".2 .02 .05" euler="20 30 10" mass=".4"/>${inner}</body>`,
    '<site name="tip" pos=".2 .1 0" euler="30 0 40"/>',
  )

const hinges = arm([
  '<joint name="j0" axis="0 0 1" damping=".1"/>',
  '<joint name="j1" axis="1 .5 -.3" pos=".02 .01 -.03" armature=".02"/>',
  '<joint name="j2" type="slide" axis=".2 1 .1" stiffness="20" springref=".1" damping=".5"/>',
  '<joint name="j3" axis="0 -1 0" ref="20" stiffness="3" springref="40"/>',
])
const two = arm(['<joint name="a" axis="0 1 0"/>', '<joint name="b" axis="0 1 0" pos="0 0 .01"/>'])
const actuated = (xml: string, option = ''): string => wrap(two, `<actuator>${xml}</actuator>`, option)

export const SCENES: Readonly<Record<string, string>> = {
  // joints
  'hinge and slide chain': wrap(hinges),
  'free body': wrap(
    '<body pos="0 0 1"><freejoint/><geom type="box" size=".1 .2 .3" mass="2"/><geom type="sphere" size=".1" pos=".3 .1 0" mass=".5"/></body>',
  ),
  'free base with arms': wrap(
    `<body pos="0 0 1"><freejoint/><geom type="box" size=".2 .1 .05" mass="3"/>
      <body pos=".2 0 0"><joint axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body>
      <body pos="-.2 0 0"><joint type="ball" damping=".05"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/></body></body>`,
  ),
  'ball chain': wrap(
    arm([
      '<joint type="ball" damping=".1" stiffness="2"/>',
      '<joint type="ball" pos=".01 0 .02" armature=".01"/>',
      '<joint axis="1 1 0"/>',
    ]),
  ),
  'several joints a body': wrap(
    `<body pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><joint axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 .4" size=".04" mass="2"/>
      <body pos="0 0 .4"><joint axis="0 1 0" pos="0 0 .02"/><joint axis="1 0 0" pos=".01 0 0"/>
      <geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass="1"/></body></body>`,
  ),
  'trees beside each other': wrap(
    `<body><geom type="sphere" size=".2" mass="5"/><body pos=".2 0 0"><joint axis="0 0 1"/><geom type="box" size=".1 .02 .02" pos=".1 0 0"/></body>
      <body pos="-.2 0 0"><joint axis="0 1 0"/><geom type="box" size=".1 .02 .02" pos="-.1 0 0"/></body></body>
     <body pos="1 0 0"><joint type="slide" axis="0 0 1"/><geom type="sphere" size=".1"/></body>`,
  ),
  'planar hopper': wrap(
    `<body pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1" ref="1"/><joint axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 .4" size=".05" mass="3"/>
      <body pos="0 0 0"><joint axis="0 -1 0" armature=".1" damping="1"/><geom type="capsule" fromto="0 0 0 .1 0 -.4" size=".04" mass="2"/>
        <body pos=".1 0 -.4"><joint axis="0 -1 0"/><geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03" mass="1"/></body></body>
      <body pos="0 0 .4"><joint type="slide" axis="1 0 0"/><geom type="sphere" size=".05" mass=".4"/></body></body>`,
  ),
  'free joint with springs': wrap(
    '<body pos="0 0 1"><joint type="free" stiffness="8" damping=".4"/><geom type="box" size=".1 .2 .3" mass="2" pos=".05 0 0"/></body>',
  ),
  'polynomial springs and dampers': wrap(
    arm([
      '<joint axis="0 1 0" stiffness="2 1 .5" damping=".3 .2 .1"/>',
      '<joint type="slide" axis="1 0 0" stiffness="5 0 20" damping=".5 0 .2" springref=".2"/>',
    ]),
  ),

  // constraints
  'friction loss': wrap(
    arm([
      '<joint axis="0 1 0" frictionloss="1.5"/>',
      '<joint axis="0 0 1" frictionloss=".2" solimpfriction=".8 .9 .01 .4 3"/>',
      '<joint type="ball" frictionloss=".1"/>',
    ]),
  ),
  'joint limits': wrap(
    arm([
      '<joint axis="0 1 0" limited="true" range="-20 20"/>',
      '<joint axis="0 0 1" limited="true" range="-10 30" margin=".1" solreflimit=".05 .7" solimplimit=".8 .99 .05 .3 4"/>',
      '<joint type="slide" axis="1 0 0" limited="true" range="-.05 .05" solreflimit="-800 -20"/>',
    ]),
  ),
  'limits of a body that only slides, with armature': wrap(
    `<body><joint type="slide" axis="1 0 0" armature="1" limited="true" range="-.1 .1" frictionloss=".4"/><joint type="slide" axis="0 1 0" armature=".5" limited="true" range="-.1 .2"/>
      <geom size=".1" mass="2"/></body>`,
  ),
  'ball limit': wrap(
    arm(['<joint type="ball" limited="true" range="0 50"/>', '<joint axis="0 1 0" frictionloss=".3"/>']),
  ),
  'joint equality': wrap(
    arm([
      '<joint name="p" axis="0 1 0"/>',
      '<joint name="q" axis="0 0 1"/>',
      '<joint name="r" type="slide" axis="1 0 0"/>',
    ]),
    `<equality><joint joint1="p" joint2="q" polycoef=".1 .8 .2 -.1 .05"/><joint joint1="r" polycoef=".02 0 0 0 0" solref=".03 1.2"/></equality>`,
  ),
  'equality across branches': wrap(
    `<body><joint name="root" axis="0 1 0"/><geom type="box" size=".2 .02 .02"/>
      <body pos=".2 0 0"><joint name="left" type="slide" axis="0 1 0" range="0 .04" limited="true" damping="5"/><geom type="sphere" size=".03" mass=".1"/></body>
      <body pos="-.2 0 0"><joint name="right" type="slide" axis="0 -1 0" range="0 .04" limited="true"/><geom type="sphere" size=".03" mass=".1"/></body></body>`,
    '<equality><joint joint1="left" joint2="right"/></equality>',
  ),
  'everything at once': wrap(
    arm([
      '<joint name="x" axis="0 1 0" frictionloss="1" limited="true" range="-30 30" damping=".2"/>',
      '<joint name="y" axis="0 1 .2" frictionloss=".4" limited="true" range="-20 60" armature=".05"/>',
      '<joint name="z" axis="1 0 0" frictionloss=".1"/>',
    ]),
    '<equality><joint joint1="y" joint2="z" polycoef="0 -.5 0 0 0"/></equality><actuator><motor joint="x" gear="20"/></actuator>',
  ),

  // actuators
  motor: actuated(
    '<motor joint="a" gear="3" ctrllimited="true" ctrlrange="-.5 .5"/><motor joint="b" forcelimited="true" forcerange="-.3 .4"/>',
  ),
  'position, velocity, damper': actuated(
    `<position joint="a" kp="30" kv="2" forcelimited="true" forcerange="-6 6"/><velocity joint="b" kv="3"/>
     <damper joint="b" kv="2" ctrlrange="0 1"/>`,
  ),
  'general, affine gain': actuated(
    `<general joint="a" gaintype="affine" gainprm="2 .5 -.3" biastype="affine" biasprm=".1 -4 -.2"/>
     <general joint="b" dyntype="integrator" gainprm="5" biastype="affine" biasprm="0 -5 0" actlimited="true" actrange="-1 1"/>`,
  ),
  filters: actuated(
    `<general joint="a" dyntype="filter" dynprm=".05" gainprm="4"/><general joint="b" dyntype="filterexact" dynprm=".03" gainprm="3" actearly="true"/>`,
  ),
  'gear of ball and free joints': wrap(
    `<body pos="0 0 1"><freejoint name="f"/><geom type="box" size=".1 .2 .05" mass="2"/>
      <body pos=".2 0 0"><joint name="s" type="ball"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></body>`,
    '<actuator><motor joint="f" gear="1 2 3 .1 .2 .3"/><motor joint="s" gear=".5 -.2 1"/><position joint="s" kp="3" gear="0 1 0"/></actuator>',
  ),
  'joint force limits': wrap(
    arm([
      '<joint name="a" axis="0 1 0" actuatorfrcrange="-1 1" actuatorfrclimited="true"/>',
      '<joint name="b" axis="0 0 1"/>',
    ]),
    '<actuator><motor joint="a" gear="4"/><motor joint="a" gear="-1"/><position joint="b" kp="10"/></actuator>',
  ),
  'actuator damping and armature': actuated(
    '<motor joint="a" gear="3" damping=".1" armature=".02"/><motor joint="b" armature=".01"/>',
  ),
  'dcmotor, voltage': actuated(
    '<dcmotor joint="a" motorconst=".3" resistance="2"/><dcmotor joint="b" motorconst=".1" resistance="1" gear="5"/>',
  ),
  'dcmotor, controller with supply limit': actuated(
    '<dcmotor joint="a" motorconst=".3" resistance="2" controller="8 0 .5 0 0 6" input="pos"/><dcmotor joint="b" motorconst=".2" resistance="1" controller="3 2 .2 4 .3 5" input="pos vel ff voltage"/>',
  ),
  'dcmotor, current and saturation': actuated(
    '<dcmotor joint="a" motorconst=".3" resistance="2" inductance="0 .004" saturation="1.5 0 400"/>',
  ),
  'dcmotor, cogging': actuated('<dcmotor joint="a" motorconst=".3" resistance="2" cogging=".05 6 .3"/>'),
  'dcmotor, heat': actuated('<dcmotor joint="b" motorconst=".2" resistance="1" thermal="2 30 0 .004 25 22"/>'),
  'dcmotor, LuGre': actuated('<dcmotor joint="b" motorconst=".2" resistance="1" lugre="200 .5 .05 .09 .1"/>'),
  'dcmotor, passive': actuated('<dcmotor joint="a" motorconst=".3" resistance="2" input="none"/>'),
  pid: actuated(
    `<pid joint="a" kp="20" kv="1" ki="5" imax=".2" forcerange="-8 8" forcelimited="true"/>
     <pid joint="b" kp="15" kv="1.5" slewmax="2" input="pos vel ff"/>`,
  ),
}
