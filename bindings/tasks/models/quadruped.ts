/**
 * A walking robot of the Unitree Go2's class, of our own drawing: what is public of that class (leg lengths, joint ranges,
 * largest torques, about 15 kg) with bodies of boxes, capsules and spheres, whose inertias follow from their masses.
 *
 * Twelve joints, four legs FL FR RL RR of three: `_hip` (abduction, about x), `_thigh` and `_calf` (about y). Angles of 0
 * stretch a leg straight down; positive thigh angles swing it backwards. Servos of position with kp = 35 N m/rad and
 * kd = 1 N m s/rad give at most 23.7 N m (hip, thigh) and 45.4 N m (calf).
 *
 * Only the feet and four spheres under the trunk meet the floor; legs pass through each other. The timestep is 5 ms:
 * four of them make a control period of 50 Hz.
 *
 * Keyframe `home`: standing on four feet at rest; its ctrl holds that pose against the robot's weight.
 */

/** Lengths in m, masses in kg. */
const THIGH = 0.21
const CALF = 0.21
const FOOT = 0.022

/** One leg. `side` is 1 on the left, -1 on the right; the hip joint stands at (x, 0.047 side, 0) in the trunk. */
function leg(name: string, x: number, side: number): string {
  const end = x > 0 ? 'front' : 'rear'
  return `
      <body name="${name}_hip" pos="${x} ${0.047 * side} 0">
        <joint name="${name}_hip" class="hip"/>
        <geom type="cylinder" mass="0.7" size="0.045 0.03" euler="90 0 0" pos="0 ${0.02 * side} 0"/>
        <body name="${name}_thigh" pos="0 ${0.095 * side} 0">
          <joint name="${name}_thigh" class="thigh_${end}"/>
          <geom type="cylinder" mass="0.6" size="0.045 0.02" euler="90 0 0" pos="0 ${-0.03 * side} 0"/>
          <geom type="capsule" mass="0.5" size="0.02" fromto="0 0 0 0 0 ${-THIGH}"/>
          <body name="${name}_calf" pos="0 0 ${-THIGH}">
            <joint name="${name}_calf" class="calf"/>
            <geom type="capsule" mass="0.18" size="0.013" fromto="0 0 0 0 0 ${-CALF}"/>
            <geom name="${name}_foot" class="foot" mass="0.06" size="${FOOT}" pos="0 0 ${-CALF}"/>
            <site name="${name}_foot" pos="0 0 ${-CALF}"/>
          </body>
        </body>
      </body>`
}

/** Servos of one leg, in the order of its joints. */
function servos(name: string): string {
  return ['hip', 'thigh', 'calf']
    .map(
      joint => `
    <position name="${name}_${joint}" class="${joint}" joint="${name}_${joint}" inheritrange="1"/>`,
    )
    .join('')
}

const LEGS = ['FL', 'FR', 'RL', 'RR'] as const

/** hip, thigh, calf of each leg (rad): FL FR RL RR; the feet stand under the thigh joints */
const HOME = '0 0.9 -1.8  0 0.9 -1.8  0 0.9 -1.8  0 0.9 -1.8'

/** Set-points (rad) that hold `home` against the weight: home + J'f / kp, f being what each foot carries. */
export const QUADRUPED_HOLD: readonly number[] = [
  ...[-0.058, 0.916, -1.647],
  ...[0.058, 0.916, -1.647],
  ...[-0.074, 0.916, -1.62],
  ...[0.074, 0.916, -1.62],
]

export const QUADRUPED = `<mujoco model="quadruped">
  <compiler autolimits="true"/>
  <option timestep="0.005" integrator="Euler" cone="pyramidal" solver="Newton"/>
  <default>
    <geom contype="0" conaffinity="0" friction="0.8 0.02 0.01"/>
    <joint axis="0 1 0" armature="0.01"/>
    <position kp="35" kv="1" forcerange="-23.7 23.7"/>
    <default class="hip"><joint axis="1 0 0" range="-60 60"/></default>
    <default class="thigh"/>
    <default class="thigh_front"><joint range="-90 200"/></default>
    <default class="thigh_rear"><joint range="-30 260"/></default>
    <default class="calf"><joint range="-156 -48"/><position forcerange="-45.4 45.4"/></default>
    <default class="foot"><geom type="sphere" contype="1" condim="3" solref="0.01 1"/></default>
    <default class="bumper"><geom type="sphere" contype="1" condim="3" size="0.03" mass="0"/></default>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" contype="0" conaffinity="1" friction="0.8 0.02 0.01"/>
    <light pos="0 0 3" dir="0 0 -1" directional="true"/>
    <body name="trunk" pos="0 0 0.28">
      <freejoint name="root"/>
      <geom type="box" mass="6.9" size="0.19 0.09 0.055"/>
      <geom class="bumper" pos="0.17 0.07 -0.035"/>
      <geom class="bumper" pos="0.17 -0.07 -0.035"/>
      <geom class="bumper" pos="-0.17 0.07 -0.035"/>
      <geom class="bumper" pos="-0.17 -0.07 -0.035"/>
      <site name="imu"/>${leg('FL', 0.19, 1)}${leg('FR', 0.19, -1)}${leg('RL', -0.19, 1)}${leg('RR', -0.19, -1)}
    </body>
  </worldbody>
  <actuator>${LEGS.map(servos).join('')}
  </actuator>
  <keyframe>
    <key name="home" qpos="0 0 0.282 1 0 0 0 ${HOME}" ctrl="${QUADRUPED_HOLD.join(' ')}"/>
  </keyframe>
</mujoco>`
