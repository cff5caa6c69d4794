/** Runs of strategies on test functions. */
import { materialise, type Population, type Strategy } from '../../bindings/es/index.js'
import type { Fitness } from './functions.js'

/** Fitness of every member. */
export function fitnessOf(population: Population, f: Fitness): Float64Array {
  return Float64Array.from({ length: population.popsize }, (_, k) => {
    const x = Float64Array.from(materialise(population, k))
    return f(x, 0, x.length)
  })
}

/** So many generations, or fewer when the strategy stops; `change` acts on the fitness told. */
export function run<S extends Strategy>(
  strategy: S,
  f: Fitness,
  generations: number,
  change: (fitness: Float64Array) => Float64Array = v => v,
): S {
  for (let g = 0; g < generations && strategy.stop() === undefined; g++)
    strategy.tell(change(fitnessOf(strategy.ask(), f)))
  return strategy
}

/** Fitness of the mean. */
export function atMean(strategy: Strategy, f: Fitness): number {
  return f(Float64Array.from(strategy.mean), 0, strategy.dimension)
}
