/** Every task of the library under policies that know nothing: worlds stay sound, rewards finite. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRollout } from '../../bindings/engine/rollout.js'
import { linear, makeNetwork, Normalizer } from '../../bindings/policy/index.js'
import { END, PERTURB } from '../../bindings/program.js'
import { tasks } from '../../bindings/tasks/registry.js'

const EPISODES = 64
/** of the weights: 0.1 moves gently, 3 throws every action from bound to bound */
const SIGMAS = [0.1, 3]

for (const [name, make] of Object.entries(tasks)) {
  test(`${name}: ${EPISODES} episodes of random policies end as episodes do`, async () => {
    const task = make()
    assert.is(task.name, name)
    const model = await task.load()
    const rollout = await openRollout(model, { keyframe: task.options.keyframe })
    const { program, nobs, nact, frameSkip, delay } = task.compile(model, rollout.layout)
    const network = makeNetwork(linear({ bias: true }), nobs, nact)
    const T = Math.min(task.episodeLength, 300)
    rollout.load(program, network, { frameSkip, T, seed: 1, delay: delay.seconds, delayOf: delay.of })
    const rows = Int32Array.from({ length: 4 * EPISODES }, (_, k) => [k >> 2, k >> 2, 1, -1][k & 3])
    const theta = new Float32Array(network.nparam)
    const normalizer = Normalizer.empty(nobs).frozen()
    for (const sigma of SIGMAS) {
      const { ends, returns, lengths } = await rollout.run(
        { rows },
        { perturb: PERTURB.ANTITHETIC, theta, sigma, seed: 5, generation: 0 },
        { normalizer },
      )
      for (let i = 0; i < EPISODES; i++) {
        const place = `sigma ${sigma}, episode ${i}`
        assert.is(ends[i] & (END.REWARD | END.STATE), 0, `${place} ended with ${ends[i]} after ${lengths[i]} steps`)
        assert.ok(Number.isFinite(returns[i]), `${place}: return ${returns[i]}`)
        assert.ok(lengths[i] === T || (ends[i] & END.TERMINATED) !== 0, `${place}: ${lengths[i]} steps`)
      }
    }
    rollout[Symbol.dispose]()
  })
}

test.run()
