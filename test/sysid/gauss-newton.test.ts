import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ParameterError } from '../../bindings/errors.js'
import { jacobian, type Residuals } from '../../bindings/sysid/differences.js'
import { gaussNewton } from '../../bindings/sysid/gauss-newton.js'

/** Lifts a residual of one point to the batched signature. */
function batched(
  m: number,
  one: (x: Float64Array, out: Float64Array) => void,
): Residuals & { points: number; batches: number } {
  const f = async (points: Float64Array, count: number): Promise<Float64Array> => {
    const n = points.length / count
    const values = new Float64Array(count * m)
    for (let k = 0; k < count; k++) one(points.subarray(k * n, (k + 1) * n), values.subarray(k * m, (k + 1) * m))
    f.points += count
    f.batches++
    return values
  }
  f.points = 0
  f.batches = 0
  return f
}

const rosenbrock = (): ReturnType<typeof batched> =>
  batched(2, (x, out) => {
    out[0] = 10 * (x[1] - x[0] * x[0])
    out[1] = 1 - x[0]
  })

test('Rosenbrock: optimum (1, 1) from (-1.2, 1)', async () => {
  const f = rosenbrock()
  const result = await gaussNewton(f, { start: [-1.2, 1], lower: [-3, -3], upper: [3, 3], ftol: 1e-14 })
  assert.ok(Math.abs(result.x[0] - 1) < 1e-6 && Math.abs(result.x[1] - 1) < 1e-6, `${result.x} ${result.stop.code}`)
  assert.ok(result.iterations <= 30, `${result.iterations} iterations`)
  assert.is(result.evaluations, f.points)
})

test('Rosenbrock in a box: the optimum on the active bound', async () => {
  // with x0 <= 0.5 the minimiser is (0.5, 0.25): r1 = 0, slope of r2 pushes against the bound
  const result = await gaussNewton(rosenbrock(), { start: [-1.2, 1], lower: [-3, -3], upper: [0.5, 3] })
  assert.ok(Math.abs(result.x[0] - 0.5) < 1e-12 && Math.abs(result.x[1] - 0.25) < 1e-5, `${result.x}`)
})

test('linear least squares with active bounds: one iteration to the exact answer', async () => {
  // min |Ax - b|² in x >= 0 with A = [[1,1],[0,1],[1,0]], b = [1,2,-2]: free minimiser (-1.6667, 2.3333)... x0 = 0 then x1 = 1.5
  const f = batched(3, (x, out) => {
    out[0] = x[0] + x[1] - 1
    out[1] = x[1] - 2
    out[2] = x[0] + 2
  })
  const result = await gaussNewton(f, { start: [4, 4], lower: [0, 0], upper: [5, 5] })
  assert.ok(Math.abs(result.x[0]) < 1e-9 && Math.abs(result.x[1] - 1.5) < 1e-7, `${result.x}`)
  assert.ok(result.iterations <= 3)
})

test('exponential decay with noise-free data, 20 times wrong, and with f32 rounding of the residuals', async () => {
  const times = Float64Array.from({ length: 200 }, (_, i) => 0.02 * i)
  const data = times.map(t => 2 * Math.exp(-1.3 * t) + 0.5)
  const decay = (round: boolean): Residuals =>
    batched(200, (x, out) => {
      for (let i = 0; i < 200; i++) {
        const y = x[0] * Math.exp(-x[1] * times[i]) + x[2]
        out[i] = (round ? Math.fround(y) : y) - data[i]
      }
    })
  for (const round of [false, true]) {
    const result = await gaussNewton(decay(round), {
      start: [0.1, 0.065, 0],
      lower: [0, 0, -1],
      upper: [20, 20, 1],
      resolution: round ? 1e-7 : 0,
    })
    const worst = Math.max(
      Math.abs(result.x[0] / 2 - 1),
      Math.abs(result.x[1] / 1.3 - 1),
      Math.abs(result.x[2] / 0.5 - 1),
    )
    assert.ok(worst < (round ? 1e-5 : 1e-6), `${round}: ${result.x} ${result.stop.code}`)
  }
})

test('huber ignores gross outliers that pull the squares away', async () => {
  // line 1 + 2 t with a tenth of the samples 50 too high
  const f = batched(100, (x, out) => {
    for (let i = 0; i < 100; i++) {
      const t = i / 100
      const y = 1 + 2 * t + (i % 10 === 3 ? 50 : 0)
      out[i] = x[0] + x[1] * t - y
    }
  })
  const bounds = { start: [0, 0], lower: [-100, -100], upper: [100, 100] }
  const squares = await gaussNewton(f, bounds)
  const huber = await gaussNewton(f, { ...bounds, huber: 0.01 })
  assert.ok(Math.abs(squares.x[0] - 1) > 2, `${squares.x}`)
  assert.ok(Math.abs(huber.x[0] - 1) < 0.01 && Math.abs(huber.x[1] - 2) < 0.01, `${huber.x} ${huber.stop.code}`)
})

test('a coordinate without effect stays where it is', async () => {
  const f = batched(2, (x, out) => {
    out[0] = x[0] - 0.3
    out[1] = 2 * x[0] - 0.6
  })
  const result = await gaussNewton(f, { start: [-0.9, 0.123], lower: [-1, -1], upper: [1, 1] })
  assert.ok(Math.abs(result.x[0] - 0.3) < 1e-9)
  assert.ok(Math.abs(result.x[1] - 0.123) < 1e-9, `${result.x[1]}`)
})

test('points that diverge are stepped around', async () => {
  // sqrt is NaN below 0: the optimum is at 0.01, the first full step lands in NaN
  const f = batched(1, (x, out) => {
    out[0] = 1 / Math.sqrt(x[0]) - 10
  })
  const result = await gaussNewton(f, { start: [0.5], lower: [-1], upper: [1], ftol: 1e-12 })
  assert.ok(Math.abs(result.x[0] - 0.01) < 1e-6, `${result.x[0]} ${result.stop.code}`)
})

test('stopped and resumed equals one run, bit for bit', async () => {
  const options = { start: [-1.2, 1], lower: [-3, -3], upper: [3, 3] }
  const whole = await gaussNewton(rosenbrock(), options)
  const part = await gaussNewton(rosenbrock(), { ...options, maxIterations: 4 })
  assert.is(part.stop.code, 'maxiter')
  const rest = await gaussNewton(rosenbrock(), { ...options, resume: JSON.parse(JSON.stringify(part.state)) })
  assert.equal(rest.x, whole.x)
  const controller = new AbortController()
  controller.abort()
  assert.is((await gaussNewton(rosenbrock(), { ...options, signal: controller.signal })).stop.code, 'aborted')
})

test('evaluations stay within their limit', async () => {
  const f = rosenbrock()
  const result = await gaussNewton(f, { start: [-1.2, 1], lower: [-3, -3], upper: [3, 3], maxEvaluations: 40 })
  assert.is(result.stop.code, 'maxevals')
  assert.ok(f.points <= 40)
})

test('bounds the wrong way round and a start that diverges are typed errors', async () => {
  const caught = async (run: () => Promise<unknown>): Promise<unknown> => run().catch((error: unknown) => error)
  const bounds = await caught(() => gaussNewton(rosenbrock(), { start: [0, 0], lower: [1, 0], upper: [0, 1] }))
  assert.ok(bounds instanceof ParameterError && bounds.code === 'BOUNDS')
  const nan = batched(1, (_x, out) => {
    out[0] = Number.NaN
  })
  const start = await caught(() => gaussNewton(nan, { start: [0], lower: [-1], upper: [1] }))
  assert.ok(start instanceof ParameterError && start.code === 'START_DIVERGES')
})

test('central differences are shifted at a bound and exact for a quadratic away from it', async () => {
  const f = batched(1, (x, out) => {
    out[0] = x[0] * x[0]
  })
  const r = Float64Array.of(0.25)
  const at = async (x: number, upper: number): Promise<number> =>
    (
      await jacobian(
        f,
        Float64Array.of(x),
        Float64Array.of(x * x),
        Float64Array.of(1e-3),
        Float64Array.of(-1),
        Float64Array.of(upper),
      )
    ).columns[0]
  assert.is(r.length, 1)
  assert.ok(Math.abs((await at(0.5, 1)) - 1) < 1e-12)
  assert.ok(Math.abs((await at(0.5, 0.5)) - (1 - 1e-3)) < 1e-12)
})

test.run()
