/**
 * Trains the task of task.ts twice, on the robot as it is written down and on robots that differ from it, and tries both
 * policies on both. Writes the second one to out/own-task: policy.safetensors and policy.ts.
 *
 *   npx tsx examples/own-task/run.ts [GENERATIONS]
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { ParameterDistribution, ParameterSpace, parseSpace } from 'simcrank'
import { type Evaluation, evaluate, generatePolicy, type Policy, savePolicy } from 'simcrank/tasks'
import { type Randomize, train } from 'simcrank/train'
import task from './task.js'

const OUT = 'out/own-task'
const generations = Number(process.argv[2] ?? 300)

const model = await task.load()
const space = parseSpace(await readFile(new URL('physics.json', import.meta.url), 'utf8'))
const distribution = ParameterDistribution.uniform(ParameterSpace.from(model, space))

async function learn(randomize: Randomize | undefined): Promise<Policy> {
  const run = train(task, {
    model,
    randomize,
    generations,
    policy: 'linear',
    // what is observed is small and about zero already
    normalizer: 'none',
    method: 'pgpe',
    methodOptions: { npair: 16, sigma: 0.3 },
    seed: 1,
    onProgress: ({ generation, evalReturn }) => {
      if (generation % 50 === 0) console.log(`  generation ${generation}: ${evalReturn?.toFixed(0)}`)
    },
  })
  return (await run.finish()).policy
}

const words = ({ returns, metrics, terminated }: Evaluation): string =>
  `return ${returns.mean.toFixed(0)}, error ${(1000 * metrics.error.mean).toFixed(0)} mm, ball lost in ${(100 * terminated).toFixed(0)} %`

async function judge(policy: Policy): Promise<Evaluation> {
  const settings = { model, episodes: 200, seed: 2 }
  console.log(`  as written: ${words(await evaluate(policy, task, settings))}`)
  const varied = await evaluate(policy, task, { ...settings, distribution })
  console.log(`  varied:     ${words(varied)}`)
  return varied
}

console.log('trained on the robot as written')
await judge(await learn(undefined))
console.log('trained on robots that vary')
const policy = await learn({ space })
const { parameters } = await judge(policy)

console.log('\nmean return of this one by quarters of each parameter, small to large')
for (const { name, unit, groups } of parameters) {
  const quarters = groups.map(({ meanReturn }) => meanReturn.toFixed(0).padStart(5)).join('')
  console.log(`  ${`${name} [${unit}]`.padEnd(30)}${quarters}`)
}

await mkdir(OUT, { recursive: true })
await writeFile(`${OUT}/policy.safetensors`, savePolicy(policy))
await writeFile(`${OUT}/policy.ts`, generatePolicy(policy))
console.log(`\nwrote ${OUT}/policy.safetensors, ${OUT}/policy.ts`)
