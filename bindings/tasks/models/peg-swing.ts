/**
 * A peg on a cord must be swung into a slanting socket that the arm cannot reach otherwise. All motion is in the x-z plane:
 * an arm of two links (0.3 and 0.25 m) with position servos that turn at 5 rad/s stands at 0.9 m; from its wrist hangs a cord
 * of 0.24 m (three light links, with some inertia and damping in their joints) with a peg of 0.1 m and 60 g. The socket lies
 * 0.75 m out, 0.2 m beyond the wrist's farthest reach, its bore 3.6 cm wide and 45 degrees steep, away from the arm; its
 * outer wall is longer, a backboard for a peg that swings too far. After the swing-peg-in-hole task of Chebotar et al.,
 * Closing the Sim-to-Real Loop (ICRA 2019); the dimensions are ours.
 *
 * Joints `shoulder`, `elbow` (rad, 0: stretched level along x; positive turns down), `cord1` `cord2` `cord3`, `peg`
 * (rad); sites `tip` (free end of the peg), `tail`, `socket` (where the tip of a peg at rest in the socket is). Only the
 * peg and the socket collide. Keyframe `home`: wrist in front, cord hanging. The timestep is 4 ms.
 */

/** bottom of the socket (x, z) in m; its axis points down and away at 45 degrees */
const [X, Z] = [0.75, 0.6]
const DIAGONAL = Math.SQRT1_2
/** distance of the walls' centre lines from the axis: 1.8 cm of bore and 1 cm of wall */
const WALL = 0.028

/** a point `along` the axis (positive: deeper) and `across` it (positive: away from the arm) */
function point(along: number, across: number): string {
  const x = X + DIAGONAL * (along + across)
  const z = Z + DIAGONAL * (across - along)
  return `${x.toFixed(5)} 0 ${z.toFixed(5)}`
}

export const PEG_SWING = `<mujoco model="peg swing">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="0.004" integrator="implicitfast"/>
  <default>
    <geom type="capsule" contype="0" conaffinity="0"/>
    <joint type="hinge" axis="0 1 0"/>
    <default class="cord">
      <joint damping="0.003" armature="0.00003"/>
      <geom size="0.003" fromto="0 0 0 0 0 -0.08" mass="0.004"/>
    </default>
    <default class="wall"><geom size="0.01" conaffinity="1" friction="0.3 0.005 0.0001"/></default>
  </default>
  <worldbody>
    <light pos="0 -2 2"/>
    <geom name="outer" class="wall" fromto="${point(-0.14, WALL)} ${point(0.02, WALL)}"/>
    <geom name="inner" class="wall" fromto="${point(-0.08, -WALL)} ${point(0.02, -WALL)}"/>
    <geom name="bottom" class="wall" fromto="${point(0.02, -WALL)} ${point(0.02, WALL)}"/>
    <site name="socket" pos="${point(0, 0)}"/>
    <body name="upper_arm" pos="0 0 0.9">
      <joint name="shoulder" range="-1.5 1" armature="0.02" damping="0.1"/>
      <geom name="upper_arm" size="0.03" fromto="0 0 0 0.3 0 0" mass="0.6"/>
      <body name="forearm" pos="0.3 0 0">
        <joint name="elbow" range="0 2.4" armature="0.02" damping="0.1"/>
        <geom name="forearm" size="0.025" fromto="0 0 0 0.25 0 0" mass="0.4"/>
        <site name="wrist" pos="0.25 0 0"/>
        <body name="cord1" pos="0.25 0 0">
          <joint name="cord1" class="cord"/>
          <geom class="cord"/>
          <body name="cord2" pos="0 0 -0.08">
            <joint name="cord2" class="cord"/>
            <geom class="cord"/>
            <body name="cord3" pos="0 0 -0.08">
              <joint name="cord3" class="cord"/>
              <geom class="cord"/>
              <body name="peg" pos="0 0 -0.08">
                <joint name="peg" class="cord"/>
                <geom name="peg" size="0.01" fromto="0 0 -0.01 0 0 -0.09" mass="0.06" contype="1" friction="0.3 0.005 0.0001"/>
                <site name="tail"/>
                <site name="tip" pos="0 0 -0.1"/>
              </body>
            </body>
          </body>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position name="shoulder" joint="shoulder" kp="120" kv="20" inheritrange="1" forcerange="-25 25"/>
    <position name="elbow" joint="elbow" kp="80" kv="14" inheritrange="1" forcerange="-15 15"/>
  </actuator>
  <keyframe>
    <key name="home" qpos="-0.6 1.2 -0.6 0 0 0" ctrl="-0.62 1.193"/>
  </keyframe>
</mujoco>`
