/** What a second thread is worth: wall time, the same work, in pairs. */
import { fileURLToPath } from 'node:url'
import { ours, type Scene, scenes, sceneXml } from './physics.js'
import type { Row } from './run.js'
import { median } from './timing.js'

/** two workers against one, in pairs */
export async function benchThreads(): Promise<Row[]> {
  const rows: Row[] = []
  for (const id of ['cartpole', 'panda']) {
    const scene = scenes().find(s => s.id === id) as Scene
    const xml = sceneXml(scene)
    const one = await ours(xml, { ...scene, fs: 50 }, 4096, 1)
    const two = await ours(xml, { ...scene, fs: 50 }, 4096, 2)
    await one.run(1)
    await two.run(1)
    const pairs: [number, number][] = []
    for (let i = 0; i < 7; i++) pairs.push([await two.run(0.5), await one.run(0.5)])
    rows.push({
      name: `${id}, nworld 4096, 2 workers over 1, 50 steps a call`,
      value: median(pairs.map(p => p[0])),
      unit: 'steps/s',
      peer: median(pairs.map(p => p[1])),
      peerName: '1 worker',
      ratio: median(pairs.map(([a, b]) => a / b)),
      target: '≥ 1.85×',
    })
    one.batch.dispose()
    two.batch.dispose()
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await benchThreads())
