/** Episodes are functions of their own row: everything an engine remembers, together against alone, and against Batch. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { openRollout, type Rollout } from '../../bindings/engine/rollout.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { gru, initialTheta, linear, makeNetwork } from '../../bindings/policy/index.js'
import { PERTURB, TRACK } from '../../bindings/program.js'
import { defineTask, type Task } from '../../bindings/task/index.js'

const xml = (option: string): string => `<mujoco><option timestep="0.002" ${option}/>
<worldbody>
 <geom name="floor" type="plane" size="5 5 .1"/>
 <body name="torso" pos="0 0 .42"><freejoint name="root"/>
  <geom name="trunk" type="box" size=".2 .1 .05" mass="3"/><site name="imu" pos=".1 .02 .03"/>
  <body name="thigh" pos=".1 0 -.05"><joint name="hip" axis="0 1 0" range="-1 1" limited="true" frictionloss=".1" damping=".2"/>
   <geom name="thigh" type="capsule" size=".03" fromto="0 0 0 0 0 -.3" mass=".5"/>
   <body name="foot" pos="0 0 -.3"><joint name="ankle" type="slide" axis="0 0 1" range="-.1 .1" limited="true" stiffness="50" damping="1"/>
    <geom name="foot" type="sphere" size=".05" mass=".2"/><site name="toe" size=".06"/></body></body>
  <body name="arm" pos="-.1 0 .05"><joint name="shoulder" type="ball" damping=".05"/><geom name="arm" type="capsule" size=".02" fromto="0 0 0 0 0 .3" mass=".3"/></body>
 </body>
 <body name="slider" pos="1 0 .5"><joint name="s1" type="slide" axis="1 0 0" damping=".3"/><geom name="b1" type="box" size=".1 .1 .1" mass="1"/>
   <body name="pend" pos="0 0 -.1"><joint name="s2" axis="0 1 0" damping=".01"/><geom name="b2" type="capsule" fromto="0 0 0 0 0 -.3" size=".02" mass=".4"/></body></body>
 <body name="held" pos="-1 0 1"><freejoint name="fh"/><geom name="held" type="sphere" size=".1" mass=".5"/></body>
 <body name="target" mocap="true" pos="-1 0 1"><geom name="target" size=".05" contype="0" conaffinity="0"/></body>
</worldbody>
<tendon><fixed name="t1" limited="true" range="-.5 .5" frictionloss=".05" stiffness="2" damping=".1"><joint joint="s1" coef="1"/><joint joint="s2" coef=".3"/></fixed></tendon>
<equality><weld body1="held" body2="target" solref=".05 1"/><joint joint1="s2" joint2="s1" polycoef="0 .5 0 0 0" solref=".1 1" active="true"/></equality>
<actuator>
 <motor name="hip" joint="hip" gear="5" ctrllimited="true" ctrlrange="-1 1" nsample="6" delay=".012"/>
 <position name="ankle" joint="ankle" kp="80"/>
 <general name="s1" joint="s1" dyntype="filter" dynprm=".05" gainprm="20" ctrllimited="true" ctrlrange="-1 1"/>
 <intvelocity name="s2" joint="s2" kp="2" actrange="-1 1"/>
 <motor name="t" tendon="t1" gear="2"/>
</actuator>
<sensor><gyro name="gyro" site="imu" nsample="8" delay=".013" interp="linear"/><accelerometer site="imu" nsample="4" interval=".01"/>
 <touch name="toe" site="toe" nsample="5" delay=".02" interval=".007"/><framequat objtype="site" objname="imu"/>
 <jointpos name="bend" joint="hip" nsample="7" delay=".011" interp="cubic"/><tendonpos tendon="t1"/><actuatorfrc actuator="hip"/><force site="toe"/><clock/></sensor>
</mujoco>`

/** what differs by episode: something of every stage */
const RANGES: readonly (readonly [path: string, min: number, max: number])[] = [
  ['joint/hip/frictionloss', 0, 0.3],
  ['joint/ankle/damping', 0.5, 2],
  ['joint/hip/ref', -0.2, 0.2],
  ['joint/ankle/range/lower', -0.2, -0.05],
  ['geom/foot/size/0', 0.03, 0.07],
  ['geom/trunk/size/0', 0.03, 0.07],
  ['geom/floor/friction/sliding', 0.3, 1.2],
  ['option/gravity/z', -12, -6],
  ['option/timestep', 0.001, 0.003],
  ['body/torso/mass', 2, 5],
  ['body/target/pos/z', 0.8, 1.2],
  ['tendon/t1/frictionloss', 0, 0.3],
  ['actuator/hip/gear/0', 3, 8],
  ['actuator/hip/delay', 0.004, 0.02],
  ['actuator/ankle/delay', 0, 0.02],
  ['sensor/toe/interval/period', 0, 0.02],
  ['sensor/gyro/delay', 0, 0.02],
]
/** every third episode has none of these */
const ABSENT = ['actuator/ankle/delay', 'sensor/toe/interval/period', 'sensor/gyro/delay'].map(path =>
  RANGES.findIndex(([known]) => known === path),
)
const FRAMESKIP = 3
const T = 25
const N = 30

const parameters = (model: Model): ParameterSpace =>
  ParameterSpace.from(
    model,
    RANGES.map(([path, min, max]) => ({ path, min, max })),
  )

/** looks at everything, remembers things, begins and ends at random */
const everything = (model: Model): Task =>
  defineTask({
    name: 'everything',
    model,
    frameSkip: FRAMESKIP,
    episodeLength: T,
    define: s => ({
      observation: {
        qpos: s.qpos,
        qvel: s.qvel,
        act: s.act,
        sensordata: s.sensordata,
        force: s.actuatorForce,
        qacc: s.qacc,
        contact: s.body('foot').cfrc_ext,
        com: s.centerOfMass(),
        foot: s.geom('foot').xpos,
        last: s.lastActions,
        past: s.history(s.jointPos('hip'), 3),
        late: s.delayed(s.jointVel('hip'), 0.013),
        noisy: s.noisy(s.jointPos('hip'), { std: 0.1 }),
        biased: s.biased(s.jointPos('hip'), { std: 0.1 }),
      },
      action: { kind: 'custom', size: 5, noise: 0.1 },
      reward: {
        height: s.body('torso').xpos.z,
        effort: s.actions.squared().mul(-0.1).unitless(),
        speed: s.jointVel('hip').abs().unitless().mul(0.01),
      },
      terminated: { fallen: s.body('torso').xpos.z.lt(0.3), chance: s.uniform(0, 1).lt(0.03) },
      metrics: { height: s.body('torso').xpos.z },
      reset: {
        qpos: { hip: s.uniform(-0.5, 0.5), s1: s.uniform(-0.3, 0.3) },
        qvel: { root: [s.uniform(-1, 1), 0, 0, s.uniform(-1, 1), 0, 0] },
        mocap_pos: { target: [s.uniform(-1.2, -0.8), 0, 1] },
      },
    }),
  })

/** every number of each of these episodes */
async function episodes(
  model: Model,
  which: readonly number[],
  { workers = 1, space = undefined as ParameterSpace | undefined } = {},
): Promise<{ lengths: Int32Array; ends: Int32Array; rows: string[] }> {
  const rollout = await openRollout(model, { workers, varied: space?.touched })
  try {
    const { program, nobs, nact, delay, actionNoise } = everything(model).compile(model, rollout.layout)
    const network = makeNetwork(gru(6), nobs, nact)
    const theta = initialTheta(network, 3).map(x => 3 * x)
    const settings = { frameSkip: FRAMESKIP, T, seed: 1, delay: delay.seconds, delayOf: delay.of, actionNoise }
    rollout.load(program, network, settings)
    const drawn = space && ParameterDistribution.uniform(space).sample(N, 11)
    const n = space?.nparam ?? 0
    for (let e = 0; drawn && e < N; e += 3) for (const k of ABSENT) drawn[e * n + k] = 0
    const own = drawn && Float64Array.from(which.flatMap(e => [...drawn.subarray(e * n, (e + 1) * n)]))
    const tracks = [
      ...Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })),
      ...Array.from(program.terms, index => ({ kind: TRACK.REWARD, index })),
    ]
    const result = await rollout.run(
      {
        rows: Int32Array.from(which.flatMap((e, k) => [e, e >> 1, 3, space ? k : -1])),
        parameters: own && space?.fields(own),
      },
      { perturb: PERTURB.ANTITHETIC, theta, sigma: 0.3, seed: 5, generation: 2 },
      { tracks, collect: true },
    )
    const { returns, lengths, ends, observations, metrics } = result
    const size = T * tracks.length
    const rows = which.map((_, k) =>
      [
        Int32Array.of(lengths[k], ends[k]),
        returns.slice(k, k + 1),
        metrics.slice(k, k + 1),
        (result.tracks as Float32Array).slice(k * size, (k + 1) * size),
        (observations as Float32Array).slice(2 * k * nobs, 2 * (k + 1) * nobs),
      ]
        .map(part => Buffer.from(part.buffer).toString('latin1'))
        .join(),
    )
    return { lengths, ends, rows }
  } finally {
    rollout[Symbol.dispose]()
  }
}

const ALL = Array.from({ length: N }, (_, i) => i)

for (const option of ['', 'integrator="RK4"', 'integrator="implicitfast" cone="elliptic"']) {
  for (const randomised of [false, true]) {
    test(`episodes together and alone, ${option || 'Euler'}, ${randomised ? 'physics drawn' : 'the model'}`, async () => {
      const model = await loadModel(xml(option))
      const space = randomised ? parameters(model) : undefined
      const all = await episodes(model, ALL, { space })
      assert.ok(new Set(all.lengths).size > 5, 'lanes take new episodes at different times')
      assert.is(new Set(all.rows).size, N)
      const same = (found: { rows: string[] }, which: readonly number[], what: string) => {
        for (const [k, e] of which.entries()) assert.ok(found.rows[k] === all.rows[e], `${what}: episode ${e} differs`)
      }
      same(await episodes(model, ALL, { space, workers: 3 }), ALL, 'three workers')
      for (const e of [0, 13, 29]) same(await episodes(model, [e], { space }), [e], 'alone')
      const some = [3, 29, 7, 22, 13, 20, 21]
      same(await episodes(model, some, { space }), some, 'seven in another order')
    })
  }
}

/** fields compared with Batch at every control step */
const FIELDS = ['qpos', 'qvel', 'act', 'sensordata', 'qacc', 'actuator_force'] as const
const CTRL = [0.3, 0.02, 0.4, -0.2, 0.1]

async function againstBatch(model: Model, rollout: Rollout, space: ParameterSpace): Promise<void> {
  const task = defineTask({
    name: 'held',
    model,
    frameSkip: FRAMESKIP,
    episodeLength: T,
    define: s => ({
      observation: { qpos: s.qpos, sensordata: s.sensordata, qacc: s.qacc, force: s.actuatorForce },
      action: { kind: 'custom', size: 5, control: () => CTRL },
      reward: { height: s.qpos[2] },
    }),
  })
  const { program, nobs, nact } = task.compile(model, rollout.layout)
  const network = makeNetwork(linear(), nobs, nact)
  rollout.load(program, network, { frameSkip: FRAMESKIP, T, seed: 1 })
  const n = 9
  const drawn = space.fields(ParameterDistribution.uniform(space).sample(n, 4))
  const batch = await createBatch(model, { nworld: n })
  try {
    for (const [name, values] of drawn) batch.set(name, values)
    batch.reset()
    batch.set('ctrl', CTRL)
    const sizes = await Promise.all(FIELDS.map(async name => (await batch.get(name)).length / n))
    const tracks = FIELDS.flatMap((name, f) =>
      Array.from({ length: sizes[f] }, (_, e) => ({ kind: TRACK.STATE, index: rollout.stateOffset(name, e) })),
    )
    // twice as many episodes as worlds, so that lanes take new ones
    const order = Array.from({ length: 2 * n }, (_, i) => (5 * i) % n)
    const { tracks: out, lengths } = await rollout.run(
      { rows: Int32Array.from(order.flatMap(w => [0, 0, 0, w])), parameters: drawn },
      { perturb: PERTURB.NONE, theta: new Float32Array(network.nparam) },
      { tracks },
    )
    await batch.forward()
    for (let t = 0; t < T; t++) {
      const parts = await Promise.all(FIELDS.map(name => batch.get(name)))
      for (const [k, w] of order.entries()) {
        assert.is(lengths[k], T)
        let at = (k * T + t) * tracks.length
        for (const [f, part] of parts.entries())
          for (let e = 0; e < sizes[f]; e++, at++)
            // results before the first step are those of ctrl 0
            if (t > 0 || f < 3)
              assert.ok(
                Object.is((out as Float32Array)[at], part[w * sizes[f] + e]),
                `${FIELDS[f]}[${e}] of world ${w}, step ${t}: ${(out as Float32Array)[at]}, Batch ${part[w * sizes[f] + e]}`,
              )
      }
      await batch.step(FRAMESKIP)
    }
  } finally {
    batch.dispose()
  }
}

for (const option of ['', 'integrator="RK4"', 'integrator="implicitfast"']) {
  test(`drawn physics are those of a Batch with the same parameters, ${option || 'Euler'}`, async () => {
    const model = await loadModel(xml(option))
    // Batch leaves delays of commands to the actuators' histories
    const ranges = RANGES.filter(([path]) => path !== 'actuator/ankle/delay')
    const space = ParameterSpace.from(
      model,
      ranges.map(([path, min, max]) => ({ path, min, max })),
    )
    const rollout = await openRollout(model, { varied: space.touched })
    try {
      await againstBatch(model, rollout, space)
    } finally {
      rollout[Symbol.dispose]()
    }
  })
}

test.run()
