import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import type { Recording } from '../recording/recording.js'
import type { Objective } from './objective.js'
import type { ParameterResult } from './result.js'
import type { Statistics } from './statistics.js'
import { short, strongCorrelations, weakestDirection } from './words.js'

/** Relative standard errors above this are flagged (algorithms §2.3). */
const RELATIVE = 0.1

/** What is odd before anything is fitted: logs, inputs nobody drives, joints nobody measures. */
export function setupWarnings(
  model: Model,
  objective: Objective,
  recordings: readonly Recording[],
  start: Float64Array,
): string[] {
  const found: string[] = []
  for (const recording of recordings) found.push(...recording.warnings.map(text => `${recording.name}: ${text}`))
  const driven = new Set(objective.grid.columns.filter(c => c.kind === 'ctrl').map(c => c.actuator))
  for (let i = 0; i < model.nactuator; i++) {
    if (model.field.actuator_ctrlnum[i] > 0 && !driven.has(i)) {
      found.push(`actuator ${model.names.actuator[i] || i} is driven by no channel: its command stays 0`)
    }
  }
  const { space } = objective
  const z = space.normalize(start)
  z.forEach((v, j) => {
    if (Math.abs(v) > 0.999)
      found.push(`${space.names[j]} starts on its ${v < 0 ? 'lower' : 'upper'} bound: a start inside searches better`)
  })
  return found
}

/** What the fit itself says: parameters without effect or on a bound, trade-offs, wide intervals. */
export function fitWarnings(
  space: ParameterSpace,
  theta: Float64Array,
  parameters: readonly ParameterResult[],
  statistics: Statistics,
): string[] {
  const found: string[] = []
  for (const parameter of parameters) {
    if (!parameter.effect)
      found.push(`${parameter.name} has no effect on these recordings: fix it, or record what excites it`)
    if (parameter.onBound) {
      const bound = parameter.onBound === 'lower' ? parameter.lower : parameter.upper
      found.push(
        `${parameter.name} ended on its ${parameter.onBound} bound ${short(bound)}: widen the bound, or the model lacks something`,
      )
    }
  }
  const weakest = weakestDirection(statistics, space.names, theta, space.derivative(theta))
  if (weakest !== undefined) found.push(weakest)
  for (const parameter of parameters) {
    if (parameter.effect && parameter.determined && parameter.relative !== undefined && parameter.relative > RELATIVE) {
      found.push(`${parameter.name} is known to ±${short(100 * parameter.relative)} % only (standard error)`)
    }
  }
  if (weakest === undefined) found.push(...strongCorrelations(statistics.correlation, space.names))
  return found
}
