/**
 * Learning: every seed of every task trained with two workers and the settings of `simcrank train TASK`, its policy scored over 20 episodes here and, where the task is
 * Gymnasium's, over 20 more in MuJoCo in double precision with Gymnasium's v5 reward (test/tasks/gymnasium.ts).
 *
 *   tsx bench/learning.ts [TASK…] [--seeds 0,1,2] [--workers 2] [--write-docs]
 *
 * Each run is written to build/learning/TASK-SEED.json and its policy beside it; without TASK only the tables are made, of what
 * lies there. `--write-docs` puts them into docs/results.md.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Policy, savePolicy } from '../bindings/policy/index.js'
import { evaluate, summarise } from '../bindings/task/evaluate.js'
import { tasks } from '../bindings/tasks/index.js'
import { recommended, type TrainSettings, train } from '../bindings/train/index.js'
import { ENV_NAMES, type EnvName, rescore } from '../test/tasks/gymnasium.js'
import { median } from './timing.js'

const EPISODES = 20
/** per cent that our score and MuJoCo's may differ by */
const WITHIN = 5
/** of the episodes that decide: not those of training */
const SCORE_SEED = 1000

interface Case {
  /** what is asked for */
  readonly asked: number
  readonly words: string
  /** training ends where an evaluation reaches this, or after so many seconds */
  readonly until: number
  readonly seconds: number
  /** episodes of the final score, where 20 are too few */
  readonly scored?: number
  /** environment steps to a score, as published */
  readonly published?: string
}

const CASES: Readonly<Record<string, Case>> = {
  'swingup-easy': {
    asked: 900,
    words: '≥ 900',
    until: 932,
    seconds: 240,
    // a start that fails costs a mean of twenty 40
    scored: 512,
    published: 'EvoJAX PGPE 935.4 after 1.0e9 steps',
  },
  'swingup-hard': {
    asked: 600,
    words: '≥ 600',
    until: 610,
    seconds: 240,
    // half of the starts cannot be saved: a mean of few says little
    scored: 512,
    published: 'EvoJAX PGPE 631.1 after 1.0e9 steps',
  },
  'cartpole-swingup': {
    asked: 800,
    words: 'solved (800) within 20 s',
    until: 820,
    seconds: 60,
  },
  swimmer: {
    asked: 230,
    words: 'median ≥ 230',
    until: 345,
    seconds: 120,
    published: 'ES 1.39e6 to 128 (v1); ARS 100 to 427 episodes to 325 (v1)',
  },
  'half-cheetah': {
    asked: 4000,
    words: 'median ≥ 4,000',
    until: 6000,
    seconds: 120,
    published: 'ES 2.88e6 to 2,386 (v1); ARS V2-t 1,707 episodes to 3,430 (v1)',
  },
  hopper: {
    asked: 3000,
    words: 'median ≥ 3,000',
    until: 3400,
    seconds: 180,
    published: 'ES 3.16e7 to 3,403 (v1); ARS V2-t 1,973 episodes to 3,120 (v1)',
  },
  walker2d: {
    asked: 3500,
    words: 'best two of five ≥ 3,500',
    until: 3700,
    seconds: 225,
    published: 'ES 3.79e7 to 3,830 (v1); ARS V2-t 24,000 episodes to 4,390 (v1)',
  },
  ant: {
    asked: 3000,
    words: 'median ≥ 3,000',
    until: 3300,
    seconds: 400,
    published: 'ARS V2-t 20,800 episodes to 3,580 (v1)',
  },
  'quadruped-forward': {
    asked: 1100,
    words: 'mean error ≤ 0.15 m/s, 20 of 20 without a fall',
    until: 1200,
    seconds: 240,
  },
}

/** What is kept of a run. */
interface Run {
  readonly task: string
  readonly seed: number
  readonly returns: readonly number[]
  readonly lengths: readonly number[]
  readonly terminated: number
  readonly metrics: Readonly<Record<string, number>>
  readonly rescored?: readonly number[]
  readonly steps: number
  readonly seconds: number
  /** where an evaluation of the mean policy reached what is asked for */
  readonly stepsToScore?: number
  readonly secondsToScore?: number
  readonly workers: number
  readonly cpu: string
  readonly settings: TrainSettings
}

const folder = path.join(fileURLToPath(new URL('..', import.meta.url)), 'build', 'learning')
const docs = fileURLToPath(new URL('../docs/results.md', import.meta.url))

async function learn(name: string, seed: number, workers: number): Promise<Run> {
  const settings: TrainSettings = recommended(name) ?? {}
  const { asked, until, seconds, scored: episodes = EPISODES } = CASES[name]
  const task = tasks[name]()
  const result = await train(task, { ...settings, target: until, seconds, seed, workers }).finish()
  const reached = result.history.find(g => g.evalReturn !== undefined && g.evalReturn >= asked)
  const { policy } = result
  const scored = await evaluate(policy, task, { episodes, seed: SCORE_SEED })
  const last = result.history.at(-1)
  const run: Run = {
    task: name,
    seed,
    returns: [...scored.rollout.returns],
    lengths: [...scored.rollout.lengths],
    terminated: scored.terminated,
    metrics: Object.fromEntries(Object.entries(scored.metrics).map(([metric, { mean }]) => [metric, mean])),
    ...(isGymnasium(name) && { rescored: [...(await inMujoco(name, policy))] }),
    steps: last?.steps ?? 0,
    seconds: last?.seconds ?? 0,
    ...(reached && { stepsToScore: reached.steps, secondsToScore: reached.seconds }),
    workers,
    cpu: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`,
    settings,
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${name}-${seed}.json`), `${JSON.stringify(run, undefined, 2)}\n`)
  writeFileSync(path.join(folder, `${name}-${seed}.safetensors`), savePolicy(policy))
  return run
}

const isGymnasium = (name: string): name is EnvName => (ENV_NAMES as readonly string[]).includes(name)

async function inMujoco(name: EnvName, policy: Policy): Promise<Float64Array> {
  const memory = policy.memory()
  const actor = {
    act: (observation: Float64Array) => policy.act(observation, policy.nmemory > 0 ? memory : undefined),
    reset: () => memory.fill(0),
  }
  return (await rescore(name, actor, EPISODES, SCORE_SEED)).returns
}

const thousands = (x: number): string => String(Math.round(x)).replace(/\B(?=(\d{3})+$)/g, ',')
const millions = (x: number | undefined): string => (x === undefined ? '–' : `${(x / 1e6).toFixed(x < 1e7 ? 2 : 1)} M`)

/** Tables of everything that lies in the folder. */
function tables(): string {
  const runs: Run[] = existsSync(folder)
    ? readdirSync(folder)
        .filter(file => file.endsWith('.json'))
        .map(file => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Run)
    : []
  const names = Object.keys(CASES).filter(name => runs.some(run => run.task === name))
  const summary = names.map(name => {
    const mine = runs.filter(run => run.task === name)
    const { words, published = '' } = CASES[name]
    const means = mine.map(run => summarise(run.returns).mean)
    const again = mine.flatMap(run => (run.rescored ? [summarise(run.rescored).mean] : []))
    const errors = mine.flatMap(run => run.metrics.error ?? [])
    const best = [...means].sort((a, b) => b - a).slice(0, 2)
    const score =
      name === 'walker2d' && best.length > 1
        ? `${thousands(median(means))}; best two ${best.map(thousands).join(' and ')}`
        : name.startsWith('quadruped')
          ? `error ${median(errors).toFixed(3)} m/s`
          : thousands(median(means))
    const steps = mine.flatMap(run => run.stepsToScore ?? [])
    const hit = steps.length > 0 ? `${millions(median(steps))} (${steps.length} of ${mine.length})` : '–'
    const time = mine.flatMap(run => run.secondsToScore ?? [])
    return `| ${name} | ${words} | ${score} | ${again.length ? thousands(median(again)) : '–'} | ${hit} | ${time.length ? `${median(time).toFixed(0)} s` : '–'} | ${published} |`
  })
  const lines = names.flatMap(name =>
    runs
      .filter(run => run.task === name)
      .sort((a, b) => a.seed - b.seed)
      .map(run => {
        const ours = summarise(run.returns)
        const again = run.rescored && summarise(run.rescored)
        const percent = again ? (100 * (ours.mean - again.mean)) / Math.abs(again.mean) : 0
        const middle = run.rescored ? median([...run.rescored]) : 0
        const medians = middle === 0 ? 0 : (100 * (median([...run.returns]) - middle)) / Math.abs(middle)
        const off = again
          ? `${percent.toFixed(1)} %${Math.abs(percent) > WITHIN ? ' **(beyond 5 %)**' : ''}; medians ${medians.toFixed(1)} %`
          : '–'
        const extra = run.metrics.error === undefined ? '' : `error ${run.metrics.error.toFixed(3)} m/s, `
        const whole = `${extra}${Math.round((1 - run.terminated) * run.returns.length)} of ${run.returns.length} to the end`
        return `| ${name} | ${run.seed} | ${thousands(ours.mean)} ± ${thousands(ours.std)} | ${again ? `${thousands(again.mean)} ± ${thousands(again.std)}` : '–'} | ${off} | ${millions(run.steps)} | ${run.seconds.toFixed(0)} s | ${millions(run.stepsToScore)} | ${run.secondsToScore === undefined ? '–' : `${run.secondsToScore.toFixed(1)} s`} | ${whole} |`
      }),
  )
  const machine = [...new Set(runs.map(run => `${run.cpu}, ${run.workers} workers`))].join('; ')
  return [
    `Machine: ${machine}.`,
    '',
    '| task | asked | ours, median of seeds | in MuJoCo | steps to the score | time | published steps |',
    '|---|---|---|---|---|---|---|',
    ...summary,
    '',
    '| task | seed | ours, 20 episodes | in MuJoCo, 20 episodes | off | steps | time | steps to the score | time to it | episodes |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

const BEGIN = '<!-- generated by `tsx bench/learning.ts --write-docs`: begin -->'
const END = '<!-- generated by bench/learning.ts: end -->'

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seeds: { type: 'string' }, workers: { type: 'string' }, 'write-docs': { type: 'boolean' } },
  })
  const unknown = positionals.filter(name => !(name in CASES))
  if (unknown.length > 0) throw new Error(`no case ${unknown.join(', ')}: there are ${Object.keys(CASES).join(', ')}`)
  const seeds = (values.seeds ?? '0,1,2,3,4').split(',').map(Number)
  for (const name of positionals) {
    for (const seed of seeds) {
      const run = await learn(name, seed, Number(values.workers ?? 2))
      const { mean } = summarise(run.returns)
      const again = run.rescored === undefined ? '' : `, in MuJoCo ${summarise(run.rescored).mean.toFixed(1)}`
      console.log(
        `${name} seed ${seed}: ${mean.toFixed(1)}${again}; ${millions(run.steps)} steps, ${run.seconds.toFixed(0)} s; ` +
          `asked for reached after ${millions(run.stepsToScore)}, ${run.secondsToScore?.toFixed(1) ?? '–'} s; ${JSON.stringify(run.metrics)}`,
      )
    }
  }
  const text = tables()
  if (positionals.length === 0) console.log(text)
  if (values['write-docs']) {
    const old = readFileSync(docs, 'utf8')
    const [begin, end] = [old.indexOf(BEGIN), old.indexOf(END)]
    if (begin < 0 || end < begin) throw new Error(`docs/results.md: the marks '${BEGIN}' and '${END}' are missing`)
    writeFileSync(docs, `${old.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${old.slice(end)}`)
  }
}

await main()
process.exit(0)
