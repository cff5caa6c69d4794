/**
 * A flat puck on a table, pushed by a ball. The ball of 3 cm (`paddle`) hangs on two velocity servos, `paddle_x` and
 * `paddle_y` (m), ctrl in m/s, at most 0.6; the puck, a cylinder of 5 cm radius, 4 cm high and 0.2 kg, is free and slides with
 * a friction of 0.3. There are no walls: what leaves the table of 0.5 m to either side is lost.
 *
 * Contacts are puck with table and puck with paddle; the paddle floats and does not touch the table. The timestep is 5 ms.
 */
export const PUCK = `<mujoco model="puck pushing">
  <compiler autolimits="true"/>
  <option timestep="0.005"/>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <light pos="0 0 2"/>
    <geom name="table" type="plane" size="0.5 0.5 0.05" conaffinity="1" friction="0.3 0.005 0.0001"/>
    <body name="paddle" pos="-0.3 0 0.035">
      <joint name="paddle_x" type="slide" axis="1 0 0" range="-0.3 0.8"/>
      <joint name="paddle_y" type="slide" axis="0 1 0" range="-0.5 0.5"/>
      <geom name="paddle" type="sphere" size="0.03" mass="0.5" conaffinity="1" friction="0.3 0.005 0.0001"/>
    </body>
    <body name="puck" pos="0 0 0.02">
      <freejoint name="puck"/>
      <geom name="puck" type="cylinder" size="0.05 0.02" mass="0.2" contype="1" friction="0.3 0.005 0.0001"/>
    </body>
  </worldbody>
  <actuator>
    <velocity name="paddle_x" joint="paddle_x" kv="20" ctrlrange="-0.6 0.6" forcerange="-10 10"/>
    <velocity name="paddle_y" joint="paddle_y" kv="20" ctrlrange="-0.6 0.6" forcerange="-10 10"/>
  </actuator>
</mujoco>`
