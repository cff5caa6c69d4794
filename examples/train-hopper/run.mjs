/**
 * Trains a hopper, a minute on two cores: prints how it comes along and leaves policy.safetensors in the working directory.
 * The numbers are the same on every machine, speeds aside.
 *
 *   npm run build && node examples/train-hopper/run.mjs [GENERATIONS]
 */
import { writeFile } from 'node:fs/promises'
import { evaluate, hopper, savePolicy } from 'simcrank/tasks'
import { recommended, train } from 'simcrank/train'

const generations = Number(process.argv[2] ?? 600)
const run = train(hopper, { ...recommended('hopper'), generations, seed: 0 })
for await (const { generation, steps, evalReturn, stepsPerSecond } of run) {
  if (evalReturn === undefined) continue
  const speed = `${(stepsPerSecond / 1000).toFixed(0)} k steps/s`
  console.log(`generation ${generation}, ${steps} steps, return ${evalReturn.toFixed(0)}, ${speed}`)
}
const { policy } = await run.finish()
await writeFile('policy.safetensors', savePolicy(policy))

// on other episodes than those that chose it
const { returns, lengths, rollout } = await evaluate(policy, hopper, { episodes: 20, seed: 1 })
const seconds = lengths.mean * rollout.task.dt
console.log(`20 episodes: return ${returns.mean.toFixed(0)} ± ${returns.std.toFixed(0)}, ${seconds.toFixed(2)} s long`)
