/** Training as a web page runs it; the same function runs in Node for comparison. */
import { loadModel } from '../../bindings/model/load.js'
import { defineTask } from '../../bindings/task/index.js'
import { train } from '../../bindings/train/index.js'

/** Half a pendulum's swing: the tip is to stay up. @param model what saveModel wrote */
export async function trainInPage(model: Uint8Array, workers: number): Promise<{ theta: string; returns: number[] }> {
  const loaded = await loadModel(model)
  const task = defineTask({
    name: 'stay',
    model: loaded,
    frameSkip: 2,
    episodeLength: 60,
    define: s => ({
      observation: { hinge: s.jointPos('hinge'), speed: s.jointVel('hinge') },
      action: { kind: 'torque' },
      reward: { up: s.jointPos('hinge').cos() },
      terminated: { fell: s.jointPos('hinge').abs().gt(1) },
      reset: { qpos: { hinge: s.uniform(-0.2, 0.2) } },
    }),
  })
  const run = train(task, {
    policy: 'mlp:6',
    methodOptions: { popsize: 16, sigma: 0.2 },
    evaluation: { every: 3, episodes: 6 },
    rangeSize: 4,
    generations: 7,
    seed: 2,
    workers,
  })
  const returns: number[] = []
  // the page goes on drawing between two generations, and while workers compute
  for await (const { meanReturn } of run) returns.push(meanReturn)
  const { lastPolicy, lost } = await run.finish()
  if (lost > 0) throw new Error(`${lost} workers died`)
  const { buffer, byteOffset, byteLength } = lastPolicy.theta
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  return { theta: Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(''), returns }
}
