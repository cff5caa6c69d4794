type Side = 'right' | 'left'

/** A leg: the left one is the mirror image, with axes turned so that equal angles mean mirrored poses. */
function leg(side: Side): string {
  const y = side === 'right' ? -1 : 1
  // the assets differ here: only the left knee has a spring
  const knee = side === 'right' ? '' : ' stiffness="1"'
  return `
          <body name="${side}_thigh" pos="0 ${0.1 * y} -0.04">
            <joint name="${side}_hip_x" class="hip" axis="${-y} 0 0" range="-25 5"/>
            <joint name="${side}_hip_z" class="hip" axis="0 0 ${-y}" range="-60 35"/>
            <joint name="${side}_hip_y" class="hip" axis="0 1 0" range="-110 20" stiffness="20"${side === 'right' ? ' armature="0.008"' : ''}/>
            <geom name="${side}_thigh1" fromto="0 0 0 0 ${-0.01 * y} -0.34" size="0.06"/>
            <body name="${side}_shin" pos="0 ${-0.01 * y} -0.403">
              <joint name="${side}_knee" axis="0 -1 0" pos="0 0 0.02" range="-160 -2" armature="0.006"${knee}/>
              <geom name="${side}_shin1" fromto="0 0 0 0 0 -0.3" size="0.049"/>
              <body name="${side}_foot" pos="0 0 -0.45">
                <geom name="${side}_foot" type="sphere" pos="0 0 0.1" size="0.075"/>
              </body>
            </body>
          </body>`
}

function arm(side: Side): string {
  const y = side === 'right' ? -1 : 1
  const range = side === 'right' ? '-85 60' : '-60 85'
  return `
      <body name="${side}_upper_arm" pos="0 ${0.17 * y} 0.06">
        <joint name="${side}_shoulder1" axis="2 ${-y} 1" range="${range}" armature="0.0068" stiffness="1"/>
        <joint name="${side}_shoulder2" axis="0 ${y} 1" range="${range}" armature="0.0051" stiffness="1"/>
        <geom name="${side}_uarm1" fromto="0 0 0 0.16 ${0.16 * y} -0.16" size="0.04"/>
        <body name="${side}_lower_arm" pos="0.18 ${0.18 * y} -0.18">
          <joint name="${side}_elbow" axis="0 -1 ${-y}" range="-90 50" armature="0.0028"/>
          <geom name="${side}_larm" fromto="0.01 ${-0.01 * y} 0.01 0.17 ${-0.17 * y} 0.17" size="0.031"/>
          <geom name="${side}_hand" type="sphere" pos="0.18 ${-0.18 * y} 0.18" size="0.04"/>
        </body>
      </body>`
}

/** Gear of each motor; a motor is named after its joint. */
const GEARS = {
  abdomen_y: 100,
  abdomen_z: 100,
  abdomen_x: 100,
  right_hip_x: 100,
  right_hip_z: 100,
  right_hip_y: 300,
  right_knee: 200,
  left_hip_x: 100,
  left_hip_z: 100,
  left_hip_y: 300,
  left_knee: 200,
  right_shoulder1: 25,
  right_shoulder2: 25,
  right_elbow: 25,
  left_shoulder1: 25,
  left_shoulder2: 25,
  left_elbow: 25,
}

const motor = ([joint, gear]: [string, number]): string => `
    <motor name="${joint}" joint="${joint}" gear="${gear}"/>`

const hipKnee = (side: Side): string => `
    <fixed name="${side}_hipknee">
      <joint joint="${side}_hip_y" coef="-1"/>
      <joint joint="${side}_knee" coef="1"/>
    </fixed>`

/**
 * A humanoid of thirteen bodies, seventeen motors (Tassa, Erez and Todorov 2012).
 *
 * The physical numbers are those of Gymnasium's `humanoid.xml` (Farama-Foundation/Gymnasium,
 * gymnasium/envs/mujoco/assets, MIT licence), so that scores compare; the text is ours.
 */
export const HUMANOID = `<mujoco model="humanoid">
  <option integrator="RK4" timestep="0.003" solver="PGS" iterations="50"/>
  <default>
    <joint armature="1" damping="1"/>
    <geom type="capsule" condim="1" margin="0.001" rgba="0.8 0.6 0.4 1"/>
    <motor ctrlrange="-0.4 0.4"/>
    <default class="abdomen">
      <joint armature="0.02" damping="5" stiffness="10"/>
    </default>
    <default class="hip">
      <joint armature="0.01" damping="5" stiffness="10"/>
    </default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="20 20 0.125" condim="3" friction="1 0.1 0.1" rgba="0.8 0.9 0.8 1"/>
    <body name="torso" pos="0 0 1.4">
      <joint name="root" type="free" armature="0" damping="0" limited="false"/>
      <geom name="torso1" fromto="0 -0.07 0 0 0.07 0" size="0.07"/>
      <geom name="head" type="sphere" pos="0 0 0.19" size="0.09"/>
      <geom name="uwaist" fromto="-0.01 -0.06 -0.12 -0.01 0.06 -0.12" size="0.06"/>
      <body name="lwaist" pos="-0.01 0 -0.26" quat="1 0 -0.002 0">
        <joint name="abdomen_z" class="abdomen" axis="0 0 1" pos="0 0 0.065" range="-45 45" stiffness="20"/>
        <joint name="abdomen_y" class="abdomen" axis="0 1 0" pos="0 0 0.065" range="-75 30"/>
        <geom name="lwaist" fromto="0 -0.06 0 0 0.06 0" size="0.06"/>
        <body name="pelvis" pos="0 0 -0.165" quat="1 0 -0.002 0">
          <joint name="abdomen_x" class="abdomen" axis="1 0 0" pos="0 0 0.1" range="-35 35"/>
          <geom name="butt" fromto="-0.02 -0.07 0 -0.02 0.07 0" size="0.09"/>${leg('right')}${leg('left')}
        </body>
      </body>${arm('right')}${arm('left')}
    </body>
  </worldbody>
  <tendon>${hipKnee('left')}${hipKnee('right')}
  </tendon>
  <actuator>${Object.entries(GEARS).map(motor).join('')}
  </actuator>
</mujoco>
`
