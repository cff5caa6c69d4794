import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { Recording } from '../../bindings/recording/recording.js'
import { identify } from '../../bindings/sysid/identify.js'
import { rng } from '../support/oracle.js'
import { arm, mujocoLog, sines } from './worlds.js'

// acceptance test 4 of the algorithm reference
test('five-joint armature from 50 times wrong, 1 % noise: each truth in its 95 % interval in at least 90 of 100 seeds', async () => {
  const xml = arm(5, 0.004)
  const model = await loadModel(xml)
  const space = ParameterSpace.from(model, [
    { path: 'joint/*/armature', min: 2e-4, max: 2, start: 1, transform: 'log' },
  ])
  const clean = await mujocoLog(xml, { name: 'clean', duration: 2, period: 0.008, drive: sines(0.4) })
  const std = clean.channels.slice(0, 5).map(({ values }) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length
    return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length)
  })

  const covered = new Array<number>(5).fill(0)
  let widest = 0
  for (let seed = 1; seed <= 100; seed++) {
    const random = rng(seed)
    const channels = clean.channels.map((channel, j) =>
      j < 5 ? { ...channel, values: channel.values.map(v => v + 0.01 * std[j] * random.normal()) } : channel,
    )
    const result = await identify(model, [new Recording({ name: 'noisy', channels })], space, {
      method: 'gauss-newton',
    })
    result.parameters.forEach(({ interval = [0, 0] }, j) => {
      if (interval[0] <= 0.02 && 0.02 <= interval[1]) covered[j]++
      widest = Math.max(widest, (interval[1] - interval[0]) / 0.04)
    })
  }
  for (const [j, count] of covered.entries()) assert.ok(count >= 90, `joint ${j}: ${count} of 100`)
  // intervals that always cover because they are wide would be no achievement
  assert.ok(widest < 0.1, `widest interval ±${widest}`)
})

test.run()
