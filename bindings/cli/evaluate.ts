import type { Policy } from '../policy/index.js'
import { significant } from '../report/format.js'
import { type Evaluation, evaluate, type Summary } from '../task/evaluate.js'
import type { CompiledTask } from '../task/index.js'
import { type Io, toJson } from './io.js'
import { printable, textTable } from './table.js'
import { distributionIn, readPolicyFile, readRandomize, taskOf, workersOf } from './train-input.js'
import { plural } from './words.js'

export interface EvaluateCommandOptions {
  readonly episodes: number
  readonly randomize?: string
  readonly seed: number
  readonly backend: 'wasm' | 'webgpu'
  readonly workers?: number
  readonly json?: boolean
}

/**
 * `simcrank evaluate POLICY TASK`: what the policy returns, term by term, and what that depends on.
 *
 * @throws {CheckpointError} what is wrong with the policy's file; {SizeError} POLICY_SIZE when it is none of this task
 */
export async function evaluateCommand(
  io: Io,
  file: string,
  words: string,
  options: EvaluateCommandOptions,
): Promise<void> {
  const { backend } = options
  const workers = await workersOf(backend, options.workers)
  const policy = await readPolicyFile(file)
  const task = await taskOf(words)
  const randomize = options.randomize === undefined ? undefined : await readRandomize(options.randomize)
  const model = await task.load()
  const { episodes, seed } = options
  const result = await evaluate(policy, task, {
    model,
    episodes,
    seed,
    backend,
    workers,
    distribution: distributionIn(options.randomize, randomize, model),
  })
  const warnings = differences(policy, result.rollout.task)
  for (const warning of warnings) io.err(`${printable(warning)}\n`)
  if (options.json === true)
    io.out(toJson({ policy: file, task: task.name, seed, warnings, ...plainEvaluation(result) }))
  else io.out(`${task.name}: ${evaluationText(result)}`)
}

/** What the task and the policy call by different names. */
function differences(policy: Policy, { names }: CompiledTask): string[] {
  return (['observation', 'action'] as const).flatMap(kind => {
    const at = policy[kind].findIndex((name, i) => name !== names[kind][i])
    if (at < 0) return []
    return [`the policy's ${kind} ${at} is '${policy[kind][at]}', the task's '${names[kind][at]}': is it of this task?`]
  })
}

/** An evaluation without its episodes. */
export function plainEvaluation(result: Evaluation): Omit<Evaluation, 'rollout'> {
  const { rollout: _, ...rest } = result
  return rest
}

const plusMinus = ({ mean, std }: Summary): string => `${significant(mean)} ± ${significant(std, 2)}`

/** The text on stdout: mean and spread, terms, metrics, parameters. */
export function evaluationText(result: Evaluation): string {
  const { episodes, returns, lengths, terminated, diverged, terms, metrics, parameters, solved } = result
  const { units, dt } = result.rollout.task
  const share = (x: number, what: string): string[] => (x === 0 ? [] : [`${significant(100 * x, 3)} % ${what}`])
  const facts = [
    `${plural(episodes, 'episode')} of ${significant(lengths.mean)} steps (${significant(lengths.mean * dt, 3)} s)`,
    ...share(terminated, 'terminated'),
    ...share(diverged, 'diverged'),
    ...(solved === undefined ? [] : [solved ? 'solved' : 'not solved']),
  ]
  const row = (kind: string, unit: string, [name, it]: readonly [string, Summary]): string[] => [
    name,
    kind,
    significant(it.mean),
    significant(it.std, 2),
    significant(it.min),
    significant(it.max),
    unit,
  ]
  const table = textTable(
    [
      { head: 'term' },
      { head: '' },
      { head: 'mean', right: true },
      { head: 'std', right: true },
      { head: 'min', right: true },
      { head: 'max', right: true },
      { head: 'unit' },
    ],
    [
      ...Object.entries(terms).map((entry, i) => row('reward', units.terms[i], entry)),
      ...Object.entries(metrics).map((entry, i) => row('metric', units.metrics[i], entry)),
    ],
  )
  const lines = [
    `return ${plusMinus(returns)}, ${significant(returns.min)} to ${significant(returns.max)}`,
    `  ${facts.join(', ')}`,
    '',
    table,
  ]
  if (parameters.length > 0) lines.push('', breakdownTable(parameters))
  return `${lines.join('\n')}\n`
}

/** Mean return in groups of episodes, in order of each parameter. */
function breakdownTable(parameters: Evaluation['parameters']): string {
  const rows = parameters.flatMap(({ name, unit, correlation, groups }) =>
    groups.map((group, i) => [
      i === 0 ? name : '',
      `${significant(group.low)} to ${significant(group.high)}`,
      i === 0 ? unit : '',
      String(group.episodes),
      significant(group.meanReturn),
      i === 0 ? significant(correlation, 2) : '',
    ]),
  )
  return textTable(
    [
      { head: 'parameter' },
      { head: 'from to', right: true },
      { head: 'unit' },
      { head: 'episodes', right: true },
      { head: 'return', right: true },
      { head: 'rank correlation', right: true },
    ],
    rows,
  )
}
