/** What a page and a test ask of gpu.js: a reward over trajectories, beside the plain loop. */
import { type FeatureMode, openFeatures, type StepField } from '../../bindings/gpujs/index.js'

const [NWORLD, T, NQ, NV] = [70, 12, 3, 2]

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(12.9898 * i + seed))

export const fields = { qpos: numbers(NWORLD * T * NQ, 1), qvel: numbers(NWORLD * T * NV, 2) }

/** the reward, summed over the steps of each world, as a loop in double precision */
export function plainReward(): Float64Array {
  const { qpos, qvel } = fields
  return Float64Array.from({ length: NWORLD }, (_, w) => {
    let sum = 0
    for (let t = 0; t < T; t++) {
      const row = w * T + t
      let squares = 0
      for (let i = 0; i < NQ; i++) squares += qpos[row * NQ + i] ** 2
      sum += Math.exp(-4 * squares) - 0.1 * Math.abs(qvel[row * NV]) * qvel[row * NV + 1]
    }
    return sum
  })
}

/** the same by gpu.js */
export async function reward(mode: FeatureMode, workers = 1): Promise<Float32Array> {
  using features = await openFeatures(
    { mode, nworld: NWORLD, T, fields: ['qpos', 'qvel'], constants: { nq: NQ }, workers },
    function (qpos: StepField, qvel: StepField) {
      let sum = 0
      for (let t = 0; t < this.constants.T; t++) {
        let squares = 0
        for (let i = 0; i < this.constants.nq; i++) {
          squares += qpos[this.thread.x][t][i] * qpos[this.thread.x][t][i]
        }
        sum += Math.exp(-4 * squares) - 0.1 * Math.abs(qvel[this.thread.x][t][0]) * qvel[this.thread.x][t][1]
      }
      return sum
    },
  )
  return features.run(fields)
}

/** largest difference from the plain loop, of every mode */
export async function differences(modes: readonly FeatureMode[]): Promise<Record<string, number>> {
  const expected = plainReward()
  const out: Record<string, number> = {}
  for (const mode of modes) {
    const got = await reward(mode)
    out[mode] = got.reduce((worst, x, w) => Math.max(worst, Math.abs(x - expected[w])), got.length === NWORLD ? 0 : 1)
  }
  return out
}
