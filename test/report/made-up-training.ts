import { geomPoses } from '../../bindings/model/kinematics.js'
import { loadModel } from '../../bindings/model/load.js'
import { rolloutGeoms } from '../../bindings/report/rollout.js'
import type { TrainReportData, TrainRollout } from '../../bindings/report/train-data.js'
import { rng } from '../support/oracle.js'

/** A one-legged robot in the plane, of every shape that the player draws. */
export const LEG = `<mujoco model="leg">
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1" rgba=".8 .9 .8 1"/>
    <geom name="step" type="box" size=".3 .5 .05" pos="2 0 .05" rgba=".5 .5 .55 1"/>
    <body name="torso" pos="0 0 1.2">
      <joint name="x" type="slide" axis="1 0 0"/><joint name="z" type="slide" axis="0 0 1"/><joint name="pitch" axis="0 1 0"/>
      <geom name="torso" type="capsule" fromto="0 0 .2 0 0 -.2" size=".05" rgba=".8 .6 .4 1"/>
      <geom name="head" type="sphere" pos="0 0 .32" size=".08" rgba=".9 .7 .3 1"/>
      <geom name="pack" type="ellipsoid" pos="-.1 0 .05" size=".06 .1 .14" rgba=".3 .5 .7 1"/>
      <body name="thigh" pos="0 0 -.2"><joint name="hip" axis="0 -1 0"/>
        <geom name="thigh" type="capsule" fromto="0 0 0 0 0 -.45" size=".05" rgba=".8 .6 .4 1"/>
        <body name="shin" pos="0 0 -.45"><joint name="knee" axis="0 -1 0"/>
          <geom name="shin" type="cylinder" fromto="0 0 0 0 0 -.45" size=".04" rgba=".7 .45 .35 1"/>
          <body name="foot" pos="0 0 -.5"><joint name="ankle" axis="0 -1 0"/><geom name="foot" type="box" size=".15 .06 .04" pos=".06 0 0" rgba=".4 .3 .3 1"/></body>
        </body>
      </body>
    </body>
  </worldbody>
</mujoco>`

/** The leg swinging along, as nobody ever trained it: (nframe, nq) x, z, pitch, hip, knee, ankle. */
function swing(nframe: number, dt: number): Float32Array {
  const qpos = new Float32Array(6 * nframe)
  for (let i = 0; i < nframe; i++) {
    const phase = 2 * Math.PI * 1.6 * i * dt
    const hop = Math.max(0, Math.sin(phase))
    qpos.set(
      [
        1.4 * i * dt,
        0.1 * hop - 0.09,
        0.1 * Math.sin(phase),
        0.45 * Math.cos(phase),
        -0.5 - 0.4 * hop,
        0.4 + 0.2 * Math.cos(phase),
      ],
      6 * i,
    )
  }
  return qpos
}

export async function madeUpRollout(nframe = 300, dt = 0.02): Promise<TrainRollout> {
  const model = await loadModel(LEG)
  const reward = Float32Array.from({ length: nframe }, (_, i) => 1.5 + Math.sin(2 * Math.PI * 1.6 * i * dt))
  const returnSoFar = Float32Array.from(reward)
  for (let i = 1; i < nframe; i++) returnSoFar[i] += returnSoFar[i - 1]
  return {
    dt,
    nframe,
    geoms: rolloutGeoms(model),
    ...geomPoses(model, swing(nframe, dt)),
    reward,
    returnSoFar,
    caption: 'final policy, first episode of the evaluation',
  }
}

/** A training run that never was, with every section in use. */
export async function madeUpTraining(change: Partial<TrainReportData> = {}): Promise<TrainReportData> {
  const random = rng(5)
  const n = 240
  const generations = Array.from({ length: n }, (_, i) => i + 1)
  const learnt = (g: number): number => 3200 / (1 + Math.exp(-(g - 90) / 25))
  const evaluated = (g: number): boolean => g % 10 === 0
  const mean = generations.map(g => 0.8 * learnt(g) + 60 * random.normal())
  const nepisode = 256
  const draw = (low: number, high: number): number[] =>
    Array.from({ length: nepisode }, () => random.uniform(low, high))
  const [mass, friction, delay, gain] = [draw(2.5, 4.7), draw(0.5, 2.5), draw(0, 0.03), draw(0.8, 1.2)]
  return {
    title: 'Training of hopper',
    date: '2026-03-14T09:26:53.000Z',
    method: 'OpenAI-ES (antithetic, 256 members)',
    policy: 'an MLP of 11-32-32-3, tanh',
    seed: 3,
    machine: '4 threads of an AMD EPYC 7B13',
    facts: [
      ['task', 'hopper'],
      ['model', 'hopper.xml · 4 bodies, 3 actuators'],
      ['generations', '240 of 300'],
      ['ended because', 'the score held for 3 evaluations'],
    ],
    solved: 3000,
    best: { generation: 230, episodes: 20, mean: 3184.2, std: 41.7 },
    final: {
      generation: 240,
      episodes: 20,
      mean: 3121.5,
      std: 122.4,
      length: 961.4,
      dt: 0.008,
      ends: [
        ['time limit', 18],
        ['fell', 2],
      ],
      terms: [
        { name: 'forward', mean: 2208.1, std: 96.2 },
        { name: 'healthy', mean: 961.4, std: 88.1 },
        { name: 'control', mean: -48, std: 3.1 },
      ],
      metrics: [
        { name: 'speed', mean: 2.297, std: 0.04, unit: 'm/s' },
        { name: 'height', mean: 1.21, std: 0.02, unit: 'm' },
      ],
    },
    envSteps: 48_312_044,
    seconds: 241.6,
    curve: {
      generation: generations,
      envSteps: generations.map(g => Math.round((48_312_044 * g) / n)),
      seconds: generations.map(g => (241.6 * g) / n),
      mean,
      best: mean.map(x => x + 150 + 40 * Math.abs(random.normal())),
      evaluation: generations.map(g => (evaluated(g) ? learnt(g) + 40 * random.normal() : Number.NaN)),
      evaluationStd: generations.map(g => (evaluated(g) ? 60 + 400 * Math.exp(-((g - 90) ** 2) / 3000) : Number.NaN)),
    },
    randomised: {
      returns: mass.map(
        (m, i) =>
          3300 - 130 * (m - 3.5) ** 2 - 9e5 * delay[i] ** 2 + 120 * Math.min(0, friction[i] - 1) + 40 * random.normal(),
      ),
      parameters: [
        { name: 'body/torso/mass', unit: 'kg', values: mass, nominal: 3.53 },
        { name: 'geom/foot/friction', unit: '1', values: friction, nominal: 2 },
        { name: 'actuator/*/delay', unit: 's', values: delay, nominal: 0 },
        { name: 'actuator/*/gain', unit: '1', values: gain, nominal: 1 },
      ],
    },
    config: [
      ['method', 'openai-es'],
      ['members', '256'],
      ['episodes per member', '1'],
      ['sigma', '0.05'],
      ['optimiser', 'Adam, step 0.02'],
      ['weight decay', '0.005'],
      ['shaping', 'centred ranks'],
      ['normaliser', 'running'],
      ['episode length', '1000'],
      ['evaluation', 'every 10 generations, 20 episodes'],
      ['workers', '4'],
      ['backend', 'wasm'],
    ],
    warnings: ['2 of 20 episodes of the final evaluation ended in a fall.'],
    rollout: await madeUpRollout(),
    footer: 'simcrank 0.1.0 · simcrank train hopper --randomize space.json --seed 3',
    ...change,
  }
}
