/** What a second thread is worth: wall time, the same work, in turns. */
import { fileURLToPath } from 'node:url'
import { ModelError } from '../bindings/errors.js'
import { type BenchOptions, type Row, table } from './run.js'
import { ours, sceneOf, takeTurns } from './scenes.js'
import { median, quantile } from './timing.js'

const CASES: Readonly<Record<string, { nworld: number; fs: number; target: number }>> = {
  cartpole: { nworld: 4096, fs: 50, target: 1.85 },
  panda: { nworld: 4096, fs: 50, target: 1.85 },
  ant: { nworld: 512, fs: 5, target: 1.9 },
  humanoid_mjwarp: { nworld: 512, fs: 5, target: 1.9 },
}

/** two workers against one, in turns */
export async function benchThreads({ scenes: only, quick }: BenchOptions = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const id of only ?? Object.keys(CASES)) {
    const test = CASES[id]
    if (test === undefined) throw new Error(`threads has no '${id}': there are ${Object.keys(CASES).join(', ')}`)
    const { nworld, fs, target } = test
    const scene = { ...sceneOf(id), fs }
    try {
      using one = await ours(scene, nworld, 1)
      using two = await ours(scene, nworld, 2)
      const timing = quick ? { warm: [0.3, 0.3], slice: 0.3, turns: 5 } : { warm: [1, 1], slice: 0.5, turns: 9 }
      const [double, single] = await takeTurns([two, one], scene, timing)
      const ratios = double.map((x, k) => x / single[k])
      rows.push({
        name: `${id}, nworld ${nworld}, 2 workers over 1, ${fs} steps a call`,
        value: median(double),
        unit: 'steps/s',
        peer: median(single),
        peerName: '1 worker',
        ratio: median(ratios),
        target: `≥ ${target}×`,
        details: { quartiles: `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}` },
      })
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      console.error(`${id} is refused: ${error.message}`)
    }
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchThreads()))
