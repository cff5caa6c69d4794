/** The shipped log: made by record.ts, and its hidden values are found. */
import { readFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { parseSpace } from '../../bindings/model/spec.js'
import { readRecording } from '../../bindings/recording/index.js'
import { identify } from '../../bindings/sysid/index.js'
import { recordAll } from '../../examples/identify-servo/record.js'

const at = (name: string): URL => new URL(`../../examples/identify-servo/${name}`, import.meta.url)
const text = (name: string): Promise<string> => readFile(at(name), 'utf8')

test('record.ts makes the shipped files, byte for byte', async () => {
  for (const [name, made] of await recordAll()) assert.is(made, await text(name), name)
})

test('every hidden value lies within its 95 % interval, none wider than ±10 %', async () => {
  const truth: Record<string, number> = JSON.parse(await text('truth.json'))
  const model = await loadModel(at('servo.xml'))
  const space = ParameterSpace.from(model, parseSpace(await text('space.json')))
  const map = JSON.parse(await text('map.json'))
  const log = await readRecording(at('train.csv'), { map })
  const held = await readRecording(at('heldout.csv'), { map })
  const result = await identify(model, [log], space, { holdout: [held] })

  assert.is(result.parameters.length, Object.keys(truth).length)
  for (const { name, interval, start, value } of result.parameters) {
    const hidden = truth[name]
    const [low, high] = interval!
    assert.ok(low <= hidden && hidden <= high, `${name}: ${hidden} is not in [${low}, ${high}]`)
    assert.ok(
      (high - low) / 2 <= 0.1 * Math.abs(hidden),
      `${name}: ±${(high - low) / 2} is wider than 10 % of ${hidden}`,
    )
    assert.ok(Math.abs(start - hidden) > 0.3 * Math.abs(hidden), `${name} starts well off`)
    assert.ok(Math.abs(value - hidden) < Math.abs(start - hidden), name)
  }

  // what is left over is the encoder: noise of 2 mrad and counts of 1.5 mrad
  const encoder = Math.sqrt(0.002 ** 2 + ((2 * Math.PI) / 4096) ** 2 / 12)
  for (const { role, after } of result.errors) {
    assert.ok(after.rmse < 1.15 * encoder && after.rmse > 0.85 * encoder, `${role}: ${after.rmse} against ${encoder}`)
  }
})

test.run()
