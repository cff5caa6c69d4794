/** A task of one's own: trained, tried on other physics, and carried away as a module that imports nothing. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TaskError } from '../../bindings/errors.js'
import { defineTask, readPolicy } from '../../bindings/tasks/index.js'
import task from '../../examples/own-task/task.js'
import { runExample, temporaryFolder } from './run-example.js'

const folder = temporaryFolder()
const output = runExample('own-task/run.ts', ['120'], folder)

/** returns on the robot as written and on varied ones, of both policies */
const returns = [
  ...output.matchAll(/^ {2}(?:as written|varied): +return (-?\d+), error \d+ mm, ball lost in \d+ %$/gm),
].map(([, number]) => Number(number))

test('both policies learn; other physics is harder', () => {
  assert.is(returns.length, 4, output)
  const [own, ownVaried, robust, robustVaried] = returns
  // a ball that is left alone gets some 50
  assert.ok(own > 400, output)
  assert.ok(ownVaried < own - 20 && ownVaried > 200, output)
  assert.ok(robust > 250 && robustVaried > 200, output)
})

test('the table names every parameter of physics.json', () => {
  const rows = output.match(/^ {2}\S+ \[\S+\] +-?\d+ +-?\d+ +-?\d+ +-?\d+$/gm) ?? []
  assert.equal(
    rows.map(row => row.trim().split(' ')[0]),
    ['body/ball/mass', 'actuator/servo/kp', 'actuator/servo/delay', 'slope'],
  )
})

test('policy.ts gives the actions of policy.safetensors', async () => {
  const at = (file: string): string => path.join(folder, 'out/own-task', file)
  const policy = readPolicy(readFileSync(at('policy.safetensors')))
  const module = await import(pathToFileURL(at('policy.ts')).href)
  assert.equal(module.observationNames, ['ball', 'rate', 'goal', 'tilt', 'lastAction[0]'])
  assert.is(module.controlPeriod, 0.02)
  const controller = module.createPolicy()
  for (const goal of [-0.1, 0, 0.15]) {
    const seen = [0.1, -0.05, goal, 0.02, 0.3]
    const [action] = policy.act(seen)
    assert.is(controller.act(seen)[0], action)
    assert.ok(Number.isFinite(action) && action !== 0)
  }
})

test('a wrong unit is an error that names the term, as the README says', async () => {
  const { options } = task
  const wrong = defineTask({
    ...options,
    define: s => ({ ...options.define(s), reward: { near: s.body('ball').xpos.x.sub(s.jointPos('tilt')) } }),
  })
  const model = await task.load()
  assert.throws(
    () => wrong.compile(model),
    (error: unknown) => error instanceof TaskError && error.message === 'reward.near: cannot subtract m and rad',
  )
})

test.run()
