import { describeNetwork } from '../policy/network.js'
import { duration, significant } from '../report/format.js'
import type { Evaluation } from '../task/evaluate.js'
import type { TrainResult } from '../train/run.js'
import { evaluationText } from './evaluate.js'
import { printable } from './table.js'
import type { TrainJob } from './train.js'
import { plural, thousands } from './words.js'

/** The text on stdout: what was trained, how it went, how good it is. */
export function trainSummary({ task }: TrainJob, result: TrainResult, judged: Evaluation | undefined): string {
  const { policy, config, state, stopped, best, last, warnings } = result
  const { network } = policy
  const { settings } = config
  const { generation, steps, seconds } = state
  const rate = seconds > 0 ? `, ${thousands(Math.round(steps / seconds))} a second` : ''
  const lines = [
    `${task.name}: ${settings.method} on ${describeNetwork(network)} (${thousands(network.nparam)} parameters), ` +
      `${settings.popsize} members, seed ${settings.seed}`,
    `  ${plural(generation, 'generation')}, ${thousands(steps)} environment steps${rate}, ${duration(seconds)}`,
    `  ended: ${stopped.message}`,
  ]
  if (Number.isFinite(best.evalReturn))
    lines.push(`  best of the evaluations: ${significant(best.evalReturn as number)}, generation ${best.generation}`)
  if (Number.isFinite(last.evalReturn) && last.generation !== best.generation)
    lines.push(`  at the end: ${significant(last.evalReturn as number)}`)
  if (judged !== undefined) {
    const solved = task.solved === undefined ? '' : `; solved at ${significant(task.solved)}`
    lines.push(
      '',
      `policy of generation ${best.generation}, on episodes it was not chosen by${solved}`,
      evaluationText(judged).trimEnd(),
    )
  }
  for (const warning of warnings) lines.push('', `warning: ${printable(warning)}`)
  return `${lines.join('\n')}\n`
}
