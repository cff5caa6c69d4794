import { Philox, STREAM } from '../../bindings/math/index.js'
import { Normalizer, Policy, type PolicyInit, parameterBlocks } from '../../bindings/policy/index.js'
import type { Network } from '../../bindings/program.js'

/** A policy with every parameter at work (weights N(0, 1/fan_in), biases N(0, 0.25)) and a normaliser that has seen something. */
export function randomPolicy(network: Network, seed: number, init: Partial<PolicyInit> = {}): Policy {
  const random = new Philox(seed, STREAM.check)
  const theta = new Float64Array(network.nparam)
  random.fillNormal(theta, 0, 0)
  for (const { offset, rows, cols, matrix } of parameterBlocks(network))
    for (let i = 0; i < rows * cols; i++) theta[offset + i] *= matrix ? 1 / Math.sqrt(cols) : 0.5
  const mean = new Float64Array(network.nobs)
  const m2 = new Float64Array(network.nobs)
  random.fillNormal(mean, 1, 0)
  random.fillUniform(m2, 2, 0)
  const normalizer = new Normalizer('floor', { count: 1000, mean: mean.map(x => 0.3 * x), m2: m2.map(x => 2000 * x) })
  return new Policy({ network, theta, normalizer, ...init })
}
