/** The shortest training there is. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate, hopper, readPolicy } from '../../bindings/tasks/index.js'
import { root, runExample, temporaryFolder } from './run-example.js'

const GENERATIONS = 60

test('run.mjs learns, and leaves the policy it speaks of', async () => {
  const folder = temporaryFolder()
  const lines = runExample('train-hopper/run.mjs', [String(GENERATIONS)], folder)
    .trimEnd()
    .split('\n')
  const last = lines.pop() ?? ''
  const returns = lines.map(line =>
    Number(line.match(/^generation \d+, \d+ steps, return (-?\d+), \d+ k steps\/s$/)?.[1]),
  )
  assert.is(returns.length, GENERATIONS / 10, lines.join('\n'))
  // one that stands and falls gets some 250
  assert.ok(returns[0] < 400, `after 10 generations ${returns[0]}`)
  assert.ok(Math.max(...returns) > 700, `never more than ${Math.max(...returns)}`)

  const policy = readPolicy(readFileSync(path.join(folder, 'policy.safetensors')))
  const { returns: again } = await evaluate(policy, hopper, { episodes: 20, seed: 1 })
  assert.match(last, new RegExp(`^20 episodes: return ${again.mean.toFixed(0)} ± ${again.std.toFixed(0)}, `))
})

test('in 20 lines of code', () => {
  const text = readFileSync(path.join(root, 'examples/train-hopper/run.mjs'), 'utf8')
  const code = text.replace(/\/\*\*.*?\*\//s, '').split('\n')
  const lines = code.filter(line => line.trim() !== '' && !line.trim().startsWith('//'))
  assert.ok(lines.length <= 20, `${lines.length} lines`)
})

test.run()
