/**
 * CMA-ES: ask + tell of a generation, fitness excluded, one core. `tsx bench/es.ts` runs it alone.
 *
 * Where python3 has pycma, it is measured in the same run; without it the peer's column is empty.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import b from 'benny'
import { CMAES } from '../bindings/es/index.js'
import { Philox, STREAM } from '../bindings/math/index.js'
import { SymmetricEigen } from '../bindings/math/linalg.js'
import { type Row, table } from './run.js'
import { median } from './timing.js'

/** dimension, population (0: default), limit of the mean in ms */
const CASES = [
  [10, 0, 0.05],
  [50, 0, 0.5],
  [200, 0, 2.7],
  [200, 256, 16],
] as const

/** measured time of a case, and how often the clock starts anew */
const SECONDS = 2
const BATCHES = 20

/** pycma's mean of the same generations, ms; the fitness is not timed. */
const PYCMA = `
import os, sys, json, time
os.environ.update(OPENBLAS_NUM_THREADS='1', OMP_NUM_THREADS='1', MKL_NUM_THREADS='1')
import cma, numpy as np
n, popsize, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
options = dict(verbose=-9, seed=1, tolfun=0, tolx=0, tolfunhist=0, tolstagnation=0, maxiter=1e9)
if popsize: options['popsize'] = popsize
es = cma.CMAEvolutionStrategy(np.full(n, 3.0), 1.0, options)
begin, spent, generations = time.perf_counter(), 0.0, 0
while time.perf_counter() - begin < seconds:
    t = time.perf_counter()
    x = es.ask()
    spent += time.perf_counter() - t
    f = [float(np.dot(v, v)) for v in x]
    t = time.perf_counter()
    es.tell(x, f)
    spent += time.perf_counter() - t
    generations += 1
print(json.dumps({'mean': 1e3 * spent / generations, 'version': cma.__version__}))`

/** Mean ms a generation on the sphere, and the median over batches: a busy machine shows in their difference. */
function generation(n: number, popsize: number): { mean: number; median: number; popsize: number } {
  let seed = 1
  const start = (): CMAES =>
    new CMAES({ mean: new Float64Array(n).fill(3), sigma: 1, seed: seed++, popsize: popsize || undefined })
  let es = start()
  const fitness = new Float64Array(es.popsize)
  const step = (): number => {
    // a run that converged would go on with zeros: begin another
    if (es.stop() !== undefined) es = start()
    let t = performance.now()
    const x = es.ask()
    let spent = performance.now() - t
    for (let k = 0; k < fitness.length; k++) {
      let s = 0
      for (let i = k * n; i < (k + 1) * n; i++) s += x[i] * x[i]
      fitness[k] = s
    }
    t = performance.now()
    es.tell(fitness)
    spent += performance.now() - t
    return spent
  }
  // warm up a quarter of a second
  for (let spent = 0; spent < 250; ) spent += step()
  const batches: number[] = []
  let total = 0
  let generations = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    let spent = 0
    let count = 0
    while (spent < (1000 * SECONDS) / BATCHES) {
      spent += step()
      count++
    }
    batches.push(spent / count)
    total += spent
    generations += count
  }
  return { mean: total / generations, median: median(batches), popsize: es.popsize }
}

function pycma(n: number, popsize: number): { mean: number; version: string } | undefined {
  const { status, stdout } = spawnSync('python3', ['-c', PYCMA, String(n), String(popsize), String(SECONDS)], {
    encoding: 'utf8',
  })
  return status === 0 ? JSON.parse(stdout) : undefined
}

/** Eigendecompositions a second by benny, as ms each. */
async function eigen(sizes: readonly number[]): Promise<Row[]> {
  const random = new Philox(1, STREAM.check)
  const cases = sizes.map(n => {
    const g = new Float64Array(n * n)
    random.fillNormal(g, 0, n)
    const a = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) for (let k = 0; k < n; k++) a[i * n + j] += g[i * n + k] * g[j * n + k]
    }
    const solver = new SymmetricEigen(n)
    return b.add(`n = ${n}`, () => solver.compute(a), { minSamples: 20 })
  })
  const { results } = await b.suite('symmetric eigendecomposition', ...cases)
  return results.map(r => ({
    name: `symmetric eigendecomposition, ${r.name}`,
    value: 1000 * r.details.median,
    unit: 'ms',
    note: `${r.samples} samples, ± ${r.margin} %`,
  }))
}

/** Every row of the table. */
export async function benchEs(): Promise<Row[]> {
  const rows: Row[] = []
  for (const [n, popsize, limit] of CASES) {
    const ours = generation(n, popsize)
    const theirs = pycma(n, popsize)
    rows.push({
      name: `CMA-ES ask + tell, dimension ${n}, popsize ${ours.popsize}`,
      value: ours.mean,
      unit: 'ms',
      ...(theirs && { peer: theirs.mean, peerName: `pycma ${theirs.version}`, ratio: theirs.mean / ours.mean }),
      target: `≤ ${limit} ms`,
      note: `mean a generation; median of batches ${ours.median.toPrecision(3)} ms`,
    })
  }
  rows.push(...(await eigen([10, 60, 200])))
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchEs()))
