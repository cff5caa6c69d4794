interface Leg {
  /** number in the names of its joints and of its inner link */
  readonly id: 1 | 2 | 3 | 4
  /** names of its bodies and geoms */
  readonly body: string
  readonly hip: string
  readonly shin: string
  /** direction in which it points, signs of x and y */
  readonly x: 1 | -1
  readonly y: 1 | -1
  /** range of the ankle, degrees; its axis turns with the leg's diagonal, so signs differ */
  readonly ankle: string
}

const LEGS: readonly Leg[] = [
  { id: 1, body: 'front_left_leg', hip: 'left_leg', shin: 'left_ankle', x: 1, y: 1, ankle: '30 70' },
  { id: 2, body: 'front_right_leg', hip: 'right_leg', shin: 'right_ankle', x: -1, y: 1, ankle: '-70 -30' },
  { id: 3, body: 'back_leg', hip: 'back_leg', shin: 'third_ankle', x: -1, y: -1, ankle: '-70 -30' },
  { id: 4, body: 'right_back_leg', hip: 'rightback_leg', shin: 'fourth_ankle', x: 1, y: -1, ankle: '30 70' },
]

function leg({ id, body, hip, shin, x, y, ankle }: Leg): string {
  const out = (length: number): string => `${x * length} ${y * length} 0`
  return `
      <body name="${body}">
        <geom name="aux_${id}_geom" fromto="0 0 0 ${out(0.2)}"/>
        <body name="aux_${id}" pos="${out(0.2)}">
          <joint name="hip_${id}" axis="0 0 1" range="-30 30"/>
          <geom name="${hip}_geom" fromto="0 0 0 ${out(0.2)}"/>
          <body name="shin_${id}" pos="${out(0.2)}">
            <joint name="ankle_${id}" axis="${-x * y} 1 0" range="${ankle}"/>
            <geom name="${shin}_geom" fromto="0 0 0 ${out(0.4)}"/>
          </body>
        </body>
      </body>`
}

const motors = (id: number): string => `
    <motor name="hip_${id}" joint="hip_${id}"/>
    <motor name="ankle_${id}" joint="ankle_${id}"/>`

/**
 * A four-legged ant: a ball with four legs of two hinges each, eight motors (Schulman et al. 2016).
 *
 * The physical numbers are those of Gymnasium's `ant.xml` (Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/assets,
 * MIT licence), so that scores compare; the text is ours. A motor is named after its joint; the outer links, nameless
 * there, are `shin_1` to `shin_4` here.
 */
export const ANT = `<mujoco model="ant">
  <option integrator="RK4" timestep="0.01"/>
  <default>
    <joint armature="1" damping="1"/>
    <geom type="capsule" size="0.08" conaffinity="0" condim="3" density="5" friction="1 0.5 0.5" margin="0.01" rgba="0.8 0.6 0.4 1"/>
    <motor ctrlrange="-1 1" gear="150"/>
  </default>
  <worldbody>
    <geom name="floor" type="plane" size="40 40 40" conaffinity="1" rgba="0.8 0.9 0.8 1"/>
    <body name="torso" pos="0 0 0.75">
      <joint name="root" type="free" armature="0" damping="0" limited="false" margin="0.01"/>
      <geom name="torso_geom" type="sphere" size="0.25"/>${LEGS.map(leg).join('')}
    </body>
  </worldbody>
  <actuator>${[4, 1, 2, 3].map(motors).join('')}
  </actuator>
</mujoco>
`
