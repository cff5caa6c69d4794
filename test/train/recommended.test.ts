/** Settings that come with tasks of the library: they fit their tasks, and one of them learns. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tasks } from '../../bindings/tasks/index.js'
import { recommended, train } from '../../bindings/train/index.js'

const known = Object.keys(tasks).filter(name => recommended(name) !== undefined)

test('settings are known for the gaits and the swing-ups', () => {
  for (const name of ['hopper', 'half-cheetah', 'walker2d', 'ant', 'swimmer', 'cartpole-swingup'])
    assert.ok(known.includes(name))
  assert.is(recommended('toString'), undefined)
})

for (const name of known) {
  test(`${name}: a generation of them runs, and no member fails`, async () => {
    // short episodes: what is tested is that names and sizes fit
    const run = train(tasks[name](), {
      ...recommended(name),
      evaluation: { every: 9, episodes: 1 },
      episodeLength: 20,
      generations: 1,
      workers: 0,
    })
    const progress = await run.next()
    assert.is(progress?.failed, 0)
    assert.ok(Number.isFinite(progress?.meanReturn))
    await run.finish()
  })
}

test('the swimmer learns to swim: more than 100 within a million steps', async () => {
  const run = train(tasks.swimmer(), { ...recommended('swimmer'), seed: 3, target: 200, steps: 1_000_000, workers: 2 })
  const { history } = await run.finish()
  const best = history.at(-1)?.bestEval ?? 0
  assert.ok(best > 100, `best evaluation ${best}`)
})

test.run()
